// kqueue(2): macOS and the BSDs; on other systems when built against a kqueue library (SR_KQUEUE).
// As with epoll, the caller's Int32Array is the kernel's scratch. A change is five integers:
// (fd, filter, flags, slot, generation). What comes back are (slot, generation, bits) triples, one
// per filter; the bits are ours, below, because a filter is a small number, not a bit.
//
// Every system has its own struct kevent: FreeBSD and NetBSD 10 end it with four words more, NetBSD
// has 32-bit filters and flags and counts its filters from 0, older ones keep udata as an integer.
// So nothing here knows a size, a number or a type but through the header's names.
#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || \
    defined(__DragonFly__) || defined(SR_KQUEUE)
#define SR_HAS_KQUEUE 1
#include <fcntl.h>
#include <sys/types.h>  // the BSDs' event.h needs it first
#include <sys/event.h>
#include <sys/time.h>
#endif

#include <climits>
#include <cstring>

#include "args.h"
#include "calls.h"
#include "environment.h"
#include "timeout.h"

namespace {

constexpr int kChangesMax = 64;
constexpr size_t kIntsPerChange = 5;
constexpr int kBitRead = 1, kBitWrite = 2, kBitEof = 4, kBitError = 8;

#ifdef SR_HAS_KQUEUE

using KernelEvent = struct kevent;
constexpr size_t kIntsPerEvent = sizeof(KernelEvent) / sizeof(int32_t);
static_assert(sizeof(KernelEvent) % sizeof(int32_t) == 0 && kIntsPerEvent >= 3);

// udata is void* or intptr_t: only a C-style cast takes a number in and out of either.
using UserData = decltype(KernelEvent::udata);
static_assert(sizeof(UserData) == sizeof(uint64_t), "udata must hold a slot and a generation");

napi_value Kqueue(napi_env env, napi_callback_info info) {
  Args args(env, info, "kqueue");
  UniqueFd fd(kqueue());
  if (!fd.valid()) return args.Return(-errno);
  // There is no flag for it everywhere, and no race either: a fork does not inherit the queue.
  fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  return args.Return(Environment::Of(env).Own(std::move(fd)));
}

KernelEvent ChangeAt(const int32_t* change) {
  const uint64_t token = static_cast<uint64_t>(static_cast<uint32_t>(change[4])) << 32 |
                         static_cast<uint32_t>(change[3]);
  KernelEvent event{};
  EV_SET(&event, static_cast<uintptr_t>(change[0]), static_cast<decltype(event.filter)>(change[1]),
         static_cast<decltype(event.flags)>(change[2]), 0, 0, (UserData)token);
  return event;
}

int BitsOf(const KernelEvent& event) {
  int bits = event.filter == EVFILT_READ ? kBitRead : event.filter == EVFILT_WRITE ? kBitWrite : 0;
  if (event.flags & EV_EOF) bits |= kBitEof;
  // At end of file fflags holds the socket's error, if there was one. EV_ERROR itself marks a
  // change that was refused, which is reported here only if the caller made room beside changes.
  if ((event.flags & EV_ERROR) || ((event.flags & EV_EOF) && event.fflags != 0)) bits |= kBitError;
  return bits;
}

napi_value Kevent(napi_env env, napi_callback_info info) {
  Args args(env, info, "kevent");
  const int kq = args.Fd(0);
  const int change_count = args.Count(2, "changeCount");
  if (change_count > kChangesMax) args.OutOfRange("changeCount", "at most 64", change_count);
  const Span<int32_t> changes =
      args.Ints(1, "changes", static_cast<size_t>(change_count) * kIntsPerChange);
  const Span<int32_t> out = args.Ints(3, "events", 0);
  const double timeout_ms = args.Number(4, "timeoutMs");
  if (!args.failed() && reinterpret_cast<uintptr_t>(out.data) % alignof(KernelEvent) != 0) {
    args.Fail("ERR_OUT_OF_RANGE", "kevent(): 'events' must be aligned to 8 bytes");
  }
  if (args.failed()) return nullptr;
  KernelEvent submitted[kChangesMax];
  for (int i = 0; i < change_count; i++) {
    submitted[i] = ChangeAt(changes.data + static_cast<size_t>(i) * kIntsPerChange);
  }
  const size_t room = out.length / kIntsPerEvent;
  const int capacity = static_cast<int>(room < INT_MAX / 64 ? room : INT_MAX / 64);
  char* const scratch = reinterpret_cast<char*>(out.data);
  const timespec timeout = IsForever(timeout_ms) ? timespec{} : CeilNs(timeout_ms);
  // With no room at all it submits and returns at once, whatever the timeout.
  const int count =
      kevent(kq, submitted, change_count, reinterpret_cast<KernelEvent*>(scratch), capacity,
             IsForever(timeout_ms) ? nullptr : &timeout);
  if (count < 0) return args.Return(-errno);
  // Triples are never longer than events, so writing number i cannot reach event i + 1.
  for (int i = 0; i < count; i++) {
    KernelEvent event;
    std::memcpy(&event, scratch + static_cast<size_t>(i) * sizeof event, sizeof event);
    const auto token = (uint64_t)event.udata;
    out.data[3 * i] = static_cast<int32_t>(token);
    out.data[3 * i + 1] = static_cast<int32_t>(token >> 32);
    out.data[3 * i + 2] = BitsOf(event);
  }
  return args.Return(count);
}

#else  // No kqueue here: every call says so.

constexpr size_t kIntsPerEvent = 8;

napi_value Unsupported(napi_env env, napi_callback_info info) {
  return Args(env, info, "kqueue").Return(-ENOSYS);
}
constexpr napi_callback Kqueue = Unsupported, Kevent = Unsupported;

#endif

}  // namespace

void ExportKqueue(napi_env env, napi_value exports) {
  constexpr ExportedCall kCalls[] = {{"kqueue", Kqueue}, {"kevent", Kevent}};
  ExportCalls(env, exports, kCalls);
  napi_value constants;
  napi_get_named_property(env, exports, "constants", &constants);
  const struct {
    const char* name;
    int value;
  } kNumbers[] = {
#ifdef SR_HAS_KQUEUE
      {"EVFILT_READ", EVFILT_READ}, {"EVFILT_WRITE", EVFILT_WRITE}, {"EV_ADD", EV_ADD},
      {"EV_DELETE", EV_DELETE},     {"EV_ONESHOT", EV_ONESHOT},     {"EV_CLEAR", EV_CLEAR},
#endif
      {"KEVENT_INTS", static_cast<int>(kIntsPerEvent)},
      {"KEVENT_READ", kBitRead},    {"KEVENT_WRITE", kBitWrite},
      {"KEVENT_EOF", kBitEof},      {"KEVENT_ERROR", kBitError},
  };
  for (const auto& number : kNumbers) {
    napi_value value;
    napi_create_int32(env, number.value, &value);
    napi_set_named_property(env, constants, number.name, value);
  }
}
