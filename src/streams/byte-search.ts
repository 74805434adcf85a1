/**
 * Searches over chunks, across their borders, for byte-queue.ts and line-scanner.ts. Positions count from the front of
 * the queue. Nothing is gathered or copied; a search that ends early looks at no byte behind it.
 *
 * Costs: about a nanosecond a byte for the first hundred, then the speed of memchr(3).
 */
import type { Chunk } from "./byte-chunk.js";

export const CR = 13;
export const LF = 10;

/** Bytes looked at here before a view is made, for which memchr(3) is then the faster. */
const PROBE_BYTES = 128;

/** The index in `bytes` of the first `byte` of [from, end), or -1. */
function scan(bytes: Uint8Array, byte: number, from: number, end: number): number {
  const probeEnd = Math.min(end, from + PROBE_BYTES);
  for (let i = from; i < probeEnd; i++) if (bytes[i] === byte) return i;
  if (probeEnd === end) return -1;
  // Without the view the search would run on into what is not the queue's.
  return (end === bytes.length ? bytes : bytes.subarray(0, end)).indexOf(byte, probeEnd);
}

/** The first `byte` of [from, end), or -1. */
export function findByte(head: Chunk | undefined, byte: number, from: number, end: number): number {
  let base = 0;
  for (let chunk = head; chunk !== undefined && base < end; chunk = chunk.next) {
    const offset = chunk.start - base;
    const stop = Math.min(chunk.end, end + offset);
    const start = Math.max(chunk.start, from + offset);
    if (start < stop) {
      const hit = scan(chunk.bytes, byte, start, stop);
      if (hit >= 0) return hit - offset;
    }
    base += chunk.end - chunk.start;
  }
  return -1;
}

/**
 * The first place in [from, end) where all of `needle`, at least one byte, stands; or -1. The last
 * byte of it is before `end` too. O(bytes × needle) if the needle repeats itself.
 */
export function findBytes(
  head: Chunk | undefined,
  needle: Uint8Array,
  from: number,
  end: number,
): number {
  const first = needle[0] as number;
  const lastEnd = end - needle.length + 1;
  let base = 0;
  for (let chunk = head; chunk !== undefined && base < lastEnd; chunk = chunk.next) {
    const offset = chunk.start - base;
    const stop = Math.min(chunk.end, lastEnd + offset);
    let start = Math.max(chunk.start, from + offset);
    while (start < stop) {
      const hit = scan(chunk.bytes, first, start, stop);
      if (hit < 0) break;
      if (matches(chunk, hit, needle)) return hit - offset;
      start = hit + 1;
    }
    base += chunk.end - chunk.start;
  }
  return -1;
}

/** Whether the needle, whose first byte is at `index`, goes on there and in the next chunks. */
function matches(first: Chunk, index: number, needle: Uint8Array): boolean {
  let chunk: Chunk | undefined = first;
  let at = index;
  for (let i = 1; i < needle.length; i++) {
    at += 1;
    if (at === chunk.end) {
      chunk = chunk.next;
      if (chunk === undefined) return false;
      at = chunk.start;
    }
    if (chunk.bytes[at] !== needle[i]) return false;
  }
  return true;
}

/** The byte at `index`, or -1 behind the end. O(chunks before it). */
export function byteAt(head: Chunk | undefined, index: number): number {
  let rest = index;
  for (let chunk = head; chunk !== undefined; chunk = chunk.next) {
    const size = chunk.end - chunk.start;
    if (rest < size) return chunk.bytes[chunk.start + rest] as number;
    rest -= size;
  }
  return -1;
}

/** The first byte of [from, end) that is CR or LF, or with `isBreak` false is neither; or -1. */
export function findBreak(
  head: Chunk | undefined,
  isBreak: boolean,
  from: number,
  end: number,
): number {
  let base = 0;
  for (let chunk = head; chunk !== undefined && base < end; chunk = chunk.next) {
    const { bytes, start } = chunk;
    const offset = start - base;
    const stop = Math.min(chunk.end, end + offset);
    for (let i = Math.max(start, from + offset); i < stop; i++) {
      const byte = bytes[i];
      if ((byte === LF || byte === CR) === isBreak) return i - offset;
    }
    base += chunk.end - start;
  }
  return -1;
}
