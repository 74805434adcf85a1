/**
 * IP addresses as text and as bytes. IPv4 is strict: four decimal parts without leading zeros, for
 * "010" is 8 to some programs and 10 to others. IPv6 is read in every form of RFC 4291 §2.2 and
 * written in the one form of RFC 5952. Nothing here throws or allocates but for the text: what is
 * no address answers false or undefined.
 */
import { type Kernel, systemKernel } from "../kernel/index.js";

/** Bytes of an IPv4 address. */
export const IPV4_BYTES = 4;

/** Bytes of an IPv6 address. */
export const IPV6_BYTES = 16;

const DOT = 46;
const COLON = 58;
const ZERO = 48;
const NINE = 57;

/**
 * Reads an IPv4 address into four bytes of `out`.
 *
 * @returns false if `text` is none; `out` may have been written to.
 */
export function parseIpv4(text: string, out: Uint8Array, at = 0): boolean {
  return parseIpv4Part(text, 0, out, at);
}

function parseIpv4Part(text: string, start: number, out: Uint8Array, at: number): boolean {
  let part = 0;
  let digits = 0;
  let value = 0;
  for (let i = start; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : DOT;
    if (code === DOT) {
      if (digits === 0 || part === IPV4_BYTES) return false;
      out[at + part++] = value;
      digits = 0;
      value = 0;
    } else if (code >= ZERO && code <= NINE) {
      if (digits > 0 && value === 0) return false;
      value = value * 10 + code - ZERO;
      digits++;
      if (value > 255) return false;
    } else {
      return false;
    }
  }
  return part === IPV4_BYTES;
}

/** Four bytes as text: "127.0.0.1". */
export function formatIpv4(bytes: Uint8Array, at = 0): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/**
 * Reads an IPv6 address, without a scope, into sixteen bytes of `out`. RFC 4291 §2.2
 *
 * @returns false if `text` is none; `out` may have been written to.
 */
export function parseIpv6(text: string, out: Uint8Array, at = 0): boolean {
  let used = 0;
  let gap = -1;
  let i = 0;
  if (text.startsWith("::")) {
    gap = 0;
    i = 2;
  }
  while (i < text.length) {
    const end = groupEnd(text, i);
    if (text.charCodeAt(end) === DOT) {
      // An IPv4 address may stand for the last four bytes.
      if (used > IPV6_BYTES - IPV4_BYTES || !parseIpv4Part(text, i, out, at + used)) return false;
      used += IPV4_BYTES;
      i = text.length;
      break;
    }
    if (end === i || end - i > 4 || used === IPV6_BYTES) return false;
    const value = Number.parseInt(text.slice(i, end), 16);
    out[at + used] = value >> 8;
    out[at + used + 1] = value & 0xff;
    used += 2;
    if (end === text.length) break;
    if (text.charCodeAt(end) !== COLON || end + 1 === text.length) return false;
    i = end + 1;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false;
      gap = used;
      i++;
    }
  }
  return gap < 0 ? used === IPV6_BYTES : spread(out, at, used, gap);
}

function groupEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && isHexDigit(text.charCodeAt(end))) end++;
  return end;
}

function isHexDigit(code: number): boolean {
  const lower = code | 0x20;
  return (code >= ZERO && code <= NINE) || (lower >= 97 && lower <= 102);
}

/** Moves what follows "::" to the end; "::" stands for one group of zeros or more. */
function spread(out: Uint8Array, at: number, used: number, gap: number): boolean {
  if (used > IPV6_BYTES - 2) return false;
  const tail = used - gap;
  out.copyWithin(at + IPV6_BYTES - tail, at + gap, at + used);
  out.fill(0, at + gap, at + IPV6_BYTES - tail);
  return true;
}

/**
 * Sixteen bytes as text, in the form of RFC 5952: lower case, no leading zeros, "::" for the first
 * longest run of two zero groups or more; IPv4-mapped addresses as "::ffff:1.2.3.4".
 */
export function formatIpv6(bytes: Uint8Array, at = 0): string {
  if (isIpv4Mapped(bytes, at)) return `::ffff:${formatIpv4(bytes, at + 12)}`;
  const { start, length } = longestZeroRun(bytes, at);
  let text = "";
  for (let group = 0; group < 8; group++) {
    if (group === start) {
      text += "::";
      group += length - 1;
      continue;
    }
    if (text !== "" && !text.endsWith("::")) text += ":";
    text += groupAt(bytes, at, group).toString(16);
  }
  return text;
}

function groupAt(bytes: Uint8Array, at: number, group: number): number {
  return (bytes[at + 2 * group]! << 8) | bytes[at + 2 * group + 1]!;
}

function isIpv4Mapped(bytes: Uint8Array, at: number): boolean {
  for (let group = 0; group < 5; group++) if (groupAt(bytes, at, group) !== 0) return false;
  return groupAt(bytes, at, 5) === 0xffff;
}

function longestZeroRun(bytes: Uint8Array, at: number): { start: number; length: number } {
  const longest = { start: -1, length: 1 };
  for (let group = 0; group < 8; group++) {
    let length = 0;
    while (group + length < 8 && groupAt(bytes, at, group + length) === 0) length++;
    if (length > longest.length) {
      longest.start = group;
      longest.length = length;
    }
    group += length;
  }
  return longest;
}

/**
 * A scope (RFC 4007 §11) as its number: "3" is 3, "eth0" is the index of that interface.
 *
 * @returns undefined if it is neither a number below 2^32 nor an interface of this machine.
 */
export function parseScope(scope: string, kernel: Kernel = systemKernel): number | undefined {
  if (/^[0-9]+$/.test(scope)) {
    const id = Number(scope);
    return id <= 0xffffffff ? id : undefined;
  }
  // Longer names than IF_NAMESIZE do not exist, and the kernel's doorway refuses them.
  if (scope === "" || scope.length > 15 || scope.includes("\0")) return undefined;
  const index = kernel.if_nametoindex(scope);
  return index > 0 ? index : undefined;
}
