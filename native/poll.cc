// poll(2), with ppoll where there is one: O(n) over the interest list, which crosses on every call.
#include <poll.h>

#include <memory>
#include <new>

#include "args.h"
#include "calls.h"
#include "readiness.h"
#include "timeout.h"

namespace {

int WaitOnce(pollfd* fds, int count, double timeout_ms) {
#ifdef __linux__
  if (IsFractional(timeout_ms)) {
    const timespec timeout = CeilNs(timeout_ms);
    return ppoll(fds, static_cast<nfds_t>(count), &timeout, nullptr);
  }
#endif
  return poll(fds, static_cast<nfds_t>(count), CeilMs(timeout_ms));
}

napi_value Poll(napi_env env, napi_callback_info info) {
  Args args(env, info, "poll");
  const WaitArgs wait = ReadWaitArgs(args);
  if (args.failed()) return nullptr;
  const auto& [count, interests, events, timeout_ms] = wait;
  const std::unique_ptr<pollfd[]> fds(new (std::nothrow) pollfd[static_cast<size_t>(count)]);
  if (!fds) return args.Return(-ENOMEM);
  for (int i = 0; i < count; i++) {
    const Interest interest = InterestAt(interests, i);
    fds[i] = {interest.fd, static_cast<short>(interest.bits), 0};
  }
  const int ready = WaitOnce(fds.get(), count, timeout_ms);
  if (ready < 0) return args.Return(-errno);
  int n = 0;
  for (int i = 0; i < count && n < ready; i++) {
    if (fds[i].revents == 0) continue;
    WriteTriple(events.data, n++, InterestAt(interests, i), fds[i].revents);
  }
  return args.Return(n);
}

constexpr ExportedCall kCalls[] = {{"poll", Poll}};

}  // namespace

void ExportPoll(napi_env env, napi_value exports) { ExportCalls(env, exports, kCalls); }
