// Echo over libevent's bufferevents in C: the input buffer is moved to the output buffer without
// copying. Output beyond a high mark stops the reading until it is down to the low one. libevent
// 2.1 reads at most 4 KiB at a time, whatever bufferevent_set_max_single_read says.
// Prints "PORT <n>"; ends on SIGTERM (the kernel's default action) or when stdin closes.
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <signal.h>

#include "libevent.h"

#define OUTPUT_HIGH (64 * 1024)
#define OUTPUT_LOW (16 * 1024)

static void on_readable(struct bufferevent *bev, void *context) {
  (void)context;
  struct evbuffer *output = bufferevent_get_output(bev);
  if (bufferevent_write_buffer(bev, bufferevent_get_input(bev)) != 0) bufferevent_free(bev);
  else if (evbuffer_get_length(output) > OUTPUT_HIGH) bufferevent_disable(bev, EV_READ);
}

// Called when the output is down to the low mark, also when it never was above the high one.
static void on_drained(struct bufferevent *bev, void *context) {
  (void)context;
  if (!(bufferevent_get_enabled(bev) & EV_READ)) bufferevent_enable(bev, EV_READ);
}

static void on_event(struct bufferevent *bev, short events, void *context) {
  (void)context;
  if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) bufferevent_free(bev);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *address, int length, void *base) {
  (void)listener;
  (void)address;
  (void)length;
  set_no_delay(fd);
  struct bufferevent *bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
  if (!bev) {
    close(fd);
    return;
  }
  bufferevent_setcb(bev, on_readable, on_drained, on_event, NULL);
  bufferevent_setwatermark(bev, EV_WRITE, OUTPUT_LOW, 0);
  bufferevent_enable(bev, EV_READ | EV_WRITE);
}

int main(void) {
  raise_fd_limit();
  // writev has no MSG_NOSIGNAL.
  signal(SIGPIPE, SIG_IGN);
  struct event_base *base = event_base_new();
  if (!base) die("event_base_new");
  return serve(base, on_connection);
}
