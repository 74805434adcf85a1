/**
 * The comfortable ways of reading a body, made of the bare one (`BodyReader`): all of it at once,
 * and an async iterator, which reads no further than its loop has come.
 */
import { ByteQueue } from "../../../streams/index.js";

/** The face of a body that allocates nothing per chunk. It is called within a turn. */
export interface BodyReader<R> {
  /**
   * Bytes have come; `input` holds those that are unread, and views of it are lent for the call.
   * What is left there is offered again with the next ones, and after `resume`; `onEnd` comes when
   * all is taken.
   */
  onData(request: R, input: ByteQueue): void;
  /** The body was whole. The last call. */
  onEnd?(request: R): void;
  /** It will never be whole: the peer went, was too slow, or wrong. The last call. */
  onAbort?(request: R, error: Error): void;
}

/** A request as these see it. */
export interface ReadableBody {
  pause(): void;
  resume(): void;
  /** The rest is not wanted. */
  dropBody(): void;
}

/** Everything, in one piece. */
export class BodyCollector implements BodyReader<unknown> {
  readonly promise: Promise<Buffer>;
  #first: Buffer | undefined;
  /** What follows it lies together, however small the chunks are. */
  #rest: ByteQueue | undefined;
  #resolve!: (bytes: Buffer) => void;
  #reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onData(_: unknown, input: ByteQueue): void {
    if (this.#first === undefined) this.#first = input.take();
    else {
      this.#rest ??= new ByteQueue();
      input.moveTo(this.#rest);
    }
  }

  onEnd(): void {
    const first = this.#first ?? Buffer.alloc(0);
    this.#rest?.prepend(first);
    this.#resolve(this.#rest?.take() ?? first);
  }

  onAbort(_: unknown, error: Error): void {
    this.#reject(error);
  }
}

const DONE: IteratorResult<Buffer, undefined> = { done: true, value: undefined };

interface Waiting {
  readonly resolve: (result: IteratorResult<Buffer, undefined>) => void;
  readonly reject: (error: Error) => void;
}

/** In chunks of their own memory, one for each `next`. */
export class BodyIterator implements BodyReader<ReadableBody>, AsyncIterator<Buffer, undefined> {
  readonly #body: ReadableBody;
  readonly #waiting: Waiting[] = [];
  #isEnded = false;
  #error: Error | undefined;

  constructor(body: ReadableBody) {
    this.#body = body;
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#isEnded) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#body.resume();
    });
  }

  /** The loop was left: nobody will read the rest. */
  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#body.dropBody();
    this.onEnd(); // a `next` that waits would wait for ever
    return Promise.resolve(DONE);
  }

  onData(_: ReadableBody, input: ByteQueue): void {
    if (input.isEmpty) return;
    this.#waiting.shift()?.resolve({ done: false, value: input.take() });
    if (this.#waiting.length === 0) this.#body.pause();
  }

  onEnd(): void {
    this.#isEnded = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE);
  }

  onAbort(_: ReadableBody, error: Error): void {
    this.#error = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
