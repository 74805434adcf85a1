// recvmmsg and sendmmsg: many datagrams for one system call. Message i lies in the caller's
// buffer at i * slotBytes, its length in lengths[i], its address in record i.
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>

#include "address.h"
#include "args.h"
#include "calls.h"
#include "platform.h"

namespace {

constexpr int kBatchMax = 64;  // datagrams of one call: about 14 KiB of stack

#ifdef __linux__
using MessageHeader = mmsghdr;
#else
struct MessageHeader {
  msghdr msg_hdr;
  unsigned msg_len;
};
#endif

struct Batch {
  MessageHeader headers[kBatchMax];
  iovec vectors[kBatchMax];
  SocketAddress addresses[kBatchMax];
};

struct BatchArgs {
  int fd;
  Bytes buffer;
  size_t slot_bytes;
  int count;
  int flags;
  Span<int32_t> lengths;
  Bytes addresses;
};

BatchArgs ReadBatchArgs(Args& args) {
  BatchArgs batch;
  batch.fd = args.Fd(0);
  batch.buffer = args.View(1, "buffer");
  batch.slot_bytes = static_cast<size_t>(args.Count(2, "slotBytes"));
  batch.count = args.Count(3, "count");
  batch.flags = args.Int(4, "flags");
  if (batch.count > kBatchMax) args.OutOfRange("count", "at most 64", batch.count);
  const size_t count = static_cast<size_t>(batch.count);
  batch.lengths = args.Ints(5, "lengths", count);
  batch.addresses = args.failed() || args.IsMissing(6) ? Bytes{} : args.View(6, "addresses");
  if (!args.failed() && uint64_t{batch.slot_bytes} * count > batch.buffer.length) {
    args.OutOfRange("buffer", "at least count * slotBytes long",
                    static_cast<double>(batch.buffer.length));
  }
  if (!args.failed() && batch.addresses.data != nullptr &&
      batch.addresses.length < count * kAddressBytes) {
    args.OutOfRange("addresses", "at least count records long",
                    static_cast<double>(batch.addresses.length));
  }
  return batch;
}

void Prepare(Batch& batch, const BatchArgs& from, int i, size_t length) {
  batch.vectors[i] = {from.buffer.data + static_cast<size_t>(i) * from.slot_bytes, length};
  batch.headers[i] = {};
  batch.headers[i].msg_hdr.msg_iov = &batch.vectors[i];
  batch.headers[i].msg_hdr.msg_iovlen = 1;
}

#ifdef __linux__

int ReceiveMany(int fd, MessageHeader* headers, int count, int flags) {
  // Only the first message may be waited for, and only on a blocking socket.
  return recvmmsg(fd, headers, static_cast<unsigned>(count), flags | MSG_WAITFORONE, nullptr);
}

int SendMany(int fd, MessageHeader* headers, int count, int flags) {
  return sendmmsg(fd, headers, static_cast<unsigned>(count), flags);
}

#else

// The count moved before the first failure, or that failure: what recvmmsg answers.
template <typename One>
int Each(MessageHeader* headers, int count, One one) {
  for (int i = 0; i < count; i++) {
    const ssize_t n = one(&headers[i].msg_hdr, i);
    if (n < 0) return i > 0 ? i : -1;
    headers[i].msg_len = static_cast<unsigned>(n);
  }
  return count;
}

int ReceiveMany(int fd, MessageHeader* headers, int count, int flags) {
  return Each(headers, count, [&](msghdr* message, int i) {
    return recvmsg(fd, message, i > 0 ? flags | MSG_DONTWAIT : flags);
  });
}

int SendMany(int fd, MessageHeader* headers, int count, int flags) {
  return Each(headers, count, [&](msghdr* message, int) { return sendmsg(fd, message, flags); });
}

#endif

napi_value Recvmmsg(napi_env env, napi_callback_info info) {
  Args args(env, info, "recvmmsg");
  const BatchArgs from = ReadBatchArgs(args);
  if (args.failed()) return nullptr;
  Batch batch;
  for (int i = 0; i < from.count; i++) {
    Prepare(batch, from, i, from.slot_bytes);
    batch.headers[i].msg_hdr.msg_name = batch.addresses[i].get();
    batch.headers[i].msg_hdr.msg_namelen = sizeof batch.addresses[i].storage;
  }
  const int64_t received = RetryInterrupted(
      [&] { return ReceiveMany(from.fd, batch.headers, from.count, from.flags); });
  for (int i = 0; i < received; i++) {
    from.lengths.data[i] = static_cast<int32_t>(batch.headers[i].msg_len);
    batch.addresses[i].length = batch.headers[i].msg_hdr.msg_namelen;
    if (from.addresses.data != nullptr) {
      WriteAddress(from.addresses.data + static_cast<size_t>(i) * kAddressBytes,
                   batch.addresses[i]);
    }
  }
  return args.Return(received);
}

napi_value Sendmmsg(napi_env env, napi_callback_info info) {
  Args args(env, info, "sendmmsg");
  const BatchArgs from = ReadBatchArgs(args);
  if (args.failed()) return nullptr;
  Batch batch;
  for (int i = 0; i < from.count; i++) {
    const int32_t length = from.lengths.data[i];
    if (length < 0 || static_cast<size_t>(length) > from.slot_bytes) {
      args.OutOfRange("lengths", "from 0 to slotBytes each", length);
      return nullptr;
    }
    Prepare(batch, from, i, static_cast<size_t>(length));
    if (from.addresses.data == nullptr) continue;
    const uint8_t* record = from.addresses.data + static_cast<size_t>(i) * kAddressBytes;
    if (ParseAddress(record, &batch.addresses[i]) != 0) {
      args.OutOfRange("addresses", "well-formed records", i);
      return nullptr;
    }
    batch.headers[i].msg_hdr.msg_name = batch.addresses[i].get();
    batch.headers[i].msg_hdr.msg_namelen = batch.addresses[i].length;
  }
  return args.Return(RetryInterrupted(
      [&] { return SendMany(from.fd, batch.headers, from.count, from.flags | kNoSignal); }));
}

constexpr ExportedCall kCalls[] = {{"recvmmsg", Recvmmsg}, {"sendmmsg", Sendmmsg}};

}  // namespace

void ExportBatchCalls(napi_env env, napi_value exports) { ExportCalls(env, exports, kCalls); }
