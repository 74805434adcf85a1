/**
 * host [":" port], as Host and two forms of the target have it (RFC 9110 §7.2, RFC 3986 §3.2).
 *
 * Stricter than the grammar: no empty host, no empty port, no comma, and of IP literals only IPv6
 * addresses. Whoever sends one of those means to be read in two ways.
 */
import { HEX_VALUE, IP_LITERAL, PERCENT, REG_NAME, RIGHT_BRACKET } from "./byte-classes.js";

// Every request comes through here: see byte-classes.ts for why these are not imported.
const NAME_BYTES: Uint8Array = REG_NAME;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const LEFT_BRACKET = 0x5b;

const PORT_MAX = 65_535;

/** Whether [start, end) is host [":" port]. */
export function isAuthority(bytes: Uint8Array, start: number, end: number): boolean {
  const colon = hostEnd(bytes, start, end);
  return colon === end || isPort(bytes, colon, end);
}

/** Whether [start, end) is host ":" port. */
export function isAuthorityWithPort(bytes: Uint8Array, start: number, end: number): boolean {
  return isPort(bytes, hostEnd(bytes, start, end), end);
}

/** Where the host ends; -1: there is none. */
function hostEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && NAME_BYTES[bytes[at]!] === 1) at += 1;
  // Hardly a host goes on with anything else.
  if (at > start && (at === end || bytes[at] === COLON)) return at;
  return unusualHostEnd(bytes, start, end);
}

/** With escapes, or in brackets. */
function unusualHostEnd(bytes: Uint8Array, start: number, end: number): number {
  if (start < end && bytes[start] === LEFT_BRACKET) return literalEnd(bytes, start + 1, end);
  let at = start;
  while (at < end) {
    if (NAME_BYTES[bytes[at]!] === 1) at += 1;
    else if (bytes[at] === PERCENT && isEscape(bytes, at, end)) at += 3;
    else break;
  }
  return at === start ? -1 : at;
}

function isEscape(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at > 2 && HEX_VALUE[bytes[at + 1]!]! < 16 && HEX_VALUE[bytes[at + 2]!]! < 16;
}

function literalEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let colons = 0;
  while (at < end && IP_LITERAL[bytes[at]!] === 1) {
    if (bytes[at] === COLON) colons += 1;
    at += 1;
  }
  return colons >= 2 && at < end && bytes[at] === RIGHT_BRACKET ? at + 1 : -1;
}

/** ":" and up to five digits. */
function isPort(bytes: Uint8Array, colon: number, end: number): boolean {
  if (colon < 0 || bytes[colon] !== COLON || end - colon < 2 || end - colon > 6) return false;
  let port = 0;
  for (let at = colon + 1; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) return false;
    port = port * 10 + (byte - ZERO);
  }
  return port <= PORT_MAX;
}
