// The limits of newcomers.c and the reading of its command line.
#ifndef BENCH_NEWCOMERS_H
#define BENCH_NEWCOMERS_H

#include "loadgen.h"

#define MESSAGE_SIZE 64u
#define WARMUP_NS 200000000u       // the busy connections alone, before the first burst
#define GAP_NS 10000000u           // between the last answer of a burst and the next burst
#define ANSWER_NS 5000000000u      // who has no answer by then is given up
#define BURSTS_NS 20000000000u     // after it no further burst begins

struct newcomer_options {
  struct in_addr host;
  uint16_t port;
  uint32_t busy, depth, burst, bursts;
  pid_t server_pid;
};

static inline int parse_newcomer_options(int argc, char **argv, struct newcomer_options *o) {
  if (argc != 8) {
    fputs("Usage: newcomers HOST PORT BUSY DEPTH BURST BURSTS SERVER_PID\n", stderr);
    return -1;
  }
  if (parse_host(argv[1], &o->host) != 0) return -1;
  double port = parse_number("PORT", argv[2], 1, 65535);
  double busy = parse_number("BUSY", argv[3], 0, 4096);
  double depth = parse_number("DEPTH", argv[4], 1, 256);
  double burst = parse_number("BURST", argv[5], 1, 4096);
  double bursts = parse_number("BURSTS", argv[6], 1, 1000);
  double pid = parse_number("SERVER_PID", argv[7], 1, 4194304);
  if (port < 0 || busy < 0 || depth < 0 || burst < 0 || bursts < 0 || pid < 0) return -1;
  o->port = (uint16_t)port;
  o->busy = (uint32_t)busy;
  o->depth = (uint32_t)depth;
  o->burst = (uint32_t)burst;
  o->bursts = (uint32_t)bursts;
  o->server_pid = (pid_t)pid;
  return 0;
}

#endif
