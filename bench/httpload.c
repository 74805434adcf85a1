// HTTP load generator: keeps GET requests in flight on each connection, DEPTH of them pipelined,
// and prints one line of JSON. load.h has the run.
//
//   httpload HOST PORT CONNECTIONS BODY_BYTES DEPTH WARMUP_SECONDS SECONDS SERVER_PID REQUEST
//
// REQUEST is sent as it is, again and again; SERVER_PID 0 measures no server. A response counts
// when its status is 200, it has one Content-Length, which is BODY_BYTES, and so many bytes
// followed. What stands in the body is not looked at, and of a long one not even copied.
// The first error of any kind ends the run: exit code 1, "error" says why.
#define _GNU_SOURCE
#include "httpload.h"

struct check {
  uint64_t body_left;  // bytes that are still to come of the body that has begun
  uint32_t held;       // bytes of a head whose end has not come
  unsigned char head[HEAD_MAX];
};

#include "load.h"

// What is longer is let go in the kernel, MSG_TRUNC of tcp(7): the copy would cost more than all
// the rest, and the generator would be the limit.
#define BODY_COPIED_MAX (16u * 1024u)

static uint64_t body_bytes;
// The last head that was read. Within a second a server's heads are alike, and what is alike
// needs no second reading: in that a busy generator saves most.
static unsigned char known[HEAD_MAX];
static size_t known_length;

static void finish_body(struct connection *c, uint64_t n, uint64_t now) {
  c->check.body_left -= n;
  if (c->check.body_left == 0) complete(c, now);
}

// Reads a head; answers its length, 0 if its end has not come, and also after an error.
static size_t read_head(const unsigned char *bytes, size_t length) {
  int64_t body;
  if (known_length > 0 && length >= known_length && memcmp(bytes, known, known_length) == 0)
    return known_length;
  size_t head_length = find_head_end(bytes, length);
  if (head_length == 0 && length < HEAD_MAX) return 0;
  if (head_length == 0 || head_length > HEAD_MAX) {
    fail("A head of more than %u bytes", HEAD_MAX);
    return 0;
  }
  const char *wrong = parse_head(bytes, head_length, &body);
  if (wrong) {
    fail("A response head with %s", wrong);
    return 0;
  }
  if ((uint64_t)body != body_bytes) {
    fail("A body of %lld bytes instead of %llu", (long long)body, (unsigned long long)body_bytes);
    return 0;
  }
  memcpy(known, bytes, head_length);
  known_length = head_length;
  return head_length;
}

// Takes what has come of one response off the front; answers how much that was.
static size_t take(struct connection *c, const unsigned char *bytes, size_t length, uint64_t now) {
  if (c->check.body_left == 0) {
    if (c->in_flight == 0) {
      fail("Connection %ld: a response to no request", number_of(c));
      return 0;
    }
    size_t head_length = read_head(bytes, length);
    if (head_length > 0) c->check.body_left = body_bytes;
    return head_length;
  }
  size_t n = length < c->check.body_left ? length : (size_t)c->check.body_left;
  finish_body(c, n, now);
  return n;
}

static void keep(struct check *check, const unsigned char *bytes, size_t length) {
  memmove(check->head, bytes, length);
  check->held = (uint32_t)length;
}

static void let_go(struct connection *c) {
  uint64_t length = c->check.body_left < CHUNK_MAX ? c->check.body_left : CHUNK_MAX;
  ssize_t n = receive_bytes(c, buffer, length, MSG_TRUNC);
  if (n > 0) finish_body(c, (uint64_t)n, clock_ns(CLOCK_MONOTONIC));
}

// One recv per event: the poll is level-triggered, and what is left comes with the next turn.
static void receive(struct connection *c) {
  struct check *check = &c->check;
  if (check->body_left > 0 && body_bytes > BODY_COPIED_MAX) return let_go(c);
  // What is held of a head is put in front of the rest of it.
  size_t held = check->held;
  memcpy(buffer, check->head, held);
  // No more than is looked at of a long body, so that the next receive lets the rest go.
  size_t room = body_bytes > BODY_COPIED_MAX ? HEAD_MAX : CHUNK_MAX - HEAD_MAX;
  ssize_t n = receive_bytes(c, buffer + held, room, 0);
  if (n == 0) return;
  uint64_t now = clock_ns(CLOCK_MONOTONIC);
  const unsigned char *at = buffer, *end = buffer + held + (size_t)n;
  check->held = 0;
  while (at < end && !is_done) {
    size_t taken = take(c, at, (size_t)(end - at), now);
    if (taken == 0) break;
    at += taken;
  }
  if (at < end && !is_done) keep(check, at, (size_t)(end - at));
}

int main(int argc, char **argv) {
  if (argc != 10) {
    fputs("Usage: httpload HOST PORT CONNECTIONS BODY_BYTES DEPTH WARMUP_SECONDS SECONDS "
          "SERVER_PID REQUEST\n",
          stderr);
    return 2;
  }
  const char *request = argv[9];
  // A server that none is to be measured of is left out, as parse_load has it.
  int count = strcmp(argv[8], "0") == 0 ? 8 : 9;
  if (parse_load(count, argv, "BODY_BYTES", &options) != 0) return 2;
  size_t length = strlen(request);
  if (length < 4 || strcmp(request + length - 4, "\r\n\r\n") != 0) {
    fputs("REQUEST must be a head of HTTP/1.1 that ends with an empty line\n", stderr);
    return 2;
  }
  body_bytes = options.size;
  options.size = length;
  repeat_outgoing((const unsigned char *)request, length);
  return run_load();
}
