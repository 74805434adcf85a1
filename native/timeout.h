// Timeouts of the waiting calls: milliseconds with fractions; negative or infinite waits for ever.
// They are rounded up, never down: a wait may be late, it must not be early.
#pragma once

#include <time.h>

#include <cmath>

constexpr double kTimeoutMsMax = 2147483647.0;  // poll and epoll_wait count in an int

inline bool IsForever(double timeout_ms) { return timeout_ms < 0 || timeout_ms == HUGE_VAL; }

inline int CeilMs(double timeout_ms) {
  if (IsForever(timeout_ms)) return -1;
  const double ms = std::ceil(timeout_ms);
  return ms >= kTimeoutMsMax ? static_cast<int>(kTimeoutMsMax) : static_cast<int>(ms);
}

inline bool IsFractional(double timeout_ms) {
  return timeout_ms > 0 && timeout_ms < kTimeoutMsMax && timeout_ms != std::ceil(timeout_ms);
}

inline timespec CeilNs(double timeout_ms) {
  const double ms = timeout_ms < kTimeoutMsMax ? timeout_ms : kTimeoutMsMax;
  timespec time;
  time.tv_sec = static_cast<time_t>(ms / 1e3);
  time.tv_nsec = static_cast<long>(std::ceil((ms - static_cast<double>(time.tv_sec) * 1e3) * 1e6));
  if (time.tv_nsec > 999999999) {
    time.tv_sec += 1;
    time.tv_nsec = 0;
  }
  return time;
}
