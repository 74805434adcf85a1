/**
 * How sockets come into being. Each function answers a descriptor that is ready for use, or has
 * closed it again before it throws.
 */
import {
  ADDRESS_BYTES,
  check,
  type Fd,
  type Kernel,
  misuse,
  SystemError,
  systemKernel,
  toFd,
} from "../kernel/index.js";
import { type AddressLike, errorPlace, parseIpAddress } from "./address.js";
import { encodeAddress } from "./address-record.js";
import { startSlices } from "./blocking.js";
import {
  domainNumber,
  kindOf,
  type SocketFamily,
  type SocketKind,
  type SocketType,
  typeNumber,
} from "./socket-kind.js";

/** What everything that opens a socket takes. */
export interface OpenOptions {
  /** @defaultValue systemKernel */
  readonly kernel?: Kernel;
  /**
   * Makes a socket whose calls wait, for workers. The kernel waits in slices of 250 ms, so that
   * `worker.terminate()` works.
   * @defaultValue false
   */
  readonly blocking?: boolean;
}

export interface ListenTcpOptions extends OpenOptions {
  /** Numeric: "127.0.0.1", "0.0.0.0" (all IPv4), "::" (all). @defaultValue "127.0.0.1" */
  readonly host?: string;
  /** 0 to 65535; 0 chooses a free one, see `localAddress`. @defaultValue 0 */
  readonly port?: number;
  /** Connections that may wait to be accepted; the system has a limit too. @defaultValue SOMAXCONN */
  readonly backlog?: number;
  /** SO_REUSEADDR: binds although old connections are in TIME_WAIT. @defaultValue true */
  readonly reuseAddress?: boolean;
  /** SO_REUSEPORT: listeners share the port; FreeBSD: SO_REUSEPORT_LB. @defaultValue false */
  readonly reusePort?: boolean;
  /** An IPv6 listener takes IPv4 too, as ::ffff:1.2.3.4 (no IPV6_V6ONLY). @defaultValue true */
  readonly dualStack?: boolean;
}

export interface ListenUnixOptions extends OpenOptions {
  /** A path, or an abstract name ("\0..."). */
  readonly path: string;
  /** @defaultValue "stream" */
  readonly type?: "stream" | "seqpacket";
  /** Connections that may wait to be accepted. @defaultValue SOMAXCONN */
  readonly backlog?: number;
}

/** A family and a type that sockets can be made of. */
export interface NewSocket {
  readonly family: Exclude<SocketFamily, "other">;
  readonly type: Exclude<SocketType, "other">;
}

/** A new descriptor and what it is. */
export interface Opened {
  readonly fd: Fd;
  readonly kind: SocketKind;
}

const record = new Uint8Array(ADDRESS_BYTES);

/** socket(2) */
export function openSocket(kernel: Kernel, kind: NewSocket, blocking: boolean): Opened {
  const domain = domainNumber(kernel, kind.family);
  const result = kernel.socket(domain, typeNumber(kernel, kind.type), 0, blocking);
  const opened = { fd: toFd(check("socket", result)), kind: kindOf(kind.family, kind.type) };
  return blocking ? inSlices(kernel, opened) : opened;
}

/** Gives a new blocking descriptor what `terminate()` needs, see blocking.ts. */
export function inSlices(kernel: Kernel, opened: Opened): Opened {
  return closingOnError(kernel, opened, () => startSlices(kernel, opened.fd));
}

/** socketpair(2) */
export function openPair(
  kernel: Kernel,
  type: "stream" | "dgram" | "seqpacket",
  blocking: boolean,
): [Opened, Opened] {
  const out = new Int32Array(2);
  const domain = domainNumber(kernel, "unix");
  check("socketpair", kernel.socketpair(domain, typeNumber(kernel, type), 0, blocking, out));
  const kind = kindOf("unix", type);
  const a = { fd: toFd(out[0]!), kind };
  const b = { fd: toFd(out[1]!), kind };
  if (!blocking) return [a, b];
  closingOnError(kernel, b, () => inSlices(kernel, a));
  closingOnError(kernel, a, () => inSlices(kernel, b));
  return [a, b];
}

/** socket(2), its options, bind(2), listen(2). */
export function openTcpListener({
  host = "127.0.0.1",
  port = 0,
  backlog,
  reuseAddress = true,
  reusePort = false,
  dualStack = true,
  blocking = false,
  kernel = systemKernel,
}: ListenTcpOptions): Opened {
  const address = parseIpAddress(host, port, { kernel });
  const { SOL_SOCKET, SO_REUSEADDR, IPPROTO_IPV6, IPV6_V6ONLY } = kernel.constants;
  const reusePortOption = reusePort ? reusePortNumber(kernel) : undefined;
  const opened = openSocket(kernel, { family: address.family, type: "stream" }, blocking);
  const { fd } = opened;
  return closingOnError(kernel, opened, () => {
    const set = (level: number, name: number, on: boolean): number =>
      check("setsockopt", kernel.setsockopt_int(fd, level, name, on ? 1 : 0));
    if (reuseAddress) set(SOL_SOCKET, SO_REUSEADDR, true);
    if (reusePortOption !== undefined) set(SOL_SOCKET, reusePortOption, true);
    if (address.family === "IPv6") set(IPPROTO_IPV6, IPV6_V6ONLY, !dualStack);
    bindFd(kernel, fd, address);
    listenFd(kernel, fd, backlog, address);
  });
}

/** socket(2), bind(2), listen(2) for a unix path or name. */
export function openUnixListener({
  path,
  type = "stream",
  backlog,
  blocking = false,
  kernel = systemKernel,
}: ListenUnixOptions): Opened {
  const opened = openSocket(kernel, { family: "unix", type }, blocking);
  return closingOnError(kernel, opened, () => {
    bindFd(kernel, opened.fd, { path });
    listenFd(kernel, opened.fd, backlog, { path });
  });
}

function closingOnError(kernel: Kernel, opened: Opened, prepare: () => void): Opened {
  try {
    prepare();
    return opened;
  } catch (error) {
    kernel.close(opened.fd);
    throw error;
  }
}

function reusePortNumber({ constants }: Kernel): number {
  const number = constants.SO_REUSEPORT_LB ?? constants.SO_REUSEPORT;
  if (number !== undefined) return number;
  throw misuse(Error, "ERR_NOT_SUPPORTED", "This system does not have the option: SO_REUSEPORT");
}

/** bind(2) */
export function bindFd(kernel: Kernel, fd: Fd, address: AddressLike): void {
  const result = kernel.bind(fd, encodeAddress(kernel, address, record));
  if (result < 0) throw new SystemError("bind", result, errorPlace(address));
}

/** listen(2) */
export function listenFd(
  kernel: Kernel,
  fd: Fd,
  backlog: number = kernel.constants.SOMAXCONN,
  address?: AddressLike,
): void {
  const result = kernel.listen(fd, backlog);
  if (result < 0) throw new SystemError("listen", result, errorPlace(address));
}
