// Making sockets, naming them and joining them.
#include <net/if.h>
#include <sys/socket.h>

#include "address.h"
#include "args.h"
#include "calls.h"
#include "environment.h"
#include "platform.h"

namespace {

napi_value Socket(napi_env env, napi_callback_info info) {
  Args args(env, info, "socket");
  const int domain = args.Int(0, "domain");
  const int type = args.Int(1, "type");
  const int protocol = args.Int(2, "protocol");
  const bool blocking = args.Boolean(3, "blocking");
  if (args.failed()) return nullptr;
  UniqueFd fd = platform::Socket(domain, type, protocol, blocking);
  if (!fd.valid()) return args.Return(-errno);
  return args.Return(Environment::Of(env).Own(std::move(fd)));
}

napi_value Socketpair(napi_env env, napi_callback_info info) {
  Args args(env, info, "socketpair");
  const int domain = args.Int(0, "domain");
  const int type = args.Int(1, "type");
  const int protocol = args.Int(2, "protocol");
  const bool blocking = args.Boolean(3, "blocking");
  const Span<int32_t> out = args.Ints(4, "out", 2);
  if (args.failed()) return nullptr;
  int pair[2];
  if (platform::SocketPair(domain, type, protocol, blocking, pair) < 0) return args.Return(-errno);
  out.data[0] = Environment::Of(env).Own(UniqueFd(pair[0]));
  out.data[1] = Environment::Of(env).Own(UniqueFd(pair[1]));
  return args.Return(0);
}

napi_value Bind(napi_env env, napi_callback_info info) {
  Args args(env, info, "bind");
  const int fd = args.Fd(0);
  SocketAddress address = ReadAddress(args, 1);
  if (args.failed()) return nullptr;
  return args.Return(Args::Errno(bind(fd, address.get(), address.length)));
}

napi_value Listen(napi_env env, napi_callback_info info) {
  Args args(env, info, "listen");
  const int fd = args.Fd(0);
  const int backlog = args.Int(1, "backlog");
  if (args.failed()) return nullptr;
  return args.Return(Args::Errno(listen(fd, backlog)));
}

napi_value Accept4(napi_env env, napi_callback_info info) {
  Args args(env, info, "accept4");
  const int fd = args.Fd(0);
  const bool blocking = args.Boolean(1, "blocking");
  const Bytes peer = AddressOut(args, 2);
  if (args.failed()) return nullptr;
  SocketAddress address;
  const bool is_wanted = peer.data != nullptr;
  sockaddr* const name = is_wanted ? address.get() : nullptr;
  socklen_t* const length = is_wanted ? &address.length : nullptr;
  int fd_or_error;
  do {
    UniqueFd next = platform::Accept(fd, name, length, blocking);
    fd_or_error = next.valid() ? Environment::Of(env).Own(std::move(next)) : -errno;
  } while (fd_or_error == -EINTR);
  if (fd_or_error >= 0 && is_wanted) WriteAddress(peer.data, address);
  return args.Return(fd_or_error);
}

napi_value Connect(napi_env env, napi_callback_info info) {
  Args args(env, info, "connect");
  const int fd = args.Fd(0);
  SocketAddress address = ReadAddress(args, 1);
  if (args.failed()) return nullptr;
  const int64_t result = Args::Errno(connect(fd, address.get(), address.length));
  // An interrupted connect goes on by itself; a second call would answer EALREADY.
  return args.Return(result == -EINTR ? -EINPROGRESS : result);
}

napi_value Shutdown(napi_env env, napi_callback_info info) {
  Args args(env, info, "shutdown");
  const int fd = args.Fd(0);
  const int how = args.Int(1, "how");
  if (args.failed()) return nullptr;
  return args.Return(Args::Errno(shutdown(fd, how)));
}

napi_value NameOf(napi_env env, napi_callback_info info, const char* call,
                  int (*get_name)(int, sockaddr*, socklen_t*)) {
  Args args(env, info, call);
  const int fd = args.Fd(0);
  const Bytes record = AddressOut(args, 1);
  if (args.failed()) return nullptr;
  SocketAddress address;
  const int64_t result = Args::Errno(get_name(fd, address.get(), &address.length));
  if (result == 0 && record.data != nullptr) WriteAddress(record.data, address);
  return args.Return(result);
}

napi_value Getsockname(napi_env env, napi_callback_info info) {
  return NameOf(env, info, "getsockname", getsockname);
}

napi_value Getpeername(napi_env env, napi_callback_info info) {
  return NameOf(env, info, "getpeername", getpeername);
}

napi_value IfNametoindex(napi_env env, napi_callback_info info) {
  Args args(env, info, "if_nametoindex");
  char name[IF_NAMESIZE];
  if (!args.Text(0, "name", name, sizeof name)) return nullptr;
  const unsigned index = if_nametoindex(name);
  return args.Return(index == 0 ? -errno : static_cast<int64_t>(index));
}

constexpr ExportedCall kCalls[] = {
    {"socket", Socket},           {"socketpair", Socketpair},
    {"bind", Bind},               {"listen", Listen},
    {"accept4", Accept4},         {"connect", Connect},
    {"shutdown", Shutdown},       {"getsockname", Getsockname},
    {"getpeername", Getpeername}, {"if_nametoindex", IfNametoindex},
};

}  // namespace

void ExportSocketCalls(napi_env env, napi_value exports) { ExportCalls(env, exports, kCalls); }
