/**
 * Takes the responses of one connection apart, one for each `begin`: which heads come before the
 * final one, where its body goes, how much of a body that nobody wants is worth reading. What
 * follows from it all is client-connection.ts' affair.
 *
 * The rule of the file: after `stop` nothing is looked at any more, not even what has come already.
 */
import type { ByteQueue } from "../../../streams/index.js";
import {
  BODY,
  END,
  HEAD,
  type ParserLimits,
  type ResponseHead,
  ResponseParser,
} from "../parser/index.js";
import { invalidResponse } from "./connection-errors.js";
import { type BodySource, HttpClientBody } from "./incoming-body.js";

/** Responses 1xx before the final one: more say nothing. */
export const INFORMATION_MAX = 32;

/** What is read of a body that nobody wants, so that its connection can be used again. */
export const DISCARD_BYTES_MAX: number = 64 * 1024;

/** In so long it must have come: a new connection costs less than a wait. */
export const DISCARD_MS = 1000;

/** Who hears of it; any of these may `stop` it. */
export interface IntakeOwner extends BodySource {
  /** A 1xx; 101 as well. */
  onInformation(head: ResponseHead): void;
  onHead(head: ResponseHead, body: HttpClientBody): void;
  /** Nothing more is to be read for now. */
  onBodyFull(): void;
  /** More of a dropped body came than is worth reading. */
  onBodyTooLong(): void;
  onResponseEnd(): void;
}

export class ResponseIntake {
  /** Of the final response. */
  head: ResponseHead | undefined;
  body: HttpClientBody | undefined;
  /** All of the response has come. */
  isOver = false;
  /** A byte has come since `begin`. */
  hasReceived = false;
  readonly #owner: IntakeOwner;
  readonly #bodyBytesMax: number;
  readonly #parser: ResponseParser;
  #informations = 0;
  #discardable = Infinity;
  #isStopped = false;

  constructor(owner: IntakeOwner, limits: ParserLimits, bodyBytesMax: number) {
    this.#owner = owner;
    this.#bodyBytesMax = bodyBytesMax;
    this.#parser = new ResponseParser(limits);
  }

  /** A request with this method is sent. */
  begin(method: string): void {
    this.head = this.body = undefined;
    this.isOver = this.hasReceived = false;
    this.#informations = 0;
    this.#discardable = Infinity;
    this.#parser.expect(method);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Takes everything: what the body's reader does not want yet waits there.
   *
   * @throws HttpParseError, HttpClientError, and what the owner throws.
   */
  take(input: ByteQueue): void {
    this.hasReceived = true;
    while (!this.#isStopped && this.#step(input));
  }

  /** The peer has ended. @returns false: the response is not whole. @throws as `take`. */
  finish(input: ByteQueue): boolean {
    if (this.body === undefined || !this.#parser.finish()) return false;
    this.take(input);
    return true;
  }

  /** Nobody wants the rest. @returns whether it is worth reading: it may be short. */
  discard(): boolean {
    this.#discardable = DISCARD_BYTES_MAX;
    const { contentLength = -1, isChunked = false } = this.head ?? {};
    return contentLength >= 0 ? contentLength <= DISCARD_BYTES_MAX : isChunked;
  }

  /** @returns whether there may be more to find. */
  #step(input: ByteQueue): boolean {
    switch (this.#parser.next(input)) {
      case HEAD:
        this.#onHead(this.#parser.head);
        return true;
      case BODY:
        this.#onBody(input);
        return true;
      case END:
        this.isOver = true;
        this.body?.end(this.#parser.trailers);
        this.#owner.onResponseEnd();
        return false;
      default:
        return false;
    }
  }

  #onHead(head: ResponseHead): void {
    head.keep();
    if (head.status >= 200) {
      this.head = head;
      this.body = new HttpClientBody(this.#owner, this.#bodyBytesMax);
      this.#owner.onHead(head, this.body);
      return;
    }
    this.#informations += 1;
    if (this.#informations > INFORMATION_MAX) {
      throw invalidResponse(`more than ${INFORMATION_MAX} of 1xx`);
    }
    this.#owner.onInformation(head);
  }

  #onBody(input: ByteQueue): void {
    const n = this.#parser.bodyBytes;
    const hasRoom = this.body?.push(input, n) !== false;
    this.#parser.consumed(n);
    this.#discardable -= n;
    if (this.#discardable < 0) this.#owner.onBodyTooLong();
    else if (!hasRoom) this.#owner.onBodyFull();
  }
}
