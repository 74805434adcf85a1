// HostAttachment: what a reactor needs to live in Node's loop. One callback, entered for three
// reasons: the watched kernel queue is readable, the dirty word is set, the timer is due.
//
// An iteration of libuv's loop: idle, prepare, poll (sleeps here), check (setImmediate), closing,
// timers. Hence the handles:
//   poll     on a copy of the kernel queue, started for as long as it is watched.
//   prepare  looks at the dirty word last thing before the sleep; enters JavaScript only if it is
//            set. Never keeps the process alive.
//   timer    one-shot, for delays that are not 0.
//   idle     while it is started the poll does not sleep. It is started for work that is left to
//            the next iteration: a delay of 0, and a dirty word that is still set after the turn.
//            A uv_timer of 0 would not do: set again by its own callback it runs again at once,
//            for ever (libuv before 1.47), and nothing else gets a turn.
//
// The dirty word is shared memory, which JavaScript cannot detach, so its address holds as long as
// the reference to the array does.
#include <algorithm>
#include <cmath>
#include <memory>

#include "environment.h"
#include "host_loop.h"

namespace {

// As in src/kernel/host-loop.ts.
enum TurnReason : int32_t { kReadable = 0, kDirty = 1, kTimer = 2 };

// libuv cannot move a uv_poll to another descriptor: each has one of its own.
struct Watch {
  Watch(HostAttachment* attachment, UniqueFd copy) : owner(attachment), fd(std::move(copy)) {}

  HostAttachment* owner;
  UniqueFd fd;
  uv_poll_t handle{};
};

}  // namespace

struct HostAttachment {
  HostAttachment(napi_env environment, napi_value on_turn)
      : env(environment), callback(environment, on_turn, "SOCKET_REACTOR") {}

  napi_env env;
  HostCallback callback;
  napi_ref dirty_array = nullptr;
  const int32_t* dirty = nullptr;
  uv_prepare_t prepare{};
  uv_idle_t idle{};
  uv_timer_t timer{};
  Watch* watch = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;
  int open_handles = 0;     // whose close callback has not come yet, replaced watches too
  bool is_ref = true;
  bool is_due = false;      // a delay of 0 waits for the next iteration
  bool is_closed = false;
};

namespace {

constexpr napi_type_tag kTag = {0x6e0b3d9a41c75f28, 0xb1529c07e4d8a36f};

constexpr double kDelayMsMax = 1e12;  // 31 years; as nanoseconds it fits, with the clock added
constexpr uint64_t kNsPerMs = 1000000;

HostAttachment* OwnerOf(void* data) { return static_cast<HostAttachment*>(data); }

// Another thread may hold the array too.
bool IsDirty(const HostAttachment* attachment) {
  return __atomic_load_n(attachment->dirty, __ATOMIC_RELAXED) != 0;
}

void SetRef(uv_handle_t* handle, bool is_ref) { is_ref ? uv_ref(handle) : uv_unref(handle); }

// An attachment that was closed by its callback is still there: uv_close calls back a turn later.
void Turn(HostAttachment* attachment, TurnReason reason) { attachment->callback.Call(reason); }

void OnReadable(uv_poll_t* handle, int status, int);

int StartPoll(uv_poll_t* handle) { return uv_poll_start(handle, UV_READABLE, OnReadable); }

void OnReadable(uv_poll_t* handle, int status, int) {
  // POLLERR, which no kernel queue reports: libuv has stopped the poll.
  if (status < 0) StartPoll(handle);
  Turn(static_cast<Watch*>(handle->data)->owner, kReadable);
}

void OnTimer(uv_timer_t* handle) { Turn(OwnerOf(handle->data), kTimer); }

void SetDue(HostAttachment* attachment, bool is_due);

void OnIdle(uv_idle_t* handle) {
  HostAttachment* attachment = OwnerOf(handle->data);
  uv_idle_stop(handle);
  if (!attachment->is_due) return;
  SetDue(attachment, false);
  Turn(attachment, kTimer);
}

// Only what is due keeps the process alive; a dirty word does not.
void SetDue(HostAttachment* attachment, bool is_due) {
  attachment->is_due = is_due;
  SetRef(AsHandle(attachment->idle), is_due && attachment->is_ref);
  if (is_due) uv_idle_start(&attachment->idle, OnIdle);
}

void OnPrepare(uv_prepare_t* handle) {
  HostAttachment* attachment = OwnerOf(handle->data);
  if (!IsDirty(attachment)) {
    // libuv computes the sleep from the time at which this iteration began. Callbacks that ran
    // since, as Node's timers, would be slept on top of what is left.
    if (uv_is_active(AsHandle(attachment->timer))) uv_update_time(handle->loop);
    return;
  }
  Turn(attachment, kDirty);
  uv_update_time(handle->loop);
  // Some may be dirty now whose prepare came before this one.
  for (HostAttachment* each : Environment::Of(attachment->env).attachments) {
    if (IsDirty(each)) uv_idle_start(&each->idle, OnIdle);
  }
}

void OnHandleClosed(HostAttachment* attachment) {
  attachment->open_handles -= 1;
  if (attachment->open_handles > 0) return;
  std::unique_ptr<HostAttachment> owned(attachment);
  const napi_async_cleanup_hook_handle hook = owned->hook;
  napi_delete_reference(owned->env, owned->dirty_array);
  owned.reset();  // it still needs the environment, which waits for the hook alone
  napi_remove_async_cleanup_hook(hook);
}

void StopWatching(HostAttachment* attachment) {
  if (attachment->watch == nullptr) return;
  const auto on_closed = [](uv_handle_t* handle) {
    const std::unique_ptr<Watch> watch(static_cast<Watch*>(handle->data));
    OnHandleClosed(watch->owner);
  };
  uv_close(AsHandle(attachment->watch->handle), on_closed);
  const UniqueFd closed_here(std::move(attachment->watch->fd));  // libuv let go of it in uv_close
  attachment->watch = nullptr;
}

void CloseHandles(HostAttachment* attachment) {
  if (attachment->is_closed) return;
  attachment->is_closed = true;
  auto& open = Environment::Of(attachment->env).attachments;
  open.erase(std::find(open.begin(), open.end(), attachment));
  StopWatching(attachment);
  const auto on_closed = [](uv_handle_t* handle) { OnHandleClosed(OwnerOf(handle->data)); };
  uv_close(AsHandle(attachment->prepare), on_closed);
  uv_close(AsHandle(attachment->idle), on_closed);
  uv_close(AsHandle(attachment->timer), on_closed);
}

void OnTeardown(napi_async_cleanup_hook_handle, void* attachment) {
  CloseHandles(OwnerOf(attachment));
}

// The word of an Int32Array on shared memory, which can be neither detached nor shrunk.
const int32_t* SharedWord(Args& args, size_t index) {
  const Span<int32_t> words = args.Ints(index, "dirty", 1);
  if (args.failed()) return nullptr;
  napi_value buffer;
  bool is_detachable = true;
  napi_get_typedarray_info(args.env(), args.Value(index), nullptr, nullptr, nullptr, &buffer,
                           nullptr);
  napi_is_arraybuffer(args.env(), buffer, &is_detachable);
  if (is_detachable) args.WrongType(index, "dirty", "an Int32Array on a SharedArrayBuffer");
  return words.data;
}

HostAttachment* Unwrap(Args& args) {
  return OwnerOf(UnwrapTagged(args, kTag, "attachment", "what attachmentOpen answered"));
}

napi_value AttachmentOpen(napi_env env, napi_callback_info info) {
  Args args(env, info, "attachmentOpen");
  const int32_t* dirty = SharedWord(args, 0);
  ExpectFunction(args, 1, "onTurn");
  if (args.failed()) return nullptr;
  auto attachment = std::make_unique<HostAttachment>(env, args.Value(1));
  attachment->dirty = dirty;
  napi_create_reference(env, args.Value(0), 1, &attachment->dirty_array);
  uv_loop_t* loop = LoopOf(env);
  uv_prepare_init(loop, &attachment->prepare);
  uv_idle_init(loop, &attachment->idle);
  uv_timer_init(loop, &attachment->timer);
  attachment->open_handles = 3;
  attachment->prepare.data = attachment->idle.data = attachment->timer.data = attachment.get();
  uv_unref(AsHandle(attachment->prepare));
  uv_unref(AsHandle(attachment->idle));
  uv_prepare_start(&attachment->prepare, OnPrepare);
  Environment::Of(env).attachments.push_back(attachment.get());
  napi_add_async_cleanup_hook(env, OnTeardown, attachment.get(), &attachment->hook);
  return WrapTagged(env, kTag, attachment.release());  // owned by its handles until they closed
}

napi_value AttachmentWatch(napi_env env, napi_callback_info info) {
  Args args(env, info, "attachmentWatch");
  HostAttachment* attachment = Unwrap(args);
  const int fd = args.Fd(1);
  if (args.failed()) return nullptr;
  if (attachment == nullptr) return args.Return(-EBADF);
  UniqueFd copy = CopyFd(fd);
  if (!copy.valid()) return args.Return(-errno);
  auto watch = std::make_unique<Watch>(attachment, std::move(copy));
  const int error = uv_poll_init(LoopOf(env), &watch->handle, watch->fd.get());
  if (error != 0) return args.Return(error);  // what was watched still is
  watch->handle.data = watch.get();
  SetRef(AsHandle(watch->handle), attachment->is_ref);
  StopWatching(attachment);
  attachment->open_handles += 1;
  attachment->watch = watch.release();  // owned by the uv handle until it is closed
  return args.Return(StartPoll(&attachment->watch->handle));
}

napi_value AttachmentUnwatch(napi_env env, napi_callback_info info) {
  Args args(env, info, "attachmentUnwatch");
  HostAttachment* attachment = Unwrap(args);
  if (args.failed()) return nullptr;
  if (attachment != nullptr) StopWatching(attachment);
  return args.Return(0);
}

// The loop's time counts whole milliseconds of the clock that uv_hrtime reads, and runs behind it.
// So the deadline is rounded up on that clock, and given relative to the loop's time, however old.
uint64_t TimeoutMs(const uv_loop_t* loop, double delay_ms) {
  const double delay_ns = std::ceil(std::min(delay_ms, kDelayMsMax) * static_cast<double>(kNsPerMs));
  const uint64_t due_ns = uv_hrtime() + static_cast<uint64_t>(delay_ns);
  const uint64_t due_ms = (due_ns + kNsPerMs - 1) / kNsPerMs;
  // Never 0: it could be due again in the pass over the timers that set it.
  return std::max(due_ms, uv_now(loop) + 1) - uv_now(loop);
}

napi_value AttachmentSetTimer(napi_env env, napi_callback_info info) {
  Args args(env, info, "attachmentSetTimer");
  HostAttachment* attachment = Unwrap(args);
  const double delay_ms = args.Number(1, "delayMs");
  if (delay_ms < 0 || std::isinf(delay_ms)) {
    args.OutOfRange("delayMs", "a finite number of at least 0", delay_ms);
  }
  if (args.failed()) return nullptr;
  if (attachment == nullptr) return args.Return(-EBADF);
  SetDue(attachment, delay_ms == 0);
  if (delay_ms == 0) return args.Return(uv_timer_stop(&attachment->timer));
  const uint64_t timeout_ms = TimeoutMs(attachment->timer.loop, delay_ms);
  return args.Return(uv_timer_start(&attachment->timer, OnTimer, timeout_ms, 0));
}

napi_value AttachmentClearTimer(napi_env env, napi_callback_info info) {
  Args args(env, info, "attachmentClearTimer");
  HostAttachment* attachment = Unwrap(args);
  if (args.failed()) return nullptr;
  if (attachment == nullptr) return args.Return(0);
  SetDue(attachment, false);
  return args.Return(uv_timer_stop(&attachment->timer));
}

napi_value AttachmentSetRef(napi_env env, napi_callback_info info) {
  Args args(env, info, "attachmentSetRef");
  HostAttachment* attachment = Unwrap(args);
  const bool is_ref = args.Boolean(1, "isRef");
  if (args.failed()) return nullptr;
  if (attachment == nullptr) return args.Return(0);
  attachment->is_ref = is_ref;
  SetRef(AsHandle(attachment->timer), is_ref);
  SetRef(AsHandle(attachment->idle), is_ref && attachment->is_due);
  if (attachment->watch != nullptr) SetRef(AsHandle(attachment->watch->handle), is_ref);
  return args.Return(0);
}

napi_value AttachmentClose(napi_env env, napi_callback_info info) {
  Args args(env, info, "attachmentClose");
  HostAttachment* attachment = Unwrap(args);
  if (args.failed()) return nullptr;
  if (attachment == nullptr) return args.Return(0);
  napi_remove_wrap(env, args.Value(0), nullptr);
  CloseHandles(attachment);
  return args.Return(0);
}

}  // namespace

void ExportHostAttachment(napi_env env, napi_value host_loop) {
  constexpr ExportedCall kCalls[] = {
      {"attachmentOpen", AttachmentOpen},         {"attachmentWatch", AttachmentWatch},
      {"attachmentUnwatch", AttachmentUnwatch},   {"attachmentSetTimer", AttachmentSetTimer},
      {"attachmentClearTimer", AttachmentClearTimer},
      {"attachmentSetRef", AttachmentSetRef},     {"attachmentClose", AttachmentClose}};
  ExportCalls(env, host_loop, kCalls);
}
