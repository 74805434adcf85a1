/**
 * A stream as a pair of web streams, for code written for fetch, `pipeTo` and `pipeThrough`. They
 * stand on the stream itself, not on a Duplex. to-duplex.ts is the sister.
 *
 * The rule of the file: the two halves are independent, as everywhere with web streams. The peer's
 * end closes `readable` and leaves `writable` open until it is closed, for what `pipeTo` carries may
 * still be on its way. Whatever fails, or is given up, ends both.
 */
import {
  ByteLengthQueuingStrategy,
  type ReadableByteStreamController,
  ReadableStream,
  WritableStream,
  type WritableStreamDefaultController,
} from "node:stream/web";
import type { AdaptableStream } from "./adaptable-stream.js";
import { destroyedError } from "./stream-errors.js";

/** Bytes that each half buffers, beyond what the stream does. */
export const WEB_HIGH_BYTES: number = 64 * 1024;

/** As `toWeb` makes them. */
export interface WebStreams {
  /** A byte stream: it has BYOB readers. `cancel` destroys the stream. */
  readonly readable: ReadableStream<Uint8Array>;
  /** `close` is over when everything is sent, and FIN. `abort` destroys the stream. */
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * Wraps a stream. The pair takes the handler's place and begins to read; from then on leave the
 * stream itself alone. Its deadlines go on.
 *
 * @throws Error ERR_REACTOR_BLOCKING during a blocking run: promises need Node's loop.
 *
 * @example
 * ```ts
 * import { Listener, Reactor, toWeb } from "socket-reactor";
 * const reactor = new Reactor();
 * Listener.tcp(reactor, { host: "127.0.0.1", port: 7 }, (stream) => {
 *   const { readable, writable } = toWeb(stream);
 *   readable.pipeTo(writable).catch(() => {}); // an echo, which a reset may end
 * });
 * await reactor.run();
 * ```
 */
export function toWeb(stream: AdaptableStream): WebStreams {
  stream.reactor.assertNotBlocking("A web stream");
  const adapter = new WebAdapter(stream);
  return { readable: adapter.readable, writable: adapter.writable };
}

class WebAdapter {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #stream: AdaptableStream;
  #reading: ReadableByteStreamController | undefined;
  #writing: WritableStreamDefaultController | undefined;
  #isPaused = false;
  #hasReadEnded = false;
  #hasFinished: boolean;
  #closing: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(stream: AdaptableStream) {
    this.#stream = stream;
    this.#hasFinished = !stream.isWritable && stream.pendingBytes === 0;
    this.readable = this.#makeReadable();
    this.writable = this.#makeWritable();
    stream.allowHalfOpen = true;
    stream.handler = {
      onData: () => this.#onData(),
      onEnd: () => this.#onEnd(),
      onFinish: () => this.#onFinish(),
      onClose: (_stream: never, error: Error | undefined) => this.#onClose(error),
    };
    if (stream.hasReadEnded) {
      this.#onData();
      this.#onEnd();
    }
    if (stream.isDestroyed) this.#onClose(undefined);
    else stream.resume();
  }

  #makeReadable(): ReadableStream<Uint8Array> {
    return new ReadableStream(
      {
        type: "bytes",
        start: (controller) => {
          this.#reading = controller;
        },
        pull: () => {
          if (!this.#isPaused) return;
          this.#isPaused = false;
          this.#stream.resume();
        },
        cancel: (reason) => this.#giveUp(reason),
      },
      { highWaterMark: WEB_HIGH_BYTES },
    );
  }

  #makeWritable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#writing = controller;
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#close(),
        abort: (reason) => this.#giveUp(reason),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: WEB_HIGH_BYTES }),
    );
  }

  async #write(chunk: Uint8Array): Promise<void> {
    try {
      await this.#stream.writeAsync(chunk);
    } catch (error) {
      // Half a pair is of no use to anybody, and would be left open.
      this.#giveUp(error);
      throw error;
    }
  }

  #close(): Promise<void> {
    if (this.#hasFinished) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#closing = { resolve, reject };
      this.#stream.end();
    });
  }

  #giveUp(reason: unknown): void {
    this.#stream.destroy(reason instanceof Error ? reason : undefined);
  }

  #onData(): void {
    const { input } = this.#stream;
    if (input.isEmpty) return;
    // `enqueue` takes the memory away, so it must not be a piece of Buffer's pool.
    const bytes = Buffer.allocUnsafeSlow(input.length);
    input.copyOut(bytes);
    input.drain(bytes.length);
    this.#reading?.enqueue(bytes);
    if ((this.#reading?.desiredSize ?? 0) > 0) return;
    this.#isPaused = true;
    this.#stream.pause();
  }

  #onEnd(): void {
    if (this.#hasReadEnded) return;
    this.#hasReadEnded = true;
    this.#reading?.close();
    // A reader that waits with a buffer of its own gets it back, empty.
    (this.#reading?.byobRequest as ReadableStreamBYOBRequest | undefined)?.respond(0);
  }

  #onFinish(): void {
    this.#hasFinished = true;
    this.#closing?.resolve();
  }

  #onClose(cause: Error | undefined): void {
    if (cause === undefined && this.#stream.hasReadEnded && this.#hasFinished) return;
    const error = cause ?? destroyedError();
    if (!this.#hasReadEnded) this.#reading?.error(error);
    this.#writing?.error(error);
    this.#closing?.reject(error);
  }
}
