// The limits of the load generators and the reading of their command lines.
#ifndef BENCH_LOADGEN_H
#define BENCH_LOADGEN_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#define GREETING_MAX 128u         // connections that wait for their first answer at a time
#define GREETING_NS 20000000000u  // time for all connections to be served once
#define DRAIN_NS 3000000000u      // time for the last messages to come back

struct options {
  struct in_addr host;
  uint16_t port;
  uint32_t connections, depth;
  uint64_t size;    // of a message, as it is sent
  uint64_t stride;  // by how many bytes of the outgoing ones each connection starts further on
  uint64_t warmup_ns, window_ns;
  pid_t server_pid;  // 0: no server to measure
};

// Reads a number within bounds; on failure says what is allowed and answers -1.
static inline double parse_number(const char *name, const char *text, double min, double max) {
  char *end;
  double value = strtod(text, &end);
  if (*text != '\0' && *end == '\0' && value >= min && value <= max) return value;
  fprintf(stderr, "%s must be a number from %g to %g, not \"%s\"\n", name, min, max, text);
  return -1;
}

// Another machine must never be loaded by mistake.
static inline int parse_host(const char *text, struct in_addr *host) {
  if (inet_pton(AF_INET, text, host) == 1 && ntohl(host->s_addr) >> 24 == 127) return 0;
  fprintf(stderr, "HOST must be an address in 127.0.0.0/8, not \"%s\"\n", text);
  return -1;
}

// HOST PORT CONNECTIONS SIZE DEPTH WARMUP_SECONDS SECONDS [SERVER_PID]; `size_name` is what the
// program calls SIZE, which stands in options.size.
static inline int parse_load(int argc, char **argv, const char *size_name, struct options *o) {
  if (parse_host(argv[1], &o->host) != 0) return -1;
  double port = parse_number("PORT", argv[2], 1, 65535);
  double connections = parse_number("CONNECTIONS", argv[3], 1, 20000);
  double size = parse_number(size_name, argv[4], 1, 1048576);
  double depth = parse_number("DEPTH", argv[5], 1, 1024);
  double warmup = parse_number("WARMUP_SECONDS", argv[6], 0, 30);
  double seconds = parse_number("SECONDS", argv[7], 0.01, 60);
  double pid = argc == 9 ? parse_number("SERVER_PID", argv[8], 1, 4194304) : 0;
  if (port < 0 || connections < 0 || size < 0 || depth < 0 || warmup < 0 || seconds < 0 || pid < 0)
    return -1;
  o->port = (uint16_t)port;
  o->connections = (uint32_t)connections;
  o->size = (uint64_t)size;
  o->depth = (uint32_t)depth;
  o->warmup_ns = (uint64_t)(warmup * 1e9);
  o->window_ns = (uint64_t)(seconds * 1e9);
  o->server_pid = (pid_t)pid;
  return 0;
}

#endif
