/**
 * Takes text lines off the front of a queue. Pure: it knows bytes and nothing else; line-stream.ts
 * joins it to a stream.
 *
 * The rule of the file: whatever the peer sends, a call ends, takes no more memory than the limit
 * and throws nothing. What is no line is an event.
 */
import type { ByteQueue } from "../../../streams/byte-queue.js";

/** Nothing whole is left in the queue: call again when there is more. */
export const NEED_DATA = 0;
/** A line was taken off the queue: `parser.line`. */
export const LINE = 1;
/** A line is longer than the limit. It is being dropped: what follows it comes next. */
export const LINE_TOO_LONG = 2;
/** A line with a NUL, or with a CR that ends nothing, was dropped: it could not be passed on. */
export const LINE_BAD_BYTE = 3;

/**
 * The longest line, in bytes without its end: room for any command and a generous text. (IRC has
 * 512, with tags 8191; SMTP 998; Redis' inline commands 64 KiB.)
 */
export const LINE_BYTES_MAX: number = 8192;

const LF = 10;
const CR = 13;
/** What no line may hold beside the LF that ends it. */
const BAD_BYTE = /[\r\0]/;

/**
 * Lines end with CR LF or LF alone. Bytes that are no UTF-8 become U+FFFD; the limit counts bytes,
 * as they came. A rest without a line end is no line and stays in the queue.
 *
 * The queue must be read by this parser only, unless between two lines.
 */
export class LineParser {
  readonly #bytesMax: number;
  /** So many bytes at the front hold no LF. */
  #searched = 0;
  #isDropping = false;
  #line = "";

  /** @param bytesMax an integer of 1 or more. */
  constructor(bytesMax: number = LINE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** The line that was taken last, without its end: no CR, LF or NUL is in it. */
  get line(): string {
    return this.#line;
  }

  /** Takes one line, or drops one. @returns one of the events above. Never throws. */
  next(queue: ByteQueue): number {
    if (this.#isDropping && !this.#dropped(queue)) return NEED_DATA;
    if (this.#searched > queue.length) this.#searched = 0; // somebody else has read
    // Of a line that is short enough the LF lies before this: two more for CR LF.
    const limit = this.#bytesMax + 2;
    const end = Math.min(queue.length, limit);
    const at = queue.indexOf(LF, this.#searched, end);
    if (at >= 0) return this.#take(queue, at);
    this.#searched = end;
    if (end < limit) return NEED_DATA;
    this.#isDropping = true;
    this.#dropped(queue);
    return LINE_TOO_LONG;
  }

  /** Takes the line whose LF is at `at`. */
  #take(queue: ByteQueue, at: number): number {
    this.#searched = 0;
    this.#line = "";
    const bytes = queue.pullup(at);
    const length = at > 0 && bytes[at - 1] === CR ? at - 1 : at;
    const isShort = length <= this.#bytesMax;
    const line = isShort ? bytes.toString("utf8", 0, length) : "";
    queue.drain(at + 1);
    if (!isShort) return LINE_TOO_LONG;
    if (BAD_BYTE.test(line)) return LINE_BAD_BYTE;
    this.#line = line;
    return LINE;
  }

  /** Drops what is there of a line that was too long. @returns true once its end is found. */
  #dropped(queue: ByteQueue): boolean {
    this.#searched = 0;
    const at = queue.indexOf(LF);
    queue.drain(at < 0 ? queue.length : at + 1);
    this.#isDropping = at < 0;
    return at >= 0;
  }
}
