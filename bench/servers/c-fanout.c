// A chat room over raw epoll in C: the limit of the chat bench. It knows NICK, USER, JOIN, PRIVMSG to a
// room or a nickname, and PING, in the lines that a server of IRC would send; there is one room, and
// its list of names is empty. A line is made once; what a turn has for a client goes out in one send
// at its end, and what the client does not take waits for it, up to a limit. epoll.h has the server.
#define _GNU_SOURCE
#define HAS_TURN_END
#include <stdarg.h>

#include "epoll.h"

#define FDS_MAX 65536
#define LINE_MAX_BYTES 512
#define WAITING_MAX (1024 * 1024)

struct client {
  char nick[32];
  char input[LINE_MAX_BYTES];
  size_t input_length;
  int place;  // in members, -1 outside
  char *output;  // of this turn
  size_t output_length, output_size;
};

static struct client *clients[FDS_MAX];
static int members[FDS_MAX];
static int member_count;
static int dirty[FDS_MAX];  // clients with output
static int dirty_count;

static void leave(int fd) {
  struct client *c = clients[fd];
  if (c && c->place >= 0) {
    int other = members[--member_count];
    members[c->place] = other;
    clients[other]->place = c->place;
  }
  if (c) free(c->output);
  free(c);
  clients[fd] = NULL;
}

static char *grow(char *bytes, size_t size) {
  char *grown = realloc(bytes, size);
  if (!grown) die("realloc");
  return grown;
}

// Who is over the limit is given up when the end of its stream is read.
static void wait_longer(int fd, const char *bytes, size_t length) {
  struct pending *p = &pending[fd];
  if (p->length - p->offset + length > WAITING_MAX) {
    shutdown(fd, SHUT_RDWR);
    return;
  }
  p->bytes = grow(p->bytes, p->length + length);
  memcpy(p->bytes + p->length, bytes, length);
  p->length += length;
}

static void deliver(int fd, const char *bytes, size_t length) {
  struct client *c = clients[fd];
  if (c->output_length == 0) dirty[dirty_count++] = fd;
  if (c->output_length + length > c->output_size) {
    c->output_size = 2 * (c->output_length + length);
    c->output = grow(c->output, c->output_size);
  }
  memcpy(c->output + c->output_length, bytes, length);
  c->output_length += length;
}

static void on_turn_end(void) {
  for (int i = 0; i < dirty_count; i++) {
    struct client *c = clients[dirty[i]];
    if (!c) continue;  // it left meanwhile
    size_t length = c->output_length;
    c->output_length = 0;
    if (pending[dirty[i]].bytes) {
      wait_longer(dirty[i], c->output, length);
      continue;
    }
    ssize_t sent = send(dirty[i], c->output, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) continue;  // its end is read
    if (sent < 0) sent = 0;
    if ((size_t)sent < length) keep(dirty[i], c->output + sent, length - (size_t)sent);
  }
  dirty_count = 0;
}

__attribute__((format(printf, 2, 3))) static void answer(int fd, const char *format, ...) {
  char line[2 * LINE_MAX_BYTES];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  deliver(fd, line, (size_t)length);
}

static void tell_room(int except, const char *line, size_t length) {
  for (int i = member_count - 1; i >= 0; i--)
    if (members[i] != except) deliver(members[i], line, length);
}

static void join(int fd) {
  struct client *c = clients[fd];
  char line[LINE_MAX_BYTES];
  if (c->place >= 0) return;
  c->place = member_count;
  members[member_count++] = fd;
  int n = snprintf(line, sizeof line, ":%s!u@127.0.0.1 JOIN #bench\r\n", c->nick);
  tell_room(-1, line, (size_t)n);
  answer(fd, ":c 366 %s #bench :End of /NAMES list\r\n", c->nick);
}

static void say(int fd, const char *target) {
  char line[2 * LINE_MAX_BYTES];
  int n = snprintf(line, sizeof line, ":%s!u@127.0.0.1 PRIVMSG %s\r\n", clients[fd]->nick, target);
  if (target[0] == '#') return tell_room(fd, line, (size_t)n);
  for (int i = 0; i < member_count; i++) {
    const char *nick = clients[members[i]]->nick;
    size_t length = strlen(nick);
    if (strncmp(target, nick, length) == 0 && target[length] == ' ')
      return deliver(members[i], line, (size_t)n);
  }
}

static void on_line(int fd, char *line) {
  struct client *c = clients[fd];
  if (strncmp(line, "PRIVMSG ", 8) == 0) say(fd, line + 8);
  else if (strncmp(line, "PING ", 5) == 0) answer(fd, ":c PONG c %s\r\n", line + 5);
  else if (strncmp(line, "NICK ", 5) == 0) snprintf(c->nick, sizeof c->nick, "%.31s", line + 5);
  else if (strncmp(line, "USER ", 5) == 0) answer(fd, ":c 001 %s :Welcome\r\n", c->nick);
  else if (strncmp(line, "JOIN ", 5) == 0) join(fd);
}

static void give_up(int fd) {
  leave(fd);
  close_connection(fd);
}

static void on_readable(int fd) {
  if (!clients[fd]) {
    clients[fd] = calloc(1, sizeof *clients[fd]);
    if (!clients[fd]) die("calloc");
    clients[fd]->place = -1;
  }
  struct client *c = clients[fd];
  memcpy(buffer, c->input, c->input_length);
  ssize_t n = recv(fd, buffer + c->input_length, BUFFER_SIZE - c->input_length, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return give_up(fd);
  char *line = buffer, *end, *limit = buffer + c->input_length + (size_t)n;
  while ((end = memchr(line, '\n', (size_t)(limit - line)))) {
    end[end > line && end[-1] == '\r' ? -1 : 0] = '\0';
    on_line(fd, line);
    line = end + 1;
  }
  c->input_length = (size_t)(limit - line);
  if (c->input_length > sizeof c->input) return give_up(fd);
  memcpy(c->input, line, c->input_length);
}

int main(void) { return serve(); }
