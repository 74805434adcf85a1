/**
 * The requests of one connection: taken off the input one by one, handed to the handler, their bodies
 * to who reads them. While an answer is under way further requests are begun only if all of them
 * are safe and have no body (RFC 9112 §9.3.2); any other waits for its turn with its input unread.
 *
 * The rule of the file: whatever a handler or reader throws stays here, and after each call of one
 * the connection may be gone.
 */
import { ByteQueue, WRITE_HIGH_BYTES } from "../../../streams/index.js";
import {
  BODY,
  HEAD,
  HttpParseError,
  NEED_DATA,
  type RequestHead,
  type RequestParser,
} from "../parser/index.js";
import { AnswerOrder } from "./answer-order.js";
import type { RequestChannel } from "./channel.js";
import { goneError, HttpRequestError, statusOf } from "./http-errors.js";
import { HELD_BYTES_MAX, UNREAD_BODY_BYTES_MAX, UNREAD_BYTES_MAX } from "./limits.js";
import { HttpRequest } from "./request.js";
import { HttpResponse } from "./response.js";

/** A request that cannot be understood is answered like one of these. */
const UNKNOWN_REQUEST = { isHead: false, minorVersion: 1, keepAlive: false } as const;

/** Known, and never served: there is no tunnel, and no reason to echo what a proxy added. */
const NEVER_SERVED: ReadonlySet<string> = new Set(["CONNECT", "TRACE"]);

export abstract class RequestIntake extends AnswerOrder implements RequestChannel {
  /** Undefined while no request has begun: an idle connection is to be small. */
  protected parser: RequestParser | undefined = undefined;
  /** The answer to the request whose body comes. */
  protected receiving: HttpResponse | undefined = undefined;
  /** Nothing more is taken off the input. */
  protected isStopped = false;
  /** The peer has ended its side. */
  protected isPeerEnded = false;
  /** Requests that came whole: tells one from the next. */
  protected messages = 0;
  /** The stream is somebody else's. */
  protected isHandedOver = false;
  #isHeadWaiting = false;
  /** What is answered now allows nothing beside it. */
  #isAlone = false;
  #isDue = false;
  /** A reader is being called. */
  #isDelivering = false;
  /** The body has come, but its reader has not taken all of it. */
  #isEndWaiting = false;
  #droppedBytes = 0;
  /** Body that was cut off from what follows it. */
  #rest: ByteQueue | undefined = undefined;

  /** The connection ends in order: what was written goes first. */
  protected abstract finish(): void;

  /** Takes off the input what can be taken, until there is a reason to wait. */
  protected advance(): void {
    if (this.isBatching || this.isStopped) return;
    this.isBatching = true;
    const isDry = this.#takeRequests();
    this.isBatching = false;
    this.flushText();
    const { stream, parser } = this;
    if (stream.isDestroyed || this.isStopped) return;
    if (parser?.isBetweenMessages === true) {
      this.server.giveParser(parser);
      this.parser = undefined;
    }
    if (this.server.isDraining) this.drain(false);
    if (isDry && this.isPeerEnded && !this.isStopped) this.#endInput();
    this.readOn();
  }

  /** The stream stops at its high mark, and does not begin again by itself. */
  protected readOn(): void {
    const { stream, server } = this;
    if (stream.isDestroyed || stream.isReading || stream.hasReadEnded) return;
    if (stream.input.length < server.unreadBytesMax) stream.resume();
  }

  abstract drain(isNewToo: boolean): void;

  bodyWanted(): void {
    if (this.#isDue || this.isStopped || this.receiving === undefined) return;
    if (this.isBatching && !this.#isDelivering) return; // it is looked at after the handler
    this.#isDue = true;
    this.server.reactor.deferPlain(() => {
      this.#isDue = false;
      if (this.isStopped) return;
      if (this.#rest !== undefined && !this.#rest.isEmpty) this.#deliverRest();
      this.advance();
    });
  }

  sendContinue(): void {
    const answer = this.receiving;
    if (answer === undefined || !this.parser?.head.expectsContinue) return;
    if (this.stream.input.isEmpty && !answer.isHeadSent) answer.writeContinue();
  }

  /** An answer that is the last one: of an error, and of a request that came too late. */
  protected refuse(status: number, error: Error, allow?: string): void {
    this.isStopped = true;
    const answer = this.receiving;
    this.receiving = undefined;
    if (answer === undefined) {
      const refusal = new HttpResponse(this, undefined, UNKNOWN_REQUEST);
      this.enqueue(refusal);
      refusal.refuse(status, error, allow);
      return;
    }
    answer.request?.aborted(error);
    if (this.stream.isDestroyed) return;
    if (answer.isEnded) this.finish();
    else if (answer.isHeadSent) this.stream.destroy(error);
    else answer.refuse(status, error, allow);
  }

  /** @returns true if it needs more input to go on. */
  #takeRequests(): boolean {
    const { input } = this.stream;
    while (!this.isStopped) {
      if (this.#isHeadWaiting) {
        if (!this.#mayBegin()) return false;
        this.#begin();
        continue;
      }
      if (this.parser === undefined) {
        if (input.isEmpty) return true;
        this.parser = this.server.takeParser();
      }
      const { parser } = this;
      if (this.#isEndWaiting || (parser.isBetweenMessages && this.#isFull())) return false;
      const event = this.#next(parser, input);
      if (event === HEAD) this.#onHead(parser.head);
      else if (event === BODY) {
        if (!this.#onBody(parser, input)) return false;
      } else if (event === NEED_DATA) return true;
      else this.#onEnd(parser);
    }
    return false;
  }

  /** NEED_DATA after an error, which was answered. */
  #next(parser: RequestParser, input: ByteQueue): number {
    try {
      return parser.next(input);
    } catch (error) {
      this.parser = undefined;
      if (!(error instanceof HttpParseError)) throw error;
      this.refuse(error.status, error);
      return NEED_DATA;
    }
  }

  /** Enough is under way: no further request is begun. */
  #isFull(): boolean {
    const { counters, settings } = this.server;
    const { last } = this;
    if (last !== undefined && (last.isLast || !last.keepAlive)) return true;
    if (this.unanswered >= settings.pipelinedMax) {
      counters.limits.pipelined += 1;
      return true;
    }
    if (this.heldBytes < HELD_BYTES_MAX) {
      // What is not written yet counts for the next one: one text is short.
      return this.stream.pendingBytes >= WRITE_HIGH_BYTES && !this.hasRoom();
    }
    counters.limits.held += 1;
    return true;
  }

  #onHead(head: RequestHead): void {
    this.server.counters.requests += 1;
    const { methods } = this.server.settings;
    if (!methods.has(head.method)) {
      const isKnown = NEVER_SERVED.has(head.method);
      const error = new HttpRequestError("ERR_HTTP_METHOD", isKnown ? 405 : 501, head.method);
      this.refuse(error.status, error, isKnown ? [...methods].join(", ") : undefined);
    } else if (head.hasUnknownExpectation) {
      this.refuse(417, new HttpRequestError("ERR_HTTP_EXPECTATION", 417, "Unknown expectation"));
    } else if (this.#mayBegin()) this.#begin();
    else {
      head.keep();
      this.#isHeadWaiting = true;
    }
  }

  #mayBegin(): boolean {
    if (this.unanswered === 0) return true;
    return !this.#isAlone && mayShare((this.parser as RequestParser).head);
  }

  #begin(): void {
    this.#isHeadWaiting = false;
    const { head } = this.parser as RequestParser;
    const request = new HttpRequest(this, head);
    const response = new HttpResponse(this, request, {
      isHead: head.method === "HEAD",
      minorVersion: head.minorVersion,
      keepAlive: head.keepAlive,
    });
    this.#isAlone = this.unanswered === 0 && !mayShare(head);
    this.enqueue(response);
    if (head.hasBody) {
      this.receiving = response;
      this.#droppedBytes = 0;
    }
    const isDone = this.#call(request, response);
    if (isDone && !head.hasBody && !this.isHandedOver) request.detach();
    else request.keep();
  }

  /** @returns true if the handler has answered and is done with the request. */
  #call(request: HttpRequest, response: HttpResponse): boolean {
    let result: unknown;
    try {
      result = this.server.handler(request, response);
    } catch (error) {
      this.#handlerFailed(response, error);
      return false;
    }
    if (result === undefined) return response.isEnded;
    if (isThenable(result)) result.then(undefined, (error) => this.#handlerFailed(response, error));
    return false;
  }

  #handlerFailed(response: HttpResponse, error: unknown): void {
    const status = statusOf(error);
    // It gave up because its peer had: that is told to nobody.
    if (response.isAborted && (status < 500 || isGone(error))) return;
    if (status >= 500) {
      this.server.counters.handlerErrors += 1;
      this.server.report(error, response.request);
    }
    if (this.stream.isDestroyed || response.isEnded) return;
    const cause = error instanceof Error ? error : new Error(String(error));
    if (response.isHeadSent) this.stream.destroy(cause);
    else response.refuse(status, cause);
  }

  /** @returns false: nobody takes it now. */
  #onBody(parser: RequestParser, input: ByteQueue): boolean {
    const answer = this.receiving as HttpResponse;
    const request = answer.request as HttpRequest;
    const { reader } = request;
    if (reader === undefined) {
      if (!request.isDropped && !answer.isEnded) return false;
      return this.#dropBody(parser, input);
    }
    if (request.isPaused) return false;
    if (parser.bodyBytes === input.length && (this.#rest?.isEmpty ?? true)) {
      const before = input.length;
      this.#deliver(answer, input);
      if (this.isStopped) return false;
      parser.consumed(before - input.length);
      return input.isEmpty;
    }
    // Something follows it: moved out, so that a reader sees nothing else.
    this.#rest ??= new ByteQueue();
    if (this.#rest.length >= UNREAD_BYTES_MAX) return false;
    parser.consumed(input.moveTo(this.#rest, parser.bodyBytes));
    this.#deliverRest();
    return true;
  }

  #deliver(answer: HttpResponse, queue: ByteQueue): void {
    const request = answer.request as HttpRequest;
    this.#isDelivering = true;
    try {
      request.reader?.onData(request, queue);
    } catch (error) {
      request.drop();
      this.#handlerFailed(answer, error);
    }
    this.#isDelivering = false;
  }

  #deliverRest(): void {
    const answer = this.receiving;
    const rest = this.#rest as ByteQueue;
    if (answer === undefined || answer.request?.isPaused === true) return;
    if (answer.request?.reader !== undefined) this.#deliver(answer, rest);
    if (answer.request?.isDropped === true) rest.clear();
    if (this.#isEndWaiting && rest.isEmpty && !this.isStopped) this.#complete(answer);
  }

  #dropBody(parser: RequestParser, input: ByteQueue): boolean {
    const n = input.drain(parser.bodyBytes);
    parser.consumed(n);
    this.#droppedBytes += n;
    if (this.#droppedBytes <= UNREAD_BODY_BYTES_MAX) return true;
    this.server.counters.limits.unreadBody += 1;
    this.#giveUpBody();
    return false;
  }

  /** The body is longer than what is dropped: the connection ends behind the answer. */
  #giveUpBody(): void {
    const answer = this.receiving as HttpResponse;
    this.isStopped = true;
    if (answer.isEnded) this.finish();
    else answer.isLast = true;
  }

  #onEnd(parser: RequestParser): void {
    const answer = this.receiving;
    if (answer === undefined) this.messages += 1;
    else if (this.#rest?.isEmpty === false) this.#isEndWaiting = true;
    else this.#complete(answer, parser);
  }

  #complete(answer: HttpResponse, parser: RequestParser | undefined = this.parser): void {
    this.messages += 1;
    this.receiving = undefined;
    this.#rest = undefined;
    this.#isEndWaiting = false;
    try {
      answer.request?.completed(parser?.trailers);
    } catch (error) {
      this.#handlerFailed(answer, error);
    }
  }

  /** The peer has ended its side, and what it sent before is taken. */
  #endInput(): void {
    if (this.receiving !== undefined) {
      if (this.receiving.isEnded) this.finish();
      else this.stream.destroy(goneError());
      return;
    }
    if (this.#isHeadWaiting) return;
    this.isStopped = true;
    this.parser = undefined;
    if (this.unanswered === 0) this.finish();
  }

  /** The rest of the body is not read, and longer than what is dropped. */
  protected get isBodyTooLong(): boolean {
    const request = this.receiving?.request;
    if (request === undefined || request.reader !== undefined) return false;
    const { headers } = request;
    const come = this.stream.input.length;
    if (headers.expectsContinue && come === 0) return true;
    return headers.contentLength - come - this.#droppedBytes > UNREAD_BODY_BYTES_MAX;
  }

  /** Nobody will read what comes of the body now. */
  protected get isBodyWaiting(): boolean {
    const request = this.receiving?.request;
    if (request === undefined || this.receiving?.isEnded === true) return false;
    return request.isPaused || (request.reader === undefined && !request.isDropped);
  }

  /** What is between messages or waits for its turn is no head that comes slowly. */
  protected get isInHead(): boolean {
    const { parser } = this;
    if (parser === undefined || this.isStopped || this.#isHeadWaiting) return false;
    return !parser.isBetweenMessages && this.receiving === undefined;
  }

  protected get hasWaitingInput(): boolean {
    return this.#isHeadWaiting || !this.stream.input.isEmpty;
  }
}

/** Whether a request may be begun beside others: it changes nothing, and takes nothing. */
function mayShare(head: RequestHead): boolean {
  if (head.hasBody || head.upgrade !== undefined) return false;
  const { method } = head;
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null)?.then === "function";
}

function isGone(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ERR_HTTP_PEER_GONE";
}
