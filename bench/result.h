// Writes what load.h measured as one line of JSON. A run that never reached the end of its
// measuring window reports zero seconds and zero CPU time, never a guess.
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "histogram.h"
#include "usage.h"

struct result {
  const struct histogram *histogram;
  const struct usage *before, *after;
  const char *error;  // empty if there was none; our own words, so nothing in it needs escaping
  bool has_server;
  uint64_t messages_min, messages_max;  // of the connections, in the measuring window
};

static inline void print_latency(const struct histogram *h) {
  printf("\"latencyUs\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f},",
         (double)histogram_percentile(h, 0.5) / 1e3, (double)histogram_percentile(h, 0.9) / 1e3,
         (double)histogram_percentile(h, 0.99) / 1e3, (double)histogram_percentile(h, 0.999) / 1e3,
         (double)h->max / 1e3);
}

// The members of the object, without its braces: a program may put others before them.
static inline void print_members(const struct result *r) {
  struct usage zero = {0};
  bool is_complete = r->after->at_ns != 0;
  const struct usage *before = is_complete ? r->before : &zero;
  const struct usage *after = is_complete ? r->after : &zero;
  double seconds = (double)(after->at_ns - before->at_ns) / 1e9;
  double percent = is_complete ? 1e-7 / seconds : 0;  // of one core, from nanoseconds
  uint64_t generator = after->generator_ns - before->generator_ns;
  uint64_t server = after->server_ns - before->server_ns;
  uint64_t busy = ticks_to_ns(after->machine_busy_ticks - before->machine_busy_ticks);
  uint64_t stolen = ticks_to_ns(after->machine_stolen_ticks - before->machine_stolen_ticks);
  // Everything that kept the machine busy besides the two; small figures are rounding.
  uint64_t others = busy > generator + server ? busy - generator - server : 0;

  printf("\"messages\":%llu,\"seconds\":%.6f,", (unsigned long long)r->histogram->total, seconds);
  print_latency(r->histogram);
  printf("\"generatorPercent\":%.1f,", (double)generator * percent);
  if (r->has_server) {
    printf("\"othersPercent\":%.1f,\"stolenPercent\":%.1f,", (double)others * percent,
           (double)stolen * percent);
    printf("\"server\":{\"cpuNs\":%llu,\"userTicks\":%llu,\"systemTicks\":%llu,\"rssBytes\":%llu},",
           (unsigned long long)server,
           (unsigned long long)(after->server_user_ticks - before->server_user_ticks),
           (unsigned long long)(after->server_system_ticks - before->server_system_ticks),
           (unsigned long long)after->server_rss_bytes);
  }
  printf("\"perConnection\":{\"min\":%llu,\"max\":%llu},",
         (unsigned long long)(r->messages_max == 0 ? 0 : r->messages_min),
         (unsigned long long)r->messages_max);
  printf("\"errors\":%d,\"error\":\"%s\"", r->error[0] ? 1 : 0, r->error);
}

static inline void print_json(const struct result *r) {
  printf("{");
  print_members(r);
  printf("}\n");
}

#endif
