/**
 * The form in which an address crosses into the kernel's doorway: a record of ADDRESS_BYTES bytes,
 * little-endian, the same on every system (its layout stands in native/address.h).
 */
import { ADDRESS_BYTES, type Kernel, outOfRange, wrongType } from "../kernel/index.js";
import {
  type Address,
  type AddressLike,
  checkPort,
  invalidAddress,
  isUnixAddress,
  parseIpAddress,
} from "./address.js";
import {
  formatIpv4,
  formatIpv6,
  IPV4_BYTES,
  IPV6_BYTES,
  parseIpv4,
  parseIpv6,
} from "./ip-address.js";
import { decodePath, encodePath } from "./unix-path.js";

const FAMILY = 0;
const PORT = 2;
const SCOPE = 4;
const LENGTH = 8;
const DATA = 12;
const PATH_MAX = ADDRESS_BYTES - DATA;

/**
 * Writes `address` into the record at `at`.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE if it is none, ERR_INVALID_ADDRESS for bad text.
 * @throws RangeError ERR_OUT_OF_RANGE for a port or scope out of range or a path of more than 107
 *   bytes (Linux; 108 for an abstract name).
 */
export function encodeAddress(
  kernel: Kernel,
  address: AddressLike,
  record: Uint8Array,
  at = 0,
): Uint8Array {
  if (typeof address !== "object" || address === null) {
    throw wrongType("address", "an address object", address);
  }
  if (isUnixAddress(address)) encodeUnix(kernel, address.path, record, at);
  else encodeIp(kernel, address, record, at);
  return record;
}

function encodeUnix(kernel: Kernel, path: string, record: Uint8Array, at: number): void {
  if (typeof path !== "string") throw wrongType("path", "a string", path);
  const bytes = encodePath(path);
  const isAbstract = bytes[0] === 0;
  const max = isAbstract ? PATH_MAX : PATH_MAX - 1;
  if (bytes.length > max) throw outOfRange("path", `at most ${max} bytes`, path);
  // The kernel would stop at the NUL and bind another name than the one that was asked for.
  if (!isAbstract && bytes.includes(0)) throw invalidAddress(path, "a path holds no NUL");
  put16(record, at + FAMILY, kernel.constants.AF_UNIX);
  put16(record, at + PORT, 0);
  put32(record, at + SCOPE, 0);
  put32(record, at + LENGTH, bytes.length);
  record.set(bytes, at + DATA);
}

function encodeIp(
  kernel: Kernel,
  { address, port, family, scopeId = 0 }: Exclude<AddressLike, { path: string }>,
  record: Uint8Array,
  at: number,
): void {
  if (typeof address !== "string") throw wrongType("address", "a string", address);
  checkPort(port);
  if (!Number.isInteger(scopeId) || scopeId < 0 || scopeId > 0xffffffff) {
    throw outOfRange("scopeId", "an integer from 0 to 4294967295", scopeId);
  }
  const isIpv4 = parseIpv4(address, record, at + DATA);
  if (!isIpv4 && !parseIpv6(address, record, at + DATA)) {
    if (!address.includes("%")) throw invalidAddress(address, "not a numeric IP address");
    // The scope stands in the text: "fe80::1%eth0".
    encodeIp(kernel, parseIpAddress(address, port, { kernel }), record, at);
    return;
  }
  if (family !== undefined && (family === "IPv4") !== isIpv4) {
    throw invalidAddress(address, `not an ${family} address`);
  }
  put16(record, at + FAMILY, isIpv4 ? kernel.constants.AF_INET : kernel.constants.AF_INET6);
  put16(record, at + PORT, port);
  put32(record, at + SCOPE, isIpv4 ? 0 : scopeId);
  put32(record, at + LENGTH, isIpv4 ? IPV4_BYTES : IPV6_BYTES);
}

/** The address of the record at `at`; undefined if it holds none, or one of another family. */
export function decodeAddress(kernel: Kernel, record: Uint8Array, at = 0): Address | undefined {
  const { AF_INET, AF_INET6, AF_UNIX } = kernel.constants;
  switch (get16(record, at + FAMILY)) {
    case AF_INET: {
      const address = formatIpv4(record, at + DATA);
      return { family: "IPv4", address, port: get16(record, at + PORT) };
    }
    case AF_INET6: {
      const address = formatIpv6(record, at + DATA);
      const port = get16(record, at + PORT);
      const scopeId = get32(record, at + SCOPE);
      return scopeId === 0
        ? { family: "IPv6", address, port }
        : { family: "IPv6", address, port, scopeId };
    }
    case AF_UNIX: {
      const start = at + DATA;
      return { path: decodePath(record.subarray(start, start + get32(record, at + LENGTH))) };
    }
    default:
      return undefined;
  }
}

function put16(record: Uint8Array, at: number, value: number): void {
  record[at] = value;
  record[at + 1] = value >> 8;
}

function put32(record: Uint8Array, at: number, value: number): void {
  put16(record, at, value);
  put16(record, at + 2, value >>> 16);
}

function get16(record: Uint8Array, at: number): number {
  return record[at]! | (record[at + 1]! << 8);
}

function get32(record: Uint8Array, at: number): number {
  return (get16(record, at) | (get16(record, at + 2) << 16)) >>> 0;
}
