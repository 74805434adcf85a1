// HostLoop: Node's own loop. The only file that includes uv.h or calls JavaScript. A HostPoll puts
// one descriptor, a selector's kernel queue, under a uv_poll and calls back when it is readable.
//
// The callback runs in a callback scope, so promises and process.nextTick run right after it. If
// nobody has armed the poll again by then, it stops: an armed poll keeps the process alive and
// reports as long as the descriptor is readable; a stopped one does neither. Starting costs two
// epoll_ctl, so a loop that awaits again at once never stops.
//
// libuv aborts the process when a descriptor that it polls is closed under it. So it polls a copy,
// which nobody else can close.
#include <fcntl.h>
#include <napi.h>
#include <uv.h>

#include <memory>

#include "args.h"
#include "calls.h"
#include "unique_fd.h"

namespace {

struct HostPoll {
  HostPoll(napi_env environment, UniqueFd copy) : env(environment), fd(std::move(copy)) {}

  napi_env env;
  UniqueFd fd;
  uv_poll_t handle{};
  napi_ref callback = nullptr;
  napi_async_context context = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;
  bool is_armed = false;
  bool is_started = false;
};

const napi_type_tag kHostPollTag = {0x3f1c6a0d5b7e4c21, 0x9a44d1f0c2e8b763};

void Report(napi_env env, napi_status status) {
  if (status != napi_pending_exception) return;
  napi_value error;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

void OnReadable(uv_poll_t* handle, int, int) {
  auto* poll = static_cast<HostPoll*>(handle->data);
  napi_env env = poll->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  poll->is_armed = false;
  napi_value callback, receiver;
  napi_get_reference_value(env, poll->callback, &callback);
  napi_get_global(env, &receiver);
  Report(env, napi_make_callback(env, poll->context, receiver, callback, 0, nullptr, nullptr));
  napi_close_handle_scope(env, scope);
  // JavaScript may have closed the poll: its memory lives until uv_close calls back, a turn later.
  if (!poll->is_armed && poll->is_started) {
    uv_poll_stop(&poll->handle);
    poll->is_started = false;
  }
}

// uv_close calls back on a later turn, even while the environment is torn down: only then may the
// memory go and the hook be removed.
void OnClosed(uv_handle_t* handle) {
  const std::unique_ptr<HostPoll> poll(static_cast<HostPoll*>(handle->data));
  napi_remove_async_cleanup_hook(poll->hook);
}

// What Node-API keeps does not go with the environment by itself, so teardown comes here as well.
void CloseHandle(HostPoll* poll) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&poll->handle);
  if (uv_is_closing(handle)) return;
  napi_delete_reference(poll->env, poll->callback);
  napi_async_destroy(poll->env, poll->context);
  poll->is_started = false;
  uv_close(handle, OnClosed);
  const UniqueFd closed_here(std::move(poll->fd));  // libuv lets go of it in uv_close
}

void OnTeardown(napi_async_cleanup_hook_handle, void* poll) {
  CloseHandle(static_cast<HostPoll*>(poll));
}

HostPoll* Unwrap(Args& args) {
  bool is_poll = false;
  void* data = nullptr;
  napi_valuetype type = napi_undefined;
  napi_typeof(args.env(), args.Value(0), &type);
  if (type == napi_object) {
    napi_check_object_type_tag(args.env(), args.Value(0), &kHostPollTag, &is_poll);
  }
  if (!is_poll) args.WrongType(0, "poll", "what hostPollOpen answered");
  else napi_unwrap(args.env(), args.Value(0), &data);  // nothing once it is closed
  return static_cast<HostPoll*>(data);
}

napi_value HostPollOpen(napi_env env, napi_callback_info info) {
  Args args(env, info, "hostPollOpen");
  const int fd = args.Fd(0);
  napi_valuetype type = napi_undefined;
  napi_typeof(env, args.Value(1), &type);
  if (type != napi_function) args.WrongType(1, "callback", "a function");
  if (args.failed()) return nullptr;
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return args.Return(-errno);
  auto poll = std::make_unique<HostPoll>(env, std::move(copy));
  const int error = uv_poll_init(loop, &poll->handle, poll->fd.get());
  if (error != 0) return args.Return(error);
  poll->handle.data = poll.get();
  napi_value object, name;
  napi_create_object(env, &object);
  napi_create_string_utf8(env, "SOCKET_REACTOR_POLL", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, object, name, &poll->context);
  napi_create_reference(env, args.Value(1), 1, &poll->callback);
  napi_type_tag_object(env, object, &kHostPollTag);
  napi_wrap(env, object, poll.get(), nullptr, nullptr, nullptr);
  napi_add_async_cleanup_hook(env, OnTeardown, poll.get(), &poll->hook);
  poll.release();  // owned by the uv handle until OnClosed
  return object;
}

napi_value HostPollArm(napi_env env, napi_callback_info info) {
  Args args(env, info, "hostPollArm");
  HostPoll* poll = Unwrap(args);
  if (args.failed()) return nullptr;
  if (poll == nullptr) return args.Return(-EBADF);
  poll->is_armed = true;
  if (poll->is_started) return args.Return(0);
  const int error = uv_poll_start(&poll->handle, UV_READABLE, OnReadable);
  poll->is_started = error == 0;
  return args.Return(error);
}

napi_value HostPollDisarm(napi_env env, napi_callback_info info) {
  Args args(env, info, "hostPollDisarm");
  HostPoll* poll = Unwrap(args);
  if (args.failed()) return nullptr;
  if (poll != nullptr && poll->is_started) {
    uv_poll_stop(&poll->handle);
    poll->is_started = false;
  }
  return args.Return(0);
}

napi_value HostPollClose(napi_env env, napi_callback_info info) {
  Args args(env, info, "hostPollClose");
  HostPoll* poll = Unwrap(args);
  if (args.failed()) return nullptr;
  if (poll == nullptr) return args.Return(0);
  napi_remove_wrap(env, args.Value(0), nullptr);
  CloseHandle(poll);
  return args.Return(0);
}

}  // namespace

void ExportHostLoop(napi_env env, napi_value exports) {
  constexpr ExportedCall kCalls[] = {{"hostPollOpen", HostPollOpen},
                                     {"hostPollArm", HostPollArm},
                                     {"hostPollDisarm", HostPollDisarm},
                                     {"hostPollClose", HostPollClose}};
  ExportCalls(env, exports, kCalls);
}
