// epoll(7). The caller's Int32Array is also the kernel's scratch: four integers of room an event
// hold any struct epoll_event (12 bytes on x86-64, where it is packed, 16 elsewhere), and its
// (slot, generation, bits) triple takes the first three. So nothing is allocated, and one wait can
// report as many events as the caller made room for.
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <climits>
#include <cstring>

#include "args.h"
#include "calls.h"
#include "environment.h"
#include "timeout.h"

#ifdef __linux__

namespace {

constexpr size_t kIntsPerEvent = 4;
static_assert(sizeof(epoll_event) <= kIntsPerEvent * sizeof(int32_t));

napi_value EpollCreate1(napi_env env, napi_callback_info info) {
  Args args(env, info, "epoll_create1");
  UniqueFd fd(epoll_create1(EPOLL_CLOEXEC));
  if (!fd.valid()) return args.Return(-errno);
  return args.Return(Environment::Of(env).Own(std::move(fd)));
}

napi_value EpollCtl(napi_env env, napi_callback_info info) {
  Args args(env, info, "epoll_ctl");
  const int epfd = args.Fd(0);
  const int operation = args.Int(1, "operation");
  const int fd = args.Fd(2);
  const uint32_t events = args.Uint32(3, "events");
  const int slot = args.Int(4, "slot");
  const int generation = args.Int(5, "generation");
  if (args.failed()) return nullptr;
  epoll_event event;
  event.events = events;
  event.data.u64 =
      static_cast<uint64_t>(static_cast<uint32_t>(generation)) << 32 | static_cast<uint32_t>(slot);
  return args.Return(Args::Errno(epoll_ctl(epfd, operation, fd, &event)));
}

int WaitOnce(int epfd, epoll_event* events, int capacity, double timeout_ms) {
#ifdef SYS_epoll_pwait2
  if (IsFractional(timeout_ms)) {
    const timespec timeout = CeilNs(timeout_ms);
    const long count = syscall(SYS_epoll_pwait2, epfd, events, capacity, &timeout, nullptr, 0);
    // Linux before 5.11 does not know it, and some sandboxes refuse it: whole milliseconds then.
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(count);
  }
#endif
  return epoll_wait(epfd, events, capacity, CeilMs(timeout_ms));
}

napi_value EpollWait(napi_env env, napi_callback_info info) {
  Args args(env, info, "epoll_wait");
  const int epfd = args.Fd(0);
  const Span<int32_t> out = args.Ints(1, "events", kIntsPerEvent);
  const double timeout_ms = args.Number(2, "timeoutMs");
  if (args.failed()) return nullptr;
  const size_t room = out.length / kIntsPerEvent;
  const int capacity = static_cast<int>(room < INT_MAX / 16 ? room : INT_MAX / 16);
  char* const scratch = reinterpret_cast<char*>(out.data);
  const int count =
      WaitOnce(epfd, reinterpret_cast<epoll_event*>(scratch), capacity, timeout_ms);
  if (count < 0) return args.Return(-errno);
  // Triples are never longer than events, so writing number i cannot reach event i + 1.
  for (int i = 0; i < count; i++) {
    epoll_event event;
    std::memcpy(&event, scratch + static_cast<size_t>(i) * sizeof event, sizeof event);
    const uint64_t token = event.data.u64;
    out.data[3 * i] = static_cast<int32_t>(token);
    out.data[3 * i + 1] = static_cast<int32_t>(token >> 32);
    out.data[3 * i + 2] = static_cast<int32_t>(event.events);
  }
  return args.Return(count);
}

}  // namespace

#else  // No epoll here: every call says so.

namespace {
napi_value Unsupported(napi_env env, napi_callback_info info) {
  return Args(env, info, "epoll").Return(-ENOSYS);
}
constexpr napi_callback EpollCreate1 = Unsupported, EpollCtl = Unsupported,
                        EpollWait = Unsupported;
}  // namespace

#endif

void ExportEpoll(napi_env env, napi_value exports) {
  constexpr ExportedCall kCalls[] = {
      {"epoll_create1", EpollCreate1}, {"epoll_ctl", EpollCtl}, {"epoll_wait", EpollWait}};
  ExportCalls(env, exports, kCalls);
}
