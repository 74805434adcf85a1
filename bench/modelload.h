// The limits of modelload.c and the reading of its command line.
#ifndef BENCH_MODELLOAD_H
#define BENCH_MODELLOAD_H

#include "loadgen.h"

#define MESSAGE_SIZE 64u
#define SETTLE_NS 500000000u       // without a change of the server before its first reading
#define SETTLE_MAX_NS 10000000000u
#define SETTLED_BYTES 65536u       // of memory, or less, are no change
#define WAITING_MAX 64u            // who waits for the first answer before others connect
#define OPENED_AT_ONCE 8
#define OPENING_GAP_NS 20000000u   // after it others connect all the same
#define PATIENCE_NS 2000000000u    // of a server that has nothing to do: it never will
#define LOOK_NS 500000000u         // between two looks at what it does
#define WORKING_SHARE 10           // more than a tenth of a processor is work
#define OPENING_NS 120000000000u   // for all of it
#define TICK_MS 10

struct model_options {
  struct in_addr host;
  uint16_t port;
  uint32_t connections;
  uint64_t warmup_ns, window_ns;
  pid_t server_pid;
};

static inline int parse_model_options(int argc, char **argv, struct model_options *o) {
  if (argc != 7) {
    fputs("Usage: modelload HOST PORT CONNECTIONS WARMUP_SECONDS SECONDS SERVER_PID\n", stderr);
    return -1;
  }
  if (parse_host(argv[1], &o->host) != 0) return -1;
  double port = parse_number("PORT", argv[2], 1, 65535);
  double connections = parse_number("CONNECTIONS", argv[3], 1, 20000);
  double warmup = parse_number("WARMUP_SECONDS", argv[4], 0, 30);
  double seconds = parse_number("SECONDS", argv[5], 0.01, 60);
  double pid = parse_number("SERVER_PID", argv[6], 1, 4194304);
  if (port < 0 || connections < 0 || warmup < 0 || seconds < 0 || pid < 0) return -1;
  o->port = (uint16_t)port;
  o->connections = (uint32_t)connections;
  o->warmup_ns = (uint64_t)(warmup * 1e9);
  o->window_ns = (uint64_t)(seconds * 1e9);
  o->server_pid = (pid_t)pid;
  return 0;
}

#endif
