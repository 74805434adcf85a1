// recvmsg and sendmsg: several buffers at once, addresses, and ancillary data.
#include <sys/socket.h>
#include <sys/uio.h>

#include "address.h"
#include "args.h"
#include "calls.h"
#include "control.h"
#include "platform.h"

namespace {

constexpr uint32_t kBuffersMax = 64;  // of one sendmsg; POSIX promises at least 16

#ifdef MSG_CMSG_CLOEXEC
constexpr int kCloseOnExec = MSG_CMSG_CLOEXEC;
#else
constexpr int kCloseOnExec = 0;
#endif

napi_value Recvmsg(napi_env env, napi_callback_info info) {
  Args args(env, info, "recvmsg");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  const int flags = args.Int(4, "flags") | kCloseOnExec;
  const Bytes sender = AddressOut(args, 5);
  const Bytes records = args.IsMissing(6) ? Bytes{} : args.View(6, "control");
  const Span<int32_t> out = args.Ints(7, "out", 2);
  if (args.failed()) return nullptr;

  SocketAddress address;
  ControlBuffer control;
  iovec vector{bytes.data, bytes.length};
  msghdr message;
  const int64_t result = RetryInterrupted([&] {
    message = {};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_name = address.get();
    message.msg_namelen = sizeof address.storage;
    // Without room for records the kernel itself refuses the descriptors and says MSG_CTRUNC.
    message.msg_control = records.length == 0 ? nullptr : control.bytes;
    message.msg_controllen = records.length == 0 ? 0 : sizeof control.bytes;
    return recvmsg(fd, &message, flags);
  });
  if (result < 0) return args.Return(result);
  address.length = message.msg_namelen;
  if (sender.data != nullptr) WriteAddress(sender.data, address);
  out.data[1] = static_cast<int32_t>(DecodeControl(env, &message, records));
  out.data[0] = message.msg_flags;
  return args.Return(result);
}

// Fills `vectors` from a JavaScript array of views.
uint32_t ReadBuffers(Args& args, size_t index, iovec* vectors) {
  uint32_t count = 0;
  bool is_array = false;
  napi_is_array(args.env(), args.Value(index), &is_array);
  if (!is_array) {
    args.WrongType(index, "buffers", "an array of Uint8Arrays");
    return 0;
  }
  napi_get_array_length(args.env(), args.Value(index), &count);
  if (count > kBuffersMax) {
    args.OutOfRange("buffers", "at most 64 buffers", count);
    return 0;
  }
  // All elements first: reading one may run a getter, which could detach a buffer seen before.
  napi_value views[kBuffersMax];
  for (uint32_t i = 0; i < count; i++) {
    if (napi_get_element(args.env(), args.Value(index), i, &views[i]) != napi_ok) {
      args.WrongType(index, "buffers", "an array of Uint8Arrays");
      return 0;
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    napi_typedarray_type type;
    void* data = nullptr;
    size_t length = 0;
    if (napi_get_typedarray_info(args.env(), views[i], &type, &length, &data, nullptr, nullptr) !=
            napi_ok ||
        type != napi_uint8_array) {
      args.WrongType(index, "buffers", "an array of Uint8Arrays");
      return 0;
    }
    vectors[i] = {data, length};
  }
  return count;
}

napi_value Sendmsg(napi_env env, napi_callback_info info) {
  Args args(env, info, "sendmsg");
  const int fd = args.Fd(0);
  iovec vectors[kBuffersMax];
  msghdr message{};
  message.msg_iov = vectors;
  if (!args.failed()) {
    message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(ReadBuffers(args, 1, vectors));
  }
  const int flags = args.Int(2, "flags") | kNoSignal;
  SocketAddress address;
  if (!args.failed() && !args.IsMissing(3)) {
    address = ReadAddress(args, 3);
    message.msg_name = address.get();
    message.msg_namelen = address.length;
  }
  const Bytes records = args.IsMissing(4) ? Bytes{} : args.View(4, "control");
  if (args.failed()) return nullptr;
  ControlBuffer control;
  if (!EncodeControl(records, &control, &message)) {
    args.Fail("ERR_OUT_OF_RANGE", "sendmsg(): a control record is malformed or they are too long");
    return nullptr;
  }
  return args.Return(RetryInterrupted([&] { return sendmsg(fd, &message, flags); }));
}

constexpr ExportedCall kCalls[] = {{"recvmsg", Recvmsg}, {"sendmsg", Sendmsg}};

}  // namespace

void ExportMessageCalls(napi_env env, napi_value exports) { ExportCalls(env, exports, kCalls); }
