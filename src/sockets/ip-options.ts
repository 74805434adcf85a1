/** Options of IPv4 sockets. ip(7) */
import { systemKernel } from "../kernel/index.js";
import { booleanOption, intOption, required, type SocketOption } from "./option.js";
import { ipv4MembershipOption, ipv4Option, type Membership, readOnly } from "./option-kinds.js";

const { IPPROTO_IP } = systemKernel.constants;

/** Type of service: DSCP in the upper six bits. ip(7) */
export const IP_TOS: SocketOption<number> = required(intOption(IPPROTO_IP, "IP_TOS", { max: 255 }));

/** Hops a packet may make. ip(7) */
export const IP_TTL: SocketOption<number> = required(
  intOption(IPPROTO_IP, "IP_TTL", { min: 1, max: 255 }),
);

/** Binds and accepts addresses that are not this machine's; needs CAP_NET_ADMIN. ip(7) */
export const IP_TRANSPARENT: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IP,
  "IP_TRANSPARENT",
);

/** Binds an address that does not exist yet. ip(7) */
export const IP_FREEBIND: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IP,
  "IP_FREEBIND",
);

/** Bound to port 0, the port is chosen at connect: more connections than ports. ip(7) */
export const IP_BIND_ADDRESS_NO_PORT: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IP,
  "IP_BIND_ADDRESS_NO_PORT",
);

/** Messages carry the original destination of a redirected packet (a raw message). ip(7) */
export const IP_RECVORIGDSTADDR: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IP,
  "IP_RECVORIGDSTADDR",
);

/** Messages carry a "pktinfo": interface and destination. ip(7) */
export const IP_PKTINFO: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IP,
  "IP_PKTINFO",
);

/** BSD: messages carry the destination address (a raw message). ip(4) */
export const IP_RECVDSTADDR: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IP,
  "IP_RECVDSTADDR",
);

/** Messages carry a "tos". ip(7) */
export const IP_RECVTOS: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IP,
  "IP_RECVTOS",
);

/** Messages carry a "ttl". ip(7) */
export const IP_RECVTTL: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IP,
  "IP_RECVTTL",
);

/** Keeps errors of sent datagrams to be read with MSG_ERRQUEUE. ip(7) */
export const IP_RECVERR: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IP,
  "IP_RECVERR",
);

/** Path MTU discovery: 0 off, 1 if the route says, 2 always, 3 probe, 4, 5 see the source. ip(7) */
export const IP_MTU_DISCOVER: SocketOption<number> | undefined = intOption(
  IPPROTO_IP,
  "IP_MTU_DISCOVER",
  { max: 5 },
);

/** Path MTU of a connected socket in bytes. ip(7) */
export const IP_MTU: SocketOption<number> | undefined = readOnly(intOption(IPPROTO_IP, "IP_MTU"));

/** The ports that bind to port 0 chooses from: lower bound | upper bound << 16; 0 is the system's.
 * ip(7) */
export const IP_LOCAL_PORT_RANGE: SocketOption<number> | undefined = intOption(
  IPPROTO_IP,
  "IP_LOCAL_PORT_RANGE",
  { min: -0x80000000 },
);

/** The interface multicast leaves from, by an address of it. ip(7) */
export const IP_MULTICAST_IF: SocketOption<string> = required(
  ipv4Option(IPPROTO_IP, "IP_MULTICAST_IF"),
);

/** Hops a multicast packet may make. ip(7) */
export const IP_MULTICAST_TTL: SocketOption<number> = required(
  intOption(IPPROTO_IP, "IP_MULTICAST_TTL", { max: 255 }),
);

/** Multicast comes back to this machine's own members. ip(7) */
export const IP_MULTICAST_LOOP: SocketOption<boolean> = required(
  booleanOption(IPPROTO_IP, "IP_MULTICAST_LOOP"),
);

/** Receives from groups that other sockets joined. ip(7) */
export const IP_MULTICAST_ALL: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_IP,
  "IP_MULTICAST_ALL",
);

/** Joins a multicast group. ip(7) */
export const IP_ADD_MEMBERSHIP: SocketOption<Membership> = required(
  ipv4MembershipOption(IPPROTO_IP, "IP_ADD_MEMBERSHIP"),
);

/** Leaves a multicast group. ip(7) */
export const IP_DROP_MEMBERSHIP: SocketOption<Membership> = required(
  ipv4MembershipOption(IPPROTO_IP, "IP_DROP_MEMBERSHIP"),
);
