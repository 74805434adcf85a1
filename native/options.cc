// Socket options and what ioctl tells of the queues.
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#ifdef __linux__
#include <linux/sockios.h>
#include <linux/tcp.h>
#else
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>
#endif

#include <cstring>

#include "address.h"
#include "args.h"
#include "calls.h"

namespace {

// The first three arguments of every call about an option.
struct Option {
  int fd;
  int level;
  int name;
};

Option ReadOption(Args& args) {
  return {args.Fd(0), args.Int(1, "level"), args.Int(2, "name")};
}

napi_value Getsockopt(napi_env env, napi_callback_info info) {
  Args args(env, info, "getsockopt");
  const auto [fd, level, name] = ReadOption(args);
  const Bytes out = args.View(3, "out");
  if (args.failed()) return nullptr;
  socklen_t length = static_cast<socklen_t>(out.length);
  const int64_t result = Args::Errno(getsockopt(fd, level, name, out.data, &length));
  return args.Return(result < 0 ? result : static_cast<int64_t>(length));
}

napi_value Setsockopt(napi_env env, napi_callback_info info) {
  Args args(env, info, "setsockopt");
  const auto [fd, level, name] = ReadOption(args);
  const Bytes value = args.View(3, "value");
  if (args.failed()) return nullptr;
  return args.Return(
      Args::Errno(setsockopt(fd, level, name, value.data, static_cast<socklen_t>(value.length))));
}

napi_value GetsockoptInt(napi_env env, napi_callback_info info) {
  Args args(env, info, "getsockopt_int");
  const auto [fd, level, name] = ReadOption(args);
  const Span<int32_t> out = args.Ints(3, "out", 1);
  if (args.failed()) return nullptr;
  int value = 0;
  socklen_t length = sizeof value;
  const int64_t result = Args::Errno(getsockopt(fd, level, name, &value, &length));
  if (result == 0) out.data[0] = value;
  return args.Return(result);
}

napi_value SetsockoptInt(napi_env env, napi_callback_info info) {
  Args args(env, info, "setsockopt_int");
  const auto [fd, level, name] = ReadOption(args);
  const int value = args.Int(3, "value");
  if (args.failed()) return nullptr;
  return args.Return(Args::Errno(setsockopt(fd, level, name, &value, sizeof value)));
}

// SO_RCVTIMEO and SO_SNDTIMEO: a struct timeval, whose layout differs between systems.
napi_value GetsockoptTime(napi_env env, napi_callback_info info) {
  Args args(env, info, "getsockopt_time");
  const auto [fd, level, name] = ReadOption(args);
  if (args.failed()) return nullptr;
  timeval time{};
  socklen_t length = sizeof time;
  if (getsockopt(fd, level, name, &time, &length) < 0) return args.Return(-errno);
  napi_value ms;
  napi_create_double(
      env, static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3, &ms);
  return ms;
}

napi_value SetsockoptTime(napi_env env, napi_callback_info info) {
  Args args(env, info, "setsockopt_time");
  const auto [fd, level, name] = ReadOption(args);
  const int ms = args.Count(3, "ms");
  if (args.failed()) return nullptr;
  timeval time{};
  time.tv_sec = ms / 1000;
  time.tv_usec = ms % 1000 * 1000;
  return args.Return(Args::Errno(setsockopt(fd, level, name, &time, sizeof time)));
}

// Who is at the other end of a unix socket: pid (0 if unknown), uid, gid.
int64_t PeerCredentials(int fd, int32_t* out) {
#ifdef __linux__
  ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return -errno;
  out[0] = credentials.pid;
  out[1] = static_cast<int32_t>(credentials.uid);
  out[2] = static_cast<int32_t>(credentials.gid);
#else
  uid_t uid;
  gid_t gid;
  if (getpeereid(fd, &uid, &gid) < 0) return -errno;
  out[0] = 0;
  out[1] = static_cast<int32_t>(uid);
  out[2] = static_cast<int32_t>(gid);
#ifdef LOCAL_PEERPID
  pid_t pid;
  socklen_t length = sizeof pid;
  if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &length) == 0) out[0] = pid;
#endif
#endif
  return 0;
}

napi_value GetsockoptPeercred(napi_env env, napi_callback_info info) {
  Args args(env, info, "getsockopt_peercred");
  const int fd = args.Fd(0);
  const Span<int32_t> out = args.Ints(1, "out", 3);
  if (args.failed()) return nullptr;
  return args.Return(PeerCredentials(fd, out.data));
}

napi_value SetsockoptMd5sig(napi_env env, napi_callback_info info) {
  Args args(env, info, "setsockopt_md5sig");
  const int fd = args.Fd(0);
  SocketAddress peer = ReadAddress(args, 1);
  const Bytes key = args.View(2, "key");
  if (args.failed()) return nullptr;
#ifdef TCP_MD5SIG
  tcp_md5sig signature{};
  if (key.length > sizeof signature.tcpm_key) {
    args.OutOfRange("key", "at most 80 bytes", static_cast<double>(key.length));
    return nullptr;
  }
  std::memcpy(&signature.tcpm_addr, &peer.storage, sizeof signature.tcpm_addr);
  signature.tcpm_keylen = static_cast<uint16_t>(key.length);
  if (key.length > 0) std::memcpy(signature.tcpm_key, key.data, key.length);
  return args.Return(
      Args::Errno(setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &signature, sizeof signature)));
#else
  (void)fd, (void)peer, (void)key;
  return args.Return(-ENOPROTOOPT);
#endif
}

#ifdef __linux__
constexpr unsigned long kReceiveQueue = SIOCINQ;
constexpr unsigned long kSendQueue = SIOCOUTQ;
#else
constexpr unsigned long kReceiveQueue = FIONREAD;
#endif

napi_value IoctlInq(napi_env env, napi_callback_info info) {
  Args args(env, info, "ioctl_inq");
  const int fd = args.Fd(0);
  if (args.failed()) return nullptr;
  int bytes = 0;
  const int64_t result = Args::Errno(ioctl(fd, kReceiveQueue, &bytes));
  return args.Return(result < 0 ? result : bytes);
}

napi_value IoctlOutq(napi_env env, napi_callback_info info) {
  Args args(env, info, "ioctl_outq");
  const int fd = args.Fd(0);
  if (args.failed()) return nullptr;
  int bytes = 0;
#if defined(__linux__)
  const int64_t result = Args::Errno(ioctl(fd, kSendQueue, &bytes));
#elif defined(SO_NWRITE)
  socklen_t length = sizeof bytes;
  const int64_t result = Args::Errno(getsockopt(fd, SOL_SOCKET, SO_NWRITE, &bytes, &length));
#elif defined(FIONWRITE)
  const int64_t result = Args::Errno(ioctl(fd, FIONWRITE, &bytes));
#else
  const int64_t result = -ENOSYS;
#endif
  return args.Return(result < 0 ? result : bytes);
}

constexpr ExportedCall kCalls[] = {
    {"getsockopt", Getsockopt},
    {"setsockopt", Setsockopt},
    {"getsockopt_int", GetsockoptInt},
    {"setsockopt_int", SetsockoptInt},
    {"getsockopt_time", GetsockoptTime},
    {"setsockopt_time", SetsockoptTime},
    {"getsockopt_peercred", GetsockoptPeercred},
    {"setsockopt_md5sig", SetsockoptMd5sig},
    {"ioctl_inq", IoctlInq},
    {"ioctl_outq", IoctlOutq},
};

}  // namespace

void ExportOptionCalls(napi_env env, napi_value exports) { ExportCalls(env, exports, kCalls); }
