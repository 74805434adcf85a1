// Makes the socket that is this program's standard input deaf: a classic BPF filter that keeps zero
// bytes of every packet, which is to drop it (socket(7), SO_ATTACH_FILTER). The filter belongs to
// the open socket, so it stays when this program ends. See vanish.ts.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/socket.h>

#if __has_include(<linux/filter.h>)
#include <linux/filter.h>

int main(void) {
  struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  const struct sock_fprog program = {.len = 1, .filter = &drop};
  if (setsockopt(0, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0) return 0;
  perror("SO_ATTACH_FILTER");
  return 1;
}

#else

int main(void) {
  fputs("no header linux/filter.h\n", stderr);
  return 1;
}

#endif
