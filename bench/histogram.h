// A log-linear histogram of nanoseconds: every power of two is cut into 64 buckets of equal
// width, so a value is known to within 1.6 % whatever its size, and recording is a shift and
// an increment. Used by the load generators; the idea is HdrHistogram's, the code is not.
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>
#include <string.h>

#define HISTOGRAM_BITS 6
#define HISTOGRAM_STEPS (1u << HISTOGRAM_BITS)
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS)

struct histogram {
  uint64_t total;
  uint64_t max;
  uint64_t counts[HISTOGRAM_BUCKETS];
};

static inline void histogram_reset(struct histogram *h) { memset(h, 0, sizeof *h); }

// Values below 128 have a bucket each (shift 0). Above, the top seven bits choose: the value
// shifted down lies in 64..127, and each further shift starts 64 buckets higher.
static inline unsigned histogram_index(uint64_t value) {
  if (value < 2 * HISTOGRAM_STEPS) return (unsigned)value;
  unsigned shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_BITS;
  return shift * HISTOGRAM_STEPS + (unsigned)(value >> shift);
}

// The largest value that falls into the bucket: a percentile is never reported too low.
static inline uint64_t histogram_upper(unsigned index) {
  if (index < 2 * HISTOGRAM_STEPS) return index;
  unsigned shift = index / HISTOGRAM_STEPS - 1;
  uint64_t top = index - shift * HISTOGRAM_STEPS;
  return ((top + 1) << shift) - 1;
}

static inline void histogram_record(struct histogram *h, uint64_t value) {
  h->counts[histogram_index(value)]++;
  h->total++;
  if (value > h->max) h->max = value;
}

// The value that `fraction` (0..1) of all recorded values do not exceed; 0 if there are none.
static inline uint64_t histogram_percentile(const struct histogram *h, double fraction) {
  uint64_t wanted = (uint64_t)(fraction * (double)h->total + 0.5);
  uint64_t seen = 0;
  if (h->total == 0) return 0;
  if (wanted == 0) wanted = 1;
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
    seen += h->counts[i];
    if (seen < wanted) continue;
    uint64_t upper = histogram_upper(i);
    return upper < h->max ? upper : h->max;
  }
  return h->max;
}

#endif
