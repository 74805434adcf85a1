// An LD_PRELOAD library (Linux, glibc) under which every transfer of a stream socket moves very
// little, and every nth one fails as it may fail at any time: what a program must bear, but loopback
// hardly ever does to it. Datagrams, seqpackets, pipes and files are left alone: there a short
// transfer loses data. See environment.ts, which compiles it and says what the variables mean.
//
// The rule of this file: only what the kernel may do by itself, and only to addons. A blocking
// socket never fails with EAGAIN, errno is as the call left it, control messages go with the first
// byte. Node's own sockets, standard streams among them, are left alone: libuv takes a short read
// at a hang-up for the end of the stream (UV_HANDLE_READ_PARTIAL), so it would lose what follows.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { VECTORS_MAX = 64 };

static size_t cut_bytes = 1;
static unsigned long fail_every = 0;
static int fail_errno = 0;

// Of stream sockets: transfers asked for, those that were made shorter, those that failed.
static atomic_ulong calls, cuts, failures;

__attribute__((constructor)) static void Configure(void) {
  const char* cut = getenv("ONE_BYTE_CUT");
  const char* every = getenv("ONE_BYTE_FAIL_EVERY");
  const char* name = getenv("ONE_BYTE_FAIL");
  if (cut != NULL) cut_bytes = strtoul(cut, NULL, 10);
  if (every != NULL) fail_every = strtoul(every, NULL, 10);
  if (name != NULL) fail_errno = strcmp(name, "EINTR") == 0 ? EINTR : EAGAIN;
}

__attribute__((destructor)) static void Report(void) {
  const char* path = getenv("ONE_BYTE_REPORT");
  FILE* file = path == NULL ? NULL : fopen(path, "we");
  if (file == NULL) return;
  fprintf(file, "{\"calls\":%lu,\"cuts\":%lu,\"failures\":%lu}\n", atomic_load(&calls),
          atomic_load(&cuts), atomic_load(&failures));
  fclose(file);
}

// True if the code at this address is an addon's. dladdr(3) takes a lock and walks lists, so the
// answers are kept: an addon calls from a handful of places.
static int IsAddon(const void* caller) {
  enum { KEPT = 64 };
  static _Thread_local struct {
    const void* caller;
    int is_addon;
  } kept[KEPT];
  const size_t at = ((size_t)caller >> 2) % KEPT;
  if (kept[at].caller == caller) return kept[at].is_addon;
  Dl_info info;
  const char* name = dladdr(caller, &info) != 0 ? info.dli_fname : "";
  const size_t length = strlen(name);
  kept[at].caller = caller;
  kept[at].is_addon = length > 5 && strcmp(name + length - 5, ".node") == 0;
  return kept[at].is_addon;
}

static int IsStream(int fd) {
  const int saved = errno;
  int type = 0;
  socklen_t length = sizeof type;
  const int result = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length);
  errno = saved;
  return result == 0 && type == SOCK_STREAM;
}

static int MayBlock(int fd, int flags) {
  const int saved = errno;
  const int status = fcntl(fd, F_GETFL);
  errno = saved;
  return (flags & MSG_DONTWAIT) == 0 && (status & O_NONBLOCK) == 0;
}

// True, with errno set, if it is this call's turn to fail.
static int Fails(int fd, int flags) {
  const unsigned long count = atomic_fetch_add(&calls, 1) + 1;
  if (fail_errno == 0 || fail_every == 0 || count % fail_every != 0) return 0;
  if (fail_errno == EAGAIN && MayBlock(fd, flags)) return 0;
  atomic_fetch_add(&failures, 1);
  errno = fail_errno;
  return 1;
}

static size_t Cut(size_t length) {
  if (length <= cut_bytes) return length;
  atomic_fetch_add(&cuts, 1);
  return cut_bytes;
}

// The first bytes of `from`, as vectors; how many vectors.
static size_t CutVectors(const struct iovec* from, size_t count, struct iovec* to) {
  size_t total = 0, n = 0;
  for (size_t i = 0; i < count; i++) total += from[i].iov_len;
  size_t left = Cut(total);
  for (; n < count && n < VECTORS_MAX; n++) {
    to[n] = from[n];
    if (to[n].iov_len > left) to[n].iov_len = left;
    left -= to[n].iov_len;
  }
  return n;
}

// A stream socket's transfer, asked for by an addon.
#define IS_OURS(fd) (IsAddon(__builtin_return_address(0)) && IsStream(fd))

// The next definition of a function: another preloaded library's, or libc's.
#define NEXT(name)                                                 \
  static __typeof__(&name) next;                                   \
  if (next == NULL) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t recv(int fd, void* buffer, size_t length, int flags) {
  NEXT(recv);
  if (!IS_OURS(fd)) return next(fd, buffer, length, flags);
  return Fails(fd, flags) ? -1 : next(fd, buffer, Cut(length), flags);
}

ssize_t send(int fd, const void* buffer, size_t length, int flags) {
  NEXT(send);
  if (!IS_OURS(fd)) return next(fd, buffer, length, flags);
  return Fails(fd, flags) ? -1 : next(fd, buffer, Cut(length), flags);
}

ssize_t recvfrom(int fd, void* restrict buffer, size_t length, int flags,
                 __SOCKADDR_ARG address, socklen_t* restrict size) {
  NEXT(recvfrom);
  if (!IS_OURS(fd)) return next(fd, buffer, length, flags, address, size);
  return Fails(fd, flags) ? -1 : next(fd, buffer, Cut(length), flags, address, size);
}

ssize_t sendto(int fd, const void* buffer, size_t length, int flags,
               __CONST_SOCKADDR_ARG address, socklen_t size) {
  NEXT(sendto);
  if (!IS_OURS(fd)) return next(fd, buffer, length, flags, address, size);
  return Fails(fd, flags) ? -1 : next(fd, buffer, Cut(length), flags, address, size);
}

ssize_t read(int fd, void* buffer, size_t length) {
  NEXT(read);
  if (!IS_OURS(fd)) return next(fd, buffer, length);
  return Fails(fd, 0) ? -1 : next(fd, buffer, Cut(length));
}

ssize_t write(int fd, const void* buffer, size_t length) {
  NEXT(write);
  if (!IS_OURS(fd)) return next(fd, buffer, length);
  return Fails(fd, 0) ? -1 : next(fd, buffer, Cut(length));
}

ssize_t readv(int fd, const struct iovec* vectors, int count) {
  NEXT(readv);
  if (count <= 0 || !IS_OURS(fd)) return next(fd, vectors, count);
  if (Fails(fd, 0)) return -1;
  struct iovec cut[VECTORS_MAX];
  return next(fd, cut, (int)CutVectors(vectors, (size_t)count, cut));
}

ssize_t writev(int fd, const struct iovec* vectors, int count) {
  NEXT(writev);
  if (count <= 0 || !IS_OURS(fd)) return next(fd, vectors, count);
  if (Fails(fd, 0)) return -1;
  struct iovec cut[VECTORS_MAX];
  return next(fd, cut, (int)CutVectors(vectors, (size_t)count, cut));
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
  NEXT(recvmsg);
  if (!IS_OURS(fd)) return next(fd, message, flags);
  if (Fails(fd, flags)) return -1;
  struct iovec cut[VECTORS_MAX];
  struct iovec* const whole = message->msg_iov;
  const size_t count = message->msg_iovlen;
  message->msg_iovlen = CutVectors(whole, count, cut);
  message->msg_iov = cut;
  const ssize_t n = next(fd, message, flags);
  message->msg_iov = whole;
  message->msg_iovlen = count;
  return n;
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  NEXT(sendmsg);
  if (!IS_OURS(fd)) return next(fd, message, flags);
  if (Fails(fd, flags)) return -1;
  struct iovec cut[VECTORS_MAX];
  struct msghdr part = *message;
  part.msg_iovlen = CutVectors(message->msg_iov, message->msg_iovlen, cut);
  part.msg_iov = cut;
  return next(fd, &part, flags);
}

ssize_t sendfile(int out, int in, off_t* offset, size_t count) {
  NEXT(sendfile);
  if (!IS_OURS(out)) return next(out, in, offset, count);
  return Fails(out, 0) ? -1 : next(out, in, offset, Cut(count));
}

ssize_t sendfile64(int out, int in, off64_t* offset, size_t count) {
  NEXT(sendfile64);
  if (!IS_OURS(out)) return next(out, in, offset, count);
  return Fails(out, 0) ? -1 : next(out, in, offset, Cut(count));
}
