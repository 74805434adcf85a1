// Descriptors of any kind: close, dup, O_NONBLOCK, pipes, eventfd, read and write, and the table
// of what this environment owns.
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include "args.h"
#include "calls.h"
#include "environment.h"
#include "platform.h"

namespace {

napi_value Close(napi_env env, napi_callback_info info) {
  Args args(env, info, "close");
  const int fd = args.Fd(0);
  if (args.failed()) return nullptr;
  // A number that this environment does not own may be anybody's: leave it alone.
  if (!Environment::Of(env).Disown(fd)) return args.Return(-EBADF);
  return args.Return(Args::Errno(close(fd)));
}

napi_value Adopt(napi_env env, napi_callback_info info) {
  Args args(env, info, "adopt");
  const int fd = args.Fd(0);
  if (args.failed()) return nullptr;
  const int flags = fcntl(fd, F_GETFD);
  if (flags >= 0) Environment::Of(env).Adopt(fd);
  return args.Return(flags < 0 ? -errno : 0);
}

napi_value Disown(napi_env env, napi_callback_info info) {
  Args args(env, info, "disown");
  const int fd = args.Fd(0);
  if (args.failed()) return nullptr;
  return args.Return(Environment::Of(env).Disown(fd) ? 0 : -EBADF);
}

napi_value Dup(napi_env env, napi_callback_info info) {
  Args args(env, info, "dup");
  const int fd = args.Fd(0);
  if (args.failed()) return nullptr;
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return args.Return(-errno);
  return args.Return(Environment::Of(env).Own(std::move(copy)));
}

napi_value FcntlNonblock(napi_env env, napi_callback_info info) {
  Args args(env, info, "fcntl_nonblock");
  const int fd = args.Fd(0);
  const bool on = args.Boolean(1, "on");
  if (args.failed()) return nullptr;
  return args.Return(Args::Errno(platform::SetNonBlocking(fd, on)));
}

napi_value Pipe2(napi_env env, napi_callback_info info) {
  Args args(env, info, "pipe2");
  const bool blocking = args.Boolean(0, "blocking");
  const Span<int32_t> out = args.Ints(1, "out", 2);
  if (args.failed()) return nullptr;
  int pair[2];
  if (platform::Pipe(blocking, pair) < 0) return args.Return(-errno);
  out.data[0] = Environment::Of(env).Own(UniqueFd(pair[0]));
  out.data[1] = Environment::Of(env).Own(UniqueFd(pair[1]));
  return args.Return(0);
}

napi_value Eventfd(napi_env env, napi_callback_info info) {
  Args args(env, info, "eventfd");
#ifdef __linux__
  UniqueFd fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd.valid()) return args.Return(-errno);
  return args.Return(Environment::Of(env).Own(std::move(fd)));
#else
  return args.Return(-ENOSYS);
#endif
}

napi_value Read(napi_env env, napi_callback_info info) {
  Args args(env, info, "read");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  if (args.failed()) return nullptr;
  return args.Return(RetryInterrupted([&] { return read(fd, bytes.data, bytes.length); }));
}

napi_value Write(napi_env env, napi_callback_info info) {
  Args args(env, info, "write");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  if (args.failed()) return nullptr;
  return args.Return(RetryInterrupted([&] { return write(fd, bytes.data, bytes.length); }));
}

napi_value NowMs(napi_env env, napi_callback_info) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  napi_value result;
  napi_create_double(
      env, static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6, &result);
  return result;
}

constexpr ExportedCall kCalls[] = {
    {"close", Close},     {"adopt", Adopt},     {"disown", Disown},
    {"dup", Dup},         {"pipe2", Pipe2},     {"fcntl_nonblock", FcntlNonblock},
    {"eventfd", Eventfd}, {"read", Read},       {"write", Write},
    {"nowMs", NowMs},
};

}  // namespace

void ExportDescriptorCalls(napi_env env, napi_value exports) { ExportCalls(env, exports, kCalls); }
