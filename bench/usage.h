// What processes have used so far, read at both edges of the measuring window: the server's CPU
// time and memory, the generator's own CPU time, and the busy and stolen time of the machine, which
// shows whether other work disturbed the run. Linux only. Used by the load generators.
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct usage {
  uint64_t at_ns;            // CLOCK_MONOTONIC
  uint64_t generator_ns;     // our own CPU time
  uint64_t server_ns;        // the server's CPU time, all its threads, ended ones too
  uint64_t server_user_ticks;
  uint64_t server_system_ticks;
  uint64_t machine_busy_ticks;
  uint64_t machine_stolen_ticks;  // a virtual machine's host gave this time to others
  uint64_t server_rss_bytes;
};

static inline uint64_t clock_ns(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) != 0) return 0;
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t ticks_to_ns(uint64_t ticks) {
  return ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

// proc(5): utime and stime are fields 14 and 15 of /proc/PID/stat. The second field is the
// program's name, which may hold spaces and brackets, so counting starts after the last ')'.
static inline int read_server_ticks(pid_t pid, struct usage *u) {
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  char *read = fgets(line, sizeof line, file);
  fclose(file);
  char *end = read ? strrchr(line, ')') : NULL;
  unsigned long user, system;
  if (!end) return -1;
  if (sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
    return -1;
  u->server_user_ticks = user;
  u->server_system_ticks = system;
  return 0;
}

static inline int read_server_rss(pid_t pid, struct usage *u) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  unsigned long pages = 0;
  int fields = fscanf(file, "%*u %lu", &pages);
  fclose(file);
  if (fields != 1) return -1;
  u->server_rss_bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
  return 0;
}

// The first line of /proc/stat: user nice system idle iowait irq softirq steal, over all cores.
static inline void read_machine(struct usage *u) {
  FILE *file = fopen("/proc/stat", "r");
  unsigned long user, nice, system, irq, softirq, steal;
  if (!file) return;
  int fields = fscanf(file, "cpu %lu %lu %lu %*u %*u %lu %lu %lu", &user, &nice, &system, &irq,
                      &softirq, &steal);
  fclose(file);
  if (fields != 6) return;
  u->machine_busy_ticks = user + nice + system + irq + softirq;
  u->machine_stolen_ticks = steal;
}

// Reads everything; `pid` 0 means that no server is to be measured. Answers -1 if the server is
// gone. The total comes from the process's CPU clock (clock_getcpuclockid(3)), the scheduler's
// own nanoseconds, because the ticks of /proc/PID/stat are 10 ms long; the ticks serve only to
// divide that total into user and system time.
static inline int read_usage(pid_t pid, struct usage *u) {
  memset(u, 0, sizeof *u);
  read_machine(u);
  if (pid != 0) {
    clockid_t clock;
    if (clock_getcpuclockid(pid, &clock) != 0) return -1;
    if (read_server_ticks(pid, u) != 0 || read_server_rss(pid, u) != 0) return -1;
    u->server_ns = clock_ns(clock);
  }
  u->generator_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  u->at_ns = clock_ns(CLOCK_MONOTONIC);
  return 0;
}

#endif
