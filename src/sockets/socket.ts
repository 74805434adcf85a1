/**
 * A socket: the BSD calls as methods. It owns one descriptor (owned-fd.ts), answers questions about
 * it (socket-properties.ts), and moves bytes here.
 *
 * The rule of this file: flow is a value. A method answers a count, 0 for "end of stream",
 * WOULD_BLOCK for "nothing yet", and throws only what the caller could not expect. The path where
 * all is well allocates nothing and makes one call.
 */
import {
  ADDRESS_BYTES,
  check,
  errnoOf,
  type Fd,
  IN_PROGRESS,
  type Kernel,
  SystemError,
  systemKernel,
  toFd,
  WOULD_BLOCK,
  wrongType,
} from "../kernel/index.js";
import { type AddressLike, errorPlace, parseIpAddress } from "./address.js";
import { encodeAddress } from "./address-record.js";
import { type BlockingLimits, startSlices, waitAndRepeat } from "./blocking.js";
import { bindFd, type OpenOptions, openSocket } from "./opening.js";
import { detectKind, domainNumber, kindOf, type SocketKind, typeNumber } from "./socket-kind.js";
import { SocketProperties } from "./socket-properties.js";

const ECONNABORTED = errnoOf("ECONNABORTED");
const record = new Uint8Array(ADDRESS_BYTES);

export interface ListenTcpOptions extends OpenOptions {
  /** A numeric address to listen on. "::" listens on IPv4 too. @defaultValue "127.0.0.1" */
  readonly host?: string;
  /** 0 lets the system choose a free one: see `localAddress`. @defaultValue 0 */
  readonly port?: number;
  /** Connections that may wait to be accepted. @defaultValue SOMAXCONN */
  readonly backlog?: number;
  /** Binds although old connections of the port are in TIME_WAIT. @defaultValue true */
  readonly reuseAddress?: boolean;
  /** Lets several listeners share the port. @defaultValue false */
  readonly reusePort?: boolean;
  /** An IPv6 listener accepts IPv4 as well. @defaultValue true */
  readonly dualStack?: boolean;
}

export class Socket extends SocketProperties {
  readonly #kind: SocketKind;
  /** Set on a blocking socket. */
  #limits: BlockingLimits | undefined;
  /** Where `connect` went, for the errors of the connection. */
  #destination: AddressLike | undefined;

  private constructor(
    kernel: Kernel,
    fd: Fd,
    kind: SocketKind,
    { isBlocking, origin }: { isBlocking: boolean; origin: "opened" | "accepted" },
  ) {
    super(kernel, fd, origin);
    this.#kind = kind;
    if (isBlocking) {
      this.#limits = { receiveMs: 0, sendMs: 0 };
      startSlices(kernel, fd, this.#limits);
    }
  }

  /** A TCP socket, neither bound nor connected. tcp(7) */
  static tcp({
    family = "IPv4",
    ...options
  }: OpenOptions & { family?: "IPv4" | "IPv6" } = {}): Socket {
    return Socket.#open({ family, type: "stream" }, options);
  }

  /** Two connected unix sockets. socketpair(2) */
  static pair({
    type = "stream",
    blocking = false,
    kernel = systemKernel,
  }: OpenOptions & { type?: "stream" | "dgram" | "seqpacket" } = {}): [Socket, Socket] {
    const out = new Int32Array(2);
    const domain = domainNumber(kernel, "unix");
    check("socketpair", kernel.socketpair(domain, typeNumber(kernel, type), 0, blocking, out));
    const kind = kindOf("unix", type);
    const options = { isBlocking: blocking, origin: "opened" } as const;
    return [
      new Socket(kernel, toFd(out[0]!), kind, options),
      new Socket(kernel, toFd(out[1]!), kind, options),
    ];
  }

  /** A listening TCP socket. */
  static listenTcp({
    host = "127.0.0.1",
    port = 0,
    backlog,
    reuseAddress = true,
    ...options
  }: ListenTcpOptions = {}): Socket {
    const { kernel = systemKernel } = options;
    const { SOL_SOCKET, SO_REUSEADDR } = kernel.constants;
    const address = parseIpAddress(host, port, { kernel });
    const socket = Socket.#open({ family: address.family, type: "stream" }, options);
    try {
      if (reuseAddress) {
        check("setsockopt", kernel.setsockopt_int(socket.openFd(), SOL_SOCKET, SO_REUSEADDR, 1));
      }
      socket.bind(address);
      socket.listen(backlog);
      return socket;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Adopts a descriptor. */
  static fromFd(fd: number, { kernel = systemKernel, blocking = false }: OpenOptions = {}): Socket {
    const owned = toFd(fd);
    const kind = detectKind(kernel, owned);
    check("fcntl", kernel.fcntl_nonblock(owned, !blocking));
    check("fcntl", kernel.adopt(owned));
    return new Socket(kernel, owned, kind, { isBlocking: blocking, origin: "opened" });
  }

  static #open(
    kind: { family: "IPv4" | "IPv6" | "unix"; type: "stream" | "dgram" | "seqpacket" },
    { kernel = systemKernel, blocking = false }: OpenOptions,
  ): Socket {
    const fd = openSocket(kernel, { ...kind, blocking });
    return new Socket(kernel, fd, kindOf(kind.family, kind.type), {
      isBlocking: blocking,
      origin: "opened",
    });
  }

  /** Gives the socket an address. bind(2) */
  bind(address: AddressLike): void {
    bindFd(this.kernel, this.openFd(), address);
  }

  /** Starts to accept connections. listen(2) */
  listen(backlog: number = this.kernel.constants.SOMAXCONN): void {
    check("listen", this.kernel.listen(this.openFd(), backlog));
  }

  /** The next connection; undefined if none waits. accept4(2) */
  accept(): Socket | undefined {
    const fd = this.openFd();
    const limits = this.#limits;
    const call = () => this.kernel.accept4(fd, limits !== undefined, undefined);
    let accepted = call();
    while (accepted === ECONNABORTED) accepted = call();
    if (accepted === WOULD_BLOCK) {
      if (limits === undefined) return undefined;
      const bits = this.kernel.constants.POLLIN;
      accepted = waitAndRepeat(this.kernel, { fd, bits, limitMs: limits.receiveMs }, call);
      if (accepted === WOULD_BLOCK) return undefined;
    }
    if (accepted < 0) throw this.#failed("accept", accepted);
    return new Socket(this.kernel, toFd(accepted), this.#kind, {
      isBlocking: limits !== undefined,
      origin: "accepted",
    });
  }

  /** Starts to connect: 0 when done, IN_PROGRESS when under way. connect(2) */
  connect(address: AddressLike): number {
    const fd = this.openFd();
    const result = this.kernel.connect(fd, encodeAddress(this.kernel, address, record));
    this.#destination = address;
    if (result === 0 || result === IN_PROGRESS) return result;
    if (result === WOULD_BLOCK && this.#kind.family === "unix") return result;
    throw new SystemError("connect", result, errorPlace(address));
  }

  /** Receives bytes: how many, 0 at the end of the stream, WOULD_BLOCK. recv(2) */
  recv(buffer: Uint8Array, offset = 0, length: number = buffer.length - offset, flags = 0): number {
    const n = this.kernel.recv(this.openFd(), buffer, offset, length, flags);
    if (n >= 0 || (n === WOULD_BLOCK && this.#limits === undefined)) return n;
    throw this.#failed("recv", n);
  }

  /** Sends bytes: how many, WOULD_BLOCK. send(2) */
  send(buffer: Uint8Array, offset = 0, length: number = buffer.length - offset, flags = 0): number {
    const n = this.kernel.send(this.openFd(), buffer, offset, length, flags);
    if (n >= 0 || (n === WOULD_BLOCK && this.#limits === undefined)) return n;
    throw this.#failed("send", n);
  }

  /** Ends one direction or both. shutdown(2) */
  shutdown(how: "read" | "write" | "both"): void {
    const { SHUT_RD, SHUT_WR, SHUT_RDWR } = this.kernel.constants;
    const number = { read: SHUT_RD, write: SHUT_WR, both: SHUT_RDWR }[how];
    if (number === undefined) throw wrongType("how", '"read", "write" or "both"', how);
    check("shutdown", this.kernel.shutdown(this.openFd(), number));
  }

  #failed(syscall: string, errno: number): SystemError {
    return new SystemError(syscall, errno, errorPlace(this.#destination));
  }
}
