// Echo load generator: keeps messages in flight on each connection, checks every byte that comes
// back and prints one line of JSON. load.h has the run.
//
//   loadgen HOST PORT CONNECTIONS SIZE DEPTH WARMUP_SECONDS SECONDS [SERVER_PID]
//
// The first error of any kind ends the run: exit code 1, "error" says why.
#define _GNU_SOURCE
#include <stdint.h>

struct check {
  uint64_t received;
  uint64_t end;  // of the last complete message
};

#include "load.h"

static void report_mismatch(const struct connection *c, const unsigned char *expected, ssize_t n) {
  ssize_t i = 0;
  while (i < n && buffer[i] == expected[i]) i++;
  fail("Connection %ld, byte %llu: sent 0x%02x, came back as 0x%02x", number_of(c),
       (unsigned long long)(c->check.received + (uint64_t)i), expected[i], buffer[i]);
}

// One recv per event: the poll is level-triggered, and what is left comes with the next turn.
static void receive(struct connection *c) {
  ssize_t n = receive_bytes(c, buffer, CHUNK_MAX, 0);
  if (n == 0) return;
  struct check *check = &c->check;
  if (check->received + (uint64_t)n > c->wire.sent)
    return fail("More bytes came back than were sent");
  const unsigned char *expected = outgoing_at(&c->wire, check->received);
  if (memcmp(buffer, expected, (size_t)n) != 0) return report_mismatch(c, expected, n);
  check->received += (uint64_t)n;
  uint64_t now = clock_ns(CLOCK_MONOTONIC);
  while (check->end + options.size <= check->received) {
    check->end += options.size;
    complete(c, now);
  }
}

int main(int argc, char **argv) {
  if (argc != 8 && argc != 9) {
    fputs("Usage: loadgen HOST PORT CONNECTIONS SIZE DEPTH WARMUP_SECONDS SECONDS [SERVER_PID]\n",
          stderr);
    return 2;
  }
  if (parse_load(argc, argv, "SIZE", &options) != 0) return 2;
  options.stride = PATTERN_STRIDE;
  repeat_pattern();
  return run_load();
}
