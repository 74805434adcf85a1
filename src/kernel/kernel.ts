/**
 * The doorway to the system: one method per system call, named as the call is (its man page says
 * the rest). Arguments in, call, a count or a negative errno out; nothing here throws but for an
 * argument of the wrong type (TypeError, ERR_INVALID_ARG_TYPE) or range (RangeError,
 * ERR_OUT_OF_RANGE). A call that this system lacks answers -ENOSYS.
 *
 * `systemKernel` is the addon itself. A simulated, tracing or fault-injecting kernel implements
 * the same interface; sockets and selectors take theirs from `{ kernel }`.
 *
 * - Descriptors are made close-on-exec and, unless `blocking` is true, non-blocking.
 * - `buffer, offset, length` name a part of a buffer; it must lie inside.
 * - `address` is a record of {@link ADDRESS_BYTES} bytes, see address-record in sockets/.
 * - EINTR is retried by calls that move bytes or accept, answered by calls that wait.
 */
import type { Constants } from "./constants.js";

/** The length of an address record. */
export const ADDRESS_BYTES = 120;

/** Integers of one entry of the interest list of `poll` and `select`: fd, bits, slot, generation. */
export const INTEREST_INTS = 4;

/** Integers of one `kevent` change: fd, filter, flags, slot, generation. */
export const CHANGE_INTS = 5;

/** Integers of one reported event: slot, generation, bits. */
export const EVENT_INTS = 3;

/** The most datagrams of one `recvmmsg` or `sendmmsg`. */
export const BATCH_MAX = 64;

/** The most buffers of one `sendmsg`. */
export const BUFFERS_MAX = 64;

/** Integers of one move of `recv_each` and `send_each`, at these places: */
export const MOVE_INTS = 4;
export const MOVE_FD = 0;
export const MOVE_OFFSET = 1;
export const MOVE_LENGTH = 2;
export const MOVE_RESULT = 3;

/** Where `recv_each` begins to receive: at `start`, then at multiples of this, a cache line. */
export const MOVE_ALIGNMENT = 64;

/** A record argument that may be left out. */
type Optional<T> = T | undefined;

export interface Kernel
  extends DescriptorCalls,
    SocketCalls,
    TransferCalls,
    OptionCalls,
    WaitCalls {
  /** This system's numbers, from its headers; a name that it lacks is undefined. */
  readonly constants: Constants;
  /** The names of what `tcp_info` fills, in order, as this system calls them. */
  readonly tcpInfoFields: readonly string[];
  /** TCP states by number: `tcpStates[info[0]]`. */
  readonly tcpStates: readonly string[];
  /** The monotonic clock in milliseconds, with fractions. clock_gettime(2) */
  nowMs(): number;
}

/** Descriptors of any kind, and who owns them. */
export interface DescriptorCalls {
  /**
   * close(2), never retried. -EBADF for a number this environment (thread) does not own: it may be
   * somebody else's.
   */
  close(fd: number): number;
  /** Takes ownership: the descriptor is closed when this environment ends, unless disowned. */
  adopt(fd: number): number;
  /** Gives ownership up, for a number that is handed to another thread. */
  disown(fd: number): number;
  /** fcntl(2) F_DUPFD_CLOEXEC; the copy is owned. */
  dup(fd: number): number;
  /** fcntl(2) O_NONBLOCK, on or off. */
  fcntl_nonblock(fd: number, on: boolean): number;
  /** pipe2(2): the read end in out[0], the write end in out[1]. */
  pipe2(blocking: boolean, out: Int32Array): number;
  /** eventfd(2), non-blocking, starting at 0. -ENOSYS where there is none: use a pipe. */
  eventfd(): number;
  /** read(2) */
  read(fd: number, buffer: Uint8Array, offset: number, length: number): number;
  /** write(2) */
  write(fd: number, buffer: Uint8Array, offset: number, length: number): number;
}

/** Making sockets, naming them, joining them. */
export interface SocketCalls {
  /** socket(2) */
  socket(domain: number, type: number, protocol: number, blocking: boolean): number;
  /** socketpair(2) */
  socketpair(
    domain: number,
    type: number,
    protocol: number,
    blocking: boolean,
    out: Int32Array,
  ): number;
  /** bind(2) */
  bind(fd: number, address: Uint8Array): number;
  /** listen(2) */
  listen(fd: number, backlog: number): number;
  /** accept4(2); the peer's address goes into `address` if given. */
  accept4(fd: number, blocking: boolean, address: Optional<Uint8Array>): number;
  /** connect(2); an interrupted one is answered as -EINPROGRESS, for it goes on by itself. */
  connect(fd: number, address: Uint8Array): number;
  /** shutdown(2) */
  shutdown(fd: number, how: number): number;
  /** getsockname(2) */
  getsockname(fd: number, address: Uint8Array): number;
  /** getpeername(2) */
  getpeername(fd: number, address: Uint8Array): number;
  /** if_nametoindex(3): the index of a network interface. */
  if_nametoindex(name: string): number;
}

/** Moving bytes and datagrams. Sending never raises SIGPIPE (MSG_NOSIGNAL). */
export interface TransferCalls {
  /** recv(2) */
  recv(fd: number, buffer: Uint8Array, offset: number, length: number, flags: number): number;
  /** send(2) */
  send(fd: number, buffer: Uint8Array, offset: number, length: number, flags: number): number;
  /** recvfrom(2); the sender's address goes into `address` if given. */
  recvfrom(
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    address: Optional<Uint8Array>,
  ): number;
  /** sendto(2) */
  sendto(
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    address: Uint8Array,
  ): number;
  /**
   * recvmsg(2). Ancillary data goes into `control` as records (see control-records in sockets/),
   * the message flags into out[0], the bytes used of `control` into out[1]. Received descriptors
   * are owned and close-on-exec; those that find no room are closed.
   */
  recvmsg(
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    address: Optional<Uint8Array>,
    control: Optional<Uint8Array>,
    out: Int32Array,
  ): number;
  /** sendmsg(2): up to {@link BUFFERS_MAX} buffers, all of `control` as records. */
  sendmsg(
    fd: number,
    buffers: readonly Uint8Array[],
    flags: number,
    address: Optional<Uint8Array>,
    control: Optional<Uint8Array>,
  ): number;
  /**
   * recvmmsg(2): datagram i into `buffer` at i * slotBytes, its length into lengths[i], its sender
   * into record i of `addresses`. At most {@link BATCH_MAX}; answers how many.
   */
  recvmmsg(
    fd: number,
    buffer: Uint8Array,
    slotBytes: number,
    count: number,
    flags: number,
    lengths: Int32Array,
    addresses: Optional<Uint8Array>,
  ): number;
  /** sendmmsg(2): the counterpart of `recvmmsg`; without `addresses` to the connected peer. */
  sendmmsg(
    fd: number,
    buffer: Uint8Array,
    slotBytes: number,
    count: number,
    flags: number,
    lengths: Int32Array,
    addresses: Optional<Uint8Array>,
  ): number;
  /**
   * recv(2) of many streams, one after the other, into `buffer` from `start` on and never beyond
   * `end`. A move is {@link MOVE_INTS} integers: fd, offset, length, result. The length is the most
   * to receive of this one, 0 or less: as much as there is room for. Offset and result (bytes, 0 at
   * the end of the stream, or a negative errno) are filled in; one that fails stops no other, and
   * none waits (MSG_DONTWAIT). Answers how many were tried: fewer than `count` once the room is
   * used up, and the moves behind those are untouched.
   */
  recv_each(
    moves: Int32Array,
    count: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): number;
  /**
   * send(2) of many streams, one after the other: of each its `length` bytes of `buffer` at
   * `offset`; the result (bytes, or a negative errno) is filled in. A length of 0 makes no call and
   * results in 0. All are checked before the first is sent: a RangeError, which names the move, means
   * that nothing was. None waits (MSG_DONTWAIT). Answers `count`.
   */
  send_each(moves: Int32Array, count: number, buffer: Uint8Array): number;
  /** sendfile(2) from `offset` of `inFd`, whose own position stays. */
  sendfile(outFd: number, inFd: number, offset: number, count: number): number;
}

/** Options, states and queues. */
export interface OptionCalls {
  /** getsockopt(2), the kernel's own bytes; answers how many. */
  getsockopt(fd: number, level: number, name: number, out: Uint8Array): number;
  /** setsockopt(2), the kernel's own bytes. */
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** getsockopt(2) of an int, into out[0]. */
  getsockopt_int(fd: number, level: number, name: number, out: Int32Array): number;
  /** setsockopt(2) of an int. */
  setsockopt_int(fd: number, level: number, name: number, value: number): number;
  /** getsockopt(2) of a struct timeval, answered in milliseconds. */
  getsockopt_time(fd: number, level: number, name: number): number;
  /** setsockopt(2) of a struct timeval; 0 means "no limit". */
  setsockopt_time(fd: number, level: number, name: number, ms: number): number;
  /** SO_PEERCRED or getpeereid(3): out = pid (0 if unknown), uid, gid. */
  getsockopt_peercred(fd: number, out: Int32Array): number;
  /** TCP_MD5SIG (RFC 2385) for the peer at `address`; an empty key removes it. */
  setsockopt_md5sig(fd: number, address: Uint8Array, key: Uint8Array): number;
  /** Bytes waiting to be received. SIOCINQ, FIONREAD */
  ioctl_inq(fd: number): number;
  /** Bytes sent and not yet acknowledged (TCP) or not yet taken (unix). SIOCOUTQ */
  ioctl_outq(fd: number): number;
  /** TCP_INFO as numbers, in the order of `tcpInfoFields`; answers how many were filled. */
  tcp_info(fd: number, out: Float64Array): number;
}

/**
 * Readiness. Each fills `events` with (slot, generation, bits) triples and answers how many. The
 * bits are the call's own. `timeoutMs` may have fractions, is never cut short, and waits for ever
 * if negative; a signal ends the wait with -EINTR.
 */
export interface WaitCalls {
  /** epoll_create1(2) */
  epoll_create1(): number;
  /** epoll_ctl(2); (slot, generation) comes back with every event. */
  epoll_ctl(
    epfd: number,
    operation: number,
    fd: number,
    events: number,
    slot: number,
    generation: number,
  ): number;
  /** epoll_wait(2), epoll_pwait2(2) for fractions. Room: `constants.EPOLL_INTS` an event. */
  epoll_wait(epfd: number, events: Int32Array, timeoutMs: number): number;
  /** kqueue(2) */
  kqueue(): number;
  /**
   * kevent(2): submits `changeCount` changes, then waits. Bits are `constants.KEVENT_*`, one event
   * per filter. Room: `constants.KEVENT_INTS` an event; without room a refused change is answered
   * as its errno and the rest is not looked at.
   */
  kevent(
    kq: number,
    changes: Int32Array,
    changeCount: number,
    events: Int32Array,
    timeoutMs: number,
  ): number;
  /** poll(2), ppoll(2) for fractions. O(n). */
  poll(interests: Int32Array, count: number, events: Int32Array, timeoutMs: number): number;
  /** select(2); bits are 1 (read) and 2 (write). A descriptor >= FD_SETSIZE is a RangeError. O(n). */
  select(interests: Int32Array, count: number, events: Int32Array, timeoutMs: number): number;
}
