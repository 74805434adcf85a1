/**
 * Masking and unmasking, which are the same: byte i of a payload is combined with byte i modulo 4 of
 * the key. A key is a number here, its first byte the highest. RFC 6455 §5.3
 *
 * Rule: in place, so only on memory that is ours.
 */

/** Up to this a loop over bytes is cheaper than the view that a loop over words needs. */
const LOOP_BYTES_MAX = 64;

/** Turns a key into a word in this machine's order of bytes. */
const keyBytes = new Uint8Array(4);
const keyWord = new Int32Array(keyBytes.buffer);

/** @param phase the index in the payload of the byte at `start`. */
export function applyMask(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
  phase = 0,
): void {
  let at = start;
  let rotated = rotate(key, phase);
  if (end - start > LOOP_BYTES_MAX) {
    const aligned = start + (-(bytes.byteOffset + start) & 3);
    maskBytes(bytes, start, aligned, rotated);
    rotated = rotate(rotated, aligned - start);
    at = maskWords(bytes, aligned, end, rotated);
  }
  maskBytes(bytes, at, end, rotated);
}

/** The key as it is for a payload that begins `phase` bytes later. */
export function rotate(key: number, phase: number): number {
  const bits = (phase & 3) * 8;
  return bits === 0 ? key : (key << bits) | (key >>> (32 - bits));
}

function maskBytes(bytes: Uint8Array, start: number, end: number, key: number): void {
  for (let at = start; at < end; at += 1) {
    bytes[at]! ^= key >>> (24 - ((at - start) & 3) * 8);
  }
}

/** From an aligned start. Returns where the last whole word ends. */
function maskWords(bytes: Uint8Array, start: number, end: number, key: number): number {
  keyBytes[0] = key >>> 24;
  keyBytes[1] = key >>> 16;
  keyBytes[2] = key >>> 8;
  keyBytes[3] = key;
  const word = keyWord[0]!;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, (end - start) >> 2);
  for (let i = 0; i < words.length; i += 1) words[i]! ^= word;
  return start + words.length * 4;
}
