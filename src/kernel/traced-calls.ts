/**
 * What is printed of each system call's arguments: two tables, one entry per method of `Kernel`.
 * tracing-kernel.ts makes the calls and prints them, trace-format.ts and trace-context.ts
 * have the words.
 *
 * The rule of the file: an entry is asked after its call, and reads from buffers only what the call
 * has filled or was given. The types demand an entry for a call that is new.
 */
import {
  CHANGE_INTS,
  type Kernel,
  MOVE_FD,
  MOVE_INTS,
  MOVE_LENGTH,
  MOVE_OFFSET,
  MOVE_RESULT,
} from "./kernel.js";
import { interests, type TraceContext } from "./trace-context.js";
import { bytesAt, formatCall, list, quote } from "./trace-format.js";

/** Every call of a kernel but those that are no system calls. */
export type TracedCall = Exclude<
  { [K in keyof Kernel]: Kernel[K] extends (...args: never[]) => number ? K : never }[keyof Kernel],
  "nowMs" | "adopt" | "disown"
>;

/** Texts, in order: of `calls` the arguments, of `members` lines. */
export type Texts = readonly (string | number)[];

/** @param n what the call answered. */
type Describer<K extends TracedCall> = (
  context: TraceContext,
  n: number,
  ...args: Parameters<Kernel[K]>
) => Texts;

const AF = /^AF_/;
const SOCK = /^SOCK_/;
const IPPROTO = /^IPPROTO_/;
const MSG = /^MSG_/;
const EPOLL = /^EPOLL[A-Z]/;
const POLL = /^POLL/;
const KEVENT = /^KEVENT_(?!INTS)/;

/** The bits of select. */
function directions(bits: number): string {
  return ["0", "read", "write", "read|write"][bits & 3] ?? "0";
}

function nonblock(blocking: boolean): string {
  return blocking ? "0" : "SOCK_NONBLOCK";
}

/** A socket's type with the flag that goes with it. */
function type(c: TraceContext, number: number, blocking: boolean): string {
  return `${c.one(SOCK, number)}${blocking ? "" : "|SOCK_NONBLOCK"}`;
}

function protocol(c: TraceContext, number: number): string {
  return number === 0 ? "0" : c.one(IPPROTO, number);
}

function option(c: TraceContext, level: number, name: number): readonly [string, string] {
  return [c.level(level), c.option(level, name)];
}

/** Two descriptors that a call made. */
function two(n: number, out: Int32Array): string {
  return n < 0 ? "..." : list(2, (i) => String(out[i]));
}

/** The address that a call filled in, if it did. */
function filled(c: TraceContext, n: number, address: Uint8Array | undefined): string {
  return n < 0 ? "..." : c.address(address);
}

/** A move's four integers, with names. */
function move(moves: Int32Array, i: number): { fd: number; at: number; max: number; n: number } {
  const start = i * MOVE_INTS;
  return {
    fd: moves[start + MOVE_FD] ?? -1,
    at: moves[start + MOVE_OFFSET] ?? 0,
    max: moves[start + MOVE_LENGTH] ?? 0,
    n: moves[start + MOVE_RESULT] ?? 0,
  };
}

/** The arguments of each call. */
export const calls: { readonly [K in TracedCall]: Describer<K> } = {
  close: (c, _, fd) => {
    c.closed(fd);
    return [fd];
  },
  dup: (_, _n, fd) => [fd, "F_DUPFD_CLOEXEC"],
  fcntl_nonblock: (_, _n, fd, on) => [fd, "F_SETFL", on ? "O_NONBLOCK" : "0"],
  pipe2: (_, n, blocking, out) => [two(n, out), blocking ? "0" : "O_NONBLOCK"],
  eventfd: () => [0, "EFD_NONBLOCK"],
  read: (_, n, fd, buffer, offset, length) => [fd, bytesAt(buffer, offset, n), length],
  write: (_, _n, fd, buffer, offset, length) => [fd, bytesAt(buffer, offset, length), length],

  socket: (c, _, domain, kind, proto, blocking) => [
    c.one(AF, domain),
    type(c, kind, blocking),
    protocol(c, proto),
  ],
  socketpair: (c, n, domain, kind, proto, blocking, out) => [
    c.one(AF, domain),
    type(c, kind, blocking),
    protocol(c, proto),
    two(n, out),
  ],
  bind: (c, _, fd, address) => [fd, c.address(address)],
  listen: (_, _n, fd, backlog) => [fd, backlog],
  accept4: (c, n, fd, blocking, address) =>
    address === undefined || n < 0
      ? [fd, nonblock(blocking)]
      : [fd, c.address(address), nonblock(blocking)],
  connect: (c, _, fd, address) => [fd, c.address(address)],
  shutdown: (c, _, fd, how) => [fd, c.one(/^SHUT_/, how)],
  getsockname: (c, n, fd, address) => [fd, filled(c, n, address)],
  getpeername: (c, n, fd, address) => [fd, filled(c, n, address)],
  if_nametoindex: (_, _n, name) => [quote(Buffer.from(name))],

  recv: (c, n, fd, buffer, offset, length, flags) => [
    fd,
    bytesAt(buffer, offset, Math.min(n, length)),
    length,
    c.bits(MSG, flags),
  ],
  send: (c, _, fd, buffer, offset, length, flags) => [
    fd,
    bytesAt(buffer, offset, length),
    length,
    c.bits(MSG, flags),
  ],
  recvfrom: (c, n, fd, buffer, offset, length, flags, address) => [
    fd,
    bytesAt(buffer, offset, Math.min(n, length)),
    length,
    c.bits(MSG, flags),
    filled(c, n, address),
  ],
  sendto: (c, _, fd, buffer, offset, length, flags, address) => [
    fd,
    bytesAt(buffer, offset, length),
    length,
    c.bits(MSG, flags),
    c.address(address),
  ],
  recvmsg: (c, n, fd, buffer, offset, length, flags, address, control, out) => [
    fd,
    filled(c, n, address),
    bytesAt(buffer, offset, Math.min(n, length)),
    length,
    n < 0 ? "..." : c.control(control, out[1]),
    ...(n < 0 || !out[0] ? [] : [`msg_flags=${c.bits(MSG, out[0])}`]),
    c.bits(MSG, flags),
  ],
  sendmsg: (c, _, fd, buffers, flags, address, control) => [
    fd,
    c.address(address),
    list(buffers.length, (i) => quote(buffers[i] ?? new Uint8Array())),
    c.control(control),
    c.bits(MSG, flags),
  ],
  recvmmsg: (c, n, fd, buffer, slotBytes, count, flags, lengths, addresses) => [
    fd,
    c.datagrams(n, buffer, slotBytes, lengths, addresses),
    count,
    c.bits(MSG, flags),
  ],
  sendmmsg: (c, _, fd, buffer, slotBytes, count, flags, lengths, addresses) => [
    fd,
    c.datagrams(count, buffer, slotBytes, lengths, addresses),
    count,
    c.bits(MSG, flags),
  ],
  recv_each: (_, _n, _moves, count, _buffer, start, end) => [count, `room=${end - start}`],
  send_each: (_, _n, _moves, count) => [count],
  sendfile: (_, _n, outFd, inFd, offset, count) => [outFd, inFd, `[${offset}]`, count],

  getsockopt: (c, n, fd, level, name, out) => [fd, ...option(c, level, name), bytesAt(out, 0, n)],
  setsockopt: (c, _, fd, level, name, value) => [fd, ...option(c, level, name), quote(value)],
  getsockopt_int: (c, n, fd, level, name, out) => [
    fd,
    ...option(c, level, name),
    n < 0 ? "..." : `[${out[0]}]`,
  ],
  setsockopt_int: (c, _, fd, level, name, value) => [fd, ...option(c, level, name), `[${value}]`],
  getsockopt_time: (c, _, fd, level, name) => [fd, ...option(c, level, name), "ms"],
  setsockopt_time: (c, _, fd, level, name, ms) => [fd, ...option(c, level, name), `[${ms} ms]`],
  getsockopt_peercred: (_, n, fd, out) => [
    fd,
    "SOL_SOCKET",
    "SO_PEERCRED",
    n < 0 ? "..." : `{pid=${out[0]}, uid=${out[1]}, gid=${out[2]}}`,
  ],
  // The key is a secret, so its length only.
  setsockopt_md5sig: (c, _, fd, address, key) => [
    fd,
    "IPPROTO_TCP",
    "TCP_MD5SIG",
    c.address(address),
    `${key.length} bytes`,
  ],
  ioctl_inq: (_, _n, fd) => [fd, "SIOCINQ"],
  ioctl_outq: (_, _n, fd) => [fd, "SIOCOUTQ"],
  tcp_info: (_, n, fd, out) => [fd, "IPPROTO_TCP", "TCP_INFO", n < 0 ? "..." : `[${out[0]}, ...]`],

  epoll_create1: () => ["EPOLL_CLOEXEC"],
  epoll_ctl: (c, n, epfd, operation, fd, events, slot, generation) => {
    const name = c.one(/^EPOLL_CTL_/, operation);
    if (name === "EPOLL_CTL_DEL") return [epfd, name, fd];
    if (n >= 0) c.registered(epfd, slot, generation, fd);
    return [epfd, name, fd, c.bits(EPOLL, events)];
  },
  epoll_wait: (c, n, epfd, events, timeoutMs) => [
    epfd,
    c.events(n, events, (bits) => c.bits(EPOLL, bits), c.fdOf(epfd)),
    Math.floor(events.length / (c.constants.EPOLL_INTS || 1)),
    timeoutMs,
  ],
  kqueue: () => [],
  kevent: (c, n, kq, changes, changeCount, events, timeoutMs) => {
    const changed = list(changeCount, (i) => {
      const [fd = -1, filter = 0, flags = 0] = changes.subarray(i * CHANGE_INTS);
      return `{fd=${fd}, ${c.one(/^EVFILT_/, filter)}, ${c.bits(/^EV_/, flags)}}`;
    });
    for (let i = 0; n >= 0 && i < changeCount; i++) {
      const [fd = -1, , , slot = 0, generation = 0] = changes.subarray(i * CHANGE_INTS);
      c.registered(kq, slot, generation, fd);
    }
    return [
      kq,
      changed,
      c.events(n, events, (bits) => c.bits(KEVENT, bits), c.fdOf(kq)),
      timeoutMs,
    ];
  },
  poll: (c, n, ints, count, events, timeoutMs) => {
    const nameOf = (bits: number): string => c.bits(POLL, bits);
    const [text, fdOf] = interests(count, ints, nameOf);
    return [text, c.events(n, events, nameOf, fdOf), timeoutMs];
  },
  select: (c, n, ints, count, events, timeoutMs) => {
    const [text, fdOf] = interests(count, ints, directions);
    return [text, c.events(n, events, directions, fdOf), timeoutMs];
  },
};

/** The system calls within one call, each as a line. */
export const members: { readonly [K in TracedCall]?: Describer<K> } = {
  recv_each: (c, tried, moves, _count, buffer, _start, end) =>
    Array.from({ length: Math.max(tried, 0) }, (_, i) => {
      const { fd, at, max, n } = move(moves, i);
      const length = max > 0 ? Math.min(max, end - at) : end - at;
      const flags = c.bits(MSG, c.constants.MSG_DONTWAIT);
      return formatCall("recv", [fd, bytesAt(buffer, at, n), length, flags], n);
    }),
  send_each: (c, tried, moves, _count, buffer) =>
    Array.from({ length: Math.max(tried, 0) }, (_, i) => move(moves, i))
      .filter(({ max }) => max > 0)
      .map(({ fd, at, max, n }) => {
        const flags = c.bits(MSG, c.constants.MSG_DONTWAIT);
        return formatCall("send", [fd, bytesAt(buffer, at, max), max, flags], n);
      }),
};
