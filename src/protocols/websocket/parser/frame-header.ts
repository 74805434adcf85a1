/**
 * The first bytes of a frame: their names, how long they are, how they are written. Reading them is
 * frame-parser.ts. RFC 6455 §5.2
 */

export const OPCODE_CONTINUATION = 0x0;
export const OPCODE_TEXT = 0x1;
export const OPCODE_BINARY = 0x2;
export const OPCODE_CLOSE = 0x8;
export const OPCODE_PING = 0x9;
export const OPCODE_PONG = 0xa;

/** The last frame of its message. */
export const FIN = 0x80;
/** "Per-message compressed", on the first frame of a message. RFC 7692 §6 */
export const RSV1 = 0x40;
export const RSV_ALL = 0x70;
export const OPCODE_BITS = 0x0f;
/** In the second byte. */
export const MASKED = 0x80;

/** Two bytes, eight of length, four of mask. */
export const HEADER_BYTES_MAX = 14;

/** Lengths from here on take two more bytes, and from `LENGTH_64` on eight. */
export const LENGTH_16 = 126;
export const LENGTH_64 = 65_536;

const TWO_TO_32 = 0x1_0000_0000;

/** How long the header of a frame with so much payload is. */
export function headerBytes(length: number, isMasked: boolean): number {
  const extended = length < LENGTH_16 ? 0 : length < LENGTH_64 ? 2 : 8;
  return 2 + extended + (isMasked ? 4 : 0);
}

/** How long the header is that has this second byte. */
export function headerBytesOf(second: number): number {
  const code = second & ~MASKED;
  return 2 + (code < 126 ? 0 : code === 126 ? 2 : 8) + ((second & MASKED) === 0 ? 0 : 4);
}

/**
 * Writes a header at `at`; there must be room.
 *
 * @param first the first byte: FIN, RSV1 and the opcode.
 * @param key of the mask; undefined: not masked.
 * @returns where the payload begins.
 */
export function writeHeader(
  target: Uint8Array,
  at: number,
  first: number,
  length: number,
  key: number | undefined,
): number {
  const mask = key === undefined ? 0 : MASKED;
  let next = at + 2;
  target[at] = first;
  if (length < LENGTH_16) target[at + 1] = mask | length;
  else if (length < LENGTH_64) {
    target[at + 1] = mask | 126;
    target[at + 2] = length >>> 8;
    target[at + 3] = length;
    next = at + 4;
  } else {
    target[at + 1] = mask | 127;
    next = writeWord(target, at + 2, Math.floor(length / TWO_TO_32));
    next = writeWord(target, next, length % TWO_TO_32);
  }
  return key === undefined ? next : writeWord(target, next, key);
}

function writeWord(target: Uint8Array, at: number, word: number): number {
  target[at] = word >>> 24;
  target[at + 1] = word >>> 16;
  target[at + 2] = word >>> 8;
  target[at + 3] = word;
  return at + 4;
}

/** Four bytes as a number of 0 or more, the first the highest. */
export function readWord(bytes: Uint8Array, at: number): number {
  const low = (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return bytes[at]! * 0x1000000 + low;
}
