/** What a socket is: its family and its type, as words and as this system's numbers. */
import {
  ADDRESS_BYTES,
  check,
  errnoOf,
  type Fd,
  type Kernel,
  misuse,
  SystemError,
} from "../kernel/index.js";

/** "other" is any family that has no words here (netlink, vsock ...). */
export type SocketFamily = "IPv4" | "IPv6" | "unix" | "other";

export type SocketType = "stream" | "dgram" | "seqpacket" | "raw" | "other";

/** One object for each pair, so that sockets only refer to it. */
export interface SocketKind {
  readonly family: SocketFamily;
  readonly type: SocketType;
}

const kinds = new Map<string, SocketKind>();

export function kindOf(family: SocketFamily, type: SocketType): SocketKind {
  const name = `${family} ${type}`;
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const kind: SocketKind = { family, type };
  kinds.set(name, kind);
  return kind;
}

/** The AF_ number. */
export function domainNumber(kernel: Kernel, family: Exclude<SocketFamily, "other">): number {
  const { AF_INET, AF_INET6, AF_UNIX } = kernel.constants;
  return { IPv4: AF_INET, IPv6: AF_INET6, unix: AF_UNIX }[family];
}

/** The SOCK_ number. */
export function typeNumber(kernel: Kernel, type: Exclude<SocketType, "other">): number {
  const { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW } = kernel.constants;
  return { stream: SOCK_STREAM, dgram: SOCK_DGRAM, seqpacket: SOCK_SEQPACKET, raw: SOCK_RAW }[type];
}

/**
 * Asks the kernel what `fd` is.
 *
 * @throws Error ERR_NOT_A_SOCKET for a descriptor of another kind.
 * @throws SystemError EBADF for a number that is no descriptor.
 */
export function detectKind(kernel: Kernel, fd: Fd): SocketKind {
  const { SOL_SOCKET, SO_TYPE, SO_DOMAIN } = kernel.constants;
  const out = new Int32Array(1);
  const result = kernel.getsockopt_int(fd, SOL_SOCKET, SO_TYPE, out);
  if (result === errnoOf("ENOTSOCK")) {
    throw misuse(Error, "ERR_NOT_A_SOCKET", `Descriptor ${fd} is not a socket`);
  }
  check("getsockopt", result);
  const type = typeName(kernel, out[0]!);
  if (SO_DOMAIN === undefined) return kindOf(familyByName(kernel, fd), type);
  check("getsockopt", kernel.getsockopt_int(fd, SOL_SOCKET, SO_DOMAIN, out));
  return kindOf(familyName(kernel, out[0]!), type);
}

function typeName(kernel: Kernel, number: number): SocketType {
  const types = ["stream", "dgram", "seqpacket", "raw"] as const;
  return types.find((type) => typeNumber(kernel, type) === number) ?? "other";
}

function familyName(kernel: Kernel, number: number): SocketFamily {
  const families = ["IPv4", "IPv6", "unix"] as const;
  return families.find((family) => domainNumber(kernel, family) === number) ?? "other";
}

/** macOS has no SO_DOMAIN: there the socket's own name tells. */
function familyByName(kernel: Kernel, fd: Fd): SocketFamily {
  const record = new Uint8Array(ADDRESS_BYTES);
  const result = kernel.getsockname(fd, record);
  if (result < 0) throw new SystemError("getsockname", result);
  return familyName(kernel, record[0]! | (record[1]! << 8));
}
