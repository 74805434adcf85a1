// Moving bytes: the hot path. recv and send cost two system calls a message and no more; recv_each
// and send_each make the same system calls for many streams and cross the boundary once.
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __linux__
#include <sys/sendfile.h>
#endif

#include <algorithm>
#include <cstdio>

#include "address.h"
#include "args.h"
#include "calls.h"
#include "platform.h"

namespace {

napi_value Recv(napi_env env, napi_callback_info info) {
  Args args(env, info, "recv");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  const int flags = args.Int(4, "flags");
  if (args.failed()) return nullptr;
  return args.Return(RetryInterrupted([&] { return recv(fd, bytes.data, bytes.length, flags); }));
}

napi_value Send(napi_env env, napi_callback_info info) {
  Args args(env, info, "send");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  const int flags = args.Int(4, "flags") | kNoSignal;
  if (args.failed()) return nullptr;
  return args.Return(RetryInterrupted([&] { return send(fd, bytes.data, bytes.length, flags); }));
}

napi_value Recvfrom(napi_env env, napi_callback_info info) {
  Args args(env, info, "recvfrom");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  const int flags = args.Int(4, "flags");
  const Bytes sender = AddressOut(args, 5);
  if (args.failed()) return nullptr;
  SocketAddress address;
  const int64_t result = RetryInterrupted([&] {
    address.length = sizeof address.storage;
    return recvfrom(fd, bytes.data, bytes.length, flags, address.get(), &address.length);
  });
  if (result >= 0 && sender.data != nullptr) WriteAddress(sender.data, address);
  return args.Return(result);
}

napi_value Sendto(napi_env env, napi_callback_info info) {
  Args args(env, info, "sendto");
  const int fd = args.Fd(0);
  const Bytes bytes = args.Range(1);
  const int flags = args.Int(4, "flags") | kNoSignal;
  SocketAddress address = ReadAddress(args, 5);
  if (args.failed()) return nullptr;
  return args.Return(RetryInterrupted(
      [&] { return sendto(fd, bytes.data, bytes.length, flags, address.get(), address.length); }));
}

// Bytes of one call: within the 2^31-1 that the result may say, on every system.
constexpr int64_t kSendfileMax = 0x7ffff000;

int64_t SendFile(int out, int in, off_t offset, size_t count) {
#if defined(__linux__)
  return RetryInterrupted([&] { return sendfile(out, in, &offset, count); });
#elif defined(__APPLE__)
  off_t sent = static_cast<off_t>(count);
  const int result = sendfile(in, out, offset, &sent, nullptr, 0);
  return result < 0 && sent == 0 ? -errno : sent;
#elif defined(__FreeBSD__) || defined(__DragonFly__)
  off_t sent = 0;
  const int result = sendfile(in, out, offset, count, nullptr, &sent, 0);
  return result < 0 && sent == 0 ? -errno : sent;
#else
  (void)out, (void)in, (void)offset, (void)count;
  return -ENOSYS;
#endif
}

napi_value Sendfile(napi_env env, napi_callback_info info) {
  Args args(env, info, "sendfile");
  const int out = args.Fd(0);
  const int in = args.Fd(1);
  const int64_t offset = args.Size(2, "offset");
  const int64_t count = args.Size(3, "count");
  if (args.failed()) return nullptr;
  // On macOS and FreeBSD a count of 0 would mean "all of the file".
  if (count == 0) return args.Return(0);
  return args.Return(SendFile(out, in, static_cast<off_t>(offset),
                              static_cast<size_t>(std::min(count, kSendfileMax))));
}

// One stream of recv_each and send_each, four integers in the caller's array. A move is read once,
// into a copy, then checked, then used: received bytes or another thread may write over the array.
struct Move {
  int fd;
  int32_t offset;
  int32_t length;
};
constexpr size_t kMoveInts = 4;
constexpr size_t kMoveOffset = 1;
constexpr size_t kMoveResult = 3;
constexpr size_t kMoveAlignment = 64;  // a cache line: what two streams sent shares none

Span<int32_t> ReadMoves(Args& args, int count) {
  return args.Ints(0, "moves", static_cast<uint64_t>(count) * kMoveInts);
}

int32_t* MoveAt(const Span<int32_t>& moves, int i) {
  return moves.data + static_cast<size_t>(i) * kMoveInts;
}

Move ReadMove(const int32_t* at) { return {at[0], at[kMoveOffset], at[2]}; }

size_t AlignUp(size_t at) { return (at + kMoveAlignment - 1) / kMoveAlignment * kMoveAlignment; }

napi_value RecvEach(napi_env env, napi_callback_info info) {
  Args args(env, info, "recv_each");
  const int count = args.Count(1, "count");
  const Span<int32_t> moves = ReadMoves(args, count);
  const Bytes buffer = args.View(2, "buffer");
  const auto start = static_cast<size_t>(args.Count(3, "start"));
  const auto end = static_cast<size_t>(args.Count(4, "end"));
  if (end > buffer.length) {
    args.OutOfRange("end", "at most the buffer's length", static_cast<double>(end));
  }
  if (start > end) args.OutOfRange("start", "at most the end", static_cast<double>(start));
  if (args.failed()) return nullptr;
  int tried = 0;
  for (size_t at = start; tried < count && at < end; tried++) {
    int32_t* const ints = MoveAt(moves, tried);
    const Move move = ReadMove(ints);
    const size_t room = move.length > 0 ? std::min<size_t>(move.length, end - at) : end - at;
    const int64_t n = RetryInterrupted(
        [&] { return recv(move.fd, buffer.data + at, room, MSG_DONTWAIT); });
    ints[kMoveOffset] = static_cast<int32_t>(at);
    ints[kMoveResult] = static_cast<int32_t>(n);
    if (n > 0) at = AlignUp(at + static_cast<size_t>(n));
  }
  return args.Return(tried);
}

bool IsInside(const Move& move, const Bytes& buffer) {
  if (move.offset < 0 || move.length < 0) return false;
  const auto offset = static_cast<size_t>(move.offset);
  return offset <= buffer.length && static_cast<size_t>(move.length) <= buffer.length - offset;
}

void CheckMoves(Args& args, const Span<int32_t>& moves, int count, const Bytes& buffer) {
  for (int i = 0; i < count && !args.failed(); i++) {
    const Move move = ReadMove(MoveAt(moves, i));
    if (IsInside(move, buffer)) continue;
    const bool is_length = move.offset >= 0 && static_cast<size_t>(move.offset) <= buffer.length;
    char name[40];
    std::snprintf(name, sizeof name, "moves[%d].%s", i, is_length ? "length" : "offset");
    args.OutOfRange(name, "inside the buffer", is_length ? move.length : move.offset);
  }
}

int64_t SendMove(const Move& move, const Bytes& buffer) {
  // It was inside when all were checked: then another thread shares the array.
  if (!IsInside(move, buffer)) return -EFAULT;
  if (move.length == 0) return 0;
  const auto length = static_cast<size_t>(move.length);
  return RetryInterrupted(
      [&] { return send(move.fd, buffer.data + move.offset, length, MSG_DONTWAIT | kNoSignal); });
}

napi_value SendEach(napi_env env, napi_callback_info info) {
  Args args(env, info, "send_each");
  const int count = args.Count(1, "count");
  const Span<int32_t> moves = ReadMoves(args, count);
  const Bytes buffer = args.View(2, "buffer");
  if (!args.failed()) CheckMoves(args, moves, count, buffer);
  if (args.failed()) return nullptr;
  for (int i = 0; i < count; i++) {
    int32_t* const ints = MoveAt(moves, i);
    ints[kMoveResult] = static_cast<int32_t>(SendMove(ReadMove(ints), buffer));
  }
  return args.Return(count);
}

constexpr ExportedCall kCalls[] = {
    {"recv", Recv},         {"send", Send},          {"recvfrom", Recvfrom},  {"sendto", Sendto},
    {"sendfile", Sendfile}, {"recv_each", RecvEach}, {"send_each", SendEach},
};

}  // namespace

void ExportTransferCalls(napi_env env, napi_value exports) { ExportCalls(env, exports, kCalls); }
