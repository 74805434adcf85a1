// The engine of loadgen.c and httpload.c: opens connections to a server on this machine, keeps a
// fixed number of messages in flight on each, and measures. It runs through four phases: GREETING
// (each connection has one message answered, so that the server has certainly accepted it),
// WARMUP, MEASURING and DRAINING (what is in flight must still be answered). The first error of
// any kind ends the run.
//
// The program that includes it says what an answer is: it defines struct check, its own part of a
// connection, before the include, and receive(), which reads and calls complete() for each answer.
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "connection.h"
#include "histogram.h"
#include "loadgen.h"
#include "result.h"
#include "usage.h"

enum phase { GREETING, WARMUP, MEASURING, DRAINING };

struct connection {
  struct wire wire;
  struct check check;
  uint32_t in_flight;  // messages that are not answered
  uint32_t slot;       // the oldest of them, an index into stamps
  uint64_t messages;   // answered in the measuring window
  uint64_t *stamps;    // when each message in flight was handed over for sending, ns
};

static struct options options;
static struct connection *connections;
static struct histogram histogram;
static struct usage before, after;
static enum phase phase = GREETING;
static uint64_t deadline_ns, in_flight, greeted, opened;
static unsigned char buffer[CHUNK_MAX];

static void receive(struct connection *c);

static inline long number_of(const struct connection *c) { return (long)(c - connections); }

// The oldest message in flight is answered. The caller has made sure that there is one.
static inline void complete(struct connection *c, uint64_t now) {
  if (phase == MEASURING) {
    histogram_record(&histogram, now - c->stamps[c->slot]);
    c->messages++;
  }
  if (phase == GREETING) greeted++;
  if (phase == DRAINING) in_flight--;
  // The slot just freed takes the message that replaces the answered one.
  if (phase == WARMUP || phase == MEASURING) {
    c->stamps[c->slot] = now;
    c->wire.allowed += options.size;
  } else {
    c->in_flight--;
  }
  c->slot = c->slot + 1 == options.depth ? 0 : c->slot + 1;
}

// recv(2) for one connection; 0 means that there is nothing to look at now.
static inline ssize_t receive_bytes(struct connection *c, void *into, size_t length, int flags) {
  ssize_t n = recv(c->wire.fd, into, length, flags);
  if (n > 0) return n;
  if (n == 0) fail("The server closed connection %ld", number_of(c));
  else if (errno != EAGAIN) fail("recv: %s", strerror(errno));
  return 0;
}

static inline void open_next(void) {
  struct connection *c = &connections[opened];
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(options.port), .sin_addr = options.host};
  c->wire.start = opened * options.stride % period;
  c->in_flight = 1;
  open_wire(&c->wire, address, options.size);
  opened++;
}

static inline void start_sending(uint64_t now) {
  for (struct connection *c = connections; c < connections + options.connections; c++) {
    for (uint32_t i = 0; i < options.depth; i++) c->stamps[i] = now;
    c->in_flight = options.depth;
    c->wire.allowed += options.size * options.depth;
    flush(&c->wire);
  }
  in_flight = (uint64_t)options.connections * options.depth;
}

static inline void read_usage_or_fail(struct usage *usage) {
  if (read_usage(options.server_pid, usage) != 0) fail("The server is gone");
}

// Moves on when the phase's work is done or its time is over.
static inline void advance(uint64_t now) {
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
    phase = MEASURING;
    deadline_ns = before.at_ns + options.window_ns;
  } else if (phase == MEASURING && is_late) {
    read_usage_or_fail(&after);
    phase = DRAINING;
    deadline_ns = now + DRAIN_NS;
  } else if (phase == DRAINING && in_flight == 0) {
    is_done = true;
  } else if (phase == DRAINING && is_late) {
    fail("%llu messages never came back", (unsigned long long)in_flight);
  }
}

static inline void handle(const struct epoll_event *event) {
  struct connection *c = event->data.ptr;
  if (event->events & ~(uint32_t)EPOLLOUT) receive(c);
  // While the send buffer is full only EPOLLOUT makes another attempt worth its call.
  bool can_send =
      c->wire.wants_write ? event->events & EPOLLOUT : c->wire.sent < c->wire.allowed;
  if (!is_done && can_send) flush(&c->wire);
}

static inline void run(void) {
  static struct epoll_event events[EVENTS_MAX];
  deadline_ns = clock_ns(CLOCK_MONOTONIC) + GREETING_NS;
  while (!is_done) {
    // Not more connects at a time than any backlog holds: a full one drops the SYN, and the
    // kernel sends it again only after a second.
    while (phase == GREETING && !is_done && opened < options.connections &&
           opened - greeted < GREETING_MAX)
      open_next();
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    int timeout_ms = now < deadline_ns ? (int)((deadline_ns - now) / 1000000u) + 1 : 0;
    int n = is_done ? 0 : epoll_wait(epoll_fd, events, EVENTS_MAX, timeout_ms);
    if (n < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < n && !is_done; i++) handle(&events[i]);
    if (!is_done) advance(clock_ns(CLOCK_MONOTONIC));
  }
}

static inline void print_result(void) {
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

// The whole run, once options and outgoing are set; the answer is the exit code.
static inline int run_load(void) {
  // The last resort: whatever hangs, the kernel ends this process (SIGALRM's default action).
  uint64_t longest_ns = GREETING_NS + options.warmup_ns + options.window_ns + DRAIN_NS;
  alarm((unsigned)(longest_ns / 1000000000u) + 5);
  open_epoll();
  connections = calloc(options.connections, sizeof *connections);
  uint64_t *stamps = calloc((size_t)options.connections * options.depth, sizeof *stamps);
  if (!connections || !stamps) fail("No memory");
  for (uint32_t i = 0; !is_done && i < options.connections; i++)
    connections[i].stamps = stamps + (size_t)i * options.depth;
  run();
  print_result();
  return error_text[0] ? 1 : 0;
}

#endif
