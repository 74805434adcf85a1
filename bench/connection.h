// What the generators of load have in common: how a connection is opened, how its bytes go
// out, and how the first error ends the run. What comes back is each program's own affair.
//
// A program's connection begins with a struct wire, so that one pointer serves both and the poll.
#ifndef BENCH_CONNECTION_H
#define BENCH_CONNECTION_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define CHUNK_MAX (256u * 1024u)  // the most bytes in one send or recv
#define EVENTS_MAX 512            // bounds one turn, and with it the error of the window's edges

// The pattern's length is a prime, so that a lost or doubled message of any usual size shifts
// the bytes that follow and is seen. The stride gives each connection its own starting point.
#define PATTERN_PERIOD 65537u
#define PATTERN_STRIDE 7919u

struct wire {
  int fd;  // -1: not open
  bool wants_write;
  uint64_t start;          // where this connection's bytes begin in the outgoing ones
  uint64_t sent, allowed;  // bytes; what is allowed and not sent goes out with the next flush
};

static bool is_done;  // the run is over, by an error or not
static char error_text[256];
static int epoll_fd;
// What every connection sends, over and over: `period` bytes, and behind them again so many of
// the same as one send may take.
static unsigned char *outgoing;
static uint64_t period;

__attribute__((format(printf, 1, 2))) static inline void fail(const char *format, ...) {
  va_list arguments;
  if (is_done) return;
  va_start(arguments, format);
  vsnprintf(error_text, sizeof error_text, format, arguments);
  va_end(arguments);
  is_done = true;
}

static inline unsigned char *outgoing_at(const struct wire *w, uint64_t position) {
  return outgoing + (w->start + position) % period;
}

static inline void want_write(struct wire *w, bool wanted) {
  struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = w};
  if (w->wants_write == wanted) return;
  w->wants_write = wanted;
  if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, w->fd, &event) != 0)
    fail("epoll_ctl: %s", strerror(errno));
}

// Sends what is allowed, and answers 0 or the errno of a connection that is broken. A full send
// buffer only stops the sending: the same connection is still read, or two full directions would
// wait for each other for ever.
static inline int send_allowed(struct wire *w) {
  while (w->sent < w->allowed) {
    uint64_t length = w->allowed - w->sent;
    if (length > CHUNK_MAX) length = CHUNK_MAX;
    ssize_t n = send(w->fd, outgoing_at(w, w->sent), length, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      want_write(w, true);
      return 0;
    }
    if (n < 0) return errno;
    w->sent += (uint64_t)n;
  }
  want_write(w, false);
  return 0;
}

static inline void flush(struct wire *w) {
  int error = send_allowed(w);
  if (error != 0) fail("send: %s", strerror(error));
}

// Starts to connect, and answers 0 or the errno with which it was refused at once; the poll says
// when there is room to send. `bytes` may go out at first.
static inline int connect_wire(struct wire *w, struct sockaddr_in address, uint64_t bytes) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = w};
  int on = 1;
  w->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (w->fd < 0) {
    fail("socket: %s", strerror(errno));
    return 0;
  }
  setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  w->sent = 0;
  w->allowed = bytes;
  w->wants_write = true;
  if (connect(w->fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
    return errno;
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, w->fd, &event) != 0)
    fail("epoll_ctl: %s", strerror(errno));
  return 0;
}

static inline void open_wire(struct wire *w, struct sockaddr_in address, uint64_t bytes) {
  int error = connect_wire(w, address, bytes);
  if (error != 0) fail("connect: %s", strerror(error));
}

// Has every connection send these bytes in a circle, from wherever it starts in them.
static inline void repeat_outgoing(const unsigned char *bytes, uint64_t length) {
  period = length;
  outgoing = malloc(length + CHUNK_MAX);
  if (!outgoing) return fail("No memory");
  for (uint64_t i = 0; i < length + CHUNK_MAX; i++) outgoing[i] = bytes[i % length];
}

// Bytes in which no place looks like another.
static inline void repeat_pattern(void) {
  static unsigned char pattern[PATTERN_PERIOD];
  uint32_t state = 0x9e3779b9;
  for (size_t i = 0; i < sizeof pattern; i++) {
    state = state * 1664525u + 1013904223u;
    pattern[i] = (unsigned char)(state >> 24);
  }
  repeat_outgoing(pattern, sizeof pattern);
}

static inline void open_epoll(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) fail("epoll_create1: %s", strerror(errno));
}

#endif
