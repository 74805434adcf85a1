/**
 * A stream as an async iterator: chunks are copied out of the shared buffer, one for each `next`,
 * which takes everything that is unread. Reading goes on until the high mark, so that a slow loop
 * slows the peer down.
 */
import type { ByteQueue } from "./byte-queue.js";
import type { StreamHandler, StreamTimeout } from "./stream-handler.js";

/** A stream as its reader sees it. */
export interface Readable {
  readonly input: ByteQueue;
  readonly isDestroyed: boolean;
  readonly hasReadEnded: boolean;
  /** Why it is over. */
  readonly error: Error | undefined;
  handler: StreamHandler<never>;
  resume(): void;
  destroy(error?: Error): void;
}

interface Waiting {
  readonly resolve: (result: IteratorResult<Buffer, undefined>) => void;
  readonly reject: (error: Error) => void;
}

const DONE: IteratorResult<Buffer, undefined> = { done: true, value: undefined };

export class StreamReader implements AsyncIterator<Buffer, undefined> {
  readonly #stream: Readable;
  readonly #former: StreamHandler<unknown>;
  /** One for each `next` that waits, in order. */
  readonly #waiting: Waiting[] = [];
  #isOver = false;

  constructor(stream: Readable) {
    this.#stream = stream;
    this.#former = stream.handler as StreamHandler<unknown>;
    stream.handler = {
      onData: () => this.#settle(),
      onEnd: (self: unknown) => {
        this.#isOver = true;
        this.#settle();
        this.#former.onEnd?.(self);
      },
      onDrain: (self: unknown) => this.#former.onDrain?.(self),
      onFinish: (self: unknown) => this.#former.onFinish?.(self),
      ...(this.#former.onTimeout && {
        onTimeout: (self: unknown, which: StreamTimeout) => this.#former.onTimeout?.(self, which),
      }),
      onClose: (self: unknown, error: Error | undefined) => {
        this.#isOver = true;
        this.#settle();
        this.#former.onClose?.(self, error);
      },
    } as StreamHandler<never>;
    stream.resume();
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#settle();
    });
  }

  /** The loop was left: nobody will read the rest. */
  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#stream.destroy();
    return Promise.resolve(DONE);
  }

  #settle(): void {
    const { input } = this.#stream;
    while (this.#waiting.length > 0) {
      if (input.isEmpty && !this.#isAtEnd) return;
      const waiting = this.#waiting.shift() as Waiting;
      const { error } = this.#stream;
      if (!input.isEmpty) {
        waiting.resolve({ done: false, value: input.take() });
        this.#stream.resume();
      } else if (error === undefined) waiting.resolve(DONE);
      else waiting.reject(error);
    }
  }

  get #isAtEnd(): boolean {
    return this.#isOver || this.#stream.isDestroyed || this.#stream.hasReadEnded;
  }
}
