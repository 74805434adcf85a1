/**
 * Finds the line at the front of a queue, and remembers how far it has looked: a peer that sends a
 * long line byte by byte costs one look at each byte, not one at each pair. byte-queue.ts makes one
 * at its first `readLine`, and tells it of whatever leaves or enters at the front.
 */
import { outOfRange } from "../kernel/index.js";
import { byteAt, CR, findBreak, findByte, findBytes, LF } from "./byte-search.js";
import type { ChunkList } from "./chunk-list.js";
import { checkCount, lineTooLong } from "./queue-arguments.js";

/**
 * How a line ends (libevent: EVBUFFER_EOL_*): "lf", "crlf" (LF or CR LF), "crlf-strict" (CR LF;
 * each alone belongs to the line), "nul", or "any" (a run of CR and LF of any length).
 */
export type LineStyle = "lf" | "crlf" | "crlf-strict" | "any" | "nul";

/** The longest line that `readLine` accepts by itself, in bytes: a peer decides how long it gets. */
export const LINE_LENGTH_MAX: number = 64 * 1024;

export interface LineOptions {
  /** In bytes, without the line end; Infinity: no limit. @defaultValue LINE_LENGTH_MAX */
  readonly maxLength?: number;
  /** What the line becomes; "buffer": a Buffer of its own. @defaultValue "utf8" */
  readonly encoding?: BufferEncoding | "buffer";
}

const CRLF: Uint8Array = Uint8Array.of(CR, LF);

export class LineScanner {
  /** The run that ended the last "any" line reached the end of the queue: it may go on. */
  isRunOpen = false;
  /** So many bytes at the front hold no line end of `#style`. */
  #searched = 0;
  #style: LineStyle = "crlf";

  /** `n` bytes have left at the front. */
  forget(n: number): void {
    if (n === 0) return;
    this.#searched = Math.max(0, this.#searched - n);
    this.isRunOpen = false;
  }

  /** Bytes were put before the front. */
  restart(): void {
    this.#searched = 0;
    this.isRunOpen = false;
  }

  /**
   * The length of the line at the front, or -1 while its end has not come.
   *
   * @throws Error ERR_LINE_TOO_LONG
   */
  find(chunks: ChunkList, style: LineStyle, maxLength: number): number {
    if (maxLength !== Number.POSITIVE_INFINITY) checkCount("maxLength", maxLength);
    if (style !== this.#style) this.#searched = 0;
    this.#style = style;
    // What is behind this cannot be the end of a line that is short enough.
    const limit = maxLength + (style === "crlf" || style === "crlf-strict" ? 2 : 1);
    const end = Math.min(chunks.length, limit);
    // One byte again: it may be the CR of a CR LF.
    const n = findEnd(chunks, style, Math.max(0, this.#searched - 1), end);
    if (n >= 0 && n <= maxLength) return n;
    if (n >= 0 || end === limit) throw lineTooLong(maxLength);
    this.#searched = end;
    return -1;
  }
}

/** Where the first line end that lies in [from, end) begins, or -1. */
function findEnd({ head }: ChunkList, style: LineStyle, from: number, end: number): number {
  switch (style) {
    case "lf":
      return findByte(head, LF, from, end);
    case "nul":
      return findByte(head, 0, from, end);
    case "any":
      return findBreak(head, true, from, end);
    case "crlf-strict":
      return findBytes(head, CRLF, from, end);
    case "crlf": {
      const lf = findByte(head, LF, from, end);
      return lf > 0 && byteAt(head, lf - 1) === CR ? lf - 1 : lf;
    }
    default:
      throw outOfRange(
        "style",
        '"lf", "crlf", "crlf-strict", "any" or "nul"',
        style satisfies never,
      );
  }
}

/** The length of the line end at `index`, where `find` found it. */
export function lineEndLength(
  { head, length }: ChunkList,
  style: LineStyle,
  index: number,
): number {
  if (style === "crlf-strict") return 2;
  if (style === "crlf") return byteAt(head, index) === CR ? 2 : 1;
  if (style !== "any") return 1;
  const next = findBreak(head, false, index, length);
  return (next < 0 ? length : next) - index;
}
