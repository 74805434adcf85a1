/** Options of TCP sockets. tcp(7) */
import { systemKernel } from "../kernel/index.js";
import { booleanOption, intOption, required, type SocketOption } from "./option.js";
import { stringOption } from "./option-kinds.js";

const { IPPROTO_TCP } = systemKernel.constants;

/** Sends small segments at once (no Nagle algorithm). tcp(7) */
export const TCP_NODELAY: SocketOption<boolean> = required(
  booleanOption(IPPROTO_TCP, "TCP_NODELAY"),
);

/** Holds partial segments back until it is off again, 200 ms at most. tcp(7) */
export const TCP_CORK: SocketOption<boolean> | undefined = booleanOption(IPPROTO_TCP, "TCP_CORK");

/** BSD, macOS: as TCP_CORK, without the limit. tcp(4) */
export const TCP_NOPUSH: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_TCP,
  "TCP_NOPUSH",
);

/** Writable only while fewer unsent bytes wait than this; bounds what lies in the kernel. tcp(7) */
export const TCP_NOTSENT_LOWAT: SocketOption<number> | undefined = intOption(
  IPPROTO_TCP,
  "TCP_NOTSENT_LOWAT",
  { min: -1 },
);

/** Idle seconds before the first keep-alive probe. tcp(7); macOS: TCP_KEEPALIVE */
export const TCP_KEEPIDLE: SocketOption<number> | undefined =
  intOption(IPPROTO_TCP, "TCP_KEEPIDLE", { min: 1, max: 32767 }) ??
  intOption(IPPROTO_TCP, "TCP_KEEPALIVE", { min: 1, max: 32767 });

/** Seconds between keep-alive probes. tcp(7) */
export const TCP_KEEPINTVL: SocketOption<number> | undefined = intOption(
  IPPROTO_TCP,
  "TCP_KEEPINTVL",
  { min: 1, max: 32767 },
);

/** Unanswered probes that end the connection. tcp(7) */
export const TCP_KEEPCNT: SocketOption<number> | undefined = intOption(IPPROTO_TCP, "TCP_KEEPCNT", {
  min: 1,
  max: 127,
});

/** Milliseconds that sent data may stay unacknowledged; 0 is the system's. tcp(7), RFC 5482 */
export const TCP_USER_TIMEOUT: SocketOption<number> | undefined = intOption(
  IPPROTO_TCP,
  "TCP_USER_TIMEOUT",
);

/** How often a SYN is sent again before connect fails. tcp(7) */
export const TCP_SYNCNT: SocketOption<number> | undefined = intOption(IPPROTO_TCP, "TCP_SYNCNT", {
  min: 1,
  max: 127,
});

/** Seconds in FIN_WAIT2 without a descriptor; 0 is the system's, -1 none. tcp(7) */
export const TCP_LINGER2: SocketOption<number> | undefined = intOption(IPPROTO_TCP, "TCP_LINGER2", {
  min: -1,
});

/** A listener accepts only when data is there; seconds, rounded up to retransmissions. tcp(7) */
export const TCP_DEFER_ACCEPT: SocketOption<number> | undefined = intOption(
  IPPROTO_TCP,
  "TCP_DEFER_ACCEPT",
);

/** Largest segment in bytes; before connect also what is told to the peer. tcp(7) */
export const TCP_MAXSEG: SocketOption<number> = required(
  intOption(IPPROTO_TCP, "TCP_MAXSEG", { max: 65535 }),
);

/** Largest receive window in bytes. tcp(7) */
export const TCP_WINDOW_CLAMP: SocketOption<number> | undefined = intOption(
  IPPROTO_TCP,
  "TCP_WINDOW_CLAMP",
);

/** Acknowledges at once for now; the kernel may change it back any time. tcp(7) */
export const TCP_QUICKACK: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_TCP,
  "TCP_QUICKACK",
);

/** Congestion control by name: "cubic", "bbr" ... tcp(7) */
export const TCP_CONGESTION: SocketOption<string> | undefined = stringOption(
  IPPROTO_TCP,
  "TCP_CONGESTION",
  15,
);

/** A listener takes data in the SYN; so many such connections may wait. tcp(7), RFC 7413 */
export const TCP_FASTOPEN: SocketOption<number> | undefined = intOption(
  IPPROTO_TCP,
  "TCP_FASTOPEN",
);

/** connect answers 0 at once, the SYN goes with the first send. tcp(7), RFC 7413 */
export const TCP_FASTOPEN_CONNECT: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_TCP,
  "TCP_FASTOPEN_CONNECT",
);

/** Fast open without a cookie. RFC 7413 section 4.1.3 */
export const TCP_FASTOPEN_NO_COOKIE: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_TCP,
  "TCP_FASTOPEN_NO_COOKIE",
);

/** Keeps the headers of the SYN: 1 from TCP on, 2 all. Linux uapi tcp.h */
export const TCP_SAVE_SYN: SocketOption<number> | undefined = intOption(
  IPPROTO_TCP,
  "TCP_SAVE_SYN",
  { max: 2 },
);

/** recvmsg tells how many bytes are left to read (a raw message). Linux uapi tcp.h */
export const TCP_INQ: SocketOption<boolean> | undefined = booleanOption(IPPROTO_TCP, "TCP_INQ");

/** Delays every segment by microseconds, for tests. Linux uapi tcp.h */
export const TCP_TX_DELAY: SocketOption<number> | undefined = intOption(
  IPPROTO_TCP,
  "TCP_TX_DELAY",
);

/** Few segments in flight: the retransmission time grows linearly first. Linux networking/tcp-thin */
export const TCP_THIN_LINEAR_TIMEOUTS: SocketOption<boolean> | undefined = booleanOption(
  IPPROTO_TCP,
  "TCP_THIN_LINEAR_TIMEOUTS",
);
