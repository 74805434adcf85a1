// The addon: thin wrappers of system calls, one exported function each, named as the call is.
// Integers and buffers in, a count or -errno out; no policy, no callbacks (but host_loop.cc), no
// mutable statics. `interface Kernel` in src/kernel/kernel.ts documents every function.
#include <napi.h>

#include "calls.h"
#include "environment.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment::Create(env);
  ExportConstants(env, exports);
  ExportDescriptorCalls(env, exports);
  ExportSocketCalls(env, exports);
  ExportTransferCalls(env, exports);
  ExportMessageCalls(env, exports);
  ExportBatchCalls(env, exports);
  ExportOptionCalls(env, exports);
  ExportTcpInfo(env, exports);
  ExportEpoll(env, exports);
  ExportKqueue(env, exports);
  ExportPoll(env, exports);
  ExportSelect(env, exports);
  ExportHostLoop(env, exports);
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
