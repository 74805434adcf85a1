// Stand-ins where macOS and the older BSDs lack a Linux call: the flags that accept4, socket and
// pipe2 set atomically are set by fcntl right after, and SIGPIPE is refused per socket.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "unique_fd.h"

// Never let a write to a closed connection raise SIGPIPE: the error EPIPE is enough.
#ifdef MSG_NOSIGNAL
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;
#endif

namespace platform {

inline int SetNonBlocking(int fd, bool on) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -1;
  const int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  return wanted == flags ? 0 : fcntl(fd, F_SETFL, wanted);
}

// Close-on-exec and the blocking mode, for a descriptor made without flags.
inline UniqueFd Finish(UniqueFd fd, bool blocking) {
  if (!fd.valid()) return fd;
  if (fcntl(fd.get(), F_SETFD, FD_CLOEXEC) < 0) return UniqueFd();
  if (SetNonBlocking(fd.get(), !blocking) < 0) return UniqueFd();
#ifdef SO_NOSIGPIPE
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);  // fails on pipes, harmless
#endif
  return fd;
}

#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)

inline int TypeFlags(bool blocking) { return SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK); }

inline UniqueFd Socket(int domain, int type, int protocol, bool blocking) {
  return UniqueFd(socket(domain, type | TypeFlags(blocking), protocol));
}

inline UniqueFd Accept(int fd, sockaddr* address, socklen_t* length, bool blocking) {
  return UniqueFd(accept4(fd, address, length, TypeFlags(blocking)));
}

inline int SocketPair(int domain, int type, int protocol, bool blocking, int* pair) {
  return socketpair(domain, type | TypeFlags(blocking), protocol, pair);
}

inline int Pipe(bool blocking, int* pair) {
  return pipe2(pair, O_CLOEXEC | (blocking ? 0 : O_NONBLOCK));
}

#else

inline UniqueFd Socket(int domain, int type, int protocol, bool blocking) {
  return Finish(UniqueFd(socket(domain, type, protocol)), blocking);
}

inline UniqueFd Accept(int fd, sockaddr* address, socklen_t* length, bool blocking) {
  return Finish(UniqueFd(accept(fd, address, length)), blocking);
}

inline int FinishPair(int* pair, bool blocking) {
  UniqueFd a = Finish(UniqueFd(pair[0]), blocking);
  UniqueFd b = Finish(UniqueFd(pair[1]), blocking);
  if (!a.valid() || !b.valid()) return -1;
  pair[0] = a.release();
  pair[1] = b.release();
  return 0;
}

inline int SocketPair(int domain, int type, int protocol, bool blocking, int* pair) {
  return socketpair(domain, type, protocol, pair) < 0 ? -1 : FinishPair(pair, blocking);
}

inline int Pipe(bool blocking, int* pair) {
  return pipe(pair) < 0 ? -1 : FinishPair(pair, blocking);
}

#endif

}  // namespace platform
