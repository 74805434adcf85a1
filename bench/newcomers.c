// How long newcomers wait at a busy server of this machine. BUSY connections keep DEPTH messages
// of 64 bytes in flight each; meanwhile BURST others connect at once, send a message, wait for
// its echo and leave, BURSTS times. Every byte that comes back is checked. Prints a line of JSON.
//
//   newcomers HOST PORT BUSY DEPTH BURST BURSTS SERVER_PID
//
// A newcomer's time runs from its connect(2) to the last byte of its echo. Beside the time stands
// how many messages of the busy ones came back meanwhile: by how many it was overtaken, which says
// how fair the server is even where the machine is disturbed. The next burst waits until the last
// newcomer is served or given up, so a slow server is never buried under them.
// The first error of any kind ends the run: exit code 1, "error" says why.
#define _GNU_SOURCE
#include "connection.h"
#include "histogram.h"
#include "newcomers.h"
#include "result.h"
#include "usage.h"

// FILLING: the busy ones are being served their first message. WARMUP: they are alone.
enum phase { FILLING, WARMUP, BURSTS };

struct connection {
  struct wire wire;
  bool is_newcomer;
  uint64_t received;
  uint64_t opened_ns, opened_bytes;  // the clock and busy_bytes when it was opened
};

static struct newcomer_options options;
static struct connection *busy, *newcomers;
static struct histogram waits, overtaken;
static struct usage before, after;
static enum phase phase = FILLING;
static uint64_t greeted, waiting, unanswered, busy_bytes, bursts;
static uint64_t deadline_ns, bursts_end_ns;
static unsigned char buffer[CHUNK_MAX];

static void open_connection(struct connection *c, uint64_t number, uint64_t bytes) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(options.port), .sin_addr = options.host};
  c->opened_ns = clock_ns(CLOCK_MONOTONIC);
  c->opened_bytes = busy_bytes;
  c->received = 0;
  c->wire.start = number * PATTERN_STRIDE % PATTERN_PERIOD;
  open_wire(&c->wire, address, bytes);
}

static void leave(struct connection *c, uint64_t now) {
  histogram_record(&waits, now - c->opened_ns);
  histogram_record(&overtaken, (busy_bytes - c->opened_bytes) / MESSAGE_SIZE);
  close(c->wire.fd);
  c->wire.fd = -1;
  waiting--;
}

// A busy connection sends as much as it received, so that what is in flight stays the same.
static void go_on(struct connection *c, uint64_t n) {
  if (c->received >= MESSAGE_SIZE && c->received - n < MESSAGE_SIZE) greeted++;
  if (phase == BURSTS) busy_bytes += n;
  c->wire.allowed += n;
}

static void receive(struct connection *c) {
  const char *kind = c->is_newcomer ? "newcomer" : "busy connection";
  ssize_t n = recv(c->wire.fd, buffer, CHUNK_MAX, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n < 0) return fail("recv, %s: %s", kind, strerror(errno));
  if (n == 0) return fail("The server closed a %s", kind);
  if (c->received + (uint64_t)n > c->wire.sent) return fail("More bytes came back than were sent");
  if (memcmp(buffer, outgoing_at(&c->wire, c->received), (size_t)n) != 0)
    return fail("Wrong bytes came back to a %s", kind);
  c->received += (uint64_t)n;
  if (!c->is_newcomer) go_on(c, (uint64_t)n);
  else if (c->received == MESSAGE_SIZE) leave(c, clock_ns(CLOCK_MONOTONIC));
}

static void start_burst(void) {
  for (uint32_t i = 0; i < options.burst && !is_done; i++) {
    open_connection(&newcomers[i], bursts * options.burst + i, MESSAGE_SIZE);
    waiting++;
  }
  bursts++;
  deadline_ns = clock_ns(CLOCK_MONOTONIC) + ANSWER_NS;
}

// They are counted with the time they have waited in vain, and apart.
static void give_up(uint64_t now) {
  for (uint32_t i = 0; i < options.burst; i++) {
    if (newcomers[i].wire.fd < 0) continue;
    leave(&newcomers[i], now);
    unanswered++;
  }
}

static void read_usage_or_fail(struct usage *usage) {
  if (read_usage(options.server_pid, usage) != 0) fail("The server is gone");
}

// In BURSTS the deadline is the newcomers' while some wait, and the next burst's while none does.
static void advance_bursts(uint64_t now) {
  static bool is_resting;
  bool is_late = now >= deadline_ns;
  if (waiting > 0 && !is_late) return;
  if (waiting > 0) give_up(now);
  if (bursts == options.bursts || (bursts > 0 && now >= bursts_end_ns)) {
    read_usage_or_fail(&after);
    is_done = true;
  } else if (bursts == 0 || (is_resting && is_late)) {
    is_resting = false;
    start_burst();
  } else if (!is_resting) {
    is_resting = true;
    deadline_ns = now + GAP_NS;
  }
}

static void advance(uint64_t now) {
  bool is_late = now >= deadline_ns;
  if (phase == FILLING && greeted == options.busy) {
    phase = WARMUP;
    deadline_ns = now + WARMUP_NS;
  } else if (phase == FILLING && is_late) {
    fail("Only %llu of %u connections were served", (unsigned long long)greeted, options.busy);
  } else if (phase == WARMUP && is_late) {
    read_usage_or_fail(&before);
    phase = BURSTS;
    bursts_end_ns = now + BURSTS_NS;
  }
  if (phase == BURSTS) advance_bursts(now);
}

static void run(void) {
  static struct epoll_event events[EVENTS_MAX];
  deadline_ns = clock_ns(CLOCK_MONOTONIC) + GREETING_NS;
  while (!is_done) {
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    advance(now);
    int timeout_ms = now < deadline_ns ? (int)((deadline_ns - now) / 1000000u) + 1 : 0;
    int n = is_done ? 0 : epoll_wait(epoll_fd, events, EVENTS_MAX, timeout_ms);
    if (n < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < n && !is_done; i++) {
      struct connection *c = events[i].data.ptr;
      if (events[i].events & ~(uint32_t)EPOLLOUT) receive(c);
      bool can_send = c->wire.wants_write || c->wire.sent < c->wire.allowed;
      if (!is_done && c->wire.fd >= 0 && can_send) flush(&c->wire);
    }
  }
}

static void prepare(void) {
  repeat_pattern();
  open_epoll();
  busy = calloc(options.busy + 1, sizeof *busy);
  newcomers = calloc(options.burst, sizeof *newcomers);
  if (!busy || !newcomers) return fail("No memory");
  for (uint32_t i = 0; i < options.burst; i++)
    newcomers[i] = (struct connection){.wire.fd = -1, .is_newcomer = true};
  for (uint32_t i = 0; i < options.busy && !is_done; i++)
    open_connection(&busy[i], i, (uint64_t)MESSAGE_SIZE * options.depth);
}

static void print_newcomers(void) {
  bool is_complete = after.at_ns != 0;
  double seconds = is_complete ? (double)(after.at_ns - before.at_ns) / 1e9 : 0;
  uint64_t server = is_complete ? after.server_ns - before.server_ns : 0;
  uint64_t generator = is_complete ? after.generator_ns - before.generator_ns : 0;
  printf("{\"newcomers\":%llu,\"unanswered\":%llu,\"bursts\":%llu,",
         (unsigned long long)waits.total, (unsigned long long)unanswered,
         (unsigned long long)bursts);
  print_latency(&waits);
  printf("\"overtaken\":{\"p50\":%llu,\"p99\":%llu},",
         (unsigned long long)histogram_percentile(&overtaken, 0.5),
         (unsigned long long)histogram_percentile(&overtaken, 0.99));
  printf("\"busyMessages\":%llu,\"seconds\":%.6f,\"serverNs\":%llu,\"generatorNs\":%llu,",
         (unsigned long long)(busy_bytes / MESSAGE_SIZE), seconds, (unsigned long long)server,
         (unsigned long long)generator);
  printf("\"errors\":%d,\"error\":\"%s\"}\n", error_text[0] ? 1 : 0, error_text);
}

int main(int argc, char **argv) {
  if (parse_newcomer_options(argc, argv, &options) != 0) return 2;
  // The last resort: whatever hangs, the kernel ends this process (SIGALRM's default action).
  alarm((unsigned)((GREETING_NS + WARMUP_NS + BURSTS_NS + ANSWER_NS) / 1000000000u) + 5);
  prepare();
  run();
  print_newcomers();
  return error_text[0] ? 1 : 0;
}
