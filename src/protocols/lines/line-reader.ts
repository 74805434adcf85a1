/**
 * Lines as an async iterator: one is taken off the stream's input for each `next`. Reading goes on
 * until the stream's high mark, so that a slow loop slows the peer down.
 */

/** A line stream as its reader sees it. */
export interface LineSource {
  /** The next line that is there; undefined: none. Never throws. */
  take(): string | undefined;
  /** Nothing will come any more. */
  readonly isOver: boolean;
  /** Why, if not in order. */
  readonly error: Error | undefined;
  /** There may be room again. */
  readOn(): void;
  destroy(): void;
}

interface Waiting {
  readonly resolve: (result: IteratorResult<string, undefined>) => void;
  readonly reject: (error: Error) => void;
}

const DONE: IteratorResult<string, undefined> = { done: true, value: undefined };

export class LineReader implements AsyncIterator<string, undefined> {
  readonly #source: LineSource;
  /** One for each `next` that waits, in order. */
  readonly #waiting: Waiting[] = [];
  /** Taking a line may end the stream, which comes back here. */
  #isSettling = false;

  constructor(source: LineSource) {
    this.#source = source;
  }

  next(): Promise<IteratorResult<string, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.settle();
    });
  }

  /** The loop was left: nobody will read the rest. */
  return(): Promise<IteratorResult<string, undefined>> {
    this.#source.destroy();
    return Promise.resolve(DONE);
  }

  /** Something came, or the end. */
  settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    while (this.#settleOne());
    this.#isSettling = false;
    this.#source.readOn();
  }

  #settleOne(): boolean {
    const source = this.#source;
    const [waiting] = this.#waiting;
    if (waiting === undefined) return false;
    const value = source.take();
    if (value === undefined && !source.isOver) return false;
    this.#waiting.shift();
    const { error } = source;
    if (value !== undefined) waiting.resolve({ done: false, value });
    else if (error === undefined) waiting.resolve(DONE);
    else waiting.reject(error);
    return true;
  }
}
