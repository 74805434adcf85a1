// How a line of IRC travels: with CR LF over TCP, or as a text message of a WebSocket (RFC 6455),
// as https://ircv3.net/specs/extensions/websocket has it. Just enough of both to load a server.
#ifndef BENCH_CHATWIRE_H
#define BENCH_CHATWIRE_H

#include "connection.h"

#define LINE_MAX_BYTES 510u
#define CARRY_MAX 4096u  // of an incomplete line, frame or handshake

struct chat_wire {
  int fd;
  bool is_websocket, is_upgraded;
  size_t carried;
  unsigned char carry[CARRY_MAX];
};

static unsigned char chat_buffer[CARRY_MAX + CHUNK_MAX];

// What we send is short and answered before more follows: the socket's buffer always has room.
static inline void send_all(struct chat_wire *w, const void *bytes, size_t length) {
  ssize_t n = send(w->fd, bytes, length, MSG_NOSIGNAL);
  if (n < 0) return fail("send: %s", strerror(errno));
  if ((size_t)n < length) fail("send: the server does not read");
}

// A client's frame must be masked; masked with zeros it stays as it is.
static inline void send_frame(struct chat_wire *w, unsigned char opcode, const char *text,
                              size_t length) {
  unsigned char frame[8 + LINE_MAX_BYTES] = {0x80 | opcode};
  size_t at = 1;
  if (length < 126) {
    frame[at++] = 0x80 | (unsigned char)length;
  } else {
    frame[at++] = 0x80 | 126;
    frame[at++] = (unsigned char)(length >> 8);
    frame[at++] = (unsigned char)length;
  }
  memcpy(frame + at + 4, text, length);
  send_all(w, frame, at + 4 + length);
}

__attribute__((format(printf, 2, 3))) static inline void send_line(struct chat_wire *w,
                                                                   const char *format, ...) {
  char line[LINE_MAX_BYTES + 3];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, LINE_MAX_BYTES + 1, format, arguments);
  va_end(arguments);
  if (length > (int)LINE_MAX_BYTES) return fail("A line is too long");
  if (w->is_websocket) return send_frame(w, 1, line, (size_t)length);
  memcpy(line + length, "\r\n", 2);
  send_all(w, line, (size_t)length + 2);
}

static inline void send_upgrade(struct chat_wire *w) {
  static const char request[] =
      "GET /irc HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Protocol: text.ircv3.net\r\n\r\n";
  struct sockaddr_in peer;
  socklen_t size = sizeof peer;
  char text[sizeof request + 8];
  getpeername(w->fd, (struct sockaddr *)&peer, &size);
  int length = snprintf(text, sizeof text, request, ntohs(peer.sin_port));
  send_all(w, text, (size_t)length);
}

// One unit of what was received.
struct unit {
  size_t length;  // all of it; 0 while it is incomplete
  const unsigned char *line;
  size_t line_length;
  enum { LINE, UPGRADED, CONTROL } kind;
};

static inline struct unit next_handshake(const unsigned char *bytes, size_t n) {
  const unsigned char *end = memmem(bytes, n, "\r\n\r\n", 4);
  if (!end) return (struct unit){0};
  if (n < 12 || memcmp(bytes, "HTTP/1.1 101", 12) != 0)
    fail("No WebSocket: %.*s", (int)(n < 40 ? n : 40), (const char *)bytes);
  return (struct unit){.length = (size_t)(end + 4 - bytes), .kind = UPGRADED};
}

static inline struct unit next_frame(struct chat_wire *w, const unsigned char *bytes, size_t n) {
  if (n < 2) return (struct unit){0};
  size_t length = bytes[1] & 127, head = 2;
  if (length == 126) {
    if (n < 4) return (struct unit){0};
    length = (size_t)bytes[2] << 8 | bytes[3];
    head = 4;
  }
  if (length > 65535 || bytes[1] & 128) fail("A frame no server should send");
  if (n < head + length) return (struct unit){0};
  struct unit unit = {.length = head + length, .kind = CONTROL};
  if (bytes[0] == 0x81) {
    unit.kind = LINE;
    unit.line = bytes + head;
    unit.line_length = length;
  } else if (bytes[0] == 0x89) {
    send_frame(w, 10, (const char *)bytes + head, length);
  } else if (bytes[0] != 0x8a) {
    fail("A frame of kind 0x%02x", bytes[0]);
  }
  return unit;
}

static inline struct unit next_line(const unsigned char *bytes, size_t n) {
  const unsigned char *end = memchr(bytes, '\n', n);
  if (!end) return (struct unit){0};
  size_t length = (size_t)(end - bytes);
  bool has_cr = length > 0 && end[-1] == '\r';
  return (struct unit){
      .length = length + 1, .line = bytes, .line_length = length - has_cr, .kind = LINE};
}

static inline struct unit next_unit(struct chat_wire *w, const unsigned char *bytes, size_t n) {
  if (!w->is_websocket) return next_line(bytes, n);
  return w->is_upgraded ? next_frame(w, bytes, n) : next_handshake(bytes, n);
}

static inline uint32_t parse_digits(const unsigned char *digits, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; i++) value = value * 10 + (uint32_t)(digits[i] - '0');
  return value;
}

static inline bool is_word(const unsigned char *at, const unsigned char *end, const char *word) {
  size_t length = strlen(word);
  return (size_t)(end - at) >= length && memcmp(at, word, length) == 0;
}

// recv(2) behind what was carried over; answers how many bytes there are now, 0 for none that are
// new.
static inline size_t receive_carried(struct chat_wire *w) {
  ssize_t n = recv(w->fd, chat_buffer + w->carried, CHUNK_MAX, 0);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n < 0) fail("recv: %s", strerror(errno));
  if (n == 0) fail("The server closed a connection");
  if (n <= 0) return 0;
  memcpy(chat_buffer, w->carry, w->carried);
  return w->carried + (size_t)n;
}

static inline void carry_over(struct chat_wire *w, const unsigned char *rest, size_t n) {
  if (n > CARRY_MAX) return fail("A line without an end");
  memcpy(w->carry, rest, n);
  w->carried = n;
}

// A client that stops reading shall be full soon: on the loopback the buffers would hold megabytes.
static inline void shrink_buffers(int fd) {
  int bytes = 4096, segment = 536;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
}

// What waits in the kernel for this client on the server's side, by /proc/net/tcp; -1 if the
// server has given the connection up.
static inline long waiting_for(int fd, uint16_t server_port) {
  struct sockaddr_in own;
  socklen_t size = sizeof own;
  char line[512];
  long waiting = -1;
  FILE *file = fopen("/proc/net/tcp", "r");
  if (!file) return -1;
  getsockname(fd, (struct sockaddr *)&own, &size);
  while (fgets(line, sizeof line, file)) {
    unsigned local, remote, state, queued;
    if (sscanf(line, " %*u: %*x:%x %*x:%x %x %x:", &local, &remote, &state, &queued) != 4) continue;
    if (local == server_port && remote == ntohs(own.sin_port) && state == 1) waiting = (long)queued;
  }
  fclose(file);
  return waiting;
}

#endif
