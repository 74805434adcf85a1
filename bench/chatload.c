// Many clients in one room of a chat server of this machine, as IRC over TCP or over WebSocket. A
// few of them say something; a message counts when the last of the others has it, and then its sender
// says the next. Prints one line of JSON.
//
//   chatload HOST PORT irc|websocket CLIENTS WARMUP_SECONDS SECONDS SERVER_PID WINDOW...
//
// Everybody joins once; then there is a measurement for each WINDOW: a number of senders, with an s
// behind it if one client, the last, has stopped reading. Before the first of these it is sent so
// much that it is full: the server must keep what comes for it, or give it up, and serve the others.
//
// Every delivered line is checked: the sender, the room, the text, and that it came once. The first
// error of any kind ends the run: exit code 1, "error" says why.
#define _GNU_SOURCE
#include <fcntl.h>

#include "chatload.h"

#include "chatwire.h"
#include "histogram.h"
#include "result.h"
#include "usage.h"

#define ROOM "#bench"
#define TEXT_LENGTH 64u
// Of lines to the stalled client, more than its kernel's and the server's kernel's buffers take and
// less than a server gives a client up for.
#define FILL_LINES 400u
#define FILL_LINE_LENGTH 440
#define FILL_AT_ONCE 20u

enum phase { ENTERING, FILLING, WARMUP, MEASURING, FINISHING };

struct client {
  struct chat_wire wire;
  bool has_entered;
};

struct sender {
  uint32_t sequence, reached;
  uint64_t sent_ns;
  bool is_waiting;  // for its message to reach the last one
};

struct window {
  struct usage before, after;
  struct histogram last, each;
  uint64_t delivered, receipts;
  long stalled_waiting;
};

static struct chat_options options;
static struct client *clients;
static struct sender *senders;
static uint32_t *seen;  // by client and sender: the sequence number that came last
static struct window windows[WINDOWS_MAX];
static int current;  // window
static enum phase phase = ENTERING;
static uint64_t deadline_ns, entering_ns, now_ns;
static uint32_t opened, entered, filled, busy;
static char text[TEXT_LENGTH + 1];

static const struct window_options *asked(void) { return &options.windows[current]; }
static struct client *stalled_client(void) { return &clients[options.clients - 1]; }

// Everybody but the sender, who has no echo, and the one that does not read.
static uint32_t receivers(void) { return options.clients - 1 - asked()->is_stalled; }

static void say_next(uint32_t number) {
  struct sender *s = &senders[number];
  s->sequence++;
  s->reached = 0;
  s->is_waiting = true;
  s->sent_ns = clock_ns(CLOCK_MONOTONIC);
  busy++;
  send_line(&clients[number].wire, "PRIVMSG " ROOM " :%08u%s", s->sequence, text + 8);
}

static void complete(uint32_t number) {
  struct sender *s = &senders[number];
  s->is_waiting = false;
  busy--;
  if (phase == MEASURING) histogram_record(&windows[current].last, now_ns - s->sent_ns);
  if (phase == WARMUP || phase == MEASURING) say_next(number);
}

// `said` begins behind the colon of ":bNNNNN!user@host PRIVMSG #bench :".
static void deliver(struct client *c, uint32_t number, const unsigned char *said, size_t length) {
  if (number >= options.senders_max || length != TEXT_LENGTH ||
      memcmp(said + 8, text + 8, TEXT_LENGTH - 8) != 0)
    return fail("Somebody got a line that nobody sent");
  struct sender *s = &senders[number];
  uint32_t *last = &seen[(size_t)(c - clients) * options.senders_max + number];
  if (!s->is_waiting || parse_digits(said, 8) != s->sequence || *last == s->sequence)
    return fail("A line came twice or too late");
  *last = s->sequence;
  if (phase == MEASURING) {
    windows[current].delivered++;
    histogram_record(&windows[current].each, now_ns - s->sent_ns);
  }
  if (++s->reached == receivers()) complete(number);
}

static void fill_some(void) {
  if (filled >= FILL_LINES) {
    phase = WARMUP;
    deadline_ns = now_ns + options.warmup_ns;
    for (uint32_t i = 0; i < asked()->senders; i++) say_next(i);
    return;
  }
  for (uint32_t i = 0; i < FILL_AT_ONCE; i++)
    send_line(&clients[0].wire, "PRIVMSG b%05u :%0*d", options.clients - 1, FILL_LINE_LENGTH, 0);
  filled += FILL_AT_ONCE;
  send_line(&clients[0].wire, "PING :filled");
}

static void enter(struct client *c) {
  if (c->has_entered) return;
  c->has_entered = true;
  entered++;
}

static void on_line(struct client *c, const unsigned char *line, size_t length) {
  const unsigned char *end = line + length;
  const unsigned char *space = memchr(line, ' ', length);
  if (!space) return fail("A line of one word: %.*s", (int)length, (const char *)line);
  const unsigned char *verb = line[0] == ':' ? space + 1 : line;
  if (is_word(verb, end, "PRIVMSG " ROOM " :")) {
    size_t skipped = strlen("PRIVMSG " ROOM " :");
    if (space - line < 7) return fail("A message without a sender");
    return deliver(c, parse_digits(line + 2, 5), verb + skipped, (size_t)(end - verb) - skipped);
  }
  if (is_word(verb, end, "001 ")) return send_line(&c->wire, "JOIN " ROOM);
  if (is_word(verb, end, "366 ")) return enter(c);
  if (is_word(verb, end, "PONG ") && phase == FILLING) return fill_some();
  if (is_word(verb, end, "PING "))
    return send_line(&c->wire, "PONG %.*s", (int)(end - verb) - 5, (const char *)verb + 5);
  bool is_numeric = verb + 3 < end && verb[3] == ' ';
  bool is_error = is_numeric && (verb[0] == '4' || verb[0] == '5') && !is_word(verb, end, "422 ");
  if (is_error || is_word(verb, end, "ERROR"))
    fail("The server says: %.*s", (int)length, (const char *)line);
}

static void sign_on(struct client *c) {
  send_line(&c->wire, "NICK b%05u", (unsigned)(c - clients));
  send_line(&c->wire, "USER bench 0 * :bench");
}

static void receive(struct client *c) {
  size_t n = receive_carried(&c->wire), at = 0;
  if (n == 0) return;
  now_ns = clock_ns(CLOCK_MONOTONIC);
  if (phase == MEASURING) windows[current].receipts++;
  while (at < n && !is_done) {
    struct unit unit = next_unit(&c->wire, chat_buffer + at, n - at);
    if (unit.length == 0) break;
    at += unit.length;
    if (unit.kind == LINE) on_line(c, unit.line, unit.line_length);
    if (unit.kind == UPGRADED) {
      c->wire.is_upgraded = true;
      sign_on(c);
    }
  }
  carry_over(&c->wire, chat_buffer + at, n - at);
}

static void open_next(void) {
  struct client *c = &clients[opened];
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(options.port), .sin_addr = options.host};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail("socket: %s", strerror(errno));
  c->wire = (struct chat_wire){.fd = fd, .is_websocket = options.is_websocket};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (c == stalled_client()) shrink_buffers(fd);
  opened++;
  // On the loopback it connects at once, unless the backlog is full.
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
    return fail("connect: %s", strerror(errno));
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
    return fail("epoll_ctl: %s", strerror(errno));
  if (options.is_websocket) send_upgrade(&c->wire);
  else sign_on(c);
}

static void start_window(void) {
  bool is_first_stalled =
      asked()->is_stalled && (current == 0 || !options.windows[current - 1].is_stalled);
  phase = FILLING;
  deadline_ns = now_ns + MESSAGE_NS;
  if (is_first_stalled) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, stalled_client()->wire.fd, NULL);
  else filled = FILL_LINES;
  fill_some();
}

static void read_usage_or_fail(struct usage *usage) {
  if (read_usage(options.server_pid, usage) != 0) fail("The server is gone");
}

static void end_window(void) {
  struct window *w = &windows[current];
  w->stalled_waiting = asked()->is_stalled ? waiting_for(stalled_client()->wire.fd, options.port) : 0;
  if (w->last.total == 0) return fail("No message reached everybody while it was measured");
  if (++current == options.window_count) {
    current--;
    is_done = true;
  } else {
    filled = 0;
    start_window();
  }
}

// Moves on when the phase's work is done or its time is over.
static void advance(void) {
  struct window *w = &windows[current];
  bool is_late = now_ns >= deadline_ns;
  if (phase == ENTERING && entered == options.clients) {
    entering_ns = now_ns - entering_ns;
    start_window();
  } else if (phase == ENTERING && is_late) {
    fail("Only %u of %u clients could join", entered, options.clients);
  } else if (phase == WARMUP && is_late) {
    read_usage_or_fail(&w->before);
    phase = MEASURING;
    deadline_ns = w->before.at_ns + options.window_ns;
  } else if (phase == MEASURING && is_late) {
    read_usage_or_fail(&w->after);
    phase = FINISHING;
    deadline_ns = now_ns + MESSAGE_NS;
  } else if (phase == FINISHING && busy == 0) {
    end_window();
  } else if ((phase == FINISHING || phase == FILLING) && is_late) {
    fail("A message reached %u of %u clients", senders[0].reached, receivers());
  }
}

static void run(void) {
  static struct epoll_event events[EVENTS_MAX];
  entering_ns = now_ns = clock_ns(CLOCK_MONOTONIC);
  deadline_ns = now_ns + ENTERING_NS;
  while (!is_done) {
    while (opened < options.clients && opened - entered < ENTERING_MAX && !is_done) open_next();
    now_ns = clock_ns(CLOCK_MONOTONIC);
    int timeout_ms = now_ns < deadline_ns ? (int)((deadline_ns - now_ns) / 1000000u) + 1 : 0;
    int n = is_done ? 0 : epoll_wait(epoll_fd, events, EVENTS_MAX, timeout_ms);
    if (n < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < n && !is_done; i++) receive(events[i].data.ptr);
    now_ns = clock_ns(CLOCK_MONOTONIC);
    if (!is_done) advance();
  }
}

static void print_window(int i) {
  struct window *w = &windows[i];
  struct result result = {
      .histogram = &w->last, .before = &w->before, .after = &w->after, .error = "",
      .has_server = true};
  printf("%s{\"senders\":%u,\"stalled\":%u,\"stalledWaiting\":%ld,\"delivered\":%llu,"
         "\"receipts\":%llu,", i ? "," : "",
         options.windows[i].senders, options.windows[i].is_stalled, w->stalled_waiting,
         (unsigned long long)w->delivered, (unsigned long long)w->receipts);
  printf("\"eachUs\":{\"p50\":%.1f,\"p99\":%.1f},", histogram_percentile(&w->each, 0.5) / 1e3,
         histogram_percentile(&w->each, 0.99) / 1e3);
  print_members(&result);
  printf("}");
}

static void print_chat(void) {
  printf("{\"clients\":%u,\"enteringSeconds\":%.3f,\"windows\":[", options.clients,
         entered == options.clients ? (double)entering_ns / 1e9 : 0);
  for (int i = 0; i < options.window_count; i++) print_window(i);
  // Our own words or a line of the server's, which may hold anything.
  for (char *c = error_text; *c; c++)
    if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ') *c = '\'';
  printf("],\"errors\":%d,\"error\":\"%s\"}\n", error_text[0] ? 1 : 0, error_text);
}

int main(int argc, char **argv) {
  if (parse_chat_options(argc, argv, &options) != 0) return 2;
  uint64_t window_ns = options.warmup_ns + options.window_ns + 2 * MESSAGE_NS;
  uint64_t longest_ns = ENTERING_NS + window_ns * (uint64_t)options.window_count;
  // The last resort: whatever hangs, the kernel ends this process (SIGALRM's default action).
  alarm((unsigned)(longest_ns / 1000000000u) + 5);
  open_epoll();
  clients = calloc(options.clients, sizeof *clients);
  senders = calloc(options.senders_max, sizeof *senders);
  seen = calloc((size_t)options.clients * options.senders_max, sizeof *seen);
  if (!clients || !senders || !seen) fail("No memory");
  memset(text, 'x', TEXT_LENGTH);
  run();
  print_chat();
  return error_text[0] ? 1 : 0;
}
