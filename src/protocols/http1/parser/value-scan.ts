/**
 * Where a field value ends. Most of a head is values, so they are skipped by words of four bytes;
 * field-scanner.ts has the rest of a line.
 *
 * Rule: what may stand in a value is what byte-classes.ts says. Words only skip what is allowed for
 * sure; the table decides on all other bytes, HTAB for instance.
 */
import { FIELD_VALUE } from "./byte-classes.js";

// Not imported: see byte-classes.ts.
const VALUE_BYTES: Uint8Array = FIELD_VALUE;

/** A view holds its memory until there is another one: nothing larger than a reactor's buffer. */
const VIEWED_BYTES_MAX = 512 * 1024;

/** Nearly always the one buffer that a reactor receives into, and its view. */
let viewed: Uint8Array = new Uint8Array(0);
let view: DataView = new DataView(viewed.buffer);

/** The first byte in [from, end) that may not stand in a value, its CR as a rule; else `end`. */
export function valueEnd(bytes: Uint8Array, from: number, end: number): number {
  const words = wordsOf(bytes);
  if (words === undefined) return endByBytes(bytes, from, end);
  let at = from;
  while (at + 8 <= end) {
    const first = unsureBytes(words.getInt32(at, true));
    const second = unsureBytes(words.getInt32(at + 4, true));
    if ((first | second) === 0) {
      at += 8;
      continue;
    }
    at += first !== 0 ? firstByte(first) : 4 + firstByte(second);
    if (VALUE_BYTES[bytes[at]!] === 0) return at;
    at += 1;
  }
  return endByBytes(bytes, at, end);
}

/** The lowest bit that is set is the highest of its byte. */
function firstByte(unsure: number): number {
  return (31 - Math.clz32(unsure & -unsure)) >> 3;
}

/**
 * Of each byte its highest bit, set if it is below 0x20, 0x7f or 0xff. The sums stay within their
 * bytes: the first has that bit from 0x20 on, the second for what has seven ones below it.
 */
function unsureBytes(word: number): number {
  const low = word & 0x7f7f7f7f;
  return (~((low + 0x60606060) | word) | (low + 0x01010101)) & 0x80808080;
}

/** To read words of these bytes; undefined: they are too many to hold on to. */
export function wordsOf(bytes: Uint8Array): DataView | undefined {
  if (bytes === viewed) return view;
  if (bytes.length > VIEWED_BYTES_MAX) return undefined;
  viewed = bytes;
  view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view;
}

function endByBytes(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && VALUE_BYTES[bytes[at]!] === 1) at += 1;
  return at;
}
