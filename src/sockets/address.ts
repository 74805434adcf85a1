/**
 * Addresses as plain data, printed and parsed both ways: "127.0.0.1:80", "[::1]:80",
 * "[fe80::1%3]:80", "unix:/run/a.sock", "unix:@abstract". No names: whoever wants "localhost"
 * asks node:dns first.
 */
import {
  type ErrorPlace,
  type Kernel,
  misuse,
  outOfRange,
  systemKernel,
  wrongType,
} from "../kernel/index.js";
import { formatIpv6, IPV6_BYTES, parseIpv4, parseIpv6, parseScope } from "./ip-address.js";

/** The largest port number. */
export const PORT_MAX = 65_535;

/** An IPv4 or IPv6 address and a port. ip(7), ipv6(7) */
export interface IpAddress {
  readonly family: "IPv4" | "IPv6";
  /** Numeric: "127.0.0.1", "::1". */
  readonly address: string;
  /** 0 to 65535; 0 lets bind choose a free one. */
  readonly port: number;
  /** The interface index a link-local IPv6 address belongs to; absent if 0. RFC 4007 */
  readonly scopeId?: number;
}

/**
 * The name of a unix socket. unix(7)
 *
 * An abstract name (Linux) begins with "\0" and is exactly its bytes, in no file system; "" is a
 * socket without a name. Bytes that are not UTF-8 are the lone surrogates U+DC80 to U+DCFF.
 */
export interface UnixAddress {
  readonly path: string;
}

/** Where a socket is bound or connected to. */
export type Address = IpAddress | UnixAddress;

/** An address as callers may write it: the family is told by the text. */
export type AddressLike =
  | UnixAddress
  | {
      readonly address: string;
      readonly port: number;
      readonly family?: "IPv4" | "IPv6";
      readonly scopeId?: number;
    };

/** True for the name of a unix socket. */
export function isUnixAddress(address: AddressLike): address is UnixAddress {
  return "path" in address;
}

/**
 * An address as text, which `parseAddress` reads back.
 *
 * @example
 * ```ts
 * import { formatAddress } from "socket-reactor";
 * formatAddress({ family: "IPv6", address: "::1", port: 80 }); // "[::1]:80"
 * ```
 */
export function formatAddress(address: AddressLike): string {
  if (isUnixAddress(address)) return `unix:${printablePath(address.path)}`;
  if (!address.address.includes(":")) return `${address.address}:${address.port}`;
  const scope = address.scopeId ? `%${address.scopeId}` : "";
  return `[${address.address}${scope}]:${address.port}`;
}

// "@" stands for the first NUL, as in ss(8) and systemd. A path that begins with "@" gets "./".
function printablePath(path: string): string {
  if (path.startsWith("\0")) return `@${path.slice(1)}`;
  return path.startsWith("@") ? `./${path}` : path;
}

/**
 * Reads "127.0.0.1:80", "[::1]:80", "[fe80::1%3]:80", "[fe80::1%eth0]:80", "unix:/path",
 * "unix:@abstract" and "unix:" (no name).
 *
 * @throws TypeError ERR_INVALID_ADDRESS for anything else, a name or a missing port among it.
 * @throws RangeError ERR_OUT_OF_RANGE for a port above 65535.
 */
export function parseAddress(
  text: string,
  { kernel = systemKernel }: { kernel?: Kernel } = {},
): Address {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    return { path: path.startsWith("@") ? `\0${path.slice(1)}` : path };
  }
  const match = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]+)$/.exec(text);
  if (match === null) {
    throw invalidAddress(text, 'expected "1.2.3.4:80", "[::1]:80" or "unix:/path"');
  }
  const [, bracketed, plain, digits] = match;
  const address = parseIpAddress(bracketed ?? plain ?? "", Number(digits), { kernel });
  if ((address.family === "IPv6") === (bracketed === undefined)) {
    throw invalidAddress(text, "brackets belong around an IPv6 address, and only there");
  }
  return address;
}

const scratch = new Uint8Array(IPV6_BYTES);

/**
 * A numeric address with a port, in canonical form.
 *
 * @param host "127.0.0.1", "::1", "fe80::1%eth0".
 * @throws TypeError ERR_INVALID_ADDRESS if `host` is no numeric address, ERR_INVALID_ARG_TYPE if it
 *   is no string.
 * @throws RangeError ERR_OUT_OF_RANGE if `port` is not an integer from 0 to 65535.
 */
export function parseIpAddress(
  host: string,
  port: number,
  { kernel = systemKernel }: { kernel?: Kernel } = {},
): IpAddress {
  if (typeof host !== "string") throw wrongType("host", "a string", host);
  checkPort(port);
  if (parseIpv4(host, scratch)) return { family: "IPv4", address: host, port };
  const percent = host.indexOf("%");
  if (!parseIpv6(percent < 0 ? host : host.slice(0, percent), scratch)) {
    throw invalidAddress(host, "not a numeric IPv4 or IPv6 address");
  }
  const address = formatIpv6(scratch);
  if (percent < 0) return { family: "IPv6", address, port };
  const scopeId = parseScope(host.slice(percent + 1), kernel);
  if (scopeId === undefined) throw invalidAddress(host, "no such interface");
  return scopeId === 0
    ? { family: "IPv6", address, port }
    : { family: "IPv6", address, port, scopeId };
}

/** @throws RangeError ERR_OUT_OF_RANGE unless `port` is an integer from 0 to 65535. */
export function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) {
    throw outOfRange("port", `an integer from 0 to ${PORT_MAX}`, port);
  }
}

/** ERR_INVALID_ADDRESS: what was to be read, and what is wrong with it. */
export function invalidAddress(text: string, reason: string): Error {
  return misuse(
    TypeError,
    "ERR_INVALID_ADDRESS",
    `Invalid address ${JSON.stringify(text)}: ${reason}`,
  );
}

/** The address as a SystemError carries it. */
export function errorPlace(address: AddressLike | undefined): ErrorPlace {
  if (address === undefined) return {};
  if (!isUnixAddress(address)) return { address: address.address, port: address.port };
  return { path: printablePath(address.path) };
}
