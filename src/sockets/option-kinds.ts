/**
 * The kinds of option values beyond booleans and integers: structures of fixed size whose layout is
 * the same on every supported system, in this machine's byte order.
 */
import { endianness } from "node:os";
import { misuse, outOfRange, wrongType } from "../kernel/index.js";
import { invalidAddress } from "./address.js";
import { type BlockingLimits, sliceMs } from "./blocking.js";
import { formatIpv4, IPV4_BYTES, IPV6_BYTES, parseIpv4, parseIpv6 } from "./ip-address.js";
import {
  checkInt,
  checkOption,
  type OptionName,
  type OptionPlace,
  place,
  type SocketOption,
} from "./option.js";

const IS_LITTLE = endianness() === "LE";

/** An option that can only be read: writing it is ERR_READ_ONLY_OPTION. */
export function readOnly<T>(option: SocketOption<T> | undefined): SocketOption<T> | undefined {
  if (option === undefined) return undefined;
  return {
    ...option,
    write() {
      throw misuse(Error, "ERR_READ_ONLY_OPTION", `Option ${option.name} can only be read`);
    },
  };
}

/** SO_LINGER: seconds, or false. */
export function lingerOption(
  level: number,
  name: OptionName,
): SocketOption<number | false> | undefined {
  const at = place(level, name);
  if (at === undefined) return undefined;
  return {
    ...at,
    write(kernel, fd, value) {
      if (value !== false) checkInt(name, value, 0, 0x7fff);
      const linger = Int32Array.of(value === false ? 0 : 1, value === false ? 0 : value);
      const bytes = new Uint8Array(linger.buffer);
      checkOption("setsockopt", at, kernel.setsockopt(fd, level, at.number, bytes));
    },
    read(kernel, fd) {
      const linger = new Int32Array(2);
      const bytes = new Uint8Array(linger.buffer);
      checkOption("getsockopt", at, kernel.getsockopt(fd, level, at.number, bytes));
      return linger[0] === 0 ? false : linger[1]!;
    },
  };
}

/**
 * How long a blocking socket waits, in milliseconds (struct timeval); 0 is "for ever". The kernel
 * of a blocking `Socket` is told no more than a slice of it.
 */
export function timeLimitOption(
  level: number,
  name: OptionName,
  limit: keyof BlockingLimits,
): SocketOption<number> | undefined {
  const at = place(level, name);
  if (at === undefined) return undefined;
  return {
    ...at,
    write(kernel, fd, value, limits) {
      checkInt(name, value, 0, 0x7fffffff);
      const ms = limits === undefined ? value : sliceMs(value);
      checkOption("setsockopt", at, kernel.setsockopt_time(fd, level, at.number, ms));
      if (limits !== undefined) limits[limit] = value;
    },
    read(kernel, fd, limits) {
      if (limits !== undefined) return limits[limit];
      return checkOption("getsockopt", at, kernel.getsockopt_time(fd, level, at.number));
    },
  };
}

/** A name of at most `maxBytes` bytes; "" is none. */
export function stringOption(
  level: number,
  name: OptionName,
  maxBytes: number,
): SocketOption<string> | undefined {
  const at = place(level, name);
  if (at === undefined) return undefined;
  return {
    ...at,
    write(kernel, fd, value) {
      if (typeof value !== "string") throw wrongType(name, "a string", value);
      const bytes = Buffer.from(`${value}\0`);
      if (bytes.length > maxBytes + 1) throw outOfRange(name, `at most ${maxBytes} bytes`, value);
      checkOption("setsockopt", at, kernel.setsockopt(fd, level, at.number, bytes));
    },
    read(kernel, fd) {
      const bytes = Buffer.alloc(maxBytes + 1);
      const length = kernel.getsockopt(fd, level, at.number, bytes);
      const text = bytes.toString("utf8", 0, checkOption("getsockopt", at, length));
      const end = text.indexOf("\0");
      return end < 0 ? text : text.slice(0, end);
    },
  };
}

/** A 64-bit number that says "no limit" with all bits set: here Infinity. */
export function rateOption(level: number, name: OptionName): SocketOption<number> | undefined {
  const at = place(level, name);
  if (at === undefined) return undefined;
  return {
    ...at,
    write(kernel, fd, value) {
      if (typeof value !== "number") throw wrongType(name, "a number", value);
      const isWhole = Number.isSafeInteger(value) && value >= 0;
      if (!isWhole && value !== Infinity) throw outOfRange(name, "an integer or Infinity", value);
      const rate = BigUint64Array.of(value === Infinity ? 2n ** 64n - 1n : BigInt(value));
      const bytes = new Uint8Array(rate.buffer);
      checkOption("setsockopt", at, kernel.setsockopt(fd, level, at.number, bytes));
    },
    read(kernel, fd) {
      const { bytes, view } = structure(8);
      const length = kernel.getsockopt(fd, level, at.number, bytes);
      const isWide = checkOption("getsockopt", at, length) === 8;
      const rate = isWide ? view.getBigUint64(0, IS_LITTLE) : BigInt(view.getUint32(0, IS_LITTLE));
      return rate === (isWide ? 2n ** 64n - 1n : 2n ** 32n - 1n) ? Infinity : Number(rate);
    },
  };
}

/** A 64-bit identifier, read only. */
export function identifierOption(
  level: number,
  name: OptionName,
): SocketOption<bigint> | undefined {
  const at = place(level, name);
  if (at === undefined) return undefined;
  return readOnly<bigint>({
    ...at,
    write() {},
    read(kernel, fd) {
      const { bytes, view } = structure(8);
      checkOption("getsockopt", at, kernel.getsockopt(fd, level, at.number, bytes));
      return view.getBigUint64(0, IS_LITTLE);
    },
  });
}

/** An IPv4 address. */
export function ipv4Option(level: number, name: OptionName): SocketOption<string> | undefined {
  const at = place(level, name);
  if (at === undefined) return undefined;
  return {
    ...at,
    write(kernel, fd, value) {
      const bytes = new Uint8Array(IPV4_BYTES);
      readIpv4(name, value, bytes, 0);
      checkOption("setsockopt", at, kernel.setsockopt(fd, level, at.number, bytes));
    },
    read(kernel, fd) {
      const bytes = new Uint8Array(IPV4_BYTES);
      checkOption("getsockopt", at, kernel.getsockopt(fd, level, at.number, bytes));
      return formatIpv4(bytes);
    },
  };
}

/** A multicast group, and the interface it is joined on (absent: the kernel's choice). */
export interface Membership {
  /** "239.1.2.3", "ff02::1". */
  readonly group: string;
  /** IPv4 only: an address of the interface. */
  readonly interfaceAddress?: string;
  /** The index of the interface; wins over its address. */
  readonly interfaceIndex?: number;
}

/** struct ip_mreq, or ip_mreqn where an index is given: ip(7). Write only. */
export function ipv4MembershipOption(
  level: number,
  name: OptionName,
): SocketOption<Membership> | undefined {
  return membershipOption(place(level, name), (option, membership) => {
    const { group, interfaceAddress = "0.0.0.0", interfaceIndex } = membership;
    const { bytes, view } = structure(interfaceIndex === undefined ? 8 : 12);
    readIpv4(option.name, group, bytes, 0);
    readIpv4(option.name, interfaceAddress, bytes, IPV4_BYTES);
    if (interfaceIndex !== undefined) view.setInt32(8, interfaceIndex, IS_LITTLE);
    return bytes;
  });
}

/** struct ipv6_mreq: ipv6(7), RFC 3493 §5.2. Write only. */
export function ipv6MembershipOption(
  level: number,
  name: OptionName,
): SocketOption<Membership> | undefined {
  return membershipOption(place(level, name), (option, { group, interfaceIndex = 0 }) => {
    const { bytes, view } = structure(IPV6_BYTES + 4);
    if (typeof group !== "string") throw wrongType(option.name, "a membership", group);
    if (!parseIpv6(group, bytes)) throw invalidAddress(group, "not an IPv6 address");
    view.setUint32(IPV6_BYTES, interfaceIndex, IS_LITTLE);
    return bytes;
  });
}

function membershipOption(
  at: OptionPlace | undefined,
  encode: (at: OptionPlace, value: Membership) => Uint8Array,
): SocketOption<Membership> | undefined {
  if (at === undefined) return undefined;
  return {
    ...at,
    write(kernel, fd, value) {
      if (typeof value !== "object" || value === null) {
        throw wrongType(at.name, "a membership", value);
      }
      checkInt(`${at.name}.interfaceIndex`, value.interfaceIndex ?? 0, 0, 0x7fffffff);
      const bytes = encode(at, value);
      checkOption("setsockopt", at, kernel.setsockopt(fd, at.level, at.number, bytes));
    },
    read() {
      throw misuse(Error, "ERR_WRITE_ONLY_OPTION", `Option ${at.name} can only be set`);
    },
  };
}

function structure(length: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(length);
  return { bytes, view: new DataView(bytes.buffer) };
}

function readIpv4(name: string, text: string, bytes: Uint8Array, at: number): void {
  if (typeof text !== "string") throw wrongType(name, "an IPv4 address", text);
  if (!parseIpv4(text, bytes, at)) throw invalidAddress(text, "not an IPv4 address");
}
