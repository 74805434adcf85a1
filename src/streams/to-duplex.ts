/**
 * A stream as a Duplex of node:stream, so that what is written for Node's own sockets runs on ours:
 * http.Server, tls, express, ws. Of net.Socket it has what those use. to-web.ts is its sister.
 *
 * Reading costs one copy, out of the buffer that all streams of a reactor share; the copy goes to
 * the consumer as it is. Writing adds none: what the stream has no room for waits here, by
 * reference, and goes on in one `_writev`.
 *
 * The rule of the file: the Duplex decides when a side ends. The stream would answer the peer's FIN
 * at once, while the consumer still has bytes to read and an answer to write; and a `destroy` would
 * drop what is not sent, so "finish" is not before the kernel has everything.
 */
import type { AdaptableStream } from "./adaptable-stream.js";
import { SocketLikeDuplex, type ToDuplexOptions } from "./socket-like-duplex.js";
import { destroyedError, timeoutError } from "./stream-errors.js";
import type { StreamHandler, StreamTimeout } from "./stream-handler.js";

/**
 * Wraps a stream. The Duplex takes the handler's place and begins to read; from then on leave the
 * stream itself alone. Its deadlines go on.
 *
 * @throws Error ERR_REACTOR_BLOCKING during a blocking run: a Duplex needs Node's loop.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { Listener, Reactor, toDuplex } from "socket-reactor";
 * const server = createServer((_request, response) => response.end("hello\n"));
 * const reactor = new Reactor();
 * Listener.tcp(reactor, { host: "127.0.0.1", port: 8080 }, (stream) => {
 *   server.emit("connection", toDuplex(stream));
 * });
 * await reactor.run();
 * ```
 */
export function toDuplex(stream: AdaptableStream, options: ToDuplexOptions = {}): StreamDuplex {
  stream.reactor.assertNotBlocking("A Duplex");
  return new StreamDuplex(stream, options);
}

type Callback = (error?: Error | null) => void;

/** What `toDuplex` makes. */
export class StreamDuplex extends SocketLikeDuplex {
  #isPaused = false;
  #hasFinished: boolean;
  /** Of a write that waits for room. */
  #onRoom: (() => void) | undefined;
  /** Answers the write that waits. */
  #settleWrite: Callback | undefined;
  #onFinished: Callback | undefined;

  /** Use `toDuplex`. */
  constructor(stream: AdaptableStream, options: ToDuplexOptions) {
    super(stream, options);
    // One that was ended before, but is not flushed yet, says so later.
    this.#hasFinished = !stream.isWritable && stream.pendingBytes === 0;
    stream.allowHalfOpen = true;
    stream.handler = this.#handler();
    if (!stream.isWritable) this.end();
    if (stream.hasReadEnded) {
      if (!stream.input.isEmpty) this.push(stream.input.take());
      this.push(null);
    } else if (stream.isDestroyed) this.destroy();
    else stream.resume();
  }

  override _read(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.stream.resume();
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, callback: Callback): void {
    this.#writeAll([{ chunk, encoding }], callback);
  }

  /** The stream corks: what is written in one turn goes out together. */
  override _writev(
    chunks: { chunk: Buffer | string; encoding: BufferEncoding }[],
    callback: Callback,
  ): void {
    this.#writeAll(chunks, callback);
  }

  override _final(callback: Callback): void {
    if (this.#hasFinished) callback();
    else {
      this.#onFinished = callback;
      this.stream.end();
    }
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.stream.destroy(error ?? undefined);
    this.#onRoom = undefined;
    this.#settleWrite?.(error ?? destroyedError());
    callback(error);
  }

  /**
   * The callback comes when nothing is needed any more: bytes are kept by reference until the kernel
   * has taken them, and Node's streams promise not to change them before.
   */
  #writeAll(
    chunks: readonly { chunk: Buffer | string; encoding: BufferEncoding }[],
    callback: Callback,
  ): void {
    let waiting = 1;
    let hasRoom = true;
    const settle = (error?: Error | null): void => {
      this.#settleWrite = undefined;
      callback(error);
    };
    // Of a stream that was destroyed nothing was promised: `_destroy` says so.
    const released = (): void => {
      waiting -= 1;
      if (waiting === 0 && this.#settleWrite === settle && !this.stream.isDestroyed) settle();
    };
    this.#settleWrite = settle;
    try {
      for (const { chunk, encoding } of chunks) {
        const data = encode(chunk, encoding);
        if (typeof data === "string") {
          hasRoom = this.stream.write(data);
        } else {
          waiting += 1;
          hasRoom = this.stream.writeReference(data, released);
        }
      }
    } catch (error) {
      settle(error as Error);
      return;
    }
    if (hasRoom) released();
    else this.#onRoom = released;
  }

  #handler(): StreamHandler<never> {
    const stream = this.stream;
    return {
      onData: () => {
        if (this.push(stream.input.take())) return;
        this.#isPaused = true;
        stream.pause();
      },
      onEnd: () => void this.push(null),
      onDrain: () => {
        const onRoom = this.#onRoom;
        this.#onRoom = undefined;
        onRoom?.();
      },
      onFinish: () => {
        this.#hasFinished = true;
        this.#onFinished?.();
      },
      onTimeout: (_stream, which) => this.#onTimeout(which),
      onClose: (_stream, error: Error | undefined) => {
        // At the end of both sides the rest may be unread: it destroys itself when that is read.
        const isOver = stream.hasReadEnded && this.#hasFinished;
        if (error !== undefined || !isOver) this.destroy(error);
      },
    };
  }

  #onTimeout(which: StreamTimeout): void {
    if (which === "idle" && this.timeout !== undefined) this.idled();
    else this.stream.destroy(timeoutError(which));
  }
}

/** Text in UTF-8 the stream encodes itself, to where it is sent from. */
function encode(chunk: Buffer | string, encoding: BufferEncoding): Buffer | string {
  if (typeof chunk !== "string" || encoding === "utf8" || encoding === "utf-8") return chunk;
  return Buffer.from(chunk, encoding);
}
