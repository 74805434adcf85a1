/**
 * The reading half of all streams: what has come, when it is delivered, and the reasons not to take
 * more. The writing half, and with it the whole, is buffered-stream.ts.
 *
 * The rule of the file: handlers are called through `call`, which does nothing once the stream is
 * destroyed, in the asynchronous context of the code that made the stream.
 */
import { AsyncResource } from "node:async_hooks";
import { wrongType } from "../kernel/index.js";
import type { Reactor } from "../reactor/index.js";
import { ByteQueue } from "./byte-queue.js";
import type { Deadlines } from "./deadlines.js";
import type { StreamHandler } from "./stream-handler.js";
import { readLimits, type StreamLimits, type StreamOptions } from "./stream-options.js";

/** Reasons not to read; it reads when there is none. */
const PAUSED = 1;
const FULL = 2;
const LIMITED = 4;
const ENDED = 8;
/** The peer's end came while unread input waited for `resume`. */
const END_PENDING = 16;

export abstract class StreamInput {
  readonly reactor: Reactor;
  /** What has come and is unread. */
  readonly input: ByteQueue = new ByteQueue();
  protected readonly limits: StreamLimits;
  readonly #context: AsyncResource;
  #handler: StreamHandler<this>;
  #suspended = 0;
  #bytesRead = 0;
  #isDelivering = false;
  /** Within the last `onData`: the peer has ended, and `onEnd` is still to be called. */
  #isEnding = false;

  protected constructor(reactor: Reactor, handler: StreamHandler<never>, options: StreamOptions) {
    this.reactor = reactor;
    this.limits = readLimits(options);
    this.#handler = handler as StreamHandler<this>;
    this.#context = new AsyncResource("SOCKET_REACTOR_STREAM", { requireManualDestroy: true });
    if (options.paused) this.#suspended = PAUSED;
  }

  /** What is called; may be replaced at any time. */
  get handler(): StreamHandler<this> {
    return this.#handler;
  }

  set handler(handler: StreamHandler<this>) {
    if (typeof handler !== "object" || handler === null) {
      throw wrongType("handler", "an object", handler);
    }
    this.#handler = handler;
  }

  /** Unread input at which it stops reading: what needs more in one piece would wait for ever. */
  get readHighBytes(): number {
    return this.limits.readHigh;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** True while it takes what comes. */
  get isReading(): boolean {
    return this.#suspended === 0 && !this.isDestroyed;
  }

  /** True after the peer's end. */
  get hasReadEnded(): boolean {
    return (this.#suspended & ENDED) !== 0;
  }

  /** The same, and the handler has got what came before. */
  protected get isEndTold(): boolean {
    return this.hasReadEnded && !this.#isEnding;
  }

  /** Stops reading: `onData` is not called until `resume`. What has come stays. */
  pause(): void {
    this.#suspend(PAUSED);
  }

  /** Reads again, beginning with what is unread; also after unread input has reached its mark. */
  resume(): void {
    if (this.isDestroyed) return;
    this.#suspended &= ~PAUSED;
    if (this.input.length < this.limits.readHigh) this.#suspended &= ~FULL;
    this.deadlines?.resumed();
    this.updateInterest();
    const isBehind = !this.input.isEmpty || (this.#suspended & END_PENDING) !== 0;
    if (isBehind) this.reactor.deferPlain(() => this.#catchUp());
  }

  /** Bytes that may come before reading stops. */
  protected get inputRoom(): number {
    return Math.max(1, this.limits.readHigh - this.input.length);
  }

  // What the carrier calls.

  /** Bytes came; they are lent. */
  protected receivedBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#bytesRead += end - start;
    this.deadlines?.received();
    // Received together with others whose handler has paused this one.
    if (this.#suspended !== 0 || this.#isDelivering) this.input.append(bytes, start, end);
    else {
      this.input.lend(bytes, start, end);
      this.#deliver();
      this.input.reclaim();
    }
    if (this.input.length >= this.limits.readHigh) this.#suspend(FULL);
  }

  /** Bytes came, at the front of a queue: they change hands. */
  protected receivedQueue(queue: ByteQueue, length: number): void {
    this.#bytesRead += length;
    this.deadlines?.received();
    queue.moveTo(this.input, length);
    if (this.#suspended === 0 && !this.#isDelivering) this.#deliver();
    if (this.input.length >= this.limits.readHigh) this.#suspend(FULL);
  }

  /** The peer's end came, perhaps once more: after a `break` a stream is received from twice. */
  protected receivedEnd(): void {
    if (this.hasReadEnded) return;
    if ((this.#suspended & (PAUSED | FULL)) !== 0 && !this.input.isEmpty) {
      this.#suspend(END_PENDING);
      return;
    }
    this.#suspend(ENDED);
    // Once more, for nothing will be added to what the handler has left or has not been shown.
    this.#isEnding = true;
    if (!this.input.isEmpty) this.call(this.#handler.onData, this.input);
    this.#isEnding = false;
    if ((this.#suspended & PAUSED) !== 0 && !this.input.isEmpty) {
      // The handler has taken a part, and wants the rest later: the end comes behind that.
      this.#suspended = (this.#suspended & ~ENDED) | END_PENDING;
      return;
    }
    this.call(this.#handler.onEnd);
    this.readEnded();
  }

  /** A rate limit is used up, or has room again. */
  protected setLimited(isLimited: boolean): void {
    if (isLimited) this.#suspend(LIMITED);
    else if ((this.#suspended & LIMITED) !== 0) {
      this.#suspended &= ~LIMITED;
      this.deadlines?.resumed();
      this.updateInterest();
    }
  }

  /** Calls a handler. One that throws destroys the stream. */
  protected call<A>(fn: ((stream: this, argument: A) => void) | undefined, argument?: A): void {
    if (fn === undefined || this.isDestroyed) return;
    try {
      this.#context.runInAsyncScope(fn, this.#handler, this, argument as A);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
      this.reactor.fail(error);
    }
  }

  /** The last call. What it throws is not the caller's, who is in the midst of other streams. */
  protected callLast(error: Error | undefined): void {
    const { onClose } = this.#handler;
    try {
      if (onClose !== undefined) {
        this.#context.runInAsyncScope(onClose, this.#handler, this, error);
      }
    } catch (failure) {
      this.reactor.fail(failure);
    }
    this.#context.emitDestroy();
  }

  #suspend(reason: number): void {
    if ((this.#suspended & reason) !== 0) return;
    this.#suspended |= reason;
    this.updateInterest();
  }

  #deliver(): void {
    const { onData } = this.#handler;
    if (onData === undefined || this.input.length < this.limits.readLow) return;
    this.#isDelivering = true;
    this.call(onData, this.input);
    this.#isDelivering = false;
  }

  /** What had come before `resume`. */
  #catchUp(): void {
    if (this.isDestroyed || (this.#suspended & (PAUSED | ENDED)) !== 0) return;
    if (!this.input.isEmpty) this.#deliver();
    if (this.isDestroyed) return;
    if ((this.#suspended & FULL) !== 0 && this.input.length < this.limits.readHigh) {
      this.#suspended &= ~FULL;
      this.deadlines?.resumed();
    }
    if ((this.#suspended & (PAUSED | FULL | END_PENDING)) === END_PENDING) this.receivedEnd();
    else this.updateInterest();
  }

  // What the writing half and a carrier add.

  /** True after `destroy`, and once both sides have ended. */
  abstract readonly isDestroyed: boolean;
  abstract destroy(error?: Error): void;
  /** Undefined while nothing has a deadline. */
  protected abstract readonly deadlines: Deadlines | undefined;
  /** The peer has ended, and the handler knows. */
  protected abstract readEnded(): void;
  /** `isReading` or the output has changed. */
  protected abstract updateInterest(): void;
}
