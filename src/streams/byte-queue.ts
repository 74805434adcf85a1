/**
 * Bytes on their way in or out of a stream: a queue of chunks that grows at the end and is read at
 * the front without moving what is in it. chunk-list.ts keeps the chunks, byte-search.ts looks
 * through them; here are the checks, the readers, the lines and the loan.
 *
 * Rules: every argument is checked before anything changes. The owners of references are told when
 * the queue is in order again, so they may use it.
 */
import { misuse, outOfRange, wrongType } from "../kernel/index.js";
import { foreignChunk, ownedChunk, releaseChunks, viewOf } from "./byte-chunk.js";
import { byteAt, findByte, findBytes } from "./byte-search.js";
import { ChunkList } from "./chunk-list.js";
import {
  LINE_LENGTH_MAX,
  type LineOptions,
  LineScanner,
  type LineStyle,
  lineEndLength,
} from "./line-scanner.js";
import { checkAtMost, checkBytes, checkCount, checkRange, checkTotal } from "./queue-arguments.js";

export { LINE_LENGTH_MAX, type LineOptions, type LineStyle } from "./line-scanner.js";

/**
 * A queue of bytes (libevent: evbuffer), read at the front, written at the end.
 *
 * Bytes are copied in (`append`), in blocks that many small pieces share, or held by reference
 * (`appendReference`). Views (`peek`, `pullup`, `chunks`) are lent: they hold until the queue
 * changes, and one that shows a lent chunk (`lend`) until the callback returns; later their memory
 * may carry another connection's bytes. `take` copies.
 *
 * Lengths that exceed the queue are cut to it, but for `pullup`, `byteAt` and positions: those
 * throw. Every method throws TypeError ERR_INVALID_ARG_TYPE for what is no number, string or
 * Uint8Array where one is wanted, RangeError ERR_OUT_OF_RANGE for a number that is negative,
 * fractional, NaN or outside its bounds; the queue is then as it was.
 *
 * @example
 * ```ts
 * import { ByteQueue } from "socket-reactor/streams";
 * const queue = new ByteQueue();
 * queue.append("GET / HTTP/1.1\r\nHost: exam");
 * console.log(queue.readLine()); // GET / HTTP/1.1
 * console.log(queue.readLine()); // undefined: the rest has not come
 * ```
 */
export class ByteQueue {
  readonly #chunks: ChunkList = new ChunkList();
  #lines: LineScanner | undefined;

  /** In bytes. */
  get length(): number {
    return this.#chunks.length;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** The pieces that `chunks` yields. */
  get chunkCount(): number {
    return this.#chunks.count;
  }

  /** The memory behind the first chunk, [`frontStart`, `frontEnd`) of it; undefined if empty. */
  get frontBytes(): Uint8Array | undefined {
    return this.#chunks.head?.bytes;
  }

  /** 0 if the queue is empty. */
  get frontStart(): number {
    return this.#chunks.head?.start ?? 0;
  }

  /** 0 if the queue is empty. */
  get frontEnd(): number {
    return this.#chunks.head?.end ?? 0;
  }

  get frontIsLent(): boolean {
    return this.#chunks.lent !== undefined && this.#chunks.lent === this.#chunks.head;
  }

  /** Adds a copy: of [start, end) of bytes, or of a text as UTF-8. */
  append(text: string): void;
  append(bytes: Uint8Array, start?: number, end?: number): void;
  append(bytes: Uint8Array | string, start = 0, end: number = bytes?.length): void {
    if (typeof bytes !== "string") {
      checkTotal(this.length, checkRange(bytes, start, end));
      this.#chunks.pushCopy(bytes, start, end);
    } else {
      if (start !== 0 || end !== bytes.length) throw wrongType("bytes", "bytes for a range", bytes);
      checkTotal(this.length, bytes.length * 3);
      if (bytes !== "") this.#chunks.pushText(bytes);
    }
  }

  /**
   * Adds bytes without copying them. They must not change until `onRelease` is called: once, when
   * the last of them has been drained or copied elsewhere; at once if there are none. A part of
   * them that moves to another queue is copied, the whole goes along with its `onRelease`.
   * An error that `onRelease` throws leaves by the method that called it, whose work is then done.
   */
  appendReference(
    bytes: Uint8Array,
    onRelease?: () => void,
    start = 0,
    end: number = bytes?.length,
  ): void {
    const n = checkRange(bytes, start, end);
    if (onRelease !== undefined && typeof onRelease !== "function") {
      throw wrongType("onRelease", "a function", onRelease);
    }
    checkTotal(this.length, n);
    if (n === 0) {
      onRelease?.();
      return;
    }
    const chunk = foreignChunk(bytes, start, end);
    chunk.onRelease = onRelease;
    this.#chunks.push(chunk);
  }

  /** Puts a copy before the front. */
  prepend(bytes: Uint8Array | string): void {
    const added = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    checkBytes("bytes", added);
    checkTotal(this.length, added.length);
    if (added.length === 0) return;
    this.#lines?.restart();
    this.#chunks.unshiftCopy(added);
  }

  /**
   * Moves bytes from the front to the end of another queue. Chunks change hands: O(1) for a whole
   * queue, else O(chunks). Copied are a chunk that is split, a lent one, and at most 1 KiB where
   * the target's block has room. Returns how many; a queue moved to itself stays as it is: 0.
   */
  moveTo(target: ByteQueue, length: number = this.length): number {
    if (!(target instanceof ByteQueue)) throw wrongType("target", "a ByteQueue", target);
    const n = Math.min(checkCount("length", length), this.length);
    if (target === this) return 0;
    checkTotal(target.length, n);
    this.#lines?.forget(n);
    this.#chunks.moveTo(target.#chunks, n);
    return n;
  }

  /** Drops bytes from the front. Returns how many. */
  drain(length: number): number {
    const n = Math.min(checkCount("length", length), this.length);
    this.#lines?.forget(n);
    releaseChunks(this.#chunks.cut(n));
    return n;
  }

  clear(): void {
    this.#lines = undefined;
    this.drain(this.length);
  }

  /** A view of the bytes at the front that lie together: the first chunk, at most `length` of it. */
  peek(length: number = this.length): Buffer {
    const n = checkCount("length", length);
    const { head } = this.#chunks;
    if (head === undefined) return Buffer.alloc(0);
    return viewOf(head.bytes, head.start, Math.min(head.end, head.start + n));
  }

  /** Views of all chunks in order, for sendmsg(2). The queue must not change meanwhile. */
  *chunks(): Generator<Buffer, void, undefined> {
    for (let chunk = this.#chunks.head; chunk !== undefined; chunk = chunk.next) {
      yield viewOf(chunk.bytes, chunk.start, chunk.end);
    }
  }

  /** Makes the first bytes lie together, by copying unless they do. Returns a view of them. */
  pullup(length: number): Buffer {
    checkAtMost("length", length, this.length);
    const { head } = this.#chunks;
    if (head === undefined || length <= head.end - head.start) return this.peek(length);
    const chunk = ownedChunk(length);
    this.#chunks.copyTo(chunk.bytes, length);
    chunk.end = length;
    const spent = this.#chunks.cut(length);
    this.#chunks.unshift(chunk);
    const view = this.peek(length);
    releaseChunks(spent);
    return view;
  }

  /** Takes bytes out, as a copy that is the caller's. */
  take(length: number = this.length): Buffer {
    const n = Math.min(checkCount("length", length), this.length);
    const taken = this.#chunks.copy(n);
    this.drain(n);
    return taken;
  }

  /**
   * Copies [start, end) of the queue to `target` at `targetStart`, as far as it has room. Consumes
   * nothing. Returns how many bytes. (`Buffer.copy`, with the queue as source.)
   */
  copyOut(target: Uint8Array, targetStart = 0, start = 0, end: number = this.length): number {
    checkBytes("target", target);
    const room = target.length - checkAtMost("targetStart", targetStart, target.length);
    checkAtMost("start", start, this.length);
    const stop = Math.min(checkCount("end", end), this.length, start + room);
    if (stop <= start) return 0;
    this.#chunks.copyTo(target, stop - start, targetStart, start);
    return stop - start;
  }

  /** The byte at `index`, from 0 to `length` - 1. O(chunks before it). */
  byteAt(index: number): number {
    if (checkCount("index", index) >= this.length) {
      throw outOfRange("index", `below the queue's length, ${this.length}`, index);
    }
    return byteAt(this.#chunks.head, index);
  }

  /**
   * Where the first `needle` stands, a byte or several, across chunks; -1 if nowhere. All of it
   * lies in [from, end); `from` is at most `length`. An empty needle stands at `from`. A string is
   * encoded at each call: hold bytes where that counts.
   */
  indexOf(needle: number | Uint8Array | string, from = 0, end: number = this.length): number {
    checkAtMost("from", from, this.length);
    const stop = Math.min(checkCount("end", end), this.length);
    if (typeof needle === "number") {
      const byte = checkAtMost("needle", needle, 255);
      return findByte(this.#chunks.head, byte, from, stop);
    }
    const bytes = typeof needle === "string" ? Buffer.from(needle) : needle;
    checkBytes("needle", bytes);
    if (bytes.length === 0) return from <= stop ? from : -1;
    return findBytes(this.#chunks.head, bytes, from, stop);
  }

  /**
   * Takes a line out, without its end, which is dropped; undefined while there is no whole line.
   * A CR at the end of the queue waits for its LF. An "any" line does not wait for the rest of its
   * run, which is dropped by the next call if nothing else was read in between.
   *
   * @throws Error ERR_LINE_TOO_LONG if the line exceeds `maxLength`; the queue is as it was.
   */
  readLine(
    style: LineStyle | undefined,
    options: LineOptions & { readonly encoding: "buffer" },
  ): Buffer | undefined;
  readLine(
    style?: LineStyle,
    options?: LineOptions & { readonly encoding?: BufferEncoding },
  ): string | undefined;
  readLine(style: LineStyle = "crlf", options?: LineOptions): Buffer | string | undefined {
    this.#lines ??= new LineScanner();
    const lines = this.#lines;
    if (style === "any" && lines.isRunOpen) {
      this.drain(lineEndLength(this.#chunks, style, 0));
      lines.isRunOpen = this.isEmpty;
    }
    const n = lines.find(this.#chunks, style, options?.maxLength ?? LINE_LENGTH_MAX);
    if (n < 0) return undefined;
    const encoding = options?.encoding ?? "utf8";
    const endLength = lineEndLength(this.#chunks, style, n);
    const isToEnd = n + endLength === this.length;
    const line = encoding === "buffer" ? this.#chunks.copy(n) : this.#chunks.decode(n, encoding);
    this.drain(n + endLength);
    lines.isRunOpen = style === "any" && isToEnd;
    return line;
  }

  /**
   * Adds memory that belongs to somebody else, until `reclaim`: a reactor's one receive buffer,
   * put into a stream's queue for the length of a callback without a copy or a view. What is
   * appended meanwhile stands behind it; what moves to another queue is copied. Nothing is lent if
   * there are no bytes.
   *
   * @throws Error ERR_LENT_ALREADY if the queue has a lent chunk.
   */
  lend(bytes: Uint8Array, start: number, end: number): void {
    const n = checkRange(bytes, start, end);
    if (this.#chunks.lent !== undefined) {
      throw misuse(Error, "ERR_LENT_ALREADY", "The queue has a lent chunk already");
    }
    checkTotal(this.length, n);
    if (n > 0) this.#chunks.lend(foreignChunk(bytes, start, end));
  }

  /** Ends the loan: what is still unread of the lent chunk is copied. Nothing to do without one. */
  reclaim(): void {
    this.#chunks.reclaim();
  }

  /** All bytes as text, for tests and debugging. Consumes nothing. */
  toString(encoding: BufferEncoding = "utf8"): string {
    return this.#chunks.decode(this.length, encoding);
  }
}
