// Reads the heads of responses for httpload.c: the status line and the fields that say where the
// body ends. Strict where a mistake would make a count wrong; whatever else a head says is not
// looked at.
#ifndef BENCH_HTTPLOAD_H
#define BENCH_HTTPLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define HEAD_MAX 4096u     // bytes of a head: a server that says more is not one we measure
#define DIGITS_MAX 15u     // of a Content-Length

// The bytes of a head up to and with its empty line; 0 if that has not come yet.
static inline size_t find_head_end(const unsigned char *bytes, size_t length) {
  const unsigned char *found = memmem(bytes, length, "\r\n\r\n", 4);
  return found ? (size_t)(found - bytes) + 4 : 0;
}

static inline bool is_field(const unsigned char *line, size_t length, const char *name) {
  size_t name_length = strlen(name);
  return length > name_length && line[name_length] == ':' &&
         strncasecmp((const char *)line, name, name_length) == 0;
}

// -1 if it is no number of digits alone, blanks around it aside.
static inline int64_t parse_length(const unsigned char *at, const unsigned char *end) {
  int64_t value = 0;
  while (at < end && (*at == ' ' || *at == '\t')) at++;
  while (end > at && (end[-1] == ' ' || end[-1] == '\t')) end--;
  if (at == end || (size_t)(end - at) > DIGITS_MAX) return -1;
  for (; at < end; at++) {
    if (*at < '0' || *at > '9') return -1;
    value = value * 10 + (*at - '0');
  }
  return value;
}

// Finds the one Content-Length of a whole head; NULL, or what is wrong with the head.
static inline const char *parse_head(const unsigned char *head, size_t length, int64_t *body) {
  static const char status[] = "HTTP/1.1 200";
  const size_t status_length = sizeof status - 1;
  if (length < status_length + 2 || memcmp(head, status, status_length) != 0 ||
      (head[status_length] != ' ' && head[status_length] != '\r'))
    return "another status line than HTTP/1.1 200";
  *body = -1;
  // The empty line at the end is not a field.
  const unsigned char *end = head + length - 2;
  const unsigned char *line = (const unsigned char *)memmem(head, length, "\r\n", 2) + 2;
  while (line < end) {
    const unsigned char *next = memmem(line, (size_t)(end - line), "\r\n", 2);
    if (!next) return "a line without an end";
    size_t line_length = (size_t)(next - line);
    if (is_field(line, line_length, "transfer-encoding")) return "no Content-Length but chunks";
    if (is_field(line, line_length, "content-length")) {
      if (*body >= 0) return "two Content-Lengths";
      *body = parse_length(line + strlen("content-length:"), next);
      if (*body < 0) return "a Content-Length that is no number";
    }
    line = next + 2;
  }
  return *body < 0 ? "no Content-Length" : NULL;
}

#endif
