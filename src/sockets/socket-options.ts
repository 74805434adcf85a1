/** Options of all sockets, at level SOL_SOCKET. socket(7), unix(7) */
import { systemKernel } from "../kernel/index.js";
import { booleanOption, intOption, required, type SocketOption } from "./option.js";
import {
  identifierOption,
  lingerOption,
  rateOption,
  readOnly,
  stringOption,
  timeLimitOption,
} from "./option-kinds.js";

const { SOL_SOCKET } = systemKernel.constants;

/** Binds although old connections of the address are in TIME_WAIT. socket(7) */
export const SO_REUSEADDR: SocketOption<boolean> = required(
  booleanOption(SOL_SOCKET, "SO_REUSEADDR"),
);

/** Lets several sockets bind the same address; Linux spreads connections over them. socket(7) */
export const SO_REUSEPORT: SocketOption<boolean> | undefined = booleanOption(
  SOL_SOCKET,
  "SO_REUSEPORT",
);

/** FreeBSD: as SO_REUSEPORT on Linux. setsockopt(2) */
export const SO_REUSEPORT_LB: SocketOption<boolean> | undefined = booleanOption(
  SOL_SOCKET,
  "SO_REUSEPORT_LB",
);

/** Probes idle connections, see TCP_KEEPIDLE. socket(7) */
export const SO_KEEPALIVE: SocketOption<boolean> = required(
  booleanOption(SOL_SOCKET, "SO_KEEPALIVE"),
);

/** May send to a broadcast address. socket(7) */
export const SO_BROADCAST: SocketOption<boolean> = required(
  booleanOption(SOL_SOCKET, "SO_BROADCAST"),
);

/** What close does with unsent data: false sends it in the background, 0 drops it and resets the
 * connection, n waits up to n seconds, also in a non-blocking socket. socket(7) */
export const SO_LINGER: SocketOption<number | false> = required(
  lingerOption(SOL_SOCKET, "SO_LINGER"),
);

/** Urgent data stays in the stream. socket(7) */
export const SO_OOBINLINE: SocketOption<boolean> = required(
  booleanOption(SOL_SOCKET, "SO_OOBINLINE"),
);

/** Bypasses routing: only hosts on a connected network. socket(7) */
export const SO_DONTROUTE: SocketOption<boolean> = required(
  booleanOption(SOL_SOCKET, "SO_DONTROUTE"),
);

/** Send buffer in bytes; Linux doubles what is set, and answers that. socket(7) */
export const SO_SNDBUF: SocketOption<number> = required(intOption(SOL_SOCKET, "SO_SNDBUF"));

/** Receive buffer in bytes; Linux doubles what is set, and answers that. socket(7) */
export const SO_RCVBUF: SocketOption<number> = required(intOption(SOL_SOCKET, "SO_RCVBUF"));

/** As SO_SNDBUF beyond the system's limit; needs CAP_NET_ADMIN; cannot be read. socket(7) */
export const SO_SNDBUFFORCE: SocketOption<number> | undefined = intOption(
  SOL_SOCKET,
  "SO_SNDBUFFORCE",
);

/** As SO_RCVBUF beyond the system's limit; needs CAP_NET_ADMIN; cannot be read. socket(7) */
export const SO_RCVBUFFORCE: SocketOption<number> | undefined = intOption(
  SOL_SOCKET,
  "SO_RCVBUFFORCE",
);

/** Bytes that must be there before the socket counts as readable. socket(7) */
export const SO_RCVLOWAT: SocketOption<number> = required(intOption(SOL_SOCKET, "SO_RCVLOWAT"));

/** Bytes of room that make the socket writable; Linux has it at 1, for reading only. socket(7) */
export const SO_SNDLOWAT: SocketOption<number> = required(intOption(SOL_SOCKET, "SO_SNDLOWAT"));

/** How long a blocking receive, accept waits, in milliseconds; 0 for ever. The call then answers as
 * a non-blocking one. socket(7) */
export const SO_RCVTIMEO: SocketOption<number> = required(
  timeLimitOption(SOL_SOCKET, "SO_RCVTIMEO", "receiveMs"),
);

/** How long a blocking send, connect waits, in milliseconds; 0 for ever. socket(7) */
export const SO_SNDTIMEO: SocketOption<number> = required(
  timeLimitOption(SOL_SOCKET, "SO_SNDTIMEO", "sendMs"),
);

/** The type, SOCK_STREAM ... socket(7) */
export const SO_TYPE: SocketOption<number> = required(readOnly(intOption(SOL_SOCKET, "SO_TYPE")));

/** The family, AF_INET ... socket(7) */
export const SO_DOMAIN: SocketOption<number> | undefined = readOnly(
  intOption(SOL_SOCKET, "SO_DOMAIN"),
);

/** The protocol, IPPROTO_TCP ... socket(7) */
export const SO_PROTOCOL: SocketOption<number> | undefined = readOnly(
  intOption(SOL_SOCKET, "SO_PROTOCOL"),
);

/** Whether the socket listens. socket(7) */
export const SO_ACCEPTCONN: SocketOption<boolean> = required(
  readOnly(booleanOption(SOL_SOCKET, "SO_ACCEPTCONN")),
);

/** The kernel's identifier of the socket, for BPF and traces. SO_COOKIE, Linux */
export const SO_COOKIE: SocketOption<bigint> | undefined = identifierOption(
  SOL_SOCKET,
  "SO_COOKIE",
);

/** Messages carry the sender's credentials. unix(7) */
export const SO_PASSCRED: SocketOption<boolean> | undefined = booleanOption(
  SOL_SOCKET,
  "SO_PASSCRED",
);

/** Queueing priority, 0 to 6 without CAP_NET_ADMIN. socket(7) */
export const SO_PRIORITY: SocketOption<number> | undefined = intOption(SOL_SOCKET, "SO_PRIORITY");

/** Firewall and routing mark; needs CAP_NET_ADMIN. socket(7) */
export const SO_MARK: SocketOption<number> | undefined = intOption(SOL_SOCKET, "SO_MARK", {
  min: -0x80000000,
});

/** Binds to an interface by name, "" to none. socket(7) */
export const SO_BINDTODEVICE: SocketOption<string> | undefined = stringOption(
  SOL_SOCKET,
  "SO_BINDTODEVICE",
  15,
);

/** Busy-polls the device for so many microseconds; raising it needs CAP_NET_ADMIN. socket(7) */
export const SO_BUSY_POLL: SocketOption<number> | undefined = intOption(SOL_SOCKET, "SO_BUSY_POLL");

/** Prefers busy polling to interrupts; needs CAP_NET_ADMIN. Linux networking/napi */
export const SO_PREFER_BUSY_POLL: SocketOption<boolean> | undefined = booleanOption(
  SOL_SOCKET,
  "SO_PREFER_BUSY_POLL",
);

/** Packets of one busy poll; raising it needs CAP_NET_ADMIN; cannot be read. Linux networking/napi */
export const SO_BUSY_POLL_BUDGET: SocketOption<number> | undefined = intOption(
  SOL_SOCKET,
  "SO_BUSY_POLL_BUDGET",
  { max: 65535 },
);

/** The CPU that handles the socket's packets; -1 is unknown. socket(7) */
export const SO_INCOMING_CPU: SocketOption<number> | undefined = intOption(
  SOL_SOCKET,
  "SO_INCOMING_CPU",
  { min: -1 },
);

/** Messages carry a count of the datagrams dropped before them (a raw message). socket(7) */
export const SO_RXQ_OVFL: SocketOption<boolean> | undefined = booleanOption(
  SOL_SOCKET,
  "SO_RXQ_OVFL",
);

/** Messages carry their time of arrival, struct timeval (a raw message). socket(7) */
export const SO_TIMESTAMP: SocketOption<boolean> | undefined = booleanOption(
  SOL_SOCKET,
  "SO_TIMESTAMP",
);

/** Messages carry their time of arrival, struct timespec (a raw message). socket(7) */
export const SO_TIMESTAMPNS: SocketOption<boolean> | undefined = booleanOption(
  SOL_SOCKET,
  "SO_TIMESTAMPNS",
);

/** Allows MSG_ZEROCOPY. Linux networking/msg_zerocopy */
export const SO_ZEROCOPY: SocketOption<boolean> | undefined = booleanOption(
  SOL_SOCKET,
  "SO_ZEROCOPY",
);

/** Sending is paced to so many bytes a second; Infinity is no limit. Linux, tc-fq(8) */
export const SO_MAX_PACING_RATE: SocketOption<number> | undefined = rateOption(
  SOL_SOCKET,
  "SO_MAX_PACING_RATE",
);

/** macOS, BSD: no SIGPIPE; sockets made here have it. setsockopt(2) */
export const SO_NOSIGPIPE: SocketOption<boolean> | undefined = booleanOption(
  SOL_SOCKET,
  "SO_NOSIGPIPE",
);
