/**
 * One connection of a client, and one request on it at a time. The stream carries the bytes,
 * upload.ts sends the request's body, response-intake.ts takes the response apart; here is what
 * follows from what, the deadlines, and when the connection may serve again (RFC 9112 §9.3).
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
} from "../../../streams/index.js";
import type { ResponseHead } from "../parser/index.js";
import { type ClientSettings, idleMsOf } from "./client-options.js";
import { HttpClientResponse } from "./client-response.js";
import {
  bodyTimeout,
  headTimeout,
  lostError,
  refusedError,
  responseError,
  unreadTimeout,
  writeTimeout,
} from "./connection-errors.js";
import type { Exchange, ExchangeHolder } from "./exchange.js";
import { assertSwitch, handOver } from "./hand-over.js";
import type { HttpClientBody } from "./incoming-body.js";
import { isQuiet } from "./quiet.js";
import { DISCARD_MS, type IntakeOwner, ResponseIntake } from "./response-intake.js";
import { Upload } from "./upload.js";

export interface ConnectionOwner {
  /** It can serve another request. */
  freed(connection: ClientConnection): void;
  /** It is gone, or another's now. @param stale its request, if that is to be sent once more. */
  closed(connection: ClientConnection, stale: Exchange | undefined): void;
}

/** What its one timer waits for. */
type Awaited = "continue" | "head" | "reader" | "rest" | "reuse";

export class ClientConnection implements StreamHandler<SocketStream>, IntakeOwner, ExchangeHolder {
  readonly #reactor: Reactor;
  readonly #settings: ClientSettings;
  readonly #owner: ConnectionOwner;
  readonly #stream: SocketStream;
  readonly #intake: ResponseIntake;
  readonly #timer: Timer;
  #awaited: Awaited = "reuse";
  #exchange: Exchange | undefined;
  #upload: Upload | undefined;
  #served = 0;
  #isPaused = false;
  #isResting = false;
  #isClosed = false;

  /** @throws as SocketStream; the socket stays the caller's then. */
  constructor(reactor: Reactor, socket: Socket, settings: ClientSettings, owner: ConnectionOwner) {
    this.#reactor = reactor;
    this.#settings = settings;
    this.#owner = owner;
    this.#intake = new ResponseIntake(this, settings.limits, settings.bodyBytesMax);
    this.#stream = new SocketStream(reactor, socket, this, {
      allowHalfOpen: true,
      timeouts: { readMs: settings.bodyTimeoutMs, writeMs: settings.writeTimeoutMs },
    });
    this.#timer = reactor.timer(Infinity, () => this.#onTimer(), { start: false }).unref();
  }

  /** False: it must not be used again. */
  get isQuiet(): boolean {
    return isQuiet(this.#stream);
  }

  /** Sends a request. The connection is new, or was `freed`. */
  start(exchange: Exchange): void {
    if (this.#isResting) this.#reactor.hold();
    this.#isResting = false;
    this.#timer.stop();
    this.#exchange = exchange;
    this.#served += 1;
    exchange.holder = this;
    exchange.hasUpload = true;
    const { request } = exchange;
    this.#intake.begin(request.method);
    const upload = new Upload(this.#stream, request, (error) => this.#onUploaded(upload, error));
    this.#upload = upload;
    this.#stream.write(request.head);
    if (!request.expectsContinue) upload.start();
    else {
      const { continueTimeoutMs, headTimeoutMs } = this.#settings;
      this.#await("continue", Math.min(continueTimeoutMs, headTimeoutMs));
    }
  }

  /** Nothing is to be done: waits for the next request, and does not keep the reactor running. */
  rest(): void {
    this.#isResting = true;
    this.#await("reuse", this.#idleMs);
    this.#reactor.release();
  }

  /** For good; its exchange must know. */
  close(stale?: Exchange): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer.stop();
    this.#intake.stop();
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
    try {
      if (!this.#isIdle) this.#intake.take(input);
      else this.fail(lostError(true, undefined)); // the answer to nothing
    } catch (error) {
      this.fail(responseError(error));
    }
  }

  onEnd({ input }: SocketStream): void {
    try {
      if (this.#isIdle) this.fail(lostError(true, undefined));
      else if (!this.#intake.finish(input)) this.#lost(undefined);
    } catch (error) {
      this.fail(responseError(error));
    }
  }

  onTimeout(_stream: SocketStream, which: StreamTimeout): void {
    if (which === "write") this.fail(writeTimeout(this.#settings.writeTimeoutMs));
    // Before the head other deadlines count, and while we send the peer may have to wait for us.
    if (which !== "read" || this.#intake.body?.isOver !== false || this.#upload?.isRunning) return;
    this.fail(bodyTimeout(this.#settings.bodyTimeoutMs));
  }

  onClose(_stream: SocketStream, error: Error | undefined): void {
    this.#lost(error);
  }

  resumeBody(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#timer.stop();
    this.#stream.resume();
  }

  discardBody(): void {
    if (this.#intake.discard() && this.#mayServeAgain) {
      this.resumeBody();
      if (!this.#upload?.isRunning) this.#await("rest", DISCARD_MS);
    } else this.onBodyTooLong();
  }

  // The response.

  onInformation(head: ResponseHead): void {
    const exchange = this.#exchange as Exchange;
    if (head.status === 101) {
      this.#handOver(exchange, head);
      return;
    }
    if (head.status === 100) this.#upload?.start();
    const { status, reason: statusText } = head;
    exchange.request.onInformation?.({ status, statusText, headers: head });
  }

  onHead(head: ResponseHead, body: HttpClientBody): void {
    const exchange = this.#exchange as Exchange;
    this.#timer.stop();
    // The peer has decided without the rest, which it would only have to skip. RFC 9112 §9.3
    if (head.status >= 300 || this.#upload?.isRunning === false) this.#upload?.stop();
    const response = new HttpClientResponse(head, body);
    if (exchange.request.upgrade === undefined) exchange.respond(response);
    else exchange.refuse(response, refusedError(head.status));
  }

  onBodyFull(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#stream.pause();
    this.#await("reader", this.#settings.unreadTimeoutMs);
  }

  onBodyTooLong(): void {
    this.#intake.body?.end(undefined);
    this.#exchange?.finish();
    this.close();
  }

  onResponseEnd(): void {
    this.resumeBody();
    this.#timer.stop();
    if (this.#upload?.isRunning && this.#mayServeAgain) return; // it took our head, and goes on
    this.#free();
  }

  /** What has come behind the head is unread. */
  #handOver(exchange: Exchange, head: ResponseHead): void {
    assertSwitch(head, exchange.request.upgrade);
    this.#isClosed = true;
    this.#timer.stop();
    this.#intake.stop();
    this.#exchange = exchange.holder = undefined;
    exchange.respond(handOver(this.#stream, head), this.#stream);
    exchange.finish();
    this.#owner.closed(this, undefined);
  }

  #onUploaded(upload: Upload, error: Error | undefined): void {
    if (upload !== this.#upload || this.#exchange === undefined) return;
    if (error !== undefined) this.fail(error);
    else if (this.#intake.isOver) this.#free();
    else if (this.#intake.head === undefined) this.#await("head", this.#settings.headTimeoutMs);
  }

  #free(): void {
    const exchange = this.#exchange as Exchange;
    exchange.holder = undefined;
    exchange.finish();
    const isDone = this.#upload?.isFinished && this.#stream.input.isEmpty;
    if (!isDone || !this.#mayServeAgain || this.#idleMs <= 0) {
      this.close();
      return;
    }
    this.#exchange = undefined;
    this.#owner.freed(this);
  }

  /** Nothing is asked that is not answered. */
  get #isIdle(): boolean {
    return this.#exchange === undefined || this.#intake.isOver;
  }

  /** As far as the two sides have said; RFC 9112 §9.3. */
  get #mayServeAgain(): boolean {
    const { head } = this.#intake;
    if (head === undefined || !head.keepAlive || this.#stream.hasReadEnded) return false;
    if (this.#exchange?.request.closes !== false || this.#stream.isDestroyed) return false;
    // After a refusal nobody may be reading what still waits to be sent.
    return (
      head.status < 300 || (this.#upload?.isFinished === true && this.#stream.pendingBytes === 0)
    );
  }

  get #idleMs(): number {
    return idleMsOf(this.#intake.head, this.#settings.idleTimeoutMs);
  }

  #lost(cause: Error | undefined): void {
    const exchange = this.#exchange;
    const { hasReceived } = this.#intake;
    const isStale = this.#served > 1 && !hasReceived;
    if (isStale && exchange?.request.isRepeatable && !exchange.isRepeated) {
      exchange.isRepeated = true;
      exchange.holder = undefined;
      this.close(exchange);
    } else this.fail(lostError(hasReceived, cause));
  }

  #await(what: Awaited, delayMs: number): void {
    this.#awaited = what;
    this.#timer.start(delayMs);
  }

  #onTimer(): void {
    const { headTimeoutMs, unreadTimeoutMs } = this.#settings;
    if (this.#awaited === "reuse") this.close();
    else if (this.#awaited === "continue") this.#upload?.start();
    else if (this.#awaited === "rest") this.onBodyTooLong();
    else if (this.#awaited === "reader") this.fail(unreadTimeout(unreadTimeoutMs));
    // Its last bytes are still on their way, and have a deadline of their own.
    else if (this.#stream.pendingBytes > 0) this.#await("head", headTimeoutMs);
    else this.fail(headTimeout(headTimeoutMs));
  }
}
