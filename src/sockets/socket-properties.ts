/**
 * What can be asked of a socket and set on it: addresses, options, state, queues, whether it
 * blocks. None of it moves a byte; the calls that do stand in socket.ts.
 */
import {
  ADDRESS_BYTES,
  check,
  errnoOf,
  type Fd,
  type Kernel,
  SystemError,
  WOULD_BLOCK,
} from "../kernel/index.js";
import { type Address, type AddressLike, errorPlace } from "./address.js";
import { decodeAddress } from "./address-record.js";
import { type BlockingLimits, startSlices, waitAndRepeat } from "./blocking.js";
import { known, type SocketOption } from "./option.js";
import { OwnedFd } from "./owned-fd.js";
import type { SocketFamily, SocketKind, SocketType } from "./socket-kind.js";
import { readTcpInfo, readTcpState, type TcpInfo, type TcpState } from "./tcp-info.js";

/** Who is at the other end of a unix socket. SO_PEERCRED, unix(7) */
export interface PeerCredentials {
  /** 0 if the system does not tell (BSD), or the process is in another pid namespace. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Connections that wait at a listener to be accepted. */
export interface AcceptQueue {
  readonly connections: number;
  /** How many may wait: `backlog`, within the system's limit. */
  readonly max: number;
}

/** How a call that would block goes on, see `settle`. */
export interface Transfer {
  readonly isReading: boolean;
  readonly flags: number;
}

const EINVAL = errnoOf("EINVAL");
const ENOTCONN = errnoOf("ENOTCONN");
const NOBODY = 0xffffffff;

const record = new Uint8Array(ADDRESS_BYTES);
const int = new Int32Array(1);
const credentials = new Int32Array(3);

export abstract class SocketProperties extends OwnedFd {
  protected readonly kind: SocketKind;
  /** Where `connect` went: the errors of the connection say so. */
  protected destination: AddressLike | undefined;
  /** Set on a blocking socket. */
  #limits: BlockingLimits | undefined;

  protected constructor(
    kernel: Kernel,
    fd: Fd,
    kind: SocketKind,
    isBlocking: boolean,
    origin: "opened" | "accepted",
  ) {
    super(kernel, fd, origin);
    this.kind = kind;
    if (isBlocking) this.#limits = { receiveMs: 0, sendMs: 0 }; // its slices are set: opening.ts
  }

  get family(): SocketFamily {
    return this.kind.family;
  }

  get type(): SocketType {
    return this.kind.type;
  }

  /** Where the socket is bound; undefined for a family without words here. getsockname(2) */
  get localAddress(): Address | undefined {
    check("getsockname", this.kernel.getsockname(this.openFd(), record));
    return this.decodeName(record);
  }

  /** The peer; undefined if there is none, or no more. getpeername(2) */
  get remoteAddress(): Address | undefined {
    const result = this.kernel.getpeername(this.openFd(), record);
    // Some systems say EINVAL once the connection is over.
    if (result === ENOTCONN || result === EINVAL) return undefined;
    check("getpeername", result);
    return this.decodeName(record);
  }

  /**
   * Who is at the other end of a unix socket, as it was at connect, listen or socketpair;
   * undefined if nobody is, or the socket is of another family. SO_PEERCRED, unix(7)
   */
  peerCredentials(): PeerCredentials | undefined {
    const fd = this.openFd();
    if (this.kind.family !== "unix") return undefined;
    const result = this.kernel.getsockopt_peercred(fd, credentials);
    if (result === ENOTCONN) return undefined;
    check("getsockopt", result);
    const uid = credentials[1]! >>> 0;
    return uid === NOBODY ? undefined : { pid: credentials[0]!, uid, gid: credentials[2]! >>> 0 };
  }

  /**
   * The state of a TCP connection, asked of the kernel: "LISTEN", "SYN_SENT", "ESTABLISHED" ...;
   * "CLOSED" before connect and listen, after a reset, and after `close()`. TIME_WAIT is never
   * seen: it begins when the last descriptor is gone. undefined for what is not TCP.
   */
  get state(): TcpState | undefined {
    if (this.kind.family === "unix" || this.kind.type !== "stream") return undefined;
    return this.isClosed ? "CLOSED" : readTcpState(this.kernel, this.fileno());
  }

  /**
   * TCP_INFO: round-trip time, windows, retransmissions ..., with units in the names. tcp(7)
   *
   * @throws SystemError EOPNOTSUPP, ENOPROTOOPT for a socket that is not TCP.
   */
  info(): TcpInfo {
    return readTcpInfo(this.kernel, this.openFd());
  }

  /**
   * Bytes that wait to be received; of a datagram socket those of the next datagram (of a unix
   * one too). undefined for a listener: connections wait there, see `acceptQueue`. SIOCINQ,
   * tcp(7), udp(7)
   */
  get receiveQueueBytes(): number | undefined {
    const result = this.kernel.ioctl_inq(this.openFd());
    return result === EINVAL ? undefined : check("ioctl", result);
  }

  /**
   * Bytes the peer does not have yet: of a TCP socket not acknowledged, of others the memory they
   * take up in the kernel (overhead counted). undefined for a listener. SIOCOUTQ, tcp(7), udp(7)
   */
  get sendQueueBytes(): number | undefined {
    const result = this.kernel.ioctl_outq(this.openFd());
    return result === EINVAL ? undefined : check("ioctl", result);
  }

  /** A listener's queue, from TCP_INFO; undefined for other sockets, or if not known (BSD). */
  get acceptQueue(): AcceptQueue | undefined {
    this.openFd();
    if (this.state !== "LISTEN") return undefined;
    const { unacked, sacked } = this.info();
    if (unacked === undefined || sacked === undefined) return undefined;
    return { connections: unacked, max: sacked };
  }

  /** The error that waits at the socket; reading clears it. SO_ERROR, socket(7) */
  getError(): SystemError | undefined {
    const errno = this.readError();
    return errno === 0 ? undefined : new SystemError("getsockopt", errno);
  }

  /**
   * Sets a typed option. setsockopt(2)
   *
   * @throws TypeError, RangeError for a value the option cannot have.
   * @throws Error ERR_NOT_SUPPORTED if the option is undefined: this system lacks it.
   * @throws SystemError as the kernel refuses: ENOPROTOOPT, EPERM, EINVAL ...; the message names
   *   the option.
   */
  setOption<T>(option: SocketOption<T> | undefined, value: T): void {
    const fd = this.openFd();
    known(option).write(this.kernel, fd, value, this.#limits);
  }

  /** Reads a typed option. getsockopt(2) @throws as `setOption`. */
  getOption<T>(option: SocketOption<T> | undefined): T {
    const fd = this.openFd();
    return known(option).read(this.kernel, fd, this.#limits);
  }

  /**
   * Sets an option that has no name here: an int, or the kernel's own bytes. setsockopt(2)
   *
   * @throws SystemError as the kernel refuses.
   */
  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    const fd = this.openFd();
    const result =
      typeof value === "number"
        ? this.kernel.setsockopt_int(fd, level, name, value)
        : this.kernel.setsockopt(fd, level, name, value);
    check("setsockopt", result);
  }

  /**
   * Reads an option that has no name here: without `length` an int, with it at most so many of the
   * kernel's own bytes. getsockopt(2)
   *
   * @throws SystemError as the kernel refuses.
   */
  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, length: number): Uint8Array;
  getsockopt(level: number, name: number, length?: number): number | Uint8Array {
    const fd = this.openFd();
    if (length === undefined) {
      check("getsockopt", this.kernel.getsockopt_int(fd, level, name, int));
      return int[0]!;
    }
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, check("getsockopt", this.kernel.getsockopt(fd, level, name, bytes)));
  }

  /** Whether calls wait. */
  get isBlocking(): boolean {
    return this.#limits !== undefined;
  }

  /**
   * Makes calls wait, or not. Waiting blocks the thread: for workers. O_NONBLOCK belongs to the
   * open file, so whoever shares it (dup, SCM_RIGHTS) is changed with it.
   */
  setBlocking(on: boolean): void {
    const fd = this.openFd();
    if (on) startSlices(this.kernel, fd); // first: where it is refused, nothing has changed
    check("fcntl", this.kernel.fcntl_nonblock(fd, !on));
    this.#limits = on ? { receiveMs: 0, sendMs: 0 } : undefined;
  }

  /** SO_ERROR, negative. */
  protected readError(): number {
    const { SOL_SOCKET, SO_ERROR } = this.kernel.constants;
    const result = this.kernel.getsockopt_int(this.openFd(), SOL_SOCKET, SO_ERROR, int);
    check("getsockopt", result);
    return int[0] === 0 ? 0 : -int[0]!;
  }

  /** The address in a record; a unix socket that none is written for has no name. */
  protected decodeName(from: Uint8Array): Address | undefined {
    const address = decodeAddress(this.kernel, from);
    return address === undefined && this.kind.family === "unix" ? { path: "" } : address;
  }

  /**
   * What to do with a negative result: WOULD_BLOCK is answered, on a blocking socket waited out,
   * anything else thrown.
   */
  protected settle(
    syscall: string,
    result: number,
    { isReading, flags }: Transfer,
    call: () => number,
  ): number {
    if (result !== WOULD_BLOCK) throw this.failed(syscall, result);
    const limits = this.#limits;
    if (limits === undefined || (flags & neverWaits(this.kernel)) !== 0) return WOULD_BLOCK;
    const settled = this.wait(isReading, call);
    if (settled < 0 && settled !== WOULD_BLOCK) throw this.failed(syscall, settled);
    return settled;
  }

  /** Repeats `call` on a blocking socket until it no longer says WOULD_BLOCK, or the limit is over. */
  protected wait(isReading: boolean, call: () => number): number {
    const { receiveMs = 0, sendMs = 0 } = this.#limits ?? {};
    const { POLLIN, POLLOUT } = this.kernel.constants;
    const fd = this.openFd();
    const bits = isReading ? POLLIN : POLLOUT;
    return waitAndRepeat(this.kernel, { fd, bits, limitMs: isReading ? receiveMs : sendMs }, call);
  }

  protected failed(syscall: string, errno: number, address?: AddressLike): SystemError {
    return new SystemError(syscall, errno, errorPlace(address ?? this.destination));
  }
}

/** Flags of calls that the kernel answers at once, also on a blocking socket. */
function neverWaits(kernel: Kernel): number {
  const { MSG_DONTWAIT, MSG_OOB, MSG_ERRQUEUE = 0 } = kernel.constants;
  return MSG_DONTWAIT | MSG_OOB | MSG_ERRQUEUE;
}
