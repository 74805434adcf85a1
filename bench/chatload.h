// The limits of chatload.c and the reading of its command line.
#ifndef BENCH_CHATLOAD_H
#define BENCH_CHATLOAD_H

#include <stdbool.h>
#include <string.h>

#include "loadgen.h"

#define SENDERS_MAX 1000u
#define WINDOWS_MAX 8
#define ENTERING_MAX 32u           // clients between their connect and the end of their JOIN
#define ENTERING_NS 90000000000u   // for all of them: each JOIN is told to everybody in the room
#define MESSAGE_NS 10000000000u    // for a message to reach the last one
#define TICK_MS 100

struct window_options {
  uint32_t senders;
  bool is_stalled;  // one client, the last, does not read
};

struct chat_options {
  struct in_addr host;
  uint16_t port;
  bool is_websocket;
  uint32_t clients, senders_max;
  uint64_t warmup_ns, window_ns;
  pid_t server_pid;
  struct window_options windows[WINDOWS_MAX];
  int window_count;
};

// "10" or "10s", where one is stalled. Who stalled does so for ever, so these come last.
static inline int parse_windows(int argc, char **argv, struct chat_options *o) {
  for (int i = 0; i < argc; i++) {
    struct window_options *w = &o->windows[i];
    char digits[16];
    size_t length = strlen(argv[i]);
    w->is_stalled = length > 1 && argv[i][length - 1] == 's';
    snprintf(digits, sizeof digits, "%.*s", (int)(length - w->is_stalled), argv[i]);
    double senders = parse_number("WINDOW", digits, 1, o->clients > 2 ? o->clients - 2 : 0);
    if (senders < 0) return -1;
    if (i > 0 && o->windows[i - 1].is_stalled && !w->is_stalled) {
      fputs("WINDOWs with a stalled client must come last\n", stderr);
      return -1;
    }
    w->senders = (uint32_t)senders;
    if (w->senders > o->senders_max) o->senders_max = w->senders;
  }
  o->window_count = argc;
  return 0;
}

static inline int parse_chat_options(int argc, char **argv, struct chat_options *o) {
  if (argc < 9 || argc > 8 + WINDOWS_MAX) {
    fputs("Usage: chatload HOST PORT irc|websocket CLIENTS WARMUP_SECONDS SECONDS SERVER_PID "
          "WINDOW...\n",
          stderr);
    return -1;
  }
  if (parse_host(argv[1], &o->host) != 0) return -1;
  double port = parse_number("PORT", argv[2], 1, 65535);
  double clients = parse_number("CLIENTS", argv[4], 3, 10000);
  double warmup = parse_number("WARMUP_SECONDS", argv[5], 0, 30);
  double seconds = parse_number("SECONDS", argv[6], 0.01, 60);
  double pid = parse_number("SERVER_PID", argv[7], 1, 4194304);
  if (port < 0 || clients < 0 || warmup < 0 || seconds < 0 || pid < 0) return -1;
  o->is_websocket = strcmp(argv[3], "websocket") == 0;
  if (!o->is_websocket && strcmp(argv[3], "irc") != 0) {
    fprintf(stderr, "It speaks irc or websocket, not \"%s\"\n", argv[3]);
    return -1;
  }
  o->port = (uint16_t)port;
  o->clients = (uint32_t)clients;
  o->warmup_ns = (uint64_t)(warmup * 1e9);
  o->window_ns = (uint64_t)(seconds * 1e9);
  o->server_pid = (pid_t)pid;
  return parse_windows(argc - 8, argv + 8, o);
}

#endif
