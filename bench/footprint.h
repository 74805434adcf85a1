// How large a server is at a moment: its threads, and its memory, with and without what is mapped from
// files. The text of node is tens of megabytes, of which any node process on the machine has its
// part; heaps and stacks are a server's own. proc(5), Linux only.
#ifndef BENCH_FOOTPRINT_H
#define BENCH_FOOTPRINT_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

struct footprint {
  uint64_t rss_bytes, own_bytes, threads;
};

// A line such as "VmRSS:   1234 kB" of /proc/PID/status; 0 if there is none.
static inline uint64_t read_status(pid_t pid, const char *field) {
  char path[64], line[256];
  unsigned long long value = 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  size_t length = strlen(field);
  while (value == 0 && fgets(line, sizeof line, file))
    if (strncmp(line, field, length) == 0) sscanf(line + length, " %llu", &value);
  fclose(file);
  return value;
}

static inline void read_footprint(pid_t pid, struct footprint *f) {
  f->rss_bytes = read_status(pid, "VmRSS:") * 1024;
  f->threads = read_status(pid, "Threads:");
  f->own_bytes = read_status(pid, "RssAnon:") * 1024;
}

static inline void print_footprint(const char *name, const struct footprint *f) {
  printf("\"%s\":{\"rssBytes\":%llu,\"ownBytes\":%llu,\"threads\":%llu},", name,
         (unsigned long long)f->rss_bytes, (unsigned long long)f->own_bytes,
         (unsigned long long)f->threads);
}

#endif
