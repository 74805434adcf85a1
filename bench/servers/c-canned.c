// Hello world over HTTP, raw epoll in C: the limit of the http bench. It is no HTTP server. It
// counts the empty lines that end a request without a body and sends the same bytes as often; it
// checks nothing, knows no other reply, and its Date stands still. epoll.h has the rest.
#define _GNU_SOURCE
#include "epoll.h"

#define REPLY                               \
  "HTTP/1.1 200 OK\r\n"                     \
  "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n" \
  "Content-Type: text/plain\r\n"            \
  "Content-Length: 13\r\n"                  \
  "\r\n"                                    \
  "Hello, World!"
#define REPLY_LENGTH (sizeof REPLY - 1)
#define END "\r\n\r\n"
#define END_LENGTH (sizeof END - 1)
// The shortest request of HTTP/1.1, "GET / HTTP/1.1" and an empty Host, has 25 bytes.
#define REPLIES_MAX (BUFFER_SIZE / 25)

static char replies[REPLIES_MAX * REPLY_LENGTH];
static unsigned char matched[65536];  // by fd: bytes of END at the end of what has come

// How many bytes of END there are after one more byte.
static unsigned step(unsigned before, char byte) {
  if (byte == END[before]) return before + 1;
  return byte == END[0] ? 1 : 0;
}

static size_t count_requests(int fd, const char *at, size_t length) {
  const char *end = at + length, *found;
  unsigned state = matched[fd];
  size_t count = 0;
  while (state > 0 && state < END_LENGTH && at < end) state = step(state, *at++);
  if (state == END_LENGTH) count++;
  if (state == END_LENGTH || state == 0) {
    state = 0;
    for (; (found = memmem(at, (size_t)(end - at), END, END_LENGTH)); at = found + END_LENGTH)
      count++;
    if ((size_t)(end - at) >= END_LENGTH) at = end - (END_LENGTH - 1);
    while (at < end) state = step(state, *at++);
  }
  matched[fd] = (unsigned char)state;
  return count;
}

static void on_readable(int fd) {
  for (int i = 0; i < READS_MAX; i++) {
    ssize_t received = recv(fd, buffer, BUFFER_SIZE, 0);
    if (received <= 0) {
      if (received < 0 && errno == EAGAIN) return;
      matched[fd] = 0;
      return close_connection(fd);
    }
    size_t count = count_requests(fd, buffer, (size_t)received);
    if (count > REPLIES_MAX) return close_connection(fd);
    if (count > 0 && !send_or_keep(fd, replies, count * REPLY_LENGTH)) return;
    if (received < BUFFER_SIZE) return;
  }
}

int main(void) {
  for (size_t i = 0; i < REPLIES_MAX; i++)
    memcpy(replies + i * REPLY_LENGTH, REPLY, REPLY_LENGTH);
  return serve();
}
