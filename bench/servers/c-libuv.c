// Echo over libuv in C, the library below node:net without node:net. One receive buffer for all
// connections, uv_try_write first; what the peer does not take is copied and written by uv_write,
// and that connection is not read until it has been taken.
// Prints "PORT <n>"; ends on SIGTERM (the kernel's default action) or when stdin closes.
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#define BUFFER_SIZE (64 * 1024)
#define BACKLOG 4096

struct connection {
  uv_tcp_t tcp;  // the first member: a handle's address is its connection's
  uv_write_t request;
  char *unsent;  // NULL while nothing waits
};

static uv_loop_t *loop;
static char buffer[BUFFER_SIZE];

static void check(int result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "%s: %s\n", what, uv_strerror(result));
  exit(1);
}

static void on_closed(uv_handle_t *handle) {
  struct connection *c = (struct connection *)handle;
  free(c->unsent);
  free(c);
}

static void close_connection(struct connection *c) {
  uv_handle_t *handle = (uv_handle_t *)&c->tcp;
  if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

// A read follows an allocation at once, and nothing is kept in the buffer: one serves them all.
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  (void)handle;
  (void)suggested;
  *buf = uv_buf_init(buffer, BUFFER_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t received, const uv_buf_t *buf);

static void on_written(uv_write_t *request, int status) {
  struct connection *c = request->data;
  free(c->unsent);
  c->unsent = NULL;
  if (uv_is_closing((uv_handle_t *)&c->tcp)) return;
  if (status < 0 || uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0)
    close_connection(c);
}

static void keep(struct connection *c, const char *bytes, size_t length) {
  uv_stream_t *stream = (uv_stream_t *)&c->tcp;
  c->unsent = malloc(length);
  if (!c->unsent) return close_connection(c);
  memcpy(c->unsent, bytes, length);
  uv_read_stop(stream);
  uv_buf_t rest = uv_buf_init(c->unsent, (unsigned)length);
  if (uv_write(&c->request, stream, &rest, 1, on_written) < 0) close_connection(c);
}

static void on_read(uv_stream_t *stream, ssize_t received, const uv_buf_t *buf) {
  struct connection *c = (struct connection *)stream;
  if (received == 0) return;  // EAGAIN
  if (received < 0) return close_connection(c);
  uv_buf_t echo = uv_buf_init(buf->base, (unsigned)received);
  int sent = uv_try_write(stream, &echo, 1);
  if (sent == UV_EAGAIN) sent = 0;
  if (sent < 0) return close_connection(c);
  if (sent < received) keep(c, buf->base + sent, (size_t)(received - sent));
}

static void on_connection(uv_stream_t *listener, int status) {
  if (status < 0) return;
  struct connection *c = calloc(1, sizeof *c);
  if (!c) return;
  c->request.data = c;
  uv_tcp_init(loop, &c->tcp);
  if (uv_accept(listener, (uv_stream_t *)&c->tcp) < 0) return close_connection(c);
  uv_tcp_nodelay(&c->tcp, 1);
  if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0) close_connection(c);
}

static void on_stdin(uv_stream_t *stream, ssize_t received, const uv_buf_t *buf) {
  (void)stream;
  (void)buf;
  if (received < 0) exit(0);
}

static void end_with_stdin(void) {
  static uv_pipe_t pipe;
  // Of /dev/null or a file nothing is to be learned: then only a signal ends us.
  if (uv_guess_handle(0) != UV_NAMED_PIPE) return;
  check(uv_pipe_init(loop, &pipe, 0), "uv_pipe_init");
  check(uv_pipe_open(&pipe, 0), "uv_pipe_open");
  check(uv_read_start((uv_stream_t *)&pipe, on_alloc, on_stdin), "uv_read_start");
}

static void raise_fd_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(void) {
  static uv_tcp_t listener;
  struct sockaddr_in address;
  int length = sizeof address;
  raise_fd_limit();
  loop = uv_default_loop();
  end_with_stdin();
  uv_ip4_addr("127.0.0.1", 0, &address);
  check(uv_tcp_init(loop, &listener), "uv_tcp_init");
  check(uv_tcp_bind(&listener, (struct sockaddr *)&address, 0), "uv_tcp_bind");
  check(uv_listen((uv_stream_t *)&listener, BACKLOG, on_connection), "uv_listen");
  check(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length), "getsockname");
  printf("PORT %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
