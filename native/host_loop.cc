// What host_poll.cc and host_attachment.cc share, and the only call into JavaScript of this addon.
#include "host_loop.h"

#include <fcntl.h>

#include "calls.h"

namespace {

class HandleScope {
 public:
  explicit HandleScope(napi_env env) : env_(env) { napi_open_handle_scope(env, &scope_); }
  ~HandleScope() {
    if (scope_ != nullptr) napi_close_handle_scope(env_, scope_);
  }
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

  bool is_open() const { return scope_ != nullptr; }

 private:
  napi_env env_;
  napi_handle_scope scope_ = nullptr;
};

}  // namespace

HostCallback::HostCallback(napi_env env, napi_value function, const char* name) : env_(env) {
  napi_value resource_name;
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource_name);
  napi_async_init(env, nullptr, resource_name, &context_);
  napi_create_reference(env, function, 1, &function_);
}

HostCallback::~HostCallback() {
  napi_delete_reference(env_, function_);
  napi_async_destroy(env_, context_);
}

// In an environment that is terminated or torn down every step here is refused, and nothing
// happens: handles still report until they are closed.
void HostCallback::Call(std::optional<int32_t> argument) const {
  const HandleScope scope(env_);
  if (!scope.is_open()) return;
  napi_value function, receiver, value, error;
  napi_get_reference_value(env_, function_, &function);
  napi_get_global(env_, &receiver);
  if (argument) napi_create_int32(env_, *argument, &value);
  const napi_status status = napi_make_callback(env_, context_, receiver, function,
                                                argument ? 1 : 0, &value, nullptr);
  if (status == napi_pending_exception &&
      napi_get_and_clear_last_exception(env_, &error) == napi_ok) {
    napi_fatal_exception(env_, error);
  }
}

void* UnwrapTagged(Args& args, const napi_type_tag& tag, const char* name, const char* wanted) {
  bool is_tagged = false;
  void* data = nullptr;
  napi_valuetype type = napi_undefined;
  napi_typeof(args.env(), args.Value(0), &type);
  if (type == napi_object) {
    napi_check_object_type_tag(args.env(), args.Value(0), &tag, &is_tagged);
  }
  if (!is_tagged) args.WrongType(0, name, wanted);
  else napi_unwrap(args.env(), args.Value(0), &data);  // nothing once it is closed
  return data;
}

napi_value WrapTagged(napi_env env, const napi_type_tag& tag, void* data) {
  napi_value object;
  napi_create_object(env, &object);
  napi_type_tag_object(env, object, &tag);
  napi_wrap(env, object, data, nullptr, nullptr, nullptr);
  return object;
}

void ExpectFunction(Args& args, size_t index, const char* name) {
  napi_valuetype type = napi_undefined;
  napi_typeof(args.env(), args.Value(index), &type);
  if (type != napi_function) args.WrongType(index, name, "a function");
}

UniqueFd CopyFd(int fd) { return UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

uv_loop_t* LoopOf(napi_env env) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  return loop;
}

void ExportHostLoop(napi_env env, napi_value exports) {
  napi_value host_loop;
  napi_create_object(env, &host_loop);
  ExportHostPoll(env, host_loop);
  ExportHostAttachment(env, host_loop);
  napi_set_named_property(env, exports, "hostLoop", host_loop);
}
