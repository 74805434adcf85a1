// Moving bytes: the hot path. recv and send cost two system calls a message and no more.
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __linux__
#include <sys/sendfile.h>
#endif

#include <algorithm>

#include "address.h"
#include "args.h"
#include "calls.h"
#include "platform.h"

namespace {

napi_value Recv(napi_env env, napi_callback_info info) {
  Args args(env, info, "recv");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  const int flags = args.Int(4, "flags");
  if (args.failed()) return nullptr;
  return args.Return(RetryInterrupted([&] { return recv(fd, bytes.data, bytes.length, flags); }));
}

napi_value Send(napi_env env, napi_callback_info info) {
  Args args(env, info, "send");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  const int flags = args.Int(4, "flags") | kNoSignal;
  if (args.failed()) return nullptr;
  return args.Return(RetryInterrupted([&] { return send(fd, bytes.data, bytes.length, flags); }));
}

napi_value Recvfrom(napi_env env, napi_callback_info info) {
  Args args(env, info, "recvfrom");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  const int flags = args.Int(4, "flags");
  const Bytes sender = AddressOut(args, 5);
  if (args.failed()) return nullptr;
  SocketAddress address;
  const int64_t result = RetryInterrupted([&] {
    address.length = sizeof address.storage;
    return recvfrom(fd, bytes.data, bytes.length, flags, address.get(), &address.length);
  });
  if (result >= 0 && sender.data != nullptr) WriteAddress(sender.data, address);
  return args.Return(result);
}

napi_value Sendto(napi_env env, napi_callback_info info) {
  Args args(env, info, "sendto");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  const int flags = args.Int(4, "flags") | kNoSignal;
  SocketAddress address = ReadAddress(args, 5);
  if (args.failed()) return nullptr;
  return args.Return(RetryInterrupted(
      [&] { return sendto(fd, bytes.data, bytes.length, flags, address.get(), address.length); }));
}

// Bytes of one call: within the 2^31-1 that the result may say, on every system.
constexpr int64_t kSendfileMax = 0x7ffff000;

int64_t SendFile(int out, int in, off_t offset, size_t count) {
#if defined(__linux__)
  return RetryInterrupted([&] { return sendfile(out, in, &offset, count); });
#elif defined(__APPLE__)
  off_t sent = static_cast<off_t>(count);
  const int result = sendfile(in, out, offset, &sent, nullptr, 0);
  return result < 0 && sent == 0 ? -errno : sent;
#elif defined(__FreeBSD__) || defined(__DragonFly__)
  off_t sent = 0;
  const int result = sendfile(in, out, offset, count, nullptr, &sent, 0);
  return result < 0 && sent == 0 ? -errno : sent;
#else
  (void)out, (void)in, (void)offset, (void)count;
  return -ENOSYS;
#endif
}

napi_value Sendfile(napi_env env, napi_callback_info info) {
  Args args(env, info, "sendfile");
  const int out = args.Fd(0);
  const int in = args.Fd(1);
  const int64_t offset = args.Size(2, "offset");
  const int64_t count = args.Size(3, "count");
  if (args.failed()) return nullptr;
  // On macOS and FreeBSD a count of 0 would mean "all of the file".
  if (count == 0) return args.Return(0);
  return args.Return(SendFile(out, in, static_cast<off_t>(offset),
                              static_cast<size_t>(std::min(count, kSendfileMax))));
}

constexpr ExportedCall kCalls[] = {
    {"recv", Recv},     {"send", Send},         {"recvfrom", Recvfrom},
    {"sendto", Sendto}, {"sendfile", Sendfile},
};

}  // namespace

void ExportTransferCalls(napi_env env, napi_value exports) { ExportCalls(env, exports, kCalls); }
