/** Options of IPv6 sockets. ipv6(7) */
import { systemKernel } from "../kernel/index.js";
import { booleanOption, intOption, required, type SocketOption } from "./option.js";
import { ipv6MembershipOption, type Membership } from "./option-kinds.js";

const { IPPROTO_IPV6 } = systemKernel.constants;

/** IPv6 only; off, the socket takes IPv4 as ::ffff:1.2.3.4. Before bind. ipv6(7) */
export const IPV6_V6ONLY: SocketOption<boolean> = required(
  booleanOption(IPPROTO_IPV6, "IPV6_V6ONLY"),
);

/** Hops a packet may make; -1 is the system's. ipv6(7) */
export const IPV6_UNICAST_HOPS: SocketOption<number> = required(
  intOption(IPPROTO_IPV6, "IPV6_UNICAST_HOPS", { min: -1, max: 255 }),
);

/** Traffic class: DSCP in the upper six bits; -1 is the system's. RFC 3542 section 6.5 */
export const IPV6_TCLASS: SocketOption<number> | undefined = intOption(
  IPPROTO_IPV6,
  "IPV6_TCLASS",
  { min: -1, max: 255 },
);

/** Messages carry a "pktinfo": interface and destination. ipv6(7) */
export const IPV6_RECVPKTINFO: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IPV6,
  "IPV6_RECVPKTINFO",
);

/** Messages carry a "hopLimit". ipv6(7) */
export const IPV6_RECVHOPLIMIT: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IPV6,
  "IPV6_RECVHOPLIMIT",
);

/** Messages carry a "trafficClass". RFC 3542 section 6.5 */
export const IPV6_RECVTCLASS: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IPV6,
  "IPV6_RECVTCLASS",
);

/** Keeps errors of sent datagrams to be read with MSG_ERRQUEUE. ipv6(7) */
export const IPV6_RECVERR: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IPV6,
  "IPV6_RECVERR",
);

/** Path MTU discovery: 0 off, 1 if the route says, 2 always, 3 probe, 4, 5 see ip(7). ipv6(7) */
export const IPV6_MTU_DISCOVER: SocketOption<number> | undefined = intOption(
  IPPROTO_IPV6,
  "IPV6_MTU_DISCOVER",
  { max: 5 },
);

/** MTU in bytes: read, the path's, of a connected socket; set, a lower limit. ipv6(7) */
export const IPV6_MTU: SocketOption<number> | undefined = intOption(IPPROTO_IPV6, "IPV6_MTU");

/** Never fragments here. RFC 3542 section 11.2 */
export const IPV6_DONTFRAG: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IPV6,
  "IPV6_DONTFRAG",
);

/** Binds an address that does not exist yet. Linux, as IP_FREEBIND */
export const IPV6_FREEBIND: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IPV6,
  "IPV6_FREEBIND",
);

/** Binds and accepts addresses that are not this machine's; needs CAP_NET_ADMIN. Linux */
export const IPV6_TRANSPARENT: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IPV6,
  "IPV6_TRANSPARENT",
);

/** Messages carry the original destination of a redirected packet (a raw message). Linux */
export const IPV6_RECVORIGDSTADDR: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IPV6,
  "IPV6_RECVORIGDSTADDR",
);

/** The interface multicast leaves from, by index; 0 is the kernel's choice. ipv6(7) */
export const IPV6_MULTICAST_IF: SocketOption<number> = required(
  intOption(IPPROTO_IPV6, "IPV6_MULTICAST_IF"),
);

/** Hops a multicast packet may make; -1 is 1. ipv6(7) */
export const IPV6_MULTICAST_HOPS: SocketOption<number> = required(
  intOption(IPPROTO_IPV6, "IPV6_MULTICAST_HOPS", { min: -1, max: 255 }),
);

/** Multicast comes back to this machine's own members. ipv6(7) */
export const IPV6_MULTICAST_LOOP: SocketOption<boolean> = required(
  booleanOption(IPPROTO_IPV6, "IPV6_MULTICAST_LOOP"),
);

/** Joins a multicast group. ipv6(7), RFC 3493 section 5.2 */
export const IPV6_JOIN_GROUP: SocketOption<Membership> = required(
  ipv6MembershipOption(IPPROTO_IPV6, "IPV6_JOIN_GROUP"),
);

/** Leaves a multicast group. ipv6(7), RFC 3493 section 5.2 */
export const IPV6_LEAVE_GROUP: SocketOption<Membership> = required(
  ipv6MembershipOption(IPPROTO_IPV6, "IPV6_LEAVE_GROUP"),
);
