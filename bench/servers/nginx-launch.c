// Starts nginx on a port the kernel chooses, in its own process: the process that is pinned and
// measured is nginx itself.
//
//   nginx-launch NGINX FOLDER
//
// FOLDER has nginx.conf, which includes listen.conf, and that is written here. A socket that is
// bound but does not listen keeps the port meanwhile: with SO_REUSEADDR on both nginx may bind it
// too, and nobody else gets it. (nginx could inherit a listening socket, but not without a master
// process.) A child prints "PORT <n>" once nginx answers the connect.
// It ends on SIGTERM, and when the parent ends, for nginx does not look at stdin.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096
#define ATTEMPTS_MAX 1000
#define ATTEMPT_US 5000

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in reserve_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) die("socket");
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) die("SO_REUSEADDR");
  if (bind(fd, (struct sockaddr *)&address, length) != 0) die("bind");
  if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) die("getsockname");
  return address;
}

static void announce(struct sockaddr_in address) {
  for (int i = 0; i < ATTEMPTS_MAX; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) die("socket");
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
      printf("PORT %d\n", ntohs(address.sin_port));
      exit(0);
    }
    close(fd);
    usleep(ATTEMPT_US);
  }
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("Usage: nginx-launch NGINX FOLDER\n", stderr);
    return 2;
  }
  if (chdir(argv[2]) != 0) die("chdir");
  // Survives the exec below.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) die("prctl");
  struct sockaddr_in address = reserve_port();
  FILE *file = fopen("listen.conf", "w");
  int port = ntohs(address.sin_port);
  if (!file || fprintf(file, "listen 127.0.0.1:%d backlog=%d;\n", port, BACKLOG) < 0 ||
      fclose(file) != 0)
    die("listen.conf");
  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) announce(address);
  execl(argv[1], argv[1], "-p", argv[2], "-c", "nginx.conf", "-e", "stderr", (char *)NULL);
  die(argv[1]);
}
