// Ancillary data (cmsg(3)) crosses the boundary as records in a caller-owned Uint8Array,
// little-endian: i32 level, i32 type, i32 length, then that many bytes, padded to 4. These have a
// form of their own, the same on every system; any other type carries the kernel's bytes:
//   SCM_RIGHTS       descriptors, i32 each
//   SCM_CREDENTIALS  i32 pid, i32 uid, i32 gid (Linux)
//   IP_PKTINFO       i32 interface index, 4 bytes local address, 4 bytes destination address
//   IPV6_PKTINFO     i32 interface index, 16 bytes destination address
#pragma once

#include <sys/socket.h>

#include "args.h"

// Room for 253 descriptors, the most that Linux passes at once, and the small messages beside.
constexpr size_t kControlBytes = 4096;

struct ControlBuffer {
  alignas(cmsghdr) char bytes[kControlBytes];
};

// Fills `message->msg_control` from records; false if one is malformed or they do not fit.
bool EncodeControl(Bytes records, ControlBuffer* buffer, msghdr* message);
// Writes what was received as records and returns their length. Received descriptors are made
// close-on-exec and owned by this environment; those that find no room are closed, and MSG_CTRUNC
// is set in `message->msg_flags`.
size_t DecodeControl(napi_env env, msghdr* message, Bytes records);
