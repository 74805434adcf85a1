// select(2): the interest bits and the reported ones are 1 (readable) and 2 (writable). An fd_set
// holds descriptors below FD_SETSIZE; a larger one would be written outside of it, so it is
// refused.
#include <sys/select.h>
#include <sys/time.h>

#include <algorithm>
#include <memory>
#include <new>

#include "args.h"
#include "calls.h"
#include "readiness.h"
#include "timeout.h"

namespace {

constexpr int kRead = 1, kWrite = 2;

napi_value Select(napi_env env, napi_callback_info info) {
  Args args(env, info, "select");
  const WaitArgs wait = ReadWaitArgs(args);
  if (args.failed()) return nullptr;
  const auto& [count, interests, events, timeout_ms] = wait;
  // A copy: the lists may overlap in JavaScript, or change in another thread, and a number that was
  // checked must be the number that is used.
  const std::unique_ptr<Interest[]> list(new (std::nothrow) Interest[static_cast<size_t>(count)]);
  if (!list) return args.Return(-ENOMEM);
  fd_set readable, writable;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  int highest = -1;
  for (int i = 0; i < count; i++) {
    const Interest interest = list[i] = InterestAt(interests, i);
    if (interest.fd < 0 || interest.fd >= FD_SETSIZE) {
      args.OutOfRange("fd", "below FD_SETSIZE", interest.fd);
      return nullptr;
    }
    if (interest.bits & kRead) FD_SET(interest.fd, &readable);
    if (interest.bits & kWrite) FD_SET(interest.fd, &writable);
    highest = std::max(highest, interest.fd);
  }
  const timespec timeout = IsForever(timeout_ms) ? timespec{} : CeilNs(timeout_ms);
  const int ready = pselect(highest + 1, &readable, &writable, nullptr,
                            IsForever(timeout_ms) ? nullptr : &timeout, nullptr);
  if (ready < 0) return args.Return(-errno);
  int n = 0;
  for (int i = 0; i < count; i++) {
    const Interest& interest = list[i];
    const int bits = ((interest.bits & kRead) && FD_ISSET(interest.fd, &readable) ? kRead : 0) |
                     ((interest.bits & kWrite) && FD_ISSET(interest.fd, &writable) ? kWrite : 0);
    if (bits != 0) WriteTriple(events.data, n++, interest, bits);
  }
  return args.Return(n);
}

constexpr ExportedCall kCalls[] = {{"select", Select}};

}  // namespace

void ExportSelect(napi_env env, napi_value exports) { ExportCalls(env, exports, kCalls); }
