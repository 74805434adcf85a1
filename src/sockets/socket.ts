/**
 * A socket: the BSD calls as methods. It owns one descriptor (owned-fd.ts), answers questions about
 * it (socket-properties.ts), moves datagrams and what travels beside bytes (socket-messages.ts);
 * here it is opened, connected, read from and written to.
 *
 * The rule of this file: flow is a value. A method answers a count, 0 for "end of stream",
 * WOULD_BLOCK for "not now", and throws only what its caller could not expect. Where all is well
 * `recv`, `send` and `accept` allocate nothing and make one call; closures wait behind the check.
 */
import {
  ADDRESS_BYTES,
  check,
  errnoOf,
  type Fd,
  IN_PROGRESS,
  type Kernel,
  systemKernel,
  toFd,
  WOULD_BLOCK,
  wrongType,
} from "../kernel/index.js";
import type { AddressLike } from "./address.js";
import { encodeAddress } from "./address-record.js";
import { startSlices } from "./blocking.js";
import {
  bindFd,
  inSlices,
  type ListenTcpOptions,
  type ListenUnixOptions,
  listenFd,
  type NewSocket,
  type OpenOptions,
  openPair,
  openSocket,
  openTcpListener,
  openUnixListener,
} from "./opening.js";
import { detectKind, type SocketKind } from "./socket-kind.js";
import { SocketMessages } from "./socket-messages.js";

const ECONNABORTED = errnoOf("ECONNABORTED");

// Filled and read within one call.
const record = new Uint8Array(ADDRESS_BYTES);

/**
 * One socket.
 *
 * Errors common to all methods but `fileno`, `isClosed`, `state`, `onClose` and `close`: Error
 * ERR_SOCKET_CLOSED after `close()` or `detach()`. A refused call is a SystemError with the
 * kernel's code.
 *
 * A socket that is never closed leaks its descriptor, for nobody closes it behind your back. If it
 * is garbage-collected a warning says so once, SOCKET_REACTOR_ABANDONED; of accepted sockets one
 * in 64 is watched for that.
 *
 * @example
 * ```ts
 * import { Socket } from "socket-reactor";
 * const listener = Socket.listenTcp({ port: 7000 });
 * const client = Socket.tcp();
 * client.connect({ address: "127.0.0.1", port: 7000 }); // IN_PROGRESS
 * const connection = listener.accept(); // On loopback it is there at once.
 * connection?.send(Buffer.from("hello"));
 * for (const socket of [listener, client, connection]) socket?.close();
 * ```
 */
export class Socket extends SocketMessages {
  // One constructor for the factories below; positional, because every accept runs through it.
  private constructor(
    kernel: Kernel,
    fd: Fd,
    kind: SocketKind,
    isBlocking: boolean,
    origin: "opened" | "accepted",
  ) {
    super(kernel, fd, kind, isBlocking, origin);
  }

  /** A TCP socket, neither bound nor connected. tcp(7) @throws SystemError EMFILE, ENFILE ... */
  static tcp({
    family = "IPv4",
    ...options
  }: OpenOptions & { readonly family?: "IPv4" | "IPv6" } = {}): Socket {
    return Socket.#open({ family, type: "stream" }, options);
  }

  /** A UDP socket, neither bound nor connected. udp(7) @throws as `tcp`. */
  static udp({
    family = "IPv4",
    ...options
  }: OpenOptions & { readonly family?: "IPv4" | "IPv6" } = {}): Socket {
    return Socket.#open({ family, type: "dgram" }, options);
  }

  /** A unix socket, neither bound nor connected. unix(7) @throws as `tcp`. */
  static unix({
    type = "stream",
    ...options
  }: OpenOptions & { readonly type?: "stream" | "dgram" | "seqpacket" } = {}): Socket {
    return Socket.#open({ family: "unix", type }, options);
  }

  /** Two unix sockets, connected to each other. socketpair(2) @throws as `tcp`. */
  static pair({
    type = "stream",
    blocking = false,
    kernel = systemKernel,
  }: OpenOptions & { readonly type?: "stream" | "dgram" | "seqpacket" } = {}): [Socket, Socket] {
    const [a, b] = openPair(kernel, type, blocking);
    return [
      new Socket(kernel, a.fd, a.kind, blocking, "opened"),
      new Socket(kernel, b.fd, b.kind, blocking, "opened"),
    ];
  }

  /**
   * A TCP socket that listens.
   *
   * @throws TypeError ERR_INVALID_ADDRESS if `host` is no numeric address.
   * @throws RangeError ERR_OUT_OF_RANGE for a port beyond 65535.
   * @throws Error ERR_NOT_SUPPORTED for `reusePort` where there is none.
   * @throws SystemError EADDRINUSE, EADDRNOTAVAIL, EACCES (ports below 1024), EMFILE ...
   */
  static listenTcp(options: ListenTcpOptions = {}): Socket {
    const { kernel = systemKernel, blocking = false } = options;
    const { fd, kind } = openTcpListener(options);
    return new Socket(kernel, fd, kind, blocking, "opened");
  }

  /**
   * A unix socket that listens. The file of a path stays when the socket is closed: whoever made
   * it removes it.
   *
   * @throws SystemError EADDRINUSE (a file is there, even without a listener), ENOENT, EACCES ...
   */
  static listenUnix(options: ListenUnixOptions): Socket {
    const { kernel = systemKernel, blocking = false } = options;
    const { fd, kind } = openUnixListener(options);
    return new Socket(kernel, fd, kind, blocking, "opened");
  }

  /**
   * Adopts a descriptor, which this socket owns from now on: one of `detach()`, of SCM_RIGHTS, of
   * another library that gives it up. Sets O_NONBLOCK as `blocking` says.
   *
   * If it throws, whatever the reason, the descriptor is still the caller's, and open.
   *
   * @throws Error ERR_NOT_A_SOCKET.
   * @throws SystemError EBADF for a number that is no descriptor.
   * @throws SystemError EINVAL on macOS, with `blocking`, after the peer's reset.
   */
  static fromFd(fd: number, { kernel = systemKernel, blocking = false }: OpenOptions = {}): Socket {
    const owned = toFd(fd);
    const kind = detectKind(kernel, owned);
    if (blocking) startSlices(kernel, owned);
    check("fcntl", kernel.fcntl_nonblock(owned, !blocking));
    // The last that can fail: who has adopted a descriptor has to close it.
    check("adopt", kernel.adopt(owned));
    return new Socket(kernel, owned, kind, blocking, "opened");
  }

  static #open(kind: NewSocket, options: OpenOptions): Socket {
    const { kernel = systemKernel, blocking = false } = options;
    const opened = openSocket(kernel, kind, blocking);
    return new Socket(kernel, opened.fd, opened.kind, blocking, "opened");
  }

  /** Gives the socket an address. bind(2) @throws SystemError EADDRINUSE, EADDRNOTAVAIL ... */
  bind(address: AddressLike): void {
    bindFd(this.kernel, this.openFd(), address);
  }

  /**
   * Starts to accept connections. listen(2)
   *
   * @param backlog connections that may wait; default SOMAXCONN, and the system has a limit.
   */
  listen(backlog?: number): void {
    listenFd(this.kernel, this.openFd(), backlog, this.localAddress);
  }

  /**
   * The next connection, in the listener's own mode (blocking or not); undefined if none waits. A
   * connection that was given up while it waited (ECONNABORTED) is passed over. accept4(2)
   *
   * @throws SystemError EMFILE, ENFILE, ENOBUFS, ENOMEM: the connection stays in the queue, and the
   *   listener stays readable; EINVAL if the socket does not listen.
   */
  accept(): Socket | undefined {
    const fd = this.openFd();
    const isBlocking = this.isBlocking;
    const accepted = this.kernel.accept4(fd, isBlocking, undefined);
    if (accepted >= 0) return this.#accepted(accepted, isBlocking);
    if (accepted === WOULD_BLOCK && !isBlocking) return undefined;
    return this.#acceptAgain(accepted, fd);
  }

  #acceptAgain(first: number, fd: Fd): Socket | undefined {
    const isBlocking = this.isBlocking;
    const call = (): number => this.kernel.accept4(fd, isBlocking, undefined);
    let result = first;
    while (result < 0) {
      if (result !== ECONNABORTED) {
        result = this.settle("accept", result, { isReading: true, flags: 0 }, call);
        if (result === WOULD_BLOCK) return undefined;
      } else {
        result = call();
      }
    }
    return this.#accepted(result, isBlocking);
  }

  #accepted(fd: number, isBlocking: boolean): Socket {
    const owned = toFd(fd);
    if (isBlocking) inSlices(this.kernel, { fd: owned, kind: this.kind });
    return new Socket(this.kernel, owned, this.kind, isBlocking, "accepted");
  }

  /**
   * Connects: 0 when done, IN_PROGRESS when under way (wait until writable, then `finishConnect`).
   * A unix socket whose listener's queue is full answers WOULD_BLOCK: nothing is under way, and
   * nothing tells when to try again. A datagram socket only notes its peer. connect(2)
   *
   * A blocking socket waits, at most SO_SNDTIMEO; IN_PROGRESS or WOULD_BLOCK if that is over.
   *
   * @throws SystemError ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL ... with the address.
   */
  connect(address: AddressLike): number {
    const fd = this.openFd();
    encodeAddress(this.kernel, address, record);
    this.destination = address;
    const result = this.kernel.connect(fd, record);
    if (result === 0) return 0;
    const canWait = result === IN_PROGRESS || (result === WOULD_BLOCK && this.family === "unix");
    if (!canWait) throw this.failed("connect", result);
    return this.isBlocking ? this.#connectAgain(result, fd, address) : result;
  }

  #connectAgain(first: number, fd: Fd, address: AddressLike): number {
    const isUnderWay = first === IN_PROGRESS;
    const again = encodeAddress(this.kernel, address, new Uint8Array(ADDRESS_BYTES));
    const result = this.wait(false, () =>
      isUnderWay ? this.readError() : this.kernel.connect(fd, again),
    );
    if (result === WOULD_BLOCK) return first;
    if (result < 0) throw this.failed("connect", result);
    return 0;
  }

  /**
   * How a connect that was IN_PROGRESS ended, once the socket is writable; before that it says
   * nothing. SO_ERROR, connect(2)
   *
   * @throws SystemError "connect" ECONNREFUSED, ETIMEDOUT ... with the address.
   */
  finishConnect(): void {
    const errno = this.readError();
    if (errno !== 0) throw this.failed("connect", errno);
  }

  /** Dissolves the association of a connected datagram socket. connect(2) with AF_UNSPEC */
  disconnect(): void {
    record.fill(0);
    check("connect", this.kernel.connect(this.openFd(), record));
    this.destination = undefined;
  }

  /**
   * Receives into `buffer`: how many bytes; 0 at the end of the stream (of a datagram socket: an
   * empty datagram; for a length of 0: nothing); WOULD_BLOCK. recv(2)
   *
   * @param offset default 0. @param length default what `buffer` has behind `offset`.
   * @param flags MSG_ bits of `kernel.constants`, default 0.
   * @throws SystemError ECONNRESET, ENOTCONN, ECONNREFUSED (a datagram sent before came back) ...
   * @throws RangeError ERR_OUT_OF_RANGE for a part that does not lie in `buffer`.
   */
  recv(buffer: Uint8Array, offset = 0, length: number = buffer.length - offset, flags = 0): number {
    const n = this.kernel.recv(this.openFd(), buffer, offset, length, flags);
    if (n >= 0 || (n === WOULD_BLOCK && !this.isBlocking)) return n;
    return this.#recvAgain(n, buffer, { offset, length, flags });
  }

  #recvAgain(first: number, buffer: Uint8Array, { offset, length, flags }: Range): number {
    const fd = this.openFd();
    return this.settle("recv", first, { isReading: true, flags }, () =>
      this.kernel.recv(fd, buffer, offset, length, flags),
    );
  }

  /**
   * Sends from `buffer`: how many bytes the kernel took, which may be fewer than there are, also on
   * a blocking socket; WOULD_BLOCK. send(2)
   *
   * @param offset default 0. @param length default what `buffer` has behind `offset`.
   * @param flags MSG_ bits of `kernel.constants`, default 0.
   * @throws SystemError EPIPE, ECONNRESET, ENOTCONN, EMSGSIZE (a datagram too long) ...
   * @throws RangeError ERR_OUT_OF_RANGE for a part that does not lie in `buffer`.
   */
  send(buffer: Uint8Array, offset = 0, length: number = buffer.length - offset, flags = 0): number {
    const n = this.kernel.send(this.openFd(), buffer, offset, length, flags);
    if (n >= 0 || (n === WOULD_BLOCK && !this.isBlocking)) return n;
    return this.#sendAgain(n, buffer, { offset, length, flags });
  }

  #sendAgain(first: number, buffer: Uint8Array, { offset, length, flags }: Range): number {
    const fd = this.openFd();
    return this.settle("send", first, { isReading: false, flags }, () =>
      this.kernel.send(fd, buffer, offset, length, flags),
    );
  }

  /**
   * Ends one direction or both. "write" sends what is queued, then FIN: the peer reads 0. shutdown(2)
   *
   * @throws SystemError ENOTCONN.
   */
  shutdown(how: "read" | "write" | "both"): void {
    const { SHUT_RD, SHUT_WR, SHUT_RDWR } = this.kernel.constants;
    const number = { read: SHUT_RD, write: SHUT_WR, both: SHUT_RDWR }[how];
    if (number === undefined) throw wrongType("how", '"read", "write" or "both"', how);
    const result = this.kernel.shutdown(this.openFd(), number);
    if (result < 0) throw this.failed("shutdown", result);
  }
}

interface Range {
  readonly offset: number;
  readonly length: number;
  readonly flags: number;
}
