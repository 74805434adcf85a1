// Node's own loop: host_poll.cc waits for one descriptor once, host_attachment.cc lets a reactor
// live in the loop, and host_loop.cc holds the one call into JavaScript that both make. Only the
// files named host_* include uv.h.
//
// libuv aborts the process when a descriptor that it polls is closed under it. So both poll a copy,
// which nobody else can close.
//
// The memory of a handle may go only when uv_close has called back, on a later turn, also while the
// environment is torn down. Until then an async cleanup hook keeps the environment waiting.
#pragma once

#include <napi.h>
#include <uv.h>

#include <optional>

#include "args.h"
#include "unique_fd.h"

// What a call into JavaScript needs. The napi_async_context makes it a turn of its own: promises
// and process.nextTick run before Call returns. What it throws is an uncaught exception.
class HostCallback {
 public:
  HostCallback(napi_env env, napi_value function, const char* name);
  // Gives back what Node-API keeps: it does not go with the environment by itself.
  ~HostCallback();
  HostCallback(const HostCallback&) = delete;
  HostCallback& operator=(const HostCallback&) = delete;

  // With one number as its argument, or with none.
  void Call(std::optional<int32_t> argument = {}) const;

 private:
  napi_env env_;
  napi_ref function_ = nullptr;
  napi_async_context context_ = nullptr;
};

// The native half of an object: nullptr if it is closed, a TypeError if it is not of that kind.
void* UnwrapTagged(Args& args, const napi_type_tag& tag, const char* name, const char* wanted);

// An object around `data`, which it neither owns nor keeps.
napi_value WrapTagged(napi_env env, const napi_type_tag& tag, void* data);

// Fails unless the argument is a function.
void ExpectFunction(Args& args, size_t index, const char* name);

// A copy of the descriptor, or one that is not valid, and errno.
UniqueFd CopyFd(int fd);

uv_loop_t* LoopOf(napi_env env);

template <typename Handle>
uv_handle_t* AsHandle(Handle& handle) {
  return reinterpret_cast<uv_handle_t*>(&handle);
}

void ExportHostPoll(napi_env env, napi_value host_loop);
void ExportHostAttachment(napi_env env, napi_value host_loop);
