// Echo load generator: opens connections to a server on this machine, keeps a fixed number of
// messages in flight on each, checks every byte that comes back and prints one line of JSON.
//
//   loadgen HOST PORT CONNECTIONS SIZE DEPTH WARMUP_SECONDS SECONDS [SERVER_PID]
//
// It runs through five phases: GREETING (each connection has one message echoed, so that the
// server has certainly accepted it), WARMUP, MEASURING, DRAINING (what is in flight must still
// come back) and DONE. The first error of any kind ends the run: exit code 1, "error" says why.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "histogram.h"
#include "loadgen.h"
#include "result.h"
#include "usage.h"

enum phase { GREETING, WARMUP, MEASURING, DRAINING, DONE };

struct connection {
  int fd;
  bool wants_write;
  uint32_t slot;      // the oldest message in flight, an index into stamps
  uint64_t start;     // where this connection's bytes begin in the pattern
  uint64_t sent, allowed, received;
  uint64_t end;       // received reaches this when the oldest message is complete
  uint64_t messages;  // completed in the measuring window
  uint64_t *stamps;   // when each message in flight was handed over for sending, ns
};

static struct options options;
static struct connection *connections;
static struct histogram histogram;
static struct usage before, after;
static enum phase phase = GREETING;
static uint64_t deadline_ns, in_flight, greeted, opened;
static int epoll_fd;
static char error_text[256];
static unsigned char pattern[PATTERN_PERIOD + CHUNK_MAX], buffer[CHUNK_MAX];

static void fail(const char *format, ...) {
  va_list arguments;
  if (phase == DONE) return;
  va_start(arguments, format);
  vsnprintf(error_text, sizeof error_text, format, arguments);
  va_end(arguments);
  phase = DONE;
}

static unsigned char *pattern_at(const struct connection *c, uint64_t position) {
  return pattern + (c->start + position) % PATTERN_PERIOD;
}

static void want_write(struct connection *c, bool wanted) {
  struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = c};
  if (c->wants_write == wanted) return;
  c->wants_write = wanted;
  if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event) != 0)
    fail("epoll_ctl: %s", strerror(errno));
}

// Bytes go out straight from the pattern. A full send buffer only stops the sending: the same
// connection is still read, or two full directions would wait for each other for ever.
static void flush(struct connection *c) {
  while (c->sent < c->allowed) {
    uint64_t length = c->allowed - c->sent;
    if (length > CHUNK_MAX) length = CHUNK_MAX;
    ssize_t n = send(c->fd, pattern_at(c, c->sent), length, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return want_write(c, true);
    if (n < 0) return fail("send: %s", strerror(errno));
    c->sent += (uint64_t)n;
  }
  want_write(c, false);
}

static void open_next(void) {
  struct connection *c = &connections[opened];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options.port)};
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  int on = 1;
  address.sin_addr = options.host;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) return fail("socket: %s", strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
    return fail("connect: %s", strerror(errno));
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0)
    return fail("epoll_ctl: %s", strerror(errno));
  c->wants_write = true;
  c->start = opened * PATTERN_STRIDE % PATTERN_PERIOD;
  c->allowed = c->end = options.size;
  opened++;
}

static void complete(struct connection *c, uint64_t now) {
  if (phase == MEASURING) {
    histogram_record(&histogram, now - c->stamps[c->slot]);
    c->messages++;
  }
  if (phase == GREETING) greeted++;
  if (phase == DRAINING) in_flight--;
  // The slot just freed takes the message that replaces the finished one.
  if (phase == WARMUP || phase == MEASURING) {
    c->stamps[c->slot] = now;
    c->allowed += options.size;
  }
  c->slot = c->slot + 1 == options.depth ? 0 : c->slot + 1;
  c->end += options.size;
}

static void report_mismatch(const struct connection *c, const unsigned char *expected, ssize_t n) {
  ssize_t i = 0;
  while (i < n && buffer[i] == expected[i]) i++;
  fail("Connection %ld, byte %llu: sent 0x%02x, came back as 0x%02x", (long)(c - connections),
       (unsigned long long)(c->received + (uint64_t)i), expected[i], buffer[i]);
}

// One recv per event: the poll is level-triggered, and what is left comes with the next turn.
static void receive(struct connection *c) {
  ssize_t n = recv(c->fd, buffer, CHUNK_MAX, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n < 0) return fail("recv: %s", strerror(errno));
  if (n == 0) return fail("The server closed connection %ld", (long)(c - connections));
  if (c->received + (uint64_t)n > c->sent) return fail("More bytes came back than were sent");
  const unsigned char *expected = pattern_at(c, c->received);
  if (memcmp(buffer, expected, (size_t)n) != 0) return report_mismatch(c, expected, n);
  c->received += (uint64_t)n;
  uint64_t now = clock_ns(CLOCK_MONOTONIC);
  while (c->end <= c->received) complete(c, now);
}

static void start_sending(uint64_t now) {
  for (struct connection *c = connections; c < connections + options.connections; c++) {
    for (uint32_t i = 0; i < options.depth; i++) c->stamps[i] = now;
    c->allowed += options.size * options.depth;
    flush(c);
  }
  in_flight = (uint64_t)options.connections * options.depth;
}

static void read_usage_or_fail(struct usage *usage) {
  if (read_usage(options.server_pid, usage) != 0) fail("The server is gone");
}

// Moves on when the phase's work is done or its time is over.
static void advance(uint64_t now) {
  bool is_late = now >= deadline_ns;
  if (phase == GREETING && greeted == options.connections) {
    phase = WARMUP;
    deadline_ns = now + options.warmup_ns;
    start_sending(now);
  } else if (phase == GREETING && is_late) {
    fail("Only %llu of %u connections were served", (unsigned long long)greeted,
         options.connections);
  } else if (phase == WARMUP && is_late) {
    read_usage_or_fail(&before);
    if (phase == DONE) return;
    phase = MEASURING;
    deadline_ns = before.at_ns + options.window_ns;
  } else if (phase == MEASURING && is_late) {
    read_usage_or_fail(&after);
    if (phase == DONE) return;
    phase = DRAINING;
    deadline_ns = now + DRAIN_NS;
  } else if (phase == DRAINING && in_flight == 0) {
    phase = DONE;
  } else if (phase == DRAINING && is_late) {
    fail("%llu messages never came back", (unsigned long long)in_flight);
  }
}

static void run(void) {
  static struct epoll_event events[EVENTS_MAX];
  deadline_ns = clock_ns(CLOCK_MONOTONIC) + GREETING_NS;
  while (phase != DONE) {
    // Not more connects at a time than any backlog holds: a full one drops the SYN, and the
    // kernel sends it again only after a second.
    while (phase == GREETING && opened < options.connections && opened - greeted < GREETING_MAX)
      open_next();
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    int timeout_ms = now < deadline_ns ? (int)((deadline_ns - now) / 1000000u) + 1 : 0;
    int n = phase == DONE ? 0 : epoll_wait(epoll_fd, events, EVENTS_MAX, timeout_ms);
    if (n < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < n && phase != DONE; i++) {
      struct connection *c = events[i].data.ptr;
      if (events[i].events & ~(uint32_t)EPOLLOUT) receive(c);
      // While the send buffer is full only EPOLLOUT makes another attempt worth its call.
      bool can_send = c->wants_write ? events[i].events & EPOLLOUT : c->sent < c->allowed;
      if (phase != DONE && can_send) flush(c);
    }
    if (phase != DONE) advance(clock_ns(CLOCK_MONOTONIC));
  }
}

static void prepare(void) {
  struct rlimit limit;
  uint32_t state = 0x9e3779b9;
  for (size_t i = 0; i < sizeof pattern; i++) {
    state = state * 1664525u + 1013904223u;
    pattern[i] = i < PATTERN_PERIOD ? (unsigned char)(state >> 24) : pattern[i - PATTERN_PERIOD];
  }
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  connections = calloc(options.connections, sizeof *connections);
  uint64_t *stamps = calloc((size_t)options.connections * options.depth, sizeof *stamps);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (!connections || !stamps || epoll_fd < 0) return fail("No memory or no epoll");
  for (uint32_t i = 0; i < options.connections; i++)
    connections[i].stamps = stamps + (size_t)i * options.depth;
}

static void print_result(void) {
  struct result result = {
      .histogram = &histogram, .before = &before, .after = &after, .error = error_text,
      .has_server = options.server_pid != 0, .messages_min = UINT64_MAX};
  for (uint32_t i = 0; connections && i < options.connections; i++) {
    uint64_t messages = connections[i].messages;
    if (messages < result.messages_min) result.messages_min = messages;
    if (messages > result.messages_max) result.messages_max = messages;
  }
  print_json(&result);
}

int main(int argc, char **argv) {
  if (parse_options(argc, argv, &options) != 0) return 2;
  // The last resort: whatever hangs, the kernel ends this process (SIGALRM's default action).
  uint64_t longest_ns = GREETING_NS + options.warmup_ns + options.window_ns + DRAIN_NS;
  alarm((unsigned)(longest_ns / 1000000000u) + 5);
  prepare();
  run();
  print_result();
  return error_text[0] ? 1 : 0;
}
