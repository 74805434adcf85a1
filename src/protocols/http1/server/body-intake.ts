/**
 * The body of the request that a connection receives: handed to who reads it, no faster than that
 * one takes it; dropped, up to a limit, if nobody does. What nobody has asked for yet stays in the
 * stream's input, so that the peer is made to wait.
 *
 * request-intake.ts, on top of it, takes requests off the input; answer-order.ts has the answers.
 */
import { ByteQueue } from "../../../streams/index.js";
import type { RequestParser } from "../parser/index.js";
import { AnswerOrder } from "./answer-order.js";
import type { RequestChannel } from "./channel.js";
import { isGone, statusOf } from "./http-errors.js";
import { UNREAD_BODY_BYTES_MAX, UNREAD_BYTES_MAX } from "./limits.js";
import type { HttpRequest } from "./request.js";
import type { HttpResponse } from "./response.js";

export abstract class BodyIntake extends AnswerOrder implements RequestChannel {
  /** Undefined while no request has begun: an idle connection is to be small. */
  protected parser: RequestParser | undefined = undefined;
  /** The answer to the request whose body comes. */
  protected receiving: HttpResponse | undefined = undefined;
  /** Nothing more is taken off the input. */
  protected isStopped = false;
  /** Requests that came whole: tells one from the next. */
  protected messages = 0;
  /** The stream is somebody else's. */
  protected isHandedOver = false;
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
  protected abstract advance(): void;

  /** The stream stops at its high mark, and does not begin again by itself. */
  protected readOn(): void {
    const { stream, server } = this;
    if (stream.isDestroyed || stream.isReading || stream.hasReadEnded) return;
    if (stream.input.length < server.unreadBytesMax) stream.resume();
  }

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

  /** A request with a body has begun. */
  protected receive(answer: HttpResponse): void {
    this.receiving = answer;
    this.#droppedBytes = 0;
  }

  /** Hands on what has come. @returns false: nobody takes it now. */
  protected takeBody(parser: RequestParser, input: ByteQueue): boolean {
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
    // Something follows it: moved out, so that a reader sees nothing else, and gets it together
    // with the next chunks that have come; else chunks of one byte would cost a call for each.
    this.#rest ??= new ByteQueue();
    if (this.#rest.length >= UNREAD_BYTES_MAX) {
      this.#deliverRest();
      if (this.isStopped || request.isPaused) return false;
      if (this.#rest.length >= UNREAD_BYTES_MAX) return false;
    }
    parser.consumed(input.moveTo(this.#rest, parser.bodyBytes));
    return true;
  }

  /** All has been taken off the input that is there: its reader gets it. */
  protected deliverBody(): void {
    if (this.#rest?.isEmpty === false) this.#deliverRest();
  }

  #deliver(answer: HttpResponse, queue: ByteQueue): void {
    const request = answer.request as HttpRequest;
    this.#isDelivering = true;
    try {
      request.reader?.onData(request, queue);
    } catch (error) {
      request.drop();
      this.handlerFailed(answer, error);
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
    // The connection ends behind the answer.
    this.isStopped = true;
    const answer = this.receiving as HttpResponse;
    if (answer.isEnded) this.finish();
    else answer.isLast = true;
    return false;
  }

  /** It has come whole. */
  protected endBody(parser: RequestParser): void {
    this.deliverBody();
    if (this.isStopped) return;
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
      this.handlerFailed(answer, error);
    }
  }

  /** The rest of the body is not read, and longer than what is dropped. */
  protected get isBodyTooLong(): boolean {
    const request = this.receiving?.request;
    if (request === undefined || request.reader !== undefined) return false;
    const { headers } = request;
    const come = this.stream.input.length;
    if (headers.expectsContinue && come + this.#droppedBytes === 0) return true;
    return headers.contentLength - come - this.#droppedBytes > UNREAD_BODY_BYTES_MAX;
  }

  /** Nobody will read what comes of the body now. */
  protected get isBodyWaiting(): boolean {
    const request = this.receiving?.request;
    if (request === undefined || this.receiving?.isEnded === true) return false;
    return request.isPaused || (request.reader === undefined && !request.isDropped);
  }

  /** The body has come, and its reader takes its time: nothing else is taken meanwhile. */
  protected get isEndWaiting(): boolean {
    return this.#isEndWaiting;
  }

  /** A handler or reader threw. */
  protected handlerFailed(response: HttpResponse, error: unknown): void {
    const status = statusOf(error);
    if (isGone(error)) {
      // It gave up because its peer had: that is told to nobody.
      if (!response.isEnded) this.stream.destroy(error);
      return;
    }
    if (response.isAborted && status < 500) return;
    if (status >= 500) {
      this.server.counters.handlerErrors += 1;
      this.server.report(error, response.request);
    }
    if (this.stream.isDestroyed || response.isEnded) return;
    // Not every value can be made a text of.
    const cause = error instanceof Error ? error : new Error("The handler threw", { cause: error });
    if (response.isHeadSent) this.stream.destroy(cause);
    else response.refuse(status, cause, false);
  }
}
