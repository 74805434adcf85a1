// HTTP over libevent's evhttp in C, with its own defaults: hello world at every path, or with an
// argument the files of that folder, by evbuffer_add_file, which sends them by sendfile(2).
// Prints "PORT <n>"; ends on SIGTERM (the kernel's default action) or when stdin closes.
#include <event2/buffer.h>
#include <event2/http.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libevent.h"

#define HELLO "Hello, World!"
#define PATH_BYTES_MAX 4096

static void add_header(struct evhttp_request *request, const char *name, const char *value) {
  evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

static void say_hello(struct evhttp_request *request, void *context) {
  (void)context;
  struct evbuffer *body = evhttp_request_get_output_buffer(request);
  evbuffer_add_reference(body, HELLO, sizeof HELLO - 1, NULL, NULL);
  add_header(request, "Content-Type", "text/plain");
  evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

// Only the files that the bench has made are asked for: of a path no more is checked than that it
// does not leave the folder.
static void send_file(struct evhttp_request *request, void *context) {
  char file[PATH_BYTES_MAX];
  struct stat stat;
  const char *path = evhttp_request_get_uri(request);
  int length = snprintf(file, sizeof file, "%s%s", (const char *)context, path);
  int is_safe = length < (int)sizeof file && !strstr(path, "..");
  int fd = is_safe ? open(file, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0 || fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode)) {
    if (fd >= 0) close(fd);
    return evhttp_send_error(request, HTTP_NOTFOUND, NULL);
  }
  // The buffer closes the descriptor once it is sent.
  evbuffer_add_file(evhttp_request_get_output_buffer(request), fd, 0, stat.st_size);
  add_header(request, "Content-Type", "application/octet-stream");
  evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

int main(int argc, char **argv) {
  raise_fd_limit();
  struct event_base *base = event_base_new();
  struct evhttp *http = base ? evhttp_new(base) : NULL;
  if (!http) die("evhttp_new");
  struct evconnlistener *listener = listen_on_loopback(base, NULL);
  if (!evhttp_bind_listener(http, listener)) die("evhttp_bind_listener");
  evhttp_set_gencb(http, argc > 1 ? send_file : say_hello, argc > 1 ? argv[1] : NULL);
  return announce_and_run(base, evconnlistener_get_fd(listener));
}
