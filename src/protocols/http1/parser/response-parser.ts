/**
 * Responses out of a queue of bytes, for clients: request-parser.ts' twin, with the framing of
 * RFC 9112 §6.3, where the request and the status decide, too.
 *
 * Rule: a response that nobody asked for is an error, like whatever else could make the answer to
 * one request pass for that to another.
 */
import type { ByteQueue } from "../../../streams/byte-queue.js";
import { BodyReader } from "./body-reader.js";
import { END, HEAD, NEED_DATA } from "./events.js";
import type { Fields } from "./fields.js";
import { readCodings, readFraming } from "./framing.js";
import { ResponseRecord } from "./head-record.js";
import { HttpParseError } from "./http-parse-error.js";
import { FIELDS_MAX, HEAD_BYTES_MAX, type ParserLimits } from "./parser-limits.js";
import { ResponseHead } from "./response-head.js";
import { StatusScanner, VERSION_AND_STATUS } from "./status-scanner.js";

const BETWEEN = 0;
const IN_HEAD = 1;
const IN_BODY = 2;

/**
 * The client's side of HTTP/1.1. `expect` must be called for each request, in the order in which
 * they are sent. Heads with status 1xx come before that of the response, without END; only 101 is
 * the last HTTP message of its connection and has one, as the answer 2xx to CONNECT does: what is
 * in the queue then belongs to the other protocol.
 *
 * @example
 * ```ts
 * import { HEAD, ResponseParser } from "socket-reactor/protocols/http1";
 * import { ByteQueue } from "socket-reactor/streams";
 * const queue = new ByteQueue();
 * queue.append("HTTP/1.1 204 No Content\r\n\r\n");
 * const parser = new ResponseParser();
 * parser.expect("GET");
 * console.log(parser.next(queue) === HEAD, parser.head.status); // true 204
 * ```
 */
export class ResponseParser {
  readonly #scanner: StatusScanner;
  readonly #body: BodyReader;
  /** The methods of the requests whose responses have not begun. */
  readonly #expected: string[] = [];
  #record: ResponseRecord = new ResponseRecord();
  #head: ResponseHead = new ResponseHead(this.#record);
  #state = BETWEEN;
  #failure: unknown = undefined;

  /** `bodyBytesMax` is Infinity by default. */
  constructor(limits: ParserLimits = {}) {
    this.#scanner = new StatusScanner(
      limits.headBytesMax ?? HEAD_BYTES_MAX,
      limits.fieldsMax ?? FIELDS_MAX,
    );
    this.#body = new BodyReader(limits, limits.bodyBytesMax ?? Number.POSITIVE_INFINITY);
  }

  /** As `RequestParser.head`. */
  get head(): ResponseHead {
    return this.#head;
  }

  /** After BODY: how many bytes at the front of the queue are body. */
  get bodyBytes(): number {
    return this.#body.bodyBytes;
  }

  /** After END: the fields behind a chunked body. Never part of the head (RFC 9110 §6.5.1). */
  get trailers(): Fields | undefined {
    return this.#body.trailers;
  }

  /** True before the first byte of a response, also between 1xx and what follows it. */
  get isBetweenMessages(): boolean {
    return this.#state === BETWEEN;
  }

  /** A request with this method is sent: its response comes after those already expected. */
  expect(requestMethod: string): void {
    this.#expected.push(requestMethod);
  }

  /**
   * The next event: NEED_DATA, HEAD, BODY or END.
   *
   * @throws HttpParseError, always with status 502, the same one again at each further call.
   */
  next(queue: ByteQueue): number {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#state === IN_BODY ? this.#inBody(queue) : this.#inHead(queue);
    } catch (error) {
      this.#failure =
        error instanceof HttpParseError
          ? new HttpParseError(error.code, 502, error.message)
          : error;
      throw this.#failure;
    }
  }

  /**
   * So many bytes of the body were taken off the front of the queue.
   *
   * @throws RangeError ERR_OUT_OF_RANGE if it is more than `bodyBytes`.
   */
  consumed(n: number): void {
    this.#body.consumed(n);
  }

  /**
   * The peer ended: true if that is in order, false if a response is cut short or did not come. A
   * body that lasts until the end is over now: `next` gives what is left of it, then END.
   */
  finish(): boolean {
    if (this.#state === BETWEEN) return this.#expected.length === 0;
    return this.#state === IN_BODY && this.#body.finish();
  }

  #inHead(queue: ByteQueue): number {
    if (this.#state === BETWEEN) {
      if (queue.isEmpty) {
        if (!this.#record.isKept) this.#record.release();
        return NEED_DATA;
      }
      this.#beginHead();
    }
    const record = this.#record;
    if (!this.#scanner.scan(queue, record)) return NEED_DATA;
    const length = this.#scanner.at;
    record.take(queue, length);
    this.#readHead(record);
    // The queue may give its own memory to somebody else as soon as it is drained.
    if ((record.hasBody || record.isAlone) && !queue.frontIsLent) record.keep();
    queue.drain(length);
    return HEAD;
  }

  #inBody(queue: ByteQueue): number {
    const event = this.#body.next(queue);
    if (event === END) this.#state = BETWEEN;
    else if (event === NEED_DATA) this.#record.keep();
    return event;
  }

  #beginHead(): void {
    if (this.#expected.length === 0) {
      const message = "Response that nobody asked for";
      throw new HttpParseError("ERR_HTTP_UNEXPECTED_RESPONSE", 502, message);
    }
    if (this.#record.isKept) {
      this.#record = new ResponseRecord();
      this.#head = new ResponseHead(this.#record);
    }
    this.#record.borrow();
    this.#scanner.begin(VERSION_AND_STATUS);
    this.#state = IN_HEAD;
  }

  /** RFC 9112 §6.3, in its order. */
  #readHead(record: ResponseRecord): void {
    readFraming(record);
    const { status } = record;
    const isInterim = status < 200 && status !== 101;
    const method = isInterim ? undefined : this.#expected.shift();
    this.#state = isInterim ? BETWEEN : IN_BODY;
    const isTunnel = method === "CONNECT" && status >= 200 && status < 300;
    const isBodiless = method === "HEAD" || status < 200 || status === 204 || status === 304;
    if (record.transferEncodingAt >= 0 && !isTunnel) readCodings(record);
    if (isTunnel || isBodiless) {
      this.#body.beginFixed(0);
      return;
    }
    record.hasBody = record.contentLength !== 0;
    if (record.isChunked) {
      this.#body.beginChunked();
    } else if (record.contentLength >= 0) {
      this.#body.beginFixed(record.contentLength);
    } else {
      record.keepAlive = false;
      this.#body.beginUntilEnd();
    }
  }
}
