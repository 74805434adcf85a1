// HostPoll: one descriptor, a selector's kernel queue, under a uv_poll that calls back once each
// time it is armed.
//
// If nobody has armed the poll again by the end of the callback, it stops: an armed poll keeps the
// process alive and reports as long as the descriptor is readable; a stopped one does neither.
// Starting costs two epoll_ctl, so a loop that awaits again at once never stops.
#include <memory>

#include "host_loop.h"

namespace {

struct HostPoll {
  HostPoll(napi_env env, napi_value function, UniqueFd copy)
      : callback(env, function, "SOCKET_REACTOR_POLL"), fd(std::move(copy)) {}

  HostCallback callback;
  UniqueFd fd;
  uv_poll_t handle{};
  napi_async_cleanup_hook_handle hook = nullptr;
  bool is_armed = false;
  bool is_started = false;
};

constexpr napi_type_tag kTag = {0x3f1c6a0d5b7e4c21, 0x9a44d1f0c2e8b763};

void OnReadable(uv_poll_t* handle, int, int) {
  auto* poll = static_cast<HostPoll*>(handle->data);
  poll->is_armed = false;
  poll->callback.Call();
  // JavaScript may have closed the poll: its memory lives until uv_close calls back, a turn later.
  if (!poll->is_armed && poll->is_started) {
    uv_poll_stop(&poll->handle);
    poll->is_started = false;
  }
}

void OnClosed(uv_handle_t* handle) {
  std::unique_ptr<HostPoll> poll(static_cast<HostPoll*>(handle->data));
  const napi_async_cleanup_hook_handle hook = poll->hook;
  poll.reset();  // it still needs the environment, which waits for the hook alone
  napi_remove_async_cleanup_hook(hook);
}

void CloseHandle(HostPoll* poll) {
  if (uv_is_closing(AsHandle(poll->handle))) return;
  poll->is_started = false;
  uv_close(AsHandle(poll->handle), OnClosed);
  const UniqueFd closed_here(std::move(poll->fd));  // libuv lets go of it in uv_close
}

void OnTeardown(napi_async_cleanup_hook_handle, void* poll) {
  CloseHandle(static_cast<HostPoll*>(poll));
}

HostPoll* Unwrap(Args& args) {
  return static_cast<HostPoll*>(UnwrapTagged(args, kTag, "poll", "what pollOpen answered"));
}

napi_value PollOpen(napi_env env, napi_callback_info info) {
  Args args(env, info, "pollOpen");
  const int fd = args.Fd(0);
  ExpectFunction(args, 1, "callback");
  if (args.failed()) return nullptr;
  UniqueFd copy = CopyFd(fd);
  if (!copy.valid()) return args.Return(-errno);
  auto poll = std::make_unique<HostPoll>(env, args.Value(1), std::move(copy));
  const int error = uv_poll_init(LoopOf(env), &poll->handle, poll->fd.get());
  if (error != 0) return args.Return(error);
  poll->handle.data = poll.get();
  napi_add_async_cleanup_hook(env, OnTeardown, poll.get(), &poll->hook);
  return WrapTagged(env, kTag, poll.release());  // owned by the uv handle until OnClosed
}

napi_value PollArm(napi_env env, napi_callback_info info) {
  Args args(env, info, "pollArm");
  HostPoll* poll = Unwrap(args);
  if (args.failed()) return nullptr;
  if (poll == nullptr) return args.Return(-EBADF);
  poll->is_armed = true;
  if (poll->is_started) return args.Return(0);
  const int error = uv_poll_start(&poll->handle, UV_READABLE, OnReadable);
  poll->is_started = error == 0;
  return args.Return(error);
}

napi_value PollDisarm(napi_env env, napi_callback_info info) {
  Args args(env, info, "pollDisarm");
  HostPoll* poll = Unwrap(args);
  if (args.failed()) return nullptr;
  if (poll != nullptr && poll->is_started) {
    uv_poll_stop(&poll->handle);
    poll->is_started = false;
  }
  return args.Return(0);
}

napi_value PollClose(napi_env env, napi_callback_info info) {
  Args args(env, info, "pollClose");
  HostPoll* poll = Unwrap(args);
  if (args.failed()) return nullptr;
  if (poll == nullptr) return args.Return(0);
  napi_remove_wrap(env, args.Value(0), nullptr);
  CloseHandle(poll);
  return args.Return(0);
}

}  // namespace

void ExportHostPoll(napi_env env, napi_value host_loop) {
  constexpr ExportedCall kCalls[] = {{"pollOpen", PollOpen},
                                     {"pollArm", PollArm},
                                     {"pollDisarm", PollDisarm},
                                     {"pollClose", PollClose}};
  ExportCalls(env, host_loop, kCalls);
}
