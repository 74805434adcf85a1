/**
 * The fields of a connection's previous request. Clients repeat themselves: from one request to the
 * next the target changes, the fields seldom do (which is what HPACK, RFC 7541, lives on), and to
 * compare them is several times cheaper than to scan and frame them again.
 *
 * Rules: what is known was scanned, framed and checked by the same parser, with the same limits, and
 * every byte of it is compared, up to the empty line; so it cannot mean anything else now. Fields
 * that announce a body, an upgrade or an expectation are never remembered. Nothing is remembered of
 * one connection for another.
 */
import type { RequestRecord } from "./head-record.js";
import { wordsOf } from "./value-scan.js";

/** In bytes. What an idle connection may hold for this; a browser's fields are near 1000. */
export const FIELD_MEMO_BYTES_MAX = 1024;

/** A client whose fields change so often in a row is not looked at in this way any more. */
const MISSES_MAX = 8;

export class FieldMemo {
  /** The fields with the empty line behind them, in words; the last one overlaps the one before. */
  #words: Int32Array = new Int32Array(0);
  /** In bytes; 0: nothing is known. */
  #length = 0;
  /** As those of a FieldTable, but from the first field on. */
  #offsets: Int32Array = new Int32Array(0);
  #count = 0;
  #hostAt = -1;
  #connection = 0;
  #misses = 0;

  /**
   * Fills the record in and returns where the head ends, if the same fields stand at `at`; else -1.
   * `origin`: where the head begins.
   */
  recall(
    bytes: Uint8Array,
    at: number,
    end: number,
    origin: number,
    record: RequestRecord,
  ): number {
    const length = this.#length;
    if (length === 0 || record.minorVersion !== 1) return -1;
    const there = end - at < length ? undefined : wordsOf(bytes);
    if (there === undefined) return -1;
    if (!isEqual(there, at, this.#words, length)) return this.#missed();
    this.#misses = 0;
    this.#fill(record, at - origin);
    return at + length;
  }

  /** The head that was just scanned and found good. */
  remember(record: RequestRecord): void {
    const { bytes, base, start, offsets, count } = record;
    const length = record.length - start;
    this.#length = 0;
    if (this.#misses >= MISSES_MAX || length > FIELD_MEMO_BYTES_MAX || !isPlain(record)) return;
    const from = base + start;
    const words = wordsOf(bytes);
    if (words === undefined) return;
    if (this.#words.length !== (length + 3) >> 2) this.#words = new Int32Array((length + 3) >> 2);
    if (this.#offsets.length !== count * 2) this.#offsets = new Int32Array(count * 2);
    const last = this.#words.length - 1;
    for (let i = 0; i < last; i += 1) this.#words[i] = words.getInt32(from + i * 4, true);
    this.#words[last] = words.getInt32(from + length - 4, true);
    for (let i = 0; i < count * 2; i += 1) this.#offsets[i] = offsets[i]! - start;
    this.#count = count;
    this.#hostAt = record.hostAt;
    this.#connection = record.connection;
    this.#length = length;
  }

  #missed(): number {
    this.#misses += 1;
    return -1;
  }

  #fill(record: RequestRecord, start: number): void {
    const count = this.#count;
    const known = this.#offsets;
    if (count > 0) record.reserve(count - 1);
    const { offsets } = record;
    for (let i = 0; i < count * 2; i += 1) offsets[i] = known[i]! + start;
    record.count = count;
    record.hostAt = this.#hostAt;
    record.connection = this.#connection;
    record.isRecalled = true;
  }
}

/** Whether `length` bytes at `at` are these; the last word overlaps the one before. */
function isEqual(there: DataView, at: number, words: Int32Array, length: number): boolean {
  const last = words.length - 1;
  let from = at;
  let i = 0;
  for (; i + 4 <= last; i += 4, from += 16) {
    const difference =
      (there.getInt32(from, true) ^ words[i]!) |
      (there.getInt32(from + 4, true) ^ words[i + 1]!) |
      (there.getInt32(from + 8, true) ^ words[i + 2]!) |
      (there.getInt32(from + 12, true) ^ words[i + 3]!);
    if (difference !== 0) return false;
  }
  for (; i < last; i += 1, from += 4) {
    if (there.getInt32(from, true) !== words[i]) return false;
  }
  return there.getInt32(at + length - 4, true) === words[last];
}

/** Nothing but the end of the head follows from its fields, and what becomes of the connection. */
function isPlain(record: RequestRecord): boolean {
  return (
    record.minorVersion === 1 &&
    record.contentLength < 0 &&
    record.transferEncodingAt < 0 &&
    record.upgradeAt < 0 &&
    !record.expectsContinue &&
    !record.hasUnknownExpectation
  );
}
