/**
 * The body of a response, on its reader's side: what has come and is unread, and who waits for
 * more. client-connection.ts fills it, and stops reading from the peer when it says that it is full.
 *
 * The rule of the file: a body ends once, and lets go of its connection when it does; what had come
 * before stays for the reader.
 */
import { misuse, outOfRange } from "../../../kernel/index.js";
import { ByteQueue } from "../../../streams/index.js";
import type { Fields } from "../parser/index.js";
import { HttpClientError } from "./client-errors.js";

/**
 * Unread bytes from which on nothing more is read from the peer. Bodies below it are taken whole,
 * so that their connection is free whether they are read or not.
 */
export const BODY_HIGH_BYTES: number = 64 * 1024;

/** Where a body comes from. */
export interface BodySource {
  /** There is room again. */
  resumeBody(): void;
  /** Nobody wants the rest. */
  discardBody(): void;
}

interface Waiting {
  readonly resolve: (result: IteratorResult<Buffer, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE: IteratorResult<Buffer, undefined> = { done: true, value: undefined };

/** The chunks as they come, each of its own memory. It can be read once, in one way. */
export class HttpClientBody implements AsyncIterable<Buffer> {
  readonly #bytesMax: number;
  /** Undefined once the body is over. */
  #source: BodySource | undefined;
  readonly #queue = new ByteQueue();
  readonly #waiting: Waiting[] = [];
  #error: unknown;
  #hasFailed = false;
  #isUsed = false;
  #isDiscarded = false;
  #trailers: Fields | undefined;

  /** Use `client.request`. */
  constructor(source: BodySource, bytesMax: number) {
    this.#source = source;
    this.#bytesMax = bytesMax;
  }

  /** True when all of it has come, or nothing more will. */
  get isOver(): boolean {
    return this.#source === undefined;
  }

  /** True once a reader has begun. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** What came behind a body in chunks; undefined before its end, and if there were none. */
  get trailers(): Fields | undefined {
    return this.#trailers;
  }

  /**
   * Leaving the loop early drops the rest: the connection is used again if little is left, else
   * closed.
   *
   * @throws Error ERR_HTTP_BODY_USED; as `request` for what ends it early.
   */
  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    this.#use();
    return {
      next: () => this.#next(),
      return: () => {
        this.discard();
        return Promise.resolve(DONE);
      },
    };
  }

  /**
   * All of it.
   *
   * @param bytesMax default: the client's `bodyBytesMax`.
   * @throws HttpClientError ERR_HTTP_BODY_TOO_LARGE, and the connection is closed; as iteration.
   */
  async bytes(bytesMax: number = this.#bytesMax): Promise<Buffer> {
    if (typeof bytesMax !== "number" || !(bytesMax >= 0)) {
      throw outOfRange("bytesMax", "a number of bytes", bytesMax);
    }
    this.#use();
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const { done, value } = await this.#next();
      if (done === true) return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      length += value.length;
      if (length > bytesMax) {
        this.discard();
        const message = `The response's body is longer than ${bytesMax} bytes`;
        throw new HttpClientError("ERR_HTTP_BODY_TOO_LARGE", message);
      }
      chunks.push(value);
    }
  }

  /** All of it as UTF-8, whatever its Content-Type says; without a byte order mark. */
  async text(bytesMax?: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(bytesMax));
  }

  /** @throws SyntaxError; as `bytes`. */
  async json(bytesMax?: number): Promise<unknown> {
    return JSON.parse(await this.text(bytesMax)) as unknown;
  }

  /** Drops what is unread and still to come. Idempotent. */
  discard(): void {
    if (this.#isDiscarded) return;
    this.#isUsed = true;
    this.#isDiscarded = true;
    this.#queue.clear();
    // First of all: dropping may end the body, and who waits would take what it has for the whole.
    this.#settle(this.#source !== undefined);
    this.#source?.discardBody();
  }

  // For the connection.

  /** Takes n bytes from the front. @returns false: it is full, until `resumeBody`. */
  push(input: ByteQueue, n: number): boolean {
    if (this.#isDiscarded) {
      input.drain(n);
      return true;
    }
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve({ done: false, value: input.take(n) });
    else input.moveTo(this.#queue, n);
    return this.#queue.length < BODY_HIGH_BYTES;
  }

  end(trailers: Fields | undefined): void {
    this.#source = undefined;
    this.#trailers = trailers;
    this.#settle(false);
  }

  fail(error: unknown): void {
    if (this.#source === undefined) return;
    this.#source = undefined;
    this.#hasFailed = true;
    this.#error = error;
    this.#settle(false);
  }

  #use(): void {
    if (this.#isUsed) throw misuse(Error, "ERR_HTTP_BODY_USED", "The body was read already");
    this.#isUsed = true;
  }

  #next(): Promise<IteratorResult<Buffer, undefined>> {
    if (!this.#queue.isEmpty) {
      const value = this.#queue.take();
      this.#source?.resumeBody();
      return Promise.resolve({ done: false, value });
    }
    if (this.#isDiscarded) return Promise.resolve(DONE);
    if (this.#hasFailed) return Promise.reject(this.#error);
    if (this.#source === undefined) return Promise.resolve(DONE);
    this.#source.resumeBody();
    return new Promise((resolve, reject) => void this.#waiting.push({ resolve, reject }));
  }

  /** Nothing more will come: who waits is told. */
  #settle(isGone: boolean): void {
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (isGone) reject(discardedError());
      else if (this.#hasFailed) reject(this.#error);
      else resolve(DONE);
    }
  }
}

function discardedError(): HttpClientError {
  return new HttpClientError("ERR_HTTP_BODY_DISCARDED", "The response's body was dropped");
}
