/**
 * Takes a head through, byte by byte, over however many pieces it comes in: the start line, which
 * request-scanner.ts and status-scanner.ts know, then the fields, into a FieldTable. Trailers are
 * fields without a start line.
 *
 * Rules: a byte is looked at once, so that a head which drips in costs no more than one that comes
 * whole; what is stored counts from the head's start, for its memory may move between two calls; a
 * byte beyond the limit is not looked at, so that every split of the input gives the same error.
 */
import type { ByteQueue } from "../../../streams/byte-queue.js";
import { SP, TAB, TOKEN } from "./byte-classes.js";
import type { FieldTable } from "./field-table.js";
import { formatByte, HttpParseError } from "./http-parse-error.js";
import { valueEnd } from "./value-scan.js";

/** The states of a start line are below this one. */
export const FIELD_START = 16;
const NAME_START = FIELD_START;
const FIELD_NAME = 17;
const VALUE = 18;
const LINE_FEED = 19;
const LAST_LINE_FEED = 20;

// Not imported: see byte-classes.ts.
const NAME_BYTES: Uint8Array = TOKEN;
const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

/** Where bytes behind the first chunk are copied to be looked at. Never in use between two calls. */
const COPY: Uint8Array = new Uint8Array(4096);

export class FieldScanner {
  /** How much has been looked at; in the end the length of the head. */
  at = 0;
  protected state = 0;
  protected readonly bytesMax: number;
  readonly #fieldsMax: number;

  constructor(bytesMax: number, fieldsMax: number) {
    this.bytesMax = bytesMax;
    this.#fieldsMax = fieldsMax;
  }

  /** Starts a head at the front of the queue; `state`: FIELD_START, or the start line's first. */
  begin(state: number): void {
    this.at = 0;
    this.state = state;
  }

  /** Goes on at the front of the queue, where the head starts; true: all of it is there. */
  scan(queue: ByteQueue, table: FieldTable): boolean {
    const bytes = queue.frontBytes;
    if (bytes === undefined) return false;
    const start = queue.frontStart;
    const length = Math.min(queue.length, this.bytesMax);
    const inFront = Math.min(queue.frontEnd - start, length);
    if (this.at < inFront && this.#run(bytes, start + this.at, start + inFront, start, table)) {
      return true;
    }
    while (this.at < length) {
      const n = queue.copyOut(COPY, 0, this.at, Math.min(length, this.at + COPY.length));
      if (this.#run(COPY, 0, n, -this.at, table)) return true;
    }
    if (length === this.bytesMax) throw this.tooLarge();
    table.ownOffsets();
    return false;
  }

  /**
   * The start line from `from` on. Returns where the fields begin, with state FIELD_START, or -1
   * when all bytes before `end` are used up. `origin`: where the head begins.
   */
  protected startLine(
    _bytes: Uint8Array,
    from: number,
    _end: number,
    _origin: number,
    _table: FieldTable,
  ): number {
    return from;
  }

  /** Where the head ends, if the fields at `at` are known and in the table now; else -1. */
  protected knownFields(
    _bytes: Uint8Array,
    _at: number,
    _end: number,
    _origin: number,
    _table: FieldTable,
  ): number {
    return -1;
  }

  protected tooLarge(): HttpParseError {
    const message = `Head larger than ${this.bytesMax} bytes`;
    return new HttpParseError("ERR_HTTP_HEAD_TOO_LARGE", 431, message);
  }

  #run(bytes: Uint8Array, from: number, end: number, origin: number, table: FieldTable): boolean {
    let at = from;
    if (this.state < NAME_START) {
      at = this.startLine(bytes, from, end, origin, table);
      if (at >= 0) {
        table.start = at - origin;
        const known = this.knownFields(bytes, at, end, origin, table);
        if (known >= 0) {
          this.at = known - origin;
          return true;
        }
      }
    }
    if (at >= 0) at = this.#fields(bytes, at, end, origin, table);
    this.at = (at < 0 ? end : at) - origin;
    return at >= 0;
  }

  /** Returns where the head ends, or -1 when all bytes are used up. */
  #fields(bytes: Uint8Array, from: number, end: number, origin: number, table: FieldTable): number {
    let { state } = this;
    let { count, offsets } = table;
    let at = from;
    while (at < end) {
      if (state === NAME_START) {
        if (bytes[at] === CR) {
          state = LAST_LINE_FEED;
          at += 1;
          continue;
        }
        if (NAME_BYTES[bytes[at]!] === 0) throw badName(bytes[at]);
        if (count * 2 + 2 > offsets.length) {
          table.reserve(count);
          offsets = table.offsets;
        }
        this.#checkCount(count);
        state = FIELD_NAME;
      }
      if (state === FIELD_NAME) {
        at = nameEnd(bytes, at, end);
        if (at === end) break;
        if (bytes[at] !== COLON) throw badName(bytes[at]);
        offsets[count * 2] = at - origin;
        at += 1;
        state = VALUE;
      }
      if (state === VALUE) {
        at = valueEnd(bytes, at, end);
        if (at === end) break;
        if (bytes[at] !== CR) throw badValue(bytes[at]);
        offsets[count * 2 + 1] = at - origin;
        at += 1;
        state = LINE_FEED;
        if (at === end) break;
      }
      if (bytes[at] !== LF) throw badLineEnd(bytes[at]);
      at += 1;
      if (state === LAST_LINE_FEED) {
        table.count = count;
        return at;
      }
      count += 1;
      state = NAME_START;
    }
    this.state = state;
    table.count = count;
    return -1;
  }

  #checkCount(count: number): void {
    if (count < this.#fieldsMax) return;
    const message = `More than ${this.#fieldsMax} fields`;
    throw new HttpParseError("ERR_HTTP_TOO_MANY_FIELDS", 431, message);
  }
}

/** The first byte from `from` on that may not stand in a name: its colon, as a rule. */
function nameEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  // Four at a time: a round of the loop costs more than what it does with a byte.
  while (
    at + 4 <= end &&
    (NAME_BYTES[bytes[at]!]! &
      NAME_BYTES[bytes[at + 1]!]! &
      NAME_BYTES[bytes[at + 2]!]! &
      NAME_BYTES[bytes[at + 3]!]!) ===
      1
  ) {
    at += 4;
  }
  while (at < end && NAME_BYTES[bytes[at]!] === 1) at += 1;
  return at;
}

function badName(byte: number | undefined): HttpParseError {
  const isFold = byte === SP || byte === TAB;
  const message = isFold ? "Blank in or before a field name" : "Invalid byte in a field name";
  return new HttpParseError("ERR_HTTP_FIELD_NAME", 400, `${message}: ${formatByte(byte)}`);
}

function badValue(byte: number | undefined): HttpParseError {
  if (byte === LF) return badLineEnd(byte);
  const message = `Invalid byte in a field value: ${formatByte(byte)}`;
  return new HttpParseError("ERR_HTTP_FIELD_VALUE", 400, message);
}

/** LF without CR, or CR without LF. */
export function badLineEnd(byte: number | undefined): HttpParseError {
  const message = byte === LF ? "LF without CR" : `CR followed by ${formatByte(byte)}`;
  return new HttpParseError("ERR_HTTP_LINE_END", 400, message);
}
