#define __APPLE_USE_RFC_3542  // macOS hides IPV6_PKTINFO without it
#include "control.h"

#include <fcntl.h>
#include <netinet/in.h>

#include <cstring>

#include "environment.h"
#include "little_endian.h"

namespace {

constexpr size_t kHeader = 12;

struct Record {
  int level;
  int type;
  uint8_t* bytes;
  size_t length;
};

size_t Padded(size_t length) { return (length + 3) & ~size_t{3}; }

bool Is(const Record& record, int level, int type) {
  return record.level == level && record.type == type;
}

// The kernel's bytes for a record, at `out`; how many, or -1 if the record has a wrong length.
int ToKernel(const Record& record, uint8_t* out, size_t room) {
  if (Is(record, SOL_SOCKET, SCM_RIGHTS)) {
    if (record.length % 4 != 0 || record.length > room) return -1;
    for (size_t i = 0; i < record.length; i += 4) {
      const int fd = static_cast<int>(Get32(record.bytes + i));
      std::memcpy(out + i, &fd, sizeof fd);
    }
    return static_cast<int>(record.length);
  }
#ifdef SCM_CREDENTIALS
  if (Is(record, SOL_SOCKET, SCM_CREDENTIALS)) {
    if (record.length != 12 || room < sizeof(ucred)) return -1;
    ucred credentials;
    credentials.pid = static_cast<pid_t>(Get32(record.bytes));
    credentials.uid = Get32(record.bytes + 4);
    credentials.gid = Get32(record.bytes + 8);
    std::memcpy(out, &credentials, sizeof credentials);
    return sizeof credentials;
  }
#endif
#ifdef IP_PKTINFO
  if (Is(record, IPPROTO_IP, IP_PKTINFO)) {
    if (record.length != 12 || room < sizeof(in_pktinfo)) return -1;
    in_pktinfo packet{};
    packet.ipi_ifindex = static_cast<decltype(packet.ipi_ifindex)>(Get32(record.bytes));
    std::memcpy(&packet.ipi_spec_dst, record.bytes + 4, 4);
    std::memcpy(&packet.ipi_addr, record.bytes + 8, 4);
    std::memcpy(out, &packet, sizeof packet);
    return sizeof packet;
  }
#endif
#ifdef IPV6_PKTINFO
  if (Is(record, IPPROTO_IPV6, IPV6_PKTINFO)) {
    if (record.length != 20 || room < sizeof(in6_pktinfo)) return -1;
    in6_pktinfo packet{};
    packet.ipi6_ifindex = static_cast<decltype(packet.ipi6_ifindex)>(Get32(record.bytes));
    std::memcpy(&packet.ipi6_addr, record.bytes + 4, 16);
    std::memcpy(out, &packet, sizeof packet);
    return sizeof packet;
  }
#endif
  if (record.length > room) return -1;
  std::memcpy(out, record.bytes, record.length);
  return static_cast<int>(record.length);
}

// The record's bytes for what the kernel sent, at `out`; -1 if they do not fit, or if the kernel
// had to cut them off itself.
int FromKernel(napi_env env, const Record& found, uint8_t* out, size_t room) {
  if (Is(found, SOL_SOCKET, SCM_RIGHTS)) {
    if (found.length > room) return -1;
    for (size_t i = 0; i + sizeof(int) <= found.length; i += sizeof(int)) {
      int fd;
      std::memcpy(&fd, found.bytes + i, sizeof fd);
      fcntl(fd, F_SETFD, FD_CLOEXEC);
      Put32(out + i, static_cast<uint32_t>(Environment::Of(env).Own(UniqueFd(fd))));
    }
    return static_cast<int>(found.length);
  }
#ifdef SCM_CREDENTIALS
  if (Is(found, SOL_SOCKET, SCM_CREDENTIALS)) {
    if (room < 12 || found.length < sizeof(ucred)) return -1;
    ucred credentials;
    std::memcpy(&credentials, found.bytes, sizeof credentials);
    Put32(out, static_cast<uint32_t>(credentials.pid));
    Put32(out + 4, credentials.uid);
    Put32(out + 8, credentials.gid);
    return 12;
  }
#endif
#ifdef IP_PKTINFO
  if (Is(found, IPPROTO_IP, IP_PKTINFO)) {
    if (room < 12 || found.length < sizeof(in_pktinfo)) return -1;
    in_pktinfo packet;
    std::memcpy(&packet, found.bytes, sizeof packet);
    Put32(out, static_cast<uint32_t>(packet.ipi_ifindex));
    std::memcpy(out + 4, &packet.ipi_spec_dst, 4);
    std::memcpy(out + 8, &packet.ipi_addr, 4);
    return 12;
  }
#endif
#ifdef IPV6_PKTINFO
  if (Is(found, IPPROTO_IPV6, IPV6_PKTINFO)) {
    if (room < 20 || found.length < sizeof(in6_pktinfo)) return -1;
    in6_pktinfo packet;
    std::memcpy(&packet, found.bytes, sizeof packet);
    Put32(out, static_cast<uint32_t>(packet.ipi6_ifindex));
    std::memcpy(out + 4, &packet.ipi6_addr, 16);
    return 20;
  }
#endif
  if (found.length > room) return -1;
  std::memcpy(out, found.bytes, found.length);
  return static_cast<int>(found.length);
}

void CloseDescriptors(const Record& rights) {
  for (size_t i = 0; i + sizeof(int) <= rights.length; i += sizeof(int)) {
    int fd;
    std::memcpy(&fd, rights.bytes + i, sizeof fd);
    UniqueFd closed_at_once(fd);
  }
}

}  // namespace

bool EncodeControl(Bytes records, ControlBuffer* buffer, msghdr* message) {
  std::memset(buffer->bytes, 0, sizeof buffer->bytes);
  size_t used = 0;
  for (size_t at = 0; at < records.length;) {
    if (records.length - at < kHeader) return false;
    const uint8_t* head = records.data + at;
    Record record{static_cast<int>(Get32(head)), static_cast<int>(Get32(head + 4)),
                  records.data + at + kHeader, Get32(head + 8)};
    if (record.length > records.length - at - kHeader) return false;
    if (used + CMSG_SPACE(0) > kControlBytes) return false;
    // CMSG_NXTHDR needs the next header's length, so the place is computed here instead.
    cmsghdr* header = reinterpret_cast<cmsghdr*>(buffer->bytes + used);
    const int length = ToKernel(record, CMSG_DATA(header), kControlBytes - used - CMSG_SPACE(0));
    if (length < 0) return false;
    header->cmsg_level = record.level;
    header->cmsg_type = record.type;
    header->cmsg_len = CMSG_LEN(static_cast<size_t>(length));
    used += CMSG_SPACE(static_cast<size_t>(length));
    if (used > kControlBytes) return false;
    at += kHeader + Padded(record.length);
  }
  message->msg_control = used == 0 ? nullptr : buffer->bytes;
  message->msg_controllen = static_cast<decltype(message->msg_controllen)>(used);
  return true;
}

size_t DecodeControl(napi_env env, msghdr* message, Bytes records) {
  size_t used = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr;
       header = CMSG_NXTHDR(message, header)) {
    const Record found{header->cmsg_level, header->cmsg_type, CMSG_DATA(header),
                       header->cmsg_len - CMSG_LEN(0)};
    const bool has_header_room = records.length - used >= kHeader;
    uint8_t* head = records.data + used;
    const int length =
        has_header_room ? FromKernel(env, found, head + kHeader, records.length - used - kHeader)
                        : -1;
    if (length < 0) {
      message->msg_flags |= MSG_CTRUNC;
      if (Is(found, SOL_SOCKET, SCM_RIGHTS)) CloseDescriptors(found);
      continue;
    }
    Put32(head, static_cast<uint32_t>(found.level));
    Put32(head + 4, static_cast<uint32_t>(found.type));
    Put32(head + 8, static_cast<uint32_t>(length));
    used += kHeader + Padded(static_cast<size_t>(length));
    if (used > records.length) used = records.length;  // the last padding may find no room
  }
  return used;
}
