/**
 * Sends the body of one request: bytes as they are or in chunks, no faster than the peer takes
 * them. Between two pieces it waits for the stream to drain, so that a body of any length needs
 * the memory of the stream's write mark.
 *
 * The rule of the file: once it is stopped nothing is written, and the iterable is told to end.
 */
import type { SocketStream } from "../../../streams/index.js";
import { HttpClientError } from "./client-errors.js";
import type { OutgoingBody, OutgoingRequest } from "./outgoing-request.js";

/** Bytes and strings go out in such pieces, so that a large one is never in memory twice. */
export const UPLOAD_PIECE_BYTES: number = 64 * 1024;

export class Upload {
  readonly #stream: SocketStream;
  readonly #request: OutgoingRequest;
  readonly #onEnd: (error: Error | undefined) => void;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #sentBytes = 0;
  #state: "waiting" | "sending" | "finished" | "stopped" = "waiting";

  /** @param onEnd everything is handed to the stream, or the iterable failed; not after `stop`. */
  constructor(
    stream: SocketStream,
    request: OutgoingRequest,
    onEnd: (error: Error | undefined) => void,
  ) {
    this.#stream = stream;
    this.#request = request;
    this.#onEnd = onEnd;
  }

  get isFinished(): boolean {
    return this.#state === "finished";
  }

  /** It has not ended, and may go on. */
  get isRunning(): boolean {
    return this.#state === "sending";
  }

  /** Begins, unless it has begun. */
  start(): void {
    if (this.#state !== "waiting") return;
    this.#state = "sending";
    const { body, bodyBytes } = this.#request;
    if (body === undefined) this.#finish();
    else if (typeof body === "string" && bodyBytes >= 0 && bodyBytes <= UPLOAD_PIECE_BYTES) {
      if (body !== "") this.#stream.write(body);
      this.#finish();
    } else void this.#run();
  }

  /** For good; an iterable is told, and not waited for. */
  stop(): void {
    if (this.#state === "finished" || this.#state === "stopped") return;
    this.#state = "stopped";
    if (this.#iterator === undefined) dropBody(this.#request.body);
    else endQuietly(this.#iterator);
    this.#iterator = undefined;
  }

  async #run(): Promise<void> {
    try {
      const { body } = this.#request;
      if (typeof body === "string") await this.#sendPieces(Buffer.from(body));
      else if (body instanceof Uint8Array) await this.#sendPieces(body);
      else if (body !== undefined) await this.#sendIterable(body);
      if (this.isRunning) this.#finish();
    } catch (error) {
      if (!this.isRunning) return;
      this.stop();
      this.#onEnd(error as Error);
    }
  }

  async #sendPieces(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && this.isRunning; at += UPLOAD_PIECE_BYTES) {
      const end = Math.min(at + UPLOAD_PIECE_BYTES, bytes.length);
      if (!this.#send(bytes.subarray(at, end)) && !(await this.#drained())) return;
    }
  }

  async #sendIterable(body: AsyncIterable<Uint8Array>): Promise<void> {
    const iterator = iteratorOf(body);
    this.#iterator = iterator;
    while (this.isRunning) {
      const { done, value } = await nextOf(iterator);
      if (!this.isRunning) return;
      if (done === true) {
        this.#iterator = undefined;
        return;
      }
      if (!(value instanceof Uint8Array)) {
        const wrong = new TypeError(`The body must be made of Uint8Array: ${typeof value}`);
        throw new HttpClientError("ERR_HTTP_REQUEST_BODY", "The request's body failed", wrong);
      }
      if (!this.#send(value) && !(await this.#drained())) return;
    }
  }

  /** @returns false at the high mark. */
  #send(piece: Uint8Array): boolean {
    const stream = this.#stream;
    this.#sentBytes += piece.length;
    const { bodyBytes } = this.#request;
    if (bodyBytes >= 0) {
      if (this.#sentBytes > bodyBytes) throw mismatch(bodyBytes, "more");
      return stream.write(piece);
    }
    if (piece.length === 0) return true; // it would be the last chunk
    stream.write(`${piece.length.toString(16)}\r\n`);
    stream.write(piece);
    return stream.write("\r\n");
  }

  /** False: the stream is destroyed, whose owner knows. */
  async #drained(): Promise<boolean> {
    try {
      await this.#stream.drained();
      return true;
    } catch {
      return false;
    }
  }

  #finish(): void {
    const { bodyBytes, trailers } = this.#request;
    if (bodyBytes < 0) this.#stream.write(lastChunk(trailers));
    else if (typeof this.#request.body === "object" && this.#sentBytes < bodyBytes) {
      throw mismatch(bodyBytes, "less");
    }
    this.#state = "finished";
    this.#onEnd(undefined);
  }
}

/** An iterable that nobody has asked for bytes may hold something open: it is told to end. */
export function dropBody(body: OutgoingBody | undefined): void {
  if (typeof body !== "object" || body instanceof Uint8Array) return;
  try {
    endQuietly(body[Symbol.asyncIterator]());
  } catch {
    // It is locked by another reader, whose affair it is.
  }
}

function lastChunk(trailers: (() => string) | undefined): Buffer | string {
  if (trailers === undefined) return "0\r\n\r\n";
  try {
    return Buffer.from(`0\r\n${trailers()}\r\n`, "latin1");
  } catch (error) {
    throw new HttpClientError("ERR_HTTP_REQUEST_BODY", "The request's trailers failed", error);
  }
}

function iteratorOf(body: AsyncIterable<Uint8Array>): AsyncIterator<Uint8Array> {
  try {
    return body[Symbol.asyncIterator]();
  } catch (error) {
    throw new HttpClientError("ERR_HTTP_REQUEST_BODY", "The request's body failed", error);
  }
}

async function nextOf(iterator: AsyncIterator<Uint8Array>): Promise<IteratorResult<unknown>> {
  try {
    return await iterator.next();
  } catch (error) {
    throw new HttpClientError("ERR_HTTP_REQUEST_BODY", "The request's body failed", error);
  }
}

/** It may wait in `next` for ever: then `return` does so, too. */
function endQuietly(iterator: AsyncIterator<unknown> | undefined): void {
  try {
    iterator?.return?.()?.then(undefined, () => {});
  } catch {
    // What a caller's clean-up throws has nobody left to hear it.
  }
}

function mismatch(bodyBytes: number, more: "more" | "less"): HttpClientError {
  return new HttpClientError(
    "ERR_HTTP_CONTENT_LENGTH_MISMATCH",
    `The request's body has ${more} than its Content-Length: ${bodyBytes}`,
  );
}
