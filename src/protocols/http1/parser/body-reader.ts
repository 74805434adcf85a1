/**
 * The body behind a head: how many of the queue's next bytes belong to it, and when it is over.
 * chunk-scanner.ts knows what stands between chunks. Both parsers have one of these.
 *
 * Rule: data stay in the queue for the caller; what is not data is drained here.
 */
import type { ByteQueue } from "../../../streams/byte-queue.js";
import { ChunkScanner } from "./chunk-scanner.js";
import { BODY, END, NEED_DATA } from "./events.js";
import { FIELD_START, FieldScanner } from "./field-scanner.js";
import { FieldTable } from "./field-table.js";
import { HttpParseError } from "./http-parse-error.js";
import type { ParserLimits } from "./parser-limits.js";
import { CHUNK_EXTENSION_BYTES_MAX, FIELDS_MAX, HEAD_BYTES_MAX } from "./parser-limits.js";

/** Nothing, or nothing more, belongs to the body. */
const OVER = 0;
/** So many bytes as Content-Length says. */
const FIXED = 1;
const CHUNK_LINE = 2;
const CHUNK_DATA = 3;
const TRAILERS = 4;
/** Until the peer ends the connection. */
const UNTIL_END = 5;

export class BodyReader {
  /** Of what is in the queue now. */
  bodyBytes = 0;
  trailers: FieldTable | undefined = undefined;
  readonly #bytesMax: number;
  readonly #headBytesMax: number;
  readonly #fieldsMax: number;
  readonly #chunkExtensionBytesMax: number;
  /** Made for the first chunked body. */
  #chunks: ChunkScanner | undefined;
  #fields: FieldScanner | undefined;
  #state = OVER;
  /** Bytes of the body, or of the chunk, that were not consumed yet. */
  #remaining = 0;
  /** Of the body, as far as is known where its length was not said. */
  #total = 0;
  /** The peer has ended, and so will a body that lasts until then. */
  #isEnded = false;

  constructor(limits: ParserLimits, bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#headBytesMax = limits.headBytesMax ?? HEAD_BYTES_MAX;
    this.#fieldsMax = limits.fieldsMax ?? FIELDS_MAX;
    this.#chunkExtensionBytesMax = limits.chunkExtensionBytesMax ?? CHUNK_EXTENSION_BYTES_MAX;
  }

  /** A body whose length is known, perhaps 0. */
  beginFixed(length: number): void {
    if (length > this.#bytesMax) throw this.#tooLarge();
    this.#begin(length > 0 ? FIXED : OVER);
    this.#remaining = length;
  }

  /** No body, behind one that is over. */
  beginNone(): void {
    this.trailers = undefined;
  }

  beginChunked(): void {
    this.#begin(CHUNK_LINE);
    this.#chunks ??= new ChunkScanner(this.#chunkExtensionBytesMax);
    this.#chunks.begin();
  }

  beginUntilEnd(): void {
    this.#begin(UNTIL_END);
    this.#remaining = Number.POSITIVE_INFINITY;
  }

  /** All of it has been seen, if not consumed. */
  get isOver(): boolean {
    return this.#state === OVER;
  }

  next(queue: ByteQueue): number {
    switch (this.#state) {
      case OVER:
        return END;
      case FIXED:
        return this.#data(queue);
      case UNTIL_END:
        return this.#untilEnd(queue);
      default:
        return this.#chunked(queue);
    }
  }

  consumed(n: number): void {
    if (!Number.isInteger(n) || n < 0 || n > this.bodyBytes) {
      const error = new RangeError(`Consumed ${n} of ${this.bodyBytes} bytes of body`);
      throw Object.assign(error, { code: "ERR_OUT_OF_RANGE" });
    }
    this.bodyBytes -= n;
    this.#remaining -= n;
    if (this.#state === UNTIL_END) this.#total += n;
    if (this.#remaining > 0) return;
    if (this.#state === FIXED) {
      this.#state = OVER;
    } else if (this.#state === CHUNK_DATA) {
      this.#state = CHUNK_LINE;
      this.#chunks?.endData();
    }
  }

  /** The peer ended. Whether the body may end here. */
  finish(): boolean {
    if (this.#state === UNTIL_END) {
      // What is still in the queue belongs to it.
      this.#isEnded = true;
      return true;
    }
    return this.#state === OVER;
  }

  #begin(state: number): void {
    this.#state = state;
    this.#total = 0;
    this.#isEnded = false;
    this.bodyBytes = 0;
    this.trailers = undefined;
  }

  #data(queue: ByteQueue): number {
    this.bodyBytes = Math.min(queue.length, this.#remaining);
    return this.bodyBytes === 0 ? NEED_DATA : BODY;
  }

  #untilEnd(queue: ByteQueue): number {
    // Up to the limit first, or it would depend on how the bytes come which are delivered.
    this.bodyBytes = Math.min(queue.length, this.#bytesMax - this.#total);
    if (this.bodyBytes > 0) return BODY;
    if (!queue.isEmpty) throw this.#tooLarge();
    if (!this.#isEnded) return NEED_DATA;
    this.#state = OVER;
    return END;
  }

  #chunked(queue: ByteQueue): number {
    if (this.#state === CHUNK_LINE && !this.#chunkLine(queue)) return NEED_DATA;
    if (this.#state === CHUNK_DATA) return this.#data(queue);
    return this.#trailers(queue);
  }

  /** True: a size is known. Nothing of a line need lie together, so each piece is dropped at once. */
  #chunkLine(queue: ByteQueue): boolean {
    const chunks = this.#chunks!;
    while (!chunks.isDone) {
      const bytes = queue.frontBytes;
      if (bytes === undefined) return false;
      const start = queue.frontStart;
      queue.drain(chunks.scan(bytes, start, queue.frontEnd) - start);
    }
    this.#total += chunks.size;
    if (this.#total > this.#bytesMax || this.#total > Number.MAX_SAFE_INTEGER) {
      throw this.#tooLarge();
    }
    this.#remaining = chunks.size;
    this.#state = chunks.size > 0 ? CHUNK_DATA : TRAILERS;
    if (this.#state === TRAILERS) this.#beginTrailers();
    return true;
  }

  #beginTrailers(): void {
    this.#fields ??= new FieldScanner(this.#headBytesMax, this.#fieldsMax);
    this.#fields.begin(FIELD_START);
    this.trailers = new FieldTable();
    this.trailers.borrow();
  }

  #trailers(queue: ByteQueue): number {
    const fields = this.#fields!;
    const trailers = this.trailers!;
    if (!fields.scan(queue, trailers)) return NEED_DATA;
    if (trailers.count > 0) {
      trailers.take(queue, fields.at);
      trailers.keep();
    } else {
      trailers.release();
      this.trailers = undefined;
    }
    queue.drain(fields.at);
    this.#state = OVER;
    return END;
  }

  #tooLarge(): HttpParseError {
    const message = `Body larger than ${this.#bytesMax} bytes`;
    return new HttpParseError("ERR_HTTP_BODY_TOO_LARGE", 413, message);
  }
}
