/**
 * A stream of bytes in both directions with buffers in between: what every stream has in common,
 * whatever carries it. Here are the two queues and their marks, the two ends, the deadlines and
 * when which handler is called; socket-stream.ts and memory-stream.ts move the bytes.
 *
 * The states of the two directions are independent, which is what half-close means: reading ends
 * with the peer's FIN, writing with ours, and the stream is over when both have.
 *
 * The rule of the file: handlers are called through `#call`, which does nothing once the stream is
 * destroyed, in the asynchronous context of the code that made the stream.
 *
 * libevent: bufferevent
 */
import { AsyncResource } from "node:async_hooks";
import { misuse, wrongType } from "../kernel/index.js";
import type { Reactor } from "../reactor/index.js";
import { ByteQueue } from "./byte-queue.js";
import { Deadlines, type Timed, timeoutError } from "./deadlines.js";
import { noteStream } from "./notes.js";
import type { ToDuplexOptions } from "./socket-like-duplex.js";
import type { StreamHandler, StreamTimeout } from "./stream-handler.js";
import {
  readLimits,
  type StreamLimits,
  type StreamOptions,
  type StreamTimeouts,
} from "./stream-options.js";
import { StreamReader } from "./stream-reader.js";
import { type StreamDuplex, toDuplex } from "./to-duplex.js";
import { toWeb, type WebStreams } from "./to-web.js";

/** Reasons not to read; it reads when there is none. */
const PAUSED = 1;
const FULL = 2;
const LIMITED = 4;
const ENDED = 8;
/** The peer's end came while unread input waited for `resume`. */
const END_PENDING = 16;

export type StreamData = Uint8Array | string | ByteQueue;

export abstract class BufferedStream implements AsyncIterable<Buffer>, Disposable, Timed {
  readonly reactor: Reactor;
  /** What has come and is unread. */
  readonly input: ByteQueue = new ByteQueue();
  /** What is written and waits for the kernel; use `write`. */
  protected readonly output: ByteQueue = new ByteQueue();
  /** For who made the stream: called when it is over, before `onClose`. */
  onRelease: (() => void) | undefined;
  /** As the option of this name; may be changed until the peer's end comes. */
  allowHalfOpen: boolean;
  protected readonly deadlines: Deadlines;
  readonly #limits: StreamLimits;
  readonly #context: AsyncResource;
  #handler: StreamHandler<this>;
  #suspended = 0;
  #bytesRead = 0;
  #isEnding = false;
  #isEnded = false;
  #isDestroyed = false;
  #error: Error | undefined;
  #isDelivering = false;
  #needsDrain = false;
  #drains: ((error?: Error) => void)[] | undefined;

  protected constructor(reactor: Reactor, handler: StreamHandler<never>, options: StreamOptions) {
    this.reactor = reactor;
    this.#limits = readLimits(options);
    this.#handler = handler as StreamHandler<this>;
    this.allowHalfOpen = options.allowHalfOpen ?? false;
    this.#context = new AsyncResource("SOCKET_REACTOR_STREAM", { requireManualDestroy: true });
    if (options.paused) this.#suspended = PAUSED;
    this.deadlines = new Deadlines(reactor, this, options.timeouts);
    reactor.hold();
    noteStream("open", this);
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

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Bytes that the kernel took. */
  abstract readonly bytesWritten: number;

  /** Bytes written and not yet taken by the kernel. */
  abstract readonly pendingBytes: number;

  get hasPendingOutput(): boolean {
    return this.pendingBytes > 0;
  }

  /** True after `destroy`, and once both sides have ended. */
  get isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  /** What `onClose` was told: undefined before it, and after an end in order. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** True unless `end` or `destroy` was called. */
  get isWritable(): boolean {
    return !this.#isEnding && !this.#isDestroyed;
  }

  /** Bytes that may come before reading stops. */
  protected get inputRoom(): number {
    return Math.max(1, this.#limits.readHigh - this.input.length);
  }

  /** True while it takes what comes. */
  get isReading(): boolean {
    return this.#suspended === 0 && !this.#isDestroyed;
  }

  /** True after the peer's end. */
  get hasReadEnded(): boolean {
    return (this.#suspended & ENDED) !== 0;
  }

  get isLingering(): boolean {
    return this.#isEnded && !this.hasReadEnded;
  }

  /**
   * Sends. What is written in one turn goes out in as few system calls as possible, before the
   * turn ends or Node sleeps; the data may be changed as soon as `write` returns. A ByteQueue is
   * emptied; one that holds lent bytes, as in `stream.write(input)`, is sent without a copy.
   *
   * @returns false at the high mark: everything was taken, but stop until `onDrain`.
   * @throws Error ERR_STREAM_WRITE_AFTER_END, ERR_STREAM_DESTROYED.
   */
  write(data: StreamData): boolean {
    this.#assertWritable();
    if (typeof data === "string") this.transmitText(data);
    else if (data instanceof Uint8Array) this.transmit(data, 0, data.length);
    else if (data instanceof ByteQueue) this.transmitQueue(data);
    else throw wrongType("data", "a string, a Uint8Array or a ByteQueue", data);
    if (this.pendingBytes < this.#limits.writeHigh) return true;
    this.#needsDrain = true;
    return false;
  }

  /** As `write`; resolves when there is room for more. Rejects when the stream is destroyed. */
  async writeAsync(data: StreamData): Promise<void> {
    if (!this.write(data)) await this.drained();
  }

  /** Resolves when output is down to the low mark, at once if `write` has not said stop. */
  drained(): Promise<void> {
    this.reactor.assertNotBlocking("A promise");
    if (this.#isDestroyed) return Promise.reject(destroyedError());
    if (!this.#needsDrain) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#drains ??= [];
      this.#drains.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /**
   * Ends our side: what was written is sent, then FIN. The stream is over when the peer has ended
   * its side too. Idempotent without data.
   *
   * @throws Error ERR_STREAM_WRITE_AFTER_END for data after an end.
   */
  end(data?: StreamData): void {
    if (data !== undefined) this.write(data);
    if (this.#isEnding || this.#isDestroyed) return;
    this.#isEnding = true;
    this.#finishIfFlushed();
  }

  /**
   * Ends the stream now: unsent output and unread input are dropped, `onClose` is called with
   * `error`, and after that nothing. Idempotent.
   */
  destroy(error?: Error): void {
    if (this.#isDestroyed) return;
    this.input.clear();
    this.#close(error);
  }

  /** What is unread stays: an async iterator may be behind. */
  #close(error: Error | undefined): void {
    this.#isDestroyed = true;
    this.#error = error;
    this.deadlines.stop();
    this.release();
    this.output.clear();
    this.reactor.release();
    this.onRelease?.();
    noteStream("close", this, error);
    const drains = this.#drains ?? [];
    this.#drains = undefined;
    for (const settle of drains) settle(error ?? destroyedError());
    const { onClose } = this.#handler;
    try {
      if (onClose !== undefined) {
        this.#context.runInAsyncScope(onClose, this.#handler, this, error);
      }
    } catch (failure) {
      // Not the caller's: as a rule that is the reactor, in the middle of other streams' affairs.
      this.reactor.fail(failure);
    }
    this.#context.emitDestroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /** Stops reading: `onData` is not called until `resume`. What has come stays. */
  pause(): void {
    this.suspend(PAUSED);
  }

  /** Reads again, beginning with what is unread; also after unread input has reached its mark. */
  resume(): void {
    if (this.#isDestroyed) return;
    this.#suspended &= ~PAUSED;
    if (this.input.length < this.#limits.readHigh) this.#suspended &= ~FULL;
    this.deadlines.resumed();
    this.updateInterest();
    const isBehind = !this.input.isEmpty || (this.#suspended & END_PENDING) !== 0;
    if (isBehind) this.reactor.deferPlain(() => this.#catchUp());
  }

  /** Replaces the deadlines that are given; their times start anew. */
  setTimeouts(timeouts: StreamTimeouts): void {
    this.deadlines.set(timeouts);
  }

  /**
   * The bytes as they come, in chunks of their own memory. Ends with the peer's FIN; leaving the
   * loop early destroys the stream. It takes the handler's place.
   *
   * @throws what `onClose` would get.
   */
  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    this.reactor.assertNotBlocking("Async iteration");
    return new StreamReader(this);
  }

  /** A Duplex of node:stream that looks like net.Socket; see the function of this name. */
  toDuplex(options?: ToDuplexOptions): StreamDuplex {
    return toDuplex(this, options);
  }

  /** A pair of web streams; see the function of this name. */
  toWeb(): WebStreams {
    return toWeb(this);
  }

  /** Subclasses only: a deadline is over. */
  expired(which: StreamTimeout): void {
    if (this.#handler.onTimeout !== undefined) this.#call(this.#handler.onTimeout, which);
    else this.destroy(timeoutError(which));
  }

  // What the carrier calls.

  /** Bytes came; they are lent. */
  protected receivedBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#bytesRead += end - start;
    this.deadlines.received();
    // Received together with others whose handler has paused this one.
    if (this.#suspended !== 0 || this.#isDelivering) this.input.append(bytes, start, end);
    else {
      this.input.lend(bytes, start, end);
      this.#deliver();
      this.input.reclaim();
    }
    if (this.input.length >= this.#limits.readHigh) this.suspend(FULL);
  }

  /** Bytes came, at the front of a queue: they change hands. */
  protected receivedQueue(queue: ByteQueue, length: number): void {
    this.#bytesRead += length;
    this.deadlines.received();
    queue.moveTo(this.input, length);
    if (this.#suspended === 0 && !this.#isDelivering) this.#deliver();
    if (this.input.length >= this.#limits.readHigh) this.suspend(FULL);
  }

  /** The peer's end came, perhaps once more: after a `break` a stream is received from twice. */
  protected receivedEnd(): void {
    if (this.hasReadEnded) return;
    if ((this.#suspended & (PAUSED | FULL)) !== 0 && !this.input.isEmpty) {
      this.suspend(END_PENDING);
      return;
    }
    this.suspend(ENDED);
    if (!this.input.isEmpty) this.#call(this.#handler.onData, this.input);
    this.#call(this.#handler.onEnd);
    if (!this.allowHalfOpen) this.end();
    if (this.#isEnded && !this.#isDestroyed) this.#close(undefined);
  }

  /** The kernel took bytes, perhaps all. Handlers may be called. */
  protected progressed(): void {
    if (this.#isDestroyed) return;
    if (this.#needsDrain && this.pendingBytes <= this.#limits.writeLow) {
      this.#needsDrain = false;
      const drains = this.#drains ?? [];
      this.#drains = undefined;
      for (const settle of drains) settle();
      this.#call(this.#handler.onDrain);
    }
    this.#finishIfFlushed();
  }

  /** True if `progressed` has anything to do when everything is sent. */
  protected get awaitsProgress(): boolean {
    return this.#needsDrain || this.#isEnding;
  }

  protected suspend(reason: number): void {
    if ((this.#suspended & reason) !== 0) return;
    this.#suspended |= reason;
    this.updateInterest();
  }

  /** A rate limit is used up, or has room again. */
  protected setLimited(isLimited: boolean): void {
    if (isLimited) this.suspend(LIMITED);
    else if ((this.#suspended & LIMITED) !== 0) {
      this.#suspended &= ~LIMITED;
      this.deadlines.resumed();
      this.updateInterest();
    }
  }

  // What a carrier adds.

  /** Sends or queues; the bytes may be lent. */
  protected abstract transmit(bytes: Uint8Array, start: number, end: number): void;
  protected abstract transmitText(text: string): void;
  /** Sends or queues all of it, and leaves it empty. */
  protected abstract transmitQueue(queue: ByteQueue): void;
  /** `isReading` or the output has changed. */
  protected abstract updateInterest(): void;
  /** Everything is sent: ends our side. */
  protected abstract finish(): void;
  /** Lets go of what carries it. */
  protected abstract release(): void;

  #deliver(): void {
    const { onData } = this.#handler;
    if (onData === undefined || this.input.length < this.#limits.readLow) return;
    this.#isDelivering = true;
    this.#call(onData, this.input);
    this.#isDelivering = false;
  }

  /** What had come before `resume`. */
  #catchUp(): void {
    if (this.#isDestroyed || (this.#suspended & (PAUSED | ENDED)) !== 0) return;
    if (!this.input.isEmpty) this.#deliver();
    if (this.#isDestroyed) return;
    if (this.input.length < this.#limits.readHigh) this.#suspended &= ~FULL;
    if ((this.#suspended & (PAUSED | FULL | END_PENDING)) === END_PENDING) this.receivedEnd();
    else this.updateInterest();
  }

  #call<A>(fn: ((stream: this, argument: A) => void) | undefined, argument?: A): void {
    if (fn === undefined || this.#isDestroyed) return;
    try {
      this.#context.runInAsyncScope(fn, this.#handler, this, argument as A);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
      this.reactor.fail(error);
    }
  }

  #finishIfFlushed(): void {
    if (!this.#isEnding || this.#isEnded || this.pendingBytes > 0) return;
    this.#isEnded = true;
    this.finish();
    this.#call(this.#handler.onFinish);
    if (this.#isDestroyed) return;
    if (this.hasReadEnded) this.#close(undefined);
    else this.deadlines.ended();
  }

  #assertWritable(): void {
    if (this.#isDestroyed) throw destroyedError();
    if (this.#isEnding) {
      throw misuse(
        Error,
        "ERR_STREAM_WRITE_AFTER_END",
        "The stream was ended: nothing more to write",
      );
    }
  }
}

function destroyedError(): Error {
  return misuse(Error, "ERR_STREAM_DESTROYED", "The stream is destroyed");
}
