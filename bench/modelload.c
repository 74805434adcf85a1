// The load of the bench of server models: CONNECTIONS clients keep one message of 64 bytes in flight
// each, and check every byte that comes back. Unlike loadgen.c it takes a server as it is: who is
// refused or never answered is counted and not an error, for that is what some models do.
//
//   modelload HOST PORT CONNECTIONS WARMUP_SECONDS SECONDS SERVER_PID
//
// It runs through three phases: OPENING (everybody connects and sends, until everybody has an answer
// or a refusal, or nothing has happened for a while), WARMUP and MEASURING. The server's threads
// and memory are read before the first connection and again when OPENING is over. Clients never
// leave: a server that serves only so many at a time is seen to do so.
#define _GNU_SOURCE
#include <ctype.h>

#include "connection.h"
#include "footprint.h"
#include "histogram.h"
#include "modelload.h"
#include "result.h"
#include "usage.h"

enum phase { OPENING, WARMUP, MEASURING };
enum fate { UNOPENED, WAITING, SERVED, REFUSED, LOST };

struct connection {
  struct wire wire;
  enum fate fate;
  uint64_t received;
  uint64_t messages;  // answered in the measuring window
  uint64_t sent_ns;   // when the message in flight was handed over for sending
};

static struct model_options options;
static struct connection *connections;
static struct histogram histogram;
static struct usage before, after;
static struct footprint idle, open_footprint;
static enum phase phase = OPENING;
static uint64_t deadline_ns, opened, started_ns, opening_ns;
static uint64_t fates[LOST + 1];
static uint64_t settled_ns;  // when somebody was last served or refused for the first time
static unsigned char buffer[CHUNK_MAX];
static char refusal[96];  // the first one's reason

static void set_fate(struct connection *c, enum fate fate) {
  fates[c->fate]--;
  fates[fate]++;
  c->fate = fate;
  settled_ns = clock_ns(CLOCK_MONOTONIC);
}

static void keep_refusal(const char *words, size_t length) {
  if (refusal[0]) return;
  for (size_t i = 0, n = 0; i < length && n + 1 < sizeof refusal; i++) {
    char byte = words[i];
    if (byte == '\r' || byte == '\n') break;
    if (isprint((unsigned char)byte) && byte != '"' && byte != '\\') refusal[n++] = byte;
  }
}

// Who had no answer was refused, who had one was lost.
static void end_connection(struct connection *c, const char *words, size_t length) {
  keep_refusal(words, length);
  set_fate(c, c->fate == SERVED ? LOST : REFUSED);
  close(c->wire.fd);
  c->wire.fd = -1;
}

// A server that refuses may have said why before it closed, and that can still be read.
static void send_or_end(struct connection *c) {
  int error = send_allowed(&c->wire);
  if (error == 0) return;
  ssize_t n = c->received == 0 ? recv(c->wire.fd, buffer, CHUNK_MAX, 0) : 0;
  if (n > 0) return end_connection(c, (char *)buffer, (size_t)n);
  end_connection(c, strerror(error), strlen(strerror(error)));
}

static void open_next(void) {
  struct connection *c = &connections[opened];
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(options.port), .sin_addr = options.host};
  c->wire.start = opened * PATTERN_STRIDE % PATTERN_PERIOD;
  c->sent_ns = clock_ns(CLOCK_MONOTONIC);
  opened++;
  set_fate(c, WAITING);
  int error = connect_wire(&c->wire, address, MESSAGE_SIZE);
  if (error != 0) end_connection(c, strerror(error), strlen(strerror(error)));
}

// The next message goes out at once, but for OPENING: there one is enough.
static void complete(struct connection *c, uint64_t now) {
  if (c->fate == WAITING) set_fate(c, SERVED);
  if (phase == MEASURING) {
    histogram_record(&histogram, now - c->sent_ns);
    c->messages++;
  }
  if (phase == OPENING) return;
  c->sent_ns = now;
  c->wire.allowed += MESSAGE_SIZE;
  send_or_end(c);
}

static void receive(struct connection *c) {
  ssize_t n = recv(c->wire.fd, buffer, CHUNK_MAX, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n < 0) return end_connection(c, strerror(errno), strlen(strerror(errno)));
  static const char closed[] = "closed without a word";
  if (n == 0) return end_connection(c, closed, sizeof closed - 1);
  bool is_echo = c->received + (uint64_t)n <= c->wire.sent &&
                 memcmp(buffer, outgoing_at(&c->wire, c->received), (size_t)n) == 0;
  // A server may say why it refuses.
  if (!is_echo && c->received == 0) return end_connection(c, (char *)buffer, (size_t)n);
  if (!is_echo) return fail("Wrong bytes came back to connection %ld", (long)(c - connections));
  c->received += (uint64_t)n;
  if (c->received == c->wire.allowed) complete(c, clock_ns(CLOCK_MONOTONIC));
}

static void handle(const struct epoll_event *event) {
  struct connection *c = event->data.ptr;
  if (c->wire.fd < 0) return;
  if (event->events & ~(uint32_t)EPOLLOUT) receive(c);
  if (c->wire.fd >= 0 && c->wire.wants_write && (event->events & EPOLLOUT)) send_or_end(c);
}

static void read_usage_or_fail(struct usage *usage) {
  if (read_usage(options.server_pid, usage) != 0) fail("The server is gone");
}

// Since when nobody was served or refused and the server had nothing to do. One that starts a
// thread for each takes its time on a busy machine, but it is seen to work.
static uint64_t quiet_since(uint64_t now) {
  static uint64_t looked_ns, server_ns, worked_ns;
  clockid_t clock;
  if (now - looked_ns >= LOOK_NS && clock_getcpuclockid(options.server_pid, &clock) == 0) {
    uint64_t used_ns = clock_ns(clock);
    if ((used_ns - server_ns) * WORKING_SHARE > now - looked_ns) worked_ns = now;
    looked_ns = now;
    server_ns = used_ns;
  }
  return settled_ns > worked_ns ? settled_ns : worked_ns;
}

static bool is_opening_over(uint64_t now) {
  if (opened < options.connections) return false;
  if (fates[WAITING] == 0 || now - quiet_since(now) >= PATIENCE_NS) return true;
  if (now >= deadline_ns) fail("It was still at work on new clients when the time was over");
  return false;
}

static void start_sending(void) {
  for (struct connection *c = connections; c < connections + options.connections; c++)
    if (c->fate == SERVED) complete(c, clock_ns(CLOCK_MONOTONIC));
}

static void advance(uint64_t now) {
  if (phase == OPENING && is_opening_over(now) && !is_done) {
    opening_ns = settled_ns - started_ns;
    read_footprint(options.server_pid, &open_footprint);
    phase = WARMUP;
    deadline_ns = clock_ns(CLOCK_MONOTONIC) + options.warmup_ns;
    start_sending();
  } else if (phase == WARMUP && now >= deadline_ns) {
    read_usage_or_fail(&before);
    phase = MEASURING;
    deadline_ns = before.at_ns + options.window_ns;
  } else if (phase == MEASURING && now >= deadline_ns) {
    read_usage_or_fail(&after);
    is_done = true;
  }
}

// A few wait at a time, for a full backlog drops the SYN; but a server that lets them wait for
// ever gets the others as well, a little later.
static void open_some(uint64_t now) {
  static uint64_t next_ns;
  if (fates[WAITING] >= WAITING_MAX && now < next_ns) return;
  for (int i = 0; i < OPENED_AT_ONCE && opened < options.connections && !is_done; i++) open_next();
  next_ns = now + OPENING_GAP_NS;
}

static void run(void) {
  static struct epoll_event events[EVENTS_MAX];
  started_ns = settled_ns = clock_ns(CLOCK_MONOTONIC);
  deadline_ns = started_ns + OPENING_NS;
  while (!is_done) {
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    bool is_opening = phase == OPENING;
    if (is_opening && opened < options.connections) open_some(now);
    int timeout_ms = now < deadline_ns ? (int)((deadline_ns - now) / 1000000u) + 1 : 0;
    if (is_opening && timeout_ms > TICK_MS) timeout_ms = TICK_MS;
    int n = is_done ? 0 : epoll_wait(epoll_fd, events, EVENTS_MAX, timeout_ms);
    if (n < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < n && !is_done; i++) handle(&events[i]);
    if (!is_done) advance(clock_ns(CLOCK_MONOTONIC));
  }
}

// Who was refused or lost has no part in the fewest and the most messages of a connection.
static void print_models(void) {
  struct result result = {
      .histogram = &histogram, .before = &before, .after = &after, .error = error_text,
      .has_server = true, .messages_min = UINT64_MAX};
  for (uint32_t i = 0; i < options.connections && connections; i++) {
    uint64_t messages = connections[i].messages;
    if (connections[i].fate > SERVED) continue;
    if (messages < result.messages_min) result.messages_min = messages;
    if (messages > result.messages_max) result.messages_max = messages;
  }
  printf("{\"connections\":%u,\"served\":%llu,\"waiting\":%llu,\"refused\":%llu,\"lost\":%llu,",
         options.connections, (unsigned long long)fates[SERVED],
         (unsigned long long)fates[WAITING], (unsigned long long)fates[REFUSED],
         (unsigned long long)fates[LOST]);
  printf("\"refusal\":\"%s\",\"openingSeconds\":%.3f,", refusal, (double)opening_ns / 1e9);
  print_footprint("idle", &idle);
  print_footprint("open", &open_footprint);
  print_members(&result);
  printf("}\n");
}

// Until what the server does to start, threads above all, is over.
static void settle(void) {
  uint64_t start_ns = clock_ns(CLOCK_MONOTONIC), changed_ns = start_ns, now = start_ns;
  while (now - changed_ns < SETTLE_NS && now - start_ns < SETTLE_MAX_NS) {
    struct footprint footprint;
    nanosleep(&(struct timespec){.tv_nsec = TICK_MS * 1000000}, NULL);
    now = clock_ns(CLOCK_MONOTONIC);
    read_footprint(options.server_pid, &footprint);
    uint64_t moved = footprint.own_bytes > idle.own_bytes ? footprint.own_bytes - idle.own_bytes : 0;
    if (footprint.threads != idle.threads || moved > SETTLED_BYTES) {
      changed_ns = now;
      idle = footprint;
    }
  }
  read_footprint(options.server_pid, &idle);
}

int main(int argc, char **argv) {
  if (parse_model_options(argc, argv, &options) != 0) return 2;
  // The last resort: whatever hangs, the kernel ends this process (SIGALRM's default action).
  uint64_t longest_ns = SETTLE_MAX_NS + OPENING_NS + options.warmup_ns + options.window_ns;
  alarm((unsigned)(longest_ns / 1000000000u) + 5);
  repeat_pattern();
  open_epoll();
  connections = calloc(options.connections, sizeof *connections);
  if (!connections) fail("No memory");
  fates[UNOPENED] = options.connections;
  settle();
  run();
  print_models();
  return error_text[0] ? 1 : 0;
}
