// What poll and select read: an interest list in a caller-owned Int32Array, four integers an
// entry (fd, bits, slot, generation); and what they fill: (slot, generation, bits) triples.
#pragma once

#include "args.h"

constexpr size_t kIntsPerInterest = 4;

struct Interest {
  int fd;
  int bits;
  int slot;
  int generation;
};

inline Interest InterestAt(const Span<int32_t>& interests, int i) {
  const int32_t* at = interests.data + static_cast<size_t>(i) * kIntsPerInterest;
  return {at[0], at[1], at[2], at[3]};
}

inline void WriteTriple(int32_t* events, int n, const Interest& interest, int bits) {
  events[3 * n] = interest.slot;
  events[3 * n + 1] = interest.generation;
  events[3 * n + 2] = bits;
}

// The arguments of both calls.
struct WaitArgs {
  int count;
  Span<int32_t> interests;
  Span<int32_t> events;
  double timeout_ms;
};

inline WaitArgs ReadWaitArgs(Args& args) {
  WaitArgs wait;
  wait.count = args.Count(1, "count");
  const auto count = static_cast<uint64_t>(wait.count);
  wait.interests = args.Ints(0, "interests", count * kIntsPerInterest);
  wait.events = args.Ints(2, "events", count * 3);
  wait.timeout_ms = args.Number(3, "timeoutMs");
  return wait;
}
