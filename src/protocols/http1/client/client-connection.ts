/**
 * One connection of a client: sends one request at a time and takes its response apart. The stream
 * carries the bytes, the parser finds the message's parts, upload.ts sends the body; here is what
 * follows from what, and when the connection may serve again (RFC 9112 §9.3).
 *
 * The rule of the file: bytes that belong to no request end the connection, for nobody can say what
 * they answer. Whatever fails goes to the exchange once, and then the connection is gone.
 */
import type { Reactor, Timer } from "../../../reactor/index.js";
import type { Socket } from "../../../sockets/index.js";
import {
  type ByteQueue,
  SocketStream,
  type StreamHandler,
  type StreamTimeout,
  WRITE_STALL_MS,
} from "../../../streams/index.js";
import { BODY, END, HEAD, type ResponseHead, ResponseParser } from "../parser/index.js";
import { type ClientSettings, KEEP_ALIVE_MARGIN_MS } from "./client-options.js";
import { HttpClientResponse } from "./client-response.js";
import {
  bodyTimeout,
  headTimeout,
  invalidResponse,
  lostError,
  refusedError,
  responseError,
  unreadTimeout,
  writeTimeout,
} from "./connection-errors.js";
import type { Exchange, ExchangeHolder } from "./exchange.js";
import { type BodySource, HttpClientBody } from "./incoming-body.js";
import { Upload } from "./upload.js";

/** Responses 1xx before the final one: more say nothing. */
export const INFORMATION_MAX = 32;

/** What is read of a body that nobody wants, so that its connection can be used again. */
export const DISCARD_BYTES_MAX: number = 64 * 1024;

export interface ConnectionOwner {
  /** It can serve another request. */
  freed(connection: ClientConnection): void;
  /** It is gone, or another's now. @param stale its request, if that is to be sent once more. */
  closed(connection: ClientConnection, stale: Exchange | undefined): void;
}

/** What its one timer waits for. */
type Awaited = "continue" | "head" | "reader" | "reuse";

export class ClientConnection implements StreamHandler<SocketStream>, BodySource, ExchangeHolder {
  readonly #reactor: Reactor;
  readonly #settings: ClientSettings;
  readonly #owner: ConnectionOwner;
  readonly #stream: SocketStream;
  readonly #parser: ResponseParser;
  readonly #timer: Timer;
  #awaited: Awaited = "reuse";
  #exchange: Exchange | undefined;
  #upload: Upload | undefined;
  #head: ResponseHead | undefined;
  #body: HttpClientBody | undefined;
  #served = 0;
  #informations = 0;
  #hasReceived = false;
  #isResponseOver = false;
  #isPaused = false;
  #isResting = false;
  #isClosed = false;
  #discardable = Infinity;

  /** @throws as SocketStream; the socket stays the caller's then. */
  constructor(reactor: Reactor, socket: Socket, settings: ClientSettings, owner: ConnectionOwner) {
    this.#reactor = reactor;
    this.#settings = settings;
    this.#owner = owner;
    this.#parser = new ResponseParser(settings.limits);
    this.#stream = new SocketStream(reactor, socket, this, {
      allowHalfOpen: true,
      timeouts: { readMs: settings.bodyTimeoutMs, writeMs: settings.writeTimeoutMs },
    });
    this.#timer = reactor.timer(Infinity, () => this.#onTimer(), { start: false }).unref();
  }

  /** Sends a request. The connection is new, or was `freed`. */
  start(exchange: Exchange): void {
    if (this.#isResting) this.#reactor.hold();
    this.#isResting = false;
    this.#timer.stop();
    this.#exchange = exchange;
    this.#head = this.#body = undefined;
    this.#served += 1;
    this.#informations = 0;
    this.#hasReceived = this.#isResponseOver = false;
    this.#discardable = Infinity;
    exchange.holder = this;
    exchange.hasUpload = true;
    const { request } = exchange;
    this.#parser.expect(request.method);
    const upload = new Upload(this.#stream, request, (error) => this.#onUploaded(upload, error));
    this.#upload = upload;
    this.#stream.write(isAscii(request.head) ? request.head : Buffer.from(request.head, "latin1"));
    if (!request.expectsContinue) upload.start();
    else this.#awaitContinue();
  }

  /** Nothing is to be done: waits for the next request, and does not keep the reactor running. */
  rest(): void {
    this.#isResting = true;
    this.#await("reuse", this.#idleMs());
    this.#reactor.release();
  }

  /** For good; its exchange must know. */
  close(stale?: Exchange): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer.stop();
    this.#exchange = undefined;
    this.#upload?.stop();
    if (this.#isResting && !this.#reactor.isClosed) this.#reactor.hold();
    this.#isResting = false;
    this.#stream.handler = {};
    this.#stream.destroy();
    this.#owner.closed(this, stale);
  }

  abandon(exchange: Exchange): void {
    if (exchange === this.#exchange) this.close();
  }

  fail(error: unknown): void {
    const exchange = this.#exchange;
    this.close();
    if (exchange === undefined) return;
    exchange.holder = undefined;
    exchange.fail(error);
  }

  // The stream.

  onData(_stream: SocketStream, input: ByteQueue): void {
    const exchange = this.#exchange;
    // The answer to nothing.
    if (exchange === undefined || this.#isResponseOver) this.fail(lostError(true, undefined));
    else {
      this.#hasReceived = true;
      this.#parse(exchange, input);
    }
  }

  onEnd(stream: SocketStream): void {
    const exchange = this.#exchange;
    if (exchange === undefined || this.#isResponseOver) this.fail(lostError(true, undefined));
    else if (this.#body !== undefined && this.#parser.finish()) this.#parse(exchange, stream.input);
    else this.#lost(undefined);
  }

  onTimeout(_stream: SocketStream, which: StreamTimeout): void {
    if (which === "write") this.fail(writeTimeout(this.#settings.writeTimeoutMs));
    // Before the head other deadlines count, and while we send the peer may have to wait for us.
    if (which !== "read" || this.#body?.isOver !== false || this.#upload?.isRunning) return;
    this.fail(bodyTimeout(this.#settings.bodyTimeoutMs));
  }

  onClose(_stream: SocketStream, error: Error | undefined): void {
    this.#lost(error);
  }

  // The body's reader.

  resumeBody(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#timer.stop();
    this.#stream.resume();
  }

  discardBody(): void {
    const head = this.#head as ResponseHead;
    const isKnown = head.contentLength >= 0;
    const isShort = isKnown ? head.contentLength <= DISCARD_BYTES_MAX : head.isChunked;
    this.#discardable = DISCARD_BYTES_MAX;
    if (!isShort || !this.#mayServeAgain) this.#giveUp();
    else this.resumeBody();
  }

  /** The rest of the body is not waited for. */
  #giveUp(): void {
    this.#body?.end(undefined);
    this.#exchange?.finish();
    this.close();
  }

  // The response.

  #parse(exchange: Exchange, input: ByteQueue): void {
    try {
      while (this.#exchange === exchange && this.#step(exchange, input));
    } catch (error) {
      this.fail(responseError(error));
    }
  }

  /** @returns whether there may be more to find. */
  #step(exchange: Exchange, input: ByteQueue): boolean {
    switch (this.#parser.next(input)) {
      case HEAD:
        return this.#onHead(exchange, this.#parser.head);
      case BODY:
        this.#onBody(input);
        return true;
      case END:
        this.#onResponseEnd(exchange);
        return false;
      default:
        return false;
    }
  }

  #onHead(exchange: Exchange, head: ResponseHead): boolean {
    head.keep();
    if (head.status < 200) return this.#onInformation(exchange, head);
    this.#timer.stop();
    this.#head = head;
    this.#body = new HttpClientBody(this, this.#settings.bodyBytesMax);
    // The peer has decided without the rest, which it would only have to skip. RFC 9112 §9.3
    if (head.status >= 300 || this.#upload?.isRunning === false) this.#upload?.stop();
    const response = new HttpClientResponse(head, this.#body);
    if (exchange.request.upgrade === undefined) exchange.respond(response);
    else exchange.refuse(response, refusedError(head.status));
    return true;
  }

  #onInformation(exchange: Exchange, head: ResponseHead): boolean {
    if (head.status === 101) return this.#onSwitch(exchange, head);
    this.#informations += 1;
    if (this.#informations > INFORMATION_MAX) {
      throw invalidResponse(`more than ${INFORMATION_MAX} of 1xx`);
    }
    if (head.status === 100) this.#upload?.start();
    exchange.request.onInformation?.({
      status: head.status,
      statusText: head.reason,
      headers: head,
    });
    return true;
  }

  /** Hands the stream over, paused: what has come behind the head is unread. */
  #onSwitch(exchange: Exchange, head: ResponseHead): boolean {
    const wanted = exchange.request.upgrade?.toLowerCase();
    if (wanted === undefined || head.get("upgrade")?.toLowerCase() !== wanted) {
      throw invalidResponse(`a switch to ${head.get("upgrade")}, which was not asked for`);
    }
    const stream = this.#stream;
    stream.pause();
    stream.handler = {};
    stream.allowHalfOpen = false;
    stream.setTimeouts({ readMs: Infinity, writeMs: WRITE_STALL_MS });
    this.#isClosed = true;
    this.#timer.stop();
    this.#exchange = exchange.holder = undefined;
    const body = new HttpClientBody(this, 0);
    body.end(undefined);
    exchange.respond(new HttpClientResponse(head, body), stream);
    exchange.finish();
    this.#owner.closed(this, undefined);
    return false;
  }

  #onBody(input: ByteQueue): void {
    const n = this.#parser.bodyBytes;
    this.#discardable -= n;
    const hasRoom = this.#body?.push(input, n) !== false;
    this.#parser.consumed(n);
    if (this.#discardable < 0) this.#giveUp();
    else if (!hasRoom && !this.#isPaused) {
      this.#isPaused = true;
      this.#stream.pause();
      this.#await("reader", this.#settings.unreadTimeoutMs);
    }
  }

  #onResponseEnd(exchange: Exchange): void {
    this.#isResponseOver = true;
    if (this.#isPaused) this.resumeBody();
    this.#body?.end(this.#parser.trailers);
    if (this.#upload?.isRunning && this.#mayServeAgain) return; // it took our head, and goes on
    this.#free(exchange);
  }

  #onUploaded(upload: Upload, error: Error | undefined): void {
    const exchange = this.#exchange;
    if (upload !== this.#upload || exchange === undefined) return;
    if (error !== undefined) this.fail(error);
    else if (this.#isResponseOver) this.#free(exchange);
    else if (this.#head === undefined) this.#await("head", this.#settings.headTimeoutMs);
  }

  #free(exchange: Exchange): void {
    exchange.holder = undefined;
    exchange.finish();
    const isDone = this.#upload?.isFinished && this.#stream.input.isEmpty;
    if (!isDone || !this.#mayServeAgain || this.#idleMs() <= 0) {
      this.close();
      return;
    }
    this.#exchange = undefined;
    this.#owner.freed(this);
  }

  /** As far as the two sides have said; RFC 9112 §9.3. */
  get #mayServeAgain(): boolean {
    const head = this.#head;
    if (head === undefined || !head.keepAlive || this.#stream.hasReadEnded) return false;
    if (this.#exchange?.request.closes !== false || this.#stream.isDestroyed) return false;
    // After a refusal nobody may be reading what still waits to be sent.
    return head.status < 300 || (this.#upload?.isFinished === true && !this.#hasUnsent);
  }

  get #hasUnsent(): boolean {
    return this.#stream.pendingBytes > 0;
  }

  #idleMs(): number {
    const hint = /(?:^|[\s,])timeout=(\d{1,6})/i.exec(this.#head?.get("keep-alive") ?? "");
    const { idleTimeoutMs } = this.#settings;
    if (hint === null) return idleTimeoutMs;
    return Math.min(idleTimeoutMs, Number(hint[1]) * 1000 - KEEP_ALIVE_MARGIN_MS);
  }

  // What fails.

  #lost(cause: Error | undefined): void {
    const exchange = this.#exchange;
    const isStale = this.#served > 1 && !this.#hasReceived;
    if (isStale && exchange?.request.isRepeatable && !exchange.isRepeated) {
      exchange.isRepeated = true;
      exchange.holder = undefined;
      this.close(exchange);
    } else this.fail(lostError(this.#hasReceived, cause));
  }

  #awaitContinue(): void {
    const { continueTimeoutMs, headTimeoutMs } = this.#settings;
    if (continueTimeoutMs <= headTimeoutMs) this.#await("continue", continueTimeoutMs);
    else this.#await("head", headTimeoutMs);
  }

  #await(what: Awaited, delayMs: number): void {
    this.#awaited = what;
    this.#timer.start(delayMs);
  }

  #onTimer(): void {
    const { headTimeoutMs, unreadTimeoutMs } = this.#settings;
    if (this.#awaited === "reuse") this.close();
    else if (this.#awaited === "continue") this.#upload?.start();
    else if (this.#awaited === "reader") this.fail(unreadTimeout(unreadTimeoutMs));
    // Its last bytes are still on their way, and have a deadline of their own.
    else if (this.#hasUnsent) this.#await("head", headTimeoutMs);
    else this.fail(headTimeout(headTimeoutMs));
  }
}

function isAscii(text: string): boolean {
  return !/[\x80-\xff]/.test(text);
}
