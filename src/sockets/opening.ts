/** How sockets come into being: each function answers a descriptor that is ready for use. */
import { ADDRESS_BYTES, check, type Fd, type Kernel, SystemError, toFd } from "../kernel/index.js";
import { type AddressLike, errorPlace } from "./address.js";
import { encodeAddress } from "./address-record.js";
import { domainNumber, type SocketFamily, type SocketType, typeNumber } from "./socket-kind.js";

/** Options of everything that opens a socket. */
export interface OpenOptions {
  /** @defaultValue systemKernel */
  readonly kernel?: Kernel;
  /**
   * A socket whose calls wait, for workers: a wait blocks the thread, in slices of 250 ms.
   * @defaultValue false
   */
  readonly blocking?: boolean;
}

type NamedFamily = Exclude<SocketFamily, "other">;
type NamedType = Exclude<SocketType, "other" | "raw">;

const record = new Uint8Array(ADDRESS_BYTES);

/** socket(2) */
export function openSocket(
  kernel: Kernel,
  { family, type, blocking }: { family: NamedFamily; type: NamedType; blocking: boolean },
): Fd {
  const domain = domainNumber(kernel, family);
  return toFd(check("socket", kernel.socket(domain, typeNumber(kernel, type), 0, blocking)));
}

/** bind(2) */
export function bindFd(kernel: Kernel, fd: Fd, address: AddressLike): void {
  const result = kernel.bind(fd, encodeAddress(kernel, address, record));
  if (result < 0) throw new SystemError("bind", result, errorPlace(address));
}
