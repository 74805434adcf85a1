/**
 * Calls that wait for the end of a turn. Those that are added while they run wait for the next one,
 * so that a call that defers itself cannot keep the turn from ending.
 */
export class DeferredCalls {
  #waiting: (() => void)[] = [];
  /** The array of the batch before, to be filled next. */
  #spare: (() => void)[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(fn: () => void): void {
    this.#waiting.push(fn);
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  /**
   * Makes the calls that wait, in order.
   *
   * @param goesOn asked before each; those that are not made any more come first the next time.
   * @param onError gets what one throws; the others are made all the same.
   * @returns how many were made.
   */
  run(goesOn: () => boolean, onError: (error: unknown) => void): number {
    const batch = this.#waiting;
    if (batch.length === 0) return 0;
    this.#waiting = this.#spare;
    let made = 0;
    while (made < batch.length && goesOn()) {
      const fn = batch[made] as () => void;
      made += 1;
      try {
        fn();
      } catch (error) {
        onError(error);
      }
    }
    if (made < batch.length) this.#waiting = [...batch.slice(made), ...this.#waiting];
    batch.length = 0;
    this.#spare = batch;
    return made;
  }
}
