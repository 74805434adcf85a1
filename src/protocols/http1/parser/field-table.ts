/**
 * The fields of one head or of trailers, as offsets into the bytes they came in. field-scanner.ts
 * fills it, head-record.ts adds what the framing needs, message-head.ts shows it.
 *
 * Layout: field i has two offsets, both from the start of the head: where its name ends (the colon)
 * and where its line ends (the CR). The name starts two behind the previous line's end.
 *
 * Rule: bytes are lent. `keep` turns them into one string; a table that is neither kept nor being
 * read holds no memory but itself: the offsets lie in one array for all parsers of the thread,
 * which the next one that scans a head takes over.
 */
import type { ByteQueue } from "../../../streams/byte-queue.js";
import { LOWER, SP, TAB } from "./byte-classes.js";
import type { Fields } from "./fields.js";

const NO_BYTES: Uint8Array = new Uint8Array(0);
const NO_OFFSETS: Int32Array = new Int32Array(0);

/** Room for so many offsets at first, where a table needs its own. */
const OFFSETS_MIN = 32;

/** Fits the default limit of fields; grows for a larger one. */
let shared: Int32Array = new Int32Array(256);
let borrower: FieldTable | undefined;

export class FieldTable implements Fields {
  count = 0;
  /** Where the first field's line starts. */
  start = 0;
  offsets: Int32Array = NO_OFFSETS;
  /** The whole head, once it was asked for. */
  text: string | undefined = undefined;
  /** The whole head is `bytes[base, base + length)`, if it is not kept. */
  bytes: Uint8Array = NO_BYTES;
  base = 0;
  length = 0;
  /** Nothing else lies in their piece of the queue, which goes when they do. */
  isAlone = false;
  isKept = false;

  /** Makes it ready to be filled, in the shared array. */
  borrow(): void {
    if (borrower !== this) {
      // Somebody's head is read while another is scanned: it needs a copy.
      borrower?.ownOffsets();
      borrower = this;
    }
    this.offsets = shared;
    this.clear();
  }

  /** Forgets what it describes, as whose bytes are about to be somebody else's must. */
  clear(): void {
    this.count = 0;
    this.text = undefined;
    this.bytes = NO_BYTES;
    this.length = 0;
  }

  release(): void {
    this.clear();
    if (borrower === this) borrower = undefined;
    this.offsets = NO_OFFSETS;
  }

  /** Gives the shared array up, with a copy of what was written: a field may be half there. */
  ownOffsets(): void {
    if (borrower !== this) return;
    borrower = undefined;
    this.offsets = shared.slice(0, this.count * 2 + 2);
  }

  /** Makes room for the offsets of one more field than `count`. */
  reserve(count: number): void {
    const { offsets } = this;
    if (count * 2 + 2 <= offsets.length) return;
    const larger = new Int32Array(Math.max(OFFSETS_MIN, offsets.length * 2));
    larger.set(offsets);
    this.offsets = larger;
    if (borrower === this) shared = larger;
  }

  /** Its bytes are the first of the queue: puts them together. */
  take(queue: ByteQueue, length: number): void {
    let start = queue.frontStart;
    let end = queue.frontEnd;
    if (length > end - start) {
      queue.pullup(length);
      start = queue.frontStart;
      end = queue.frontEnd;
    }
    this.bytes = queue.frontBytes!;
    this.base = start;
    this.length = length;
    this.isAlone = length === end - start;
  }

  /** Copies what is lent, so that it can be read for ever. */
  keep(): void {
    if (this.isKept) return;
    this.materialise();
    this.ownOffsets();
    this.bytes = NO_BYTES;
    this.isKept = true;
  }

  /** The whole head as one string, which the others are parts of. */
  materialise(): string {
    this.text ??= latin1(this.bytes, this.base, this.base + this.length);
    return this.text;
  }

  nameStart(index: number): number {
    return index === 0 ? this.start : this.offsets[index * 2 - 1]! + 2;
  }

  nameEnd(index: number): number {
    return this.offsets[index * 2]!;
  }

  lineEnd(index: number): number {
    return this.offsets[index * 2 + 1]!;
  }

  name(index: number): string {
    this.#check(index);
    return this.materialise().substring(this.nameStart(index), this.nameEnd(index));
  }

  value(index: number): string {
    this.#check(index);
    const text = this.materialise();
    let start = this.nameEnd(index) + 1;
    let end = this.lineEnd(index);
    while (start < end && isBlank(text.charCodeAt(start))) start += 1;
    while (start < end && isBlank(text.charCodeAt(end - 1))) end -= 1;
    return text.substring(start, end);
  }

  get(name: string): string | undefined {
    let index = this.#find(name, 0);
    if (index < 0) return undefined;
    let value = this.value(index);
    for (index = this.#find(name, index + 1); index >= 0; index = this.#find(name, index + 1)) {
      value += `, ${this.value(index)}`;
    }
    return value;
  }

  getAll(name: string): string[] {
    const values: string[] = [];
    for (let index = this.#find(name, 0); index >= 0; index = this.#find(name, index + 1)) {
      values.push(this.value(index));
    }
    return values;
  }

  has(name: string): boolean {
    return this.#find(name, 0) >= 0;
  }

  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (let index = 0; index < this.count; index += 1) yield [this.name(index), this.value(index)];
  }

  #find(name: string, from: number): number {
    const { count, offsets } = this;
    const text = this.materialise();
    for (let index = from; index < count; index += 1) {
      const start = this.nameStart(index);
      if (offsets[index * 2]! - start === name.length && equals(text, start, name)) return index;
    }
    return -1;
  }

  #check(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.count) return;
    const error = new RangeError(`No field at ${index}: there are ${this.count}`);
    throw Object.assign(error, { code: "ERR_OUT_OF_RANGE" });
  }
}

/** One character for each byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset);
  return buffer.toString("latin1", start, end);
}

export function isBlank(byte: number): boolean {
  return byte === SP || byte === TAB;
}

/** Whether `name` stands in `text` at `start`, in whatever case. */
function equals(text: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i += 1) {
    const wanted = name.charCodeAt(i);
    const found = text.charCodeAt(start + i);
    if (found !== wanted && LOWER[found] !== LOWER[wanted]) return false;
  }
  return true;
}
