/**
 * The requests of one connection: taken off the input one by one and handed to the handler;
 * body-intake.ts has their bodies, connection.ts the connection's life. While an answer is under
 * way further requests are begun only if all of them are safe and have no body (RFC 9112 §9.3.2);
 * any other waits for its turn with its input unread.
 *
 * The rule of the file: whatever a handler or reader throws stays here, and after each call of one
 * the connection may be gone.
 */
import { type ByteQueue, WRITE_HIGH_BYTES } from "../../../streams/index.js";
import {
  BODY,
  HEAD,
  HttpParseError,
  NEED_DATA,
  type RequestHead,
  type RequestParser,
} from "../parser/index.js";
import { BodyIntake } from "./body-intake.js";
import type { Answer } from "./channel.js";
import { goneError, HttpRequestError } from "./http-errors.js";
import { HELD_BYTES_MAX } from "./limits.js";
import { HttpRequest } from "./request.js";
import { HttpResponse } from "./response.js";

/** A request that cannot be understood is answered like one of these. */
const UNKNOWN_REQUEST = { method: "GET", minorVersion: 1, keepAlive: false } as const;

/** Known, and not served unless the option `methods` has them. */
const NEVER_SERVED: ReadonlySet<string> = new Set(["CONNECT", "TRACE"]);

export abstract class RequestIntake extends BodyIntake {
  #isHeadWaiting = false;

  /** Takes off the input what can be taken, until there is a reason to wait. */
  protected advance(): void {
    if (this.isBatching || this.isStopped) return;
    this.isBatching = true;
    const isDry = this.#takeRequests();
    this.isBatching = false;
    this.flushText();
    const { stream, parser } = this;
    if (stream.isDestroyed || this.isStopped) {
      this.stopped();
      return;
    }
    if (parser?.isFresh === true) {
      this.server.giveParser(parser);
      this.parser = undefined;
    }
    if (this.server.isDraining) this.drain(false);
    if (isDry && this.isPeerEnded && !this.isStopped) this.#endInput();
    this.readOn();
  }

  abstract drain(isNewToo: boolean): void;

  /** The connection has come to its end while requests were taken off the input. */
  protected abstract stopped(): void;

  /** An answer that is the last one: of an error, and of a request that came too late. */
  protected refuse(status: number, error: Error, allow?: string): void {
    this.isStopped = true;
    const answer = this.receiving;
    this.receiving = undefined;
    if (answer === undefined) {
      const refusal = new HttpResponse(this, undefined, UNKNOWN_REQUEST);
      this.enqueue(refusal);
      refusal.refuse(status, error, true, allow);
      return;
    }
    this.abortRequest(answer.request, error);
    if (this.stream.isDestroyed) return;
    if (answer.isEnded) this.finish();
    else if (answer.isHeadSent) this.stream.destroy(error);
    else answer.refuse(status, error, true, allow);
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
      if (this.isEndWaiting || (parser.isBetweenMessages && this.#isFull())) return false;
      const event = this.#next(parser, input);
      if (event === HEAD) this.#onHead(parser.head);
      else if (event === BODY) {
        if (!this.takeBody(parser, input)) return false;
      } else if (event === NEED_DATA) {
        this.deliverBody();
        return true;
      } else this.endBody(parser);
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
    if (last !== undefined && (last.isLast || !last.keepAlive || mayLeave(last))) return true;
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
    const first = (this.first as HttpResponse).request;
    if (first === undefined || !mayShare(first.headers)) return false;
    return mayShare((this.parser as RequestParser).head);
  }

  #begin(): void {
    this.#isHeadWaiting = false;
    const { head } = this.parser as RequestParser;
    const request = new HttpRequest(this, head);
    const response = new HttpResponse(this, request, head);
    this.enqueue(response);
    if (head.hasBody) this.receive(response);
    if (this.isPeerEnded) request.signalAbort(goneError());
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
      this.handlerFailed(response, error);
      return false;
    }
    if (result === undefined) return response.isEnded;
    if (isThenable(result)) result.then(undefined, (error) => this.handlerFailed(response, error));
    return false;
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

/** What follows its request may be another protocol's, so it is not looked at before the answer. */
function mayLeave(answer: Answer): boolean {
  return !answer.isEnded && (answer as HttpResponse).request?.upgrade !== undefined;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null)?.then === "function";
}
