/**
 * Requests out of a queue of bytes, one event at a time: head, body, end. The scanners look at the
 * bytes, framing.ts and request-target.ts say what they mean, body-reader.ts follows the body.
 *
 * Rules: strict, without options, for every permitted leniency is a way in for smuggled requests.
 * The same bytes give the same events however they are split. Nothing is allocated for a request
 * whose head lies together in one lent piece, until a string is asked for.
 */
import type { ByteQueue } from "../../../streams/byte-queue.js";
import { isAuthority } from "./authority.js";
import { BodyReader } from "./body-reader.js";
import { LF } from "./byte-classes.js";
import { END, HEAD, NEED_DATA } from "./events.js";
import { FieldMemo } from "./field-memo.js";
import { badLineEnd } from "./field-scanner.js";
import type { Fields } from "./fields.js";
import { decideKeepAlive, readCodings, readFraming, trimEnd, trimStart } from "./framing.js";
import { RequestRecord } from "./head-record.js";
import { HttpParseError } from "./http-parse-error.js";
import {
  BODY_BYTES_MAX,
  FIELDS_MAX,
  HEAD_BYTES_MAX,
  type ParserLimits,
  TARGET_BYTES_MAX,
} from "./parser-limits.js";
import { RequestHead } from "./request-head.js";
import { REQUEST_LINE, RequestScanner } from "./request-scanner.js";
import { readRequestLine } from "./request-target.js";

// Not imported: see byte-classes.ts.
const CR = 0x0d;

/** RFC 9112 §2.2 wants at least one to be ignored; without a limit a peer could send them for ever. */
const EMPTY_LINES_MAX = 2;

const BETWEEN = 0;
const IN_HEAD = 1;
const IN_BODY = 2;
/** Nothing is left of the message but to say END. */
const AT_END = 3;

/**
 * The server's side of HTTP/1.1.
 *
 * @example
 * ```ts
 * import { END, HEAD, RequestParser } from "socket-reactor/protocols/http1";
 * import { ByteQueue } from "socket-reactor/streams";
 * const queue = new ByteQueue();
 * queue.append("GET /a?b HTTP/1.1\r\nHost: example.org\r\n\r\n");
 * const parser = new RequestParser();
 * console.log(parser.next(queue) === HEAD, parser.head.method, parser.head.path); // true GET /a
 * console.log(parser.next(queue) === END); // true
 * ```
 */
export class RequestParser {
  readonly #scanner: RequestScanner;
  readonly #body: BodyReader;
  #record: RequestRecord = new RequestRecord();
  #head: RequestHead = new RequestHead(this.#record);
  #state = BETWEEN;
  #emptyLines = 0;
  #isReused = false;
  #failure: unknown = undefined;

  constructor(limits: ParserLimits = {}) {
    this.#scanner = new RequestScanner(
      limits.headBytesMax ?? HEAD_BYTES_MAX,
      limits.fieldsMax ?? FIELDS_MAX,
      limits.targetBytesMax ?? TARGET_BYTES_MAX,
    );
    this.#body = new BodyReader(limits, limits.bodyBytesMax ?? BODY_BYTES_MAX);
  }

  /**
   * Of the message that HEAD told of. One object for all messages, or a fresh one after
   * `head.keep()`. The parser itself keeps a head whose message is not complete when it says
   * NEED_DATA; one that is complete is emptied then, unless it was kept.
   */
  get head(): RequestHead {
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

  /** True before the first byte of a message; empty lines before it do not count. */
  get isBetweenMessages(): boolean {
    return this.#state === BETWEEN;
  }

  /**
   * The next event: NEED_DATA, HEAD, BODY or END.
   *
   * @throws HttpParseError, the same one again at each further call.
   */
  next(queue: ByteQueue): number {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === AT_END) {
      this.#state = BETWEEN;
      return END;
    }
    try {
      return this.#state === IN_BODY ? this.#inBody(queue) : this.#inHead(queue);
    } catch (error) {
      this.#failure = error;
      throw error;
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

  /** Nothing of a message has come, not even an empty line: it may serve another connection. */
  get isFresh(): boolean {
    return this.#state === BETWEEN && this.#emptyLines === 0;
  }

  /** The peer ended: true if that is in order, false if a message is cut short. */
  finish(): boolean {
    const state = this.#state;
    return state === BETWEEN || state === AT_END || (state === IN_BODY && this.#body.finish());
  }

  #inHead(queue: ByteQueue): number {
    if (this.#state === BETWEEN && !this.#beginHead(queue)) return NEED_DATA;
    const record = this.#record;
    if (!this.#scanner.scan(queue, record)) return NEED_DATA;
    const length = this.#scanner.at;
    record.take(queue, length);
    this.#readHead(record);
    // The queue may give its own memory to somebody else as soon as it is drained.
    if ((record.hasBody || record.isAlone) && !queue.frontIsLent) record.keep();
    queue.drain(length);
    this.#state = record.hasBody ? IN_BODY : AT_END;
    return HEAD;
  }

  #inBody(queue: ByteQueue): number {
    const event = this.#body.next(queue);
    if (event === END) this.#state = BETWEEN;
    else if (event === NEED_DATA) this.#record.keep();
    return event;
  }

  /** False: not even the first byte of a message is there. */
  #beginHead(queue: ByteQueue): boolean {
    const bytes = queue.frontBytes;
    if (bytes === undefined || (bytes[queue.frontStart] === CR && !this.#skipEmptyLines(queue))) {
      if (!this.#record.isKept) this.#record.release();
      return false;
    }
    if (this.#record.isKept) {
      this.#record = new RequestRecord();
      this.#head = new RequestHead(this.#record);
    }
    this.#record.borrow();
    this.#scanner.begin(REQUEST_LINE);
    this.#emptyLines = 0;
    this.#state = IN_HEAD;
    return true;
  }

  /** True: the first byte of a message is there. */
  #skipEmptyLines(queue: ByteQueue): boolean {
    while (queue.frontBytes !== undefined) {
      if (queue.frontBytes[queue.frontStart] !== CR) return true;
      if (this.#emptyLines === EMPTY_LINES_MAX) {
        throw new HttpParseError("ERR_HTTP_LINE_END", 400, "Too many empty lines before a request");
      }
      if (queue.length === 1) return false;
      if (queue.byteAt(1) !== LF) throw badLineEnd(queue.byteAt(1));
      queue.drain(2);
      this.#emptyLines += 1;
    }
    return false;
  }

  #readHead(record: RequestRecord): void {
    readRequestLine(record);
    if (record.isRecalled) {
      decideKeepAlive(record);
      this.#body.beginNone();
      return;
    }
    readFraming(record);
    checkHost(record);
    this.#rememberFields(record);
    if (record.transferEncodingAt >= 0) readCodings(record);
    record.hasBody = record.isChunked || record.contentLength > 0;
    if (!record.hasBody) this.#body.beginNone();
    else if (record.isChunked) this.#body.beginChunked();
    else this.#body.beginFixed(record.contentLength);
    if (record.minorVersion === 0) record.hasUnknownExpectation = false;
    if (record.minorVersion === 0 || !record.hasBody) record.expectsContinue = false;
  }

  /** From the second request on: many connections have only one. */
  #rememberFields(record: RequestRecord): void {
    if (this.#isReused) this.#scanner.memo ??= new FieldMemo();
    this.#scanner.memo?.remember(record);
    this.#isReused = true;
  }
}

/** RFC 9112 §3.2: one in every request of 1.1, even if the target names a host. */
function checkHost(record: RequestRecord): void {
  const { bytes, base, offsets, hostAt } = record;
  if (hostAt < 0) {
    if (record.minorVersion === 0) return;
    throw badHost("No Host in a request of HTTP/1.1");
  }
  const start = trimStart(bytes, base + offsets[hostAt * 2]! + 1);
  const end = trimEnd(bytes, start, base + offsets[hostAt * 2 + 1]!);
  if (!isAuthority(bytes, start, end)) throw badHost("Host that is no host and port");
}

function badHost(message: string): HttpParseError {
  return new HttpParseError("ERR_HTTP_HOST", 400, message);
}
