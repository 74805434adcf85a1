// Addresses cross the boundary as one fixed record in a caller-owned Uint8Array, little-endian:
//   0  u16  family (this system's AF_ number)     4  u32  IPv6 scope id
//   2  u16  port                                  8  u32  bytes used of what follows
//  12  108 bytes: 4 or 16 address bytes, or a unix path (abstract names begin with NUL)
// struct sockaddr differs between systems, so it never leaves C++.
#pragma once

#include <sys/socket.h>

#include "args.h"

constexpr size_t kAddressBytes = 120;
constexpr size_t kAddressPathBytes = 108;

struct SocketAddress {
  sockaddr_storage storage;
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// Reads the record at `index`; a malformed one fails the arguments.
SocketAddress ReadAddress(Args& args, size_t index);
// 0, or -EAFNOSUPPORT or -ENAMETOOLONG for a record that this system cannot express.
int ParseAddress(const uint8_t* record, SocketAddress* out);
// The record at `index`, at least one long; empty if the argument is missing.
Bytes AddressOut(Args& args, size_t index);
void WriteAddress(uint8_t* record, const SocketAddress& address);
