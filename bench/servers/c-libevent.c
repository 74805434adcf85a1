// Echo over plain libevent events in C: level-triggered, one persistent reading event for each
// connection, one receive buffer for all. What the peer does not take is kept, and the connection
// is watched for writing only until it has been taken: as c-epoll.c does it.
// Prints "PORT <n>"; ends on SIGTERM (the kernel's default action) or when stdin closes.
#include <errno.h>
#include <event2/event_struct.h>
#include <string.h>

#include "libevent.h"

#define BUFFER_SIZE (64 * 1024)
// As in c-epoll.c: reading on while the buffer comes back full, so long and no longer.
#define READS_MAX 16

struct connection {
  struct event readable, writable;  // within, so that a connection is one allocation
  char *unsent;                     // NULL while nothing waits
  size_t offset, length;
};

static char buffer[BUFFER_SIZE];

static void close_connection(struct connection *c) {
  event_del(&c->readable);
  event_del(&c->writable);
  close(event_get_fd(&c->readable));
  free(c->unsent);
  free(c);
}

static void keep(struct connection *c, const char *bytes, size_t length) {
  c->unsent = malloc(length);
  if (!c->unsent) return close_connection(c);
  memcpy(c->unsent, bytes, length);
  c->offset = 0;
  c->length = length;
  event_del(&c->readable);
  event_add(&c->writable, NULL);
}

static void on_readable(evutil_socket_t fd, short events, void *context) {
  struct connection *c = context;
  (void)events;
  for (int i = 0; i < READS_MAX; i++) {
    ssize_t received = recv(fd, buffer, BUFFER_SIZE, 0);
    if (received <= 0) {
      if (received == 0 || errno != EAGAIN) close_connection(c);
      return;
    }
    ssize_t sent = send(fd, buffer, (size_t)received, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return close_connection(c);
    if (sent < 0) sent = 0;
    if (sent < received) return keep(c, buffer + sent, (size_t)(received - sent));
    if (received < BUFFER_SIZE) return;
  }
}

static void on_writable(evutil_socket_t fd, short events, void *context) {
  struct connection *c = context;
  (void)events;
  ssize_t sent = send(fd, c->unsent + c->offset, c->length - c->offset, MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) return;
  if (sent < 0) return close_connection(c);
  c->offset += (size_t)sent;
  if (c->offset < c->length) return;
  free(c->unsent);
  c->unsent = NULL;
  event_del(&c->writable);
  event_add(&c->readable, NULL);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *address, int length, void *base) {
  struct connection *c = calloc(1, sizeof *c);
  (void)listener;
  (void)address;
  (void)length;
  if (!c) {
    close(fd);
    return;
  }
  set_no_delay(fd);
  event_assign(&c->readable, base, fd, EV_READ | EV_PERSIST, on_readable, c);
  event_assign(&c->writable, base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
  event_add(&c->readable, NULL);
}

int main(void) {
  raise_fd_limit();
  struct event_base *base = event_base_new();
  if (!base) die("event_base_new");
  return serve(base, on_connection);
}
