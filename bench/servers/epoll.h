// What the two servers over raw epoll have in common: all but what they answer. Level-triggered,
// one thread, one receive buffer for all connections. What the peer does not take is kept per
// connection, and that connection is not read until it has been taken.
// They print "PORT <n>" and end on SIGTERM (the kernel's default action) or when stdin closes.
//
// The program that includes it defines on_readable(), and with HAS_TURN_END also on_turn_end(), which is
// called when all events of a wait are dealt with.
#ifndef BENCH_SERVERS_EPOLL_H
#define BENCH_SERVERS_EPOLL_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE (64 * 1024)
#define EVENTS_MAX 256
#define BACKLOG 4096
// Reading on while the buffer comes back full saves an epoll_wait in bulk; the bound keeps one
// busy connection from starving the others.
#define READS_MAX 16

struct pending {
  char *bytes;  // NULL while nothing waits
  size_t offset, length;
};

static int epoll_fd, listener_fd;
static struct pending *pending;  // indexed by fd: the kernel hands out small numbers first
static size_t fds_max;
static char buffer[BUFFER_SIZE];

static void on_readable(int fd);
#ifdef HAS_TURN_END
static void on_turn_end(void);
#endif

static inline void die(const char *what) {
  perror(what);
  exit(1);
}

static inline void set_interest(int op, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(epoll_fd, op, fd, &event) != 0) die("epoll_ctl");
}

// close(2) also removes the descriptor from the epoll set, as nobody has duplicated it.
static inline void close_connection(int fd) {
  free(pending[fd].bytes);
  pending[fd] = (struct pending){0};
  close(fd);
}

static inline void keep(int fd, const char *bytes, size_t length) {
  char *copy = malloc(length);
  if (!copy) return close_connection(fd);
  memcpy(copy, bytes, length);
  pending[fd] = (struct pending){.bytes = copy, .length = length};
  set_interest(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

// Sends, and keeps what is not taken; answers whether the connection may be read on.
static inline bool send_or_keep(int fd, const char *bytes, size_t length) {
  ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) {
    close_connection(fd);
    return false;
  }
  if (sent < 0) sent = 0;
  if ((size_t)sent == length) return true;
  keep(fd, bytes + sent, length - (size_t)sent);
  return false;
}

static inline void on_writable(int fd) {
  struct pending *p = &pending[fd];
  ssize_t sent = send(fd, p->bytes + p->offset, p->length - p->offset, MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) return;
  if (sent < 0) return close_connection(fd);
  p->offset += (size_t)sent;
  if (p->offset < p->length) return;
  free(p->bytes);
  p->bytes = NULL;
  set_interest(EPOLL_CTL_MOD, fd, EPOLLIN);
}

static inline void on_acceptable(void) {
  int fd, on = 1;
  while ((fd = accept4(listener_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    if ((size_t)fd >= fds_max) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    set_interest(EPOLL_CTL_ADD, fd, EPOLLIN);
  }
  if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) die("accept4");
}

static inline void listen_on_loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  listener_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener_fd < 0) die("socket");
  if (bind(listener_fd, (struct sockaddr *)&address, length) != 0) die("bind");
  if (listen(listener_fd, BACKLOG) != 0) die("listen");
  if (getsockname(listener_fd, (struct sockaddr *)&address, &length) != 0) die("getsockname");
  set_interest(EPOLL_CTL_ADD, listener_fd, EPOLLIN);
  printf("PORT %d\n", ntohs(address.sin_port));
  fflush(stdout);
}

static inline void raise_fd_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  fds_max = limit.rlim_cur < 65536 ? limit.rlim_cur : 65536;
  pending = calloc(fds_max, sizeof *pending);
  if (!pending) die("calloc");
}

// Never returns but for the end of stdin.
static inline int serve(void) {
  static struct epoll_event events[EVENTS_MAX];
  struct epoll_event stdin_event = {.events = EPOLLIN, .data.fd = STDIN_FILENO};
  raise_fd_limit();
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) die("epoll_create1");
  // A regular file or /dev/null as stdin answers EPERM: then only a signal ends us.
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &stdin_event) != 0 && errno != EPERM)
    die("epoll_ctl");
  listen_on_loopback();
  for (;;) {
    int n = epoll_wait(epoll_fd, events, EVENTS_MAX, -1);
    if (n < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == STDIN_FILENO) return 0;
      if (fd == listener_fd) on_acceptable();
      else if (pending[fd].bytes) on_writable(fd);
      else on_readable(fd);
    }
#ifdef HAS_TURN_END
    on_turn_end();
#endif
  }
}

#endif
