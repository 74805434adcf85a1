/**
 * A stream of bytes in both directions with buffers in between: what every stream has in common,
 * whatever carries it. stream-input.ts is the reading half; here are writing, the two ends and the
 * deadlines. socket-stream.ts and memory-stream.ts move the bytes.
 *
 * The states of the two directions are independent, which is what half-close means: reading ends
 * with the peer's FIN, writing with ours, and the stream is over when both have.
 *
 * libevent: bufferevent
 */
import { misuse, wrongType } from "../kernel/index.js";
import type { Reactor } from "../reactor/index.js";
import { ByteQueue } from "./byte-queue.js";
import { Deadlines, type Timed } from "./deadlines.js";
import { noteStream } from "./notes.js";
import type { ToDuplexOptions } from "./socket-like-duplex.js";
import { destroyedError, timeoutError } from "./stream-errors.js";
import type { StreamHandler, StreamTimeout } from "./stream-handler.js";
import { StreamInput } from "./stream-input.js";
import type { StreamOptions, StreamTimeouts } from "./stream-options.js";
import { StreamReader } from "./stream-reader.js";
import { type StreamDuplex, toDuplex } from "./to-duplex.js";
import { toWeb, type WebStreams } from "./to-web.js";

export type StreamData = Uint8Array | string | ByteQueue;

/** Who made a stream and is to know when it is over. */
export interface StreamOwner {
  /** Before `onClose`. */
  released(stream: BufferedStream): void;
}

export abstract class BufferedStream
  extends StreamInput
  implements AsyncIterable<Buffer>, Disposable, Timed
{
  owner: StreamOwner | undefined;
  /** As the option of this name; may be changed until the peer's end comes. */
  allowHalfOpen: boolean;
  #output: ByteQueue | undefined;
  #deadlines: Deadlines | undefined;
  #isEnding = false;
  #isEnded = false;
  #isDestroyed = false;
  #error: Error | undefined;
  #needsDrain = false;
  #drains: ((error?: Error) => void)[] | undefined;

  protected constructor(reactor: Reactor, handler: StreamHandler<never>, options: StreamOptions) {
    super(reactor, handler, options);
    this.allowHalfOpen = options.allowHalfOpen ?? false;
    const { timeouts } = options;
    if (timeouts !== undefined) this.#deadlines = new Deadlines(reactor, this, timeouts);
    reactor.hold();
  }

  /** Bytes that the kernel took. */
  abstract readonly bytesWritten: number;

  /** Bytes written and not yet taken by the kernel. */
  abstract readonly pendingBytes: number;

  /** For the deadlines: true if what has come is about to be received. */
  get isReadDue(): boolean {
    return false;
  }

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

  get isLingering(): boolean {
    return this.#isEnded && !this.hasReadEnded;
  }

  /**
   * Sends. What is written in one turn goes out in as few system calls as possible, before the
   * turn ends or Node sleeps; the data may be changed as soon as `write` returns. A ByteQueue is
   * emptied. Lent bytes, as in `stream.write(input)` or of `input.peek()`, are sent without a copy:
   * those must not be changed before `onData` has returned.
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
    return this.#hasRoom();
  }

  /**
   * As `write`, without a copy of what the kernel does not take at once: the bytes must not change
   * until `onRelease`, which is called once: from within, if nothing is kept, or at the end of a turn.
   */
  writeReference(bytes: Uint8Array, onRelease?: () => void): boolean {
    this.#assertWritable();
    if (!(bytes instanceof Uint8Array)) throw wrongType("bytes", "a Uint8Array", bytes);
    this.transmitReference(bytes, onRelease);
    return this.#hasRoom();
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
    this.#deadlines?.stop();
    try {
      this.release();
      this.#output?.clear();
    } catch (failure) {
      this.reactor.fail(failure);
    }
    this.reactor.release();
    this.owner?.released(this);
    noteStream("close", this, error);
    const drains = this.#drains ?? [];
    this.#drains = undefined;
    for (const settle of drains) settle(error ?? destroyedError());
    this.callLast(error);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /** Replaces the deadlines that are given; their times start anew. */
  setTimeouts(timeouts: StreamTimeouts): void {
    this.#timed().set(timeouts);
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
    if (this.handler.onTimeout !== undefined) this.call(this.handler.onTimeout, which);
    else this.destroy(timeoutError(which));
  }

  /** The kernel took bytes, perhaps all. Handlers may be called. */
  protected progressed(): void {
    if (this.#isDestroyed) return;
    if (this.#needsDrain && this.pendingBytes <= this.limits.writeLow) {
      this.#needsDrain = false;
      const drains = this.#drains ?? [];
      this.#drains = undefined;
      for (const settle of drains) settle();
      this.call(this.handler.onDrain);
    }
    this.#finishIfFlushed();
  }

  /** True if `progressed` has anything to do when everything is sent. */
  protected get awaitsProgress(): boolean {
    return this.#needsDrain || this.#isEnding;
  }

  protected get deadlines(): Deadlines | undefined {
    return this.#deadlines;
  }

  /** What is written and waits for the kernel. */
  protected get output(): ByteQueue {
    this.#output ??= new ByteQueue();
    return this.#output;
  }

  protected get outputBytes(): number {
    return this.#output === undefined ? 0 : this.#output.length;
  }

  /** Output begins to wait for the peer. */
  protected blocked(): void {
    this.#timed().blocked();
  }

  protected readEnded(): void {
    if (!this.allowHalfOpen) this.end();
    if (this.#isEnded && !this.#isDestroyed) this.#close(undefined);
  }

  // What a carrier adds.

  /** Sends or queues; the bytes may be lent. */
  protected abstract transmit(bytes: Uint8Array, start: number, end: number): void;
  protected abstract transmitText(text: string): void;
  /** As `transmit`; may keep the bytes until it calls `onRelease`. */
  protected transmitReference(bytes: Uint8Array, onRelease?: () => void): void {
    this.transmit(bytes, 0, bytes.length);
    onRelease?.();
  }
  /** Sends or queues all of it, and leaves it empty. */
  protected abstract transmitQueue(queue: ByteQueue): void;
  /** Everything is sent: ends our side. */
  protected abstract finish(): void;
  /** Lets go of what carries it. */
  protected abstract release(): void;

  /** Most streams never need a deadline, and an idle one is to be small. */
  #timed(): Deadlines {
    this.#deadlines ??= new Deadlines(this.reactor, this, {});
    return this.#deadlines;
  }

  #hasRoom(): boolean {
    if (this.pendingBytes < this.limits.writeHigh) return true;
    this.#needsDrain = true;
    return false;
  }

  #finishIfFlushed(): void {
    if (!this.#isEnding || this.#isEnded || this.pendingBytes > 0) return;
    this.#isEnded = true;
    this.finish();
    this.call(this.handler.onFinish);
    if (this.#isDestroyed) return;
    if (this.isEndTold) this.#close(undefined);
    else this.#timed().ended();
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
