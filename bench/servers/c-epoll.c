// Echo over raw epoll in C: the limit the other contestants are measured against. epoll.h has the
// server, this file what it answers.
#define _GNU_SOURCE
#include "epoll.h"

static void on_readable(int fd) {
  for (int i = 0; i < READS_MAX; i++) {
    ssize_t received = recv(fd, buffer, BUFFER_SIZE, 0);
    if (received <= 0) {
      if (received == 0 || errno != EAGAIN) close_connection(fd);
      return;
    }
    if (!send_or_keep(fd, buffer, (size_t)received) || received < BUFFER_SIZE) return;
  }
}

int main(void) { return serve(); }
