// What the servers over libevent have in common: the listener, the limits, the end.
#ifndef BENCH_SERVERS_LIBEVENT_H
#define BENCH_SERVERS_LIBEVENT_H

#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096

static inline void die(const char *what) {
  perror(what);
  exit(1);
}

static inline void raise_fd_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static inline void set_no_delay(evutil_socket_t fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static inline void on_stdin(evutil_socket_t fd, short events, void *context) {
  char byte;
  (void)events;
  (void)context;
  if (read(fd, &byte, 1) <= 0) exit(0);
}

// Tells the port of a listening socket and runs the loop until stdin ends.
static inline int announce_and_run(struct event_base *base, evutil_socket_t fd) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) die("getsockname");
  // A regular file or /dev/null as stdin answers EPERM: then only a signal ends us.
  struct event *input = event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, on_stdin, NULL);
  if (!input) die("event_new");
  event_add(input, NULL);
  printf("PORT %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return event_base_dispatch(base);
}

// Accepts until there are no more, makes the sockets non-blocking and calls back for each.
static inline struct evconnlistener *listen_on_loopback(struct event_base *base,
                                                        evconnlistener_cb on_connection) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
  struct evconnlistener *listener = evconnlistener_new_bind(
      base, on_connection, base, flags, BACKLOG, (struct sockaddr *)&address, sizeof address);
  if (!listener) die("evconnlistener_new_bind");
  return listener;
}

static inline int serve(struct event_base *base, evconnlistener_cb on_connection) {
  return announce_and_run(base, evconnlistener_get_fd(listen_on_loopback(base, on_connection)));
}

#endif
