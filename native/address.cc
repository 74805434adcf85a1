#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "little_endian.h"

namespace {

constexpr size_t kFamily = 0, kPort = 2, kScope = 4, kLength = 8, kData = 12;

int ParseIPv4(const uint8_t* record, SocketAddress* out) {
  auto* in = reinterpret_cast<sockaddr_in*>(&out->storage);
  in->sin_family = AF_INET;
  in->sin_port = htons(static_cast<uint16_t>(Get16(record + kPort)));
  std::memcpy(&in->sin_addr, record + kData, 4);
  out->length = sizeof *in;
  return Get32(record + kLength) == 4 ? 0 : -EINVAL;
}

int ParseIPv6(const uint8_t* record, SocketAddress* out) {
  auto* in6 = reinterpret_cast<sockaddr_in6*>(&out->storage);
  in6->sin6_family = AF_INET6;
  in6->sin6_port = htons(static_cast<uint16_t>(Get16(record + kPort)));
  in6->sin6_scope_id = Get32(record + kScope);
  std::memcpy(&in6->sin6_addr, record + kData, 16);
  out->length = sizeof *in6;
  return Get32(record + kLength) == 16 ? 0 : -EINVAL;
}

int ParseUnix(const uint8_t* record, SocketAddress* out) {
  auto* un = reinterpret_cast<sockaddr_un*>(&out->storage);
  const size_t length = Get32(record + kLength);
  const bool is_abstract = length > 0 && record[kData] == 0;
  // A path is kept NUL-terminated; an abstract name is exactly its bytes.
  if (length + (is_abstract ? 0 : 1) > sizeof un->sun_path) return -ENAMETOOLONG;
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, record + kData, length);
  out->length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length +
                                       (is_abstract || length == 0 ? 0 : 1));
  return 0;
}

size_t UnixPathLength(const SocketAddress& address) {
  const auto* un = reinterpret_cast<const sockaddr_un*>(&address.storage);
  if (address.length <= offsetof(sockaddr_un, sun_path)) return 0;
  const size_t length = std::min<size_t>(address.length - offsetof(sockaddr_un, sun_path),
                                         kAddressPathBytes);
  return un->sun_path[0] == 0 ? length : strnlen(un->sun_path, length);
}

}  // namespace

int ParseAddress(const uint8_t* record, SocketAddress* out) {
  std::memset(&out->storage, 0, sizeof out->storage);
  if (Get32(record + kLength) > kAddressPathBytes) return -EINVAL;
  switch (Get16(record + kFamily)) {
    case AF_INET:
      return ParseIPv4(record, out);
    case AF_INET6:
      return ParseIPv6(record, out);
    case AF_UNIX:
      return ParseUnix(record, out);
    case AF_UNSPEC:  // connect(2) to it dissolves a datagram socket's association.
      out->length = sizeof(sockaddr);
      return 0;
    default:
      return -EAFNOSUPPORT;
  }
}

SocketAddress ReadAddress(Args& args, size_t index) {
  SocketAddress address;
  const Bytes record = args.View(index, "address");
  if (args.failed()) return address;
  if (record.length < kAddressBytes) {
    args.OutOfRange("address", "a record of 120 bytes", static_cast<double>(record.length));
    return address;
  }
  const int error = ParseAddress(record.data, &address);
  if (error == -ENAMETOOLONG) {
    args.Fail("ERR_OUT_OF_RANGE", "The unix path is longer than this system's sun_path");
  } else if (error != 0) {
    args.Fail("ERR_OUT_OF_RANGE", "The address record has an unknown family or a wrong length");
  }
  return address;
}

Bytes AddressOut(Args& args, size_t index) {
  if (args.failed() || args.IsMissing(index)) return {};
  const Bytes record = args.View(index, "address");
  if (!args.failed() && record.length < kAddressBytes) {
    args.OutOfRange("address", "a record of 120 bytes", static_cast<double>(record.length));
  }
  return args.failed() ? Bytes{} : record;
}

void WriteAddress(uint8_t* record, const SocketAddress& address) {
  std::memset(record, 0, kAddressBytes);
  if (address.length < sizeof address.storage.ss_family) return;  // an unnamed sender
  Put16(record + kFamily, address.storage.ss_family);
  if (address.storage.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address.storage);
    Put16(record + kPort, ntohs(in->sin_port));
    Put32(record + kLength, 4);
    std::memcpy(record + kData, &in->sin_addr, 4);
  } else if (address.storage.ss_family == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    Put16(record + kPort, ntohs(in6->sin6_port));
    Put32(record + kScope, in6->sin6_scope_id);
    Put32(record + kLength, 16);
    std::memcpy(record + kData, &in6->sin6_addr, 16);
  } else if (address.storage.ss_family == AF_UNIX) {
    const auto* un = reinterpret_cast<const sockaddr_un*>(&address.storage);
    const size_t length = UnixPathLength(address);
    Put32(record + kLength, static_cast<uint32_t>(length));
    std::memcpy(record + kData, un->sun_path, length);
  }
}
