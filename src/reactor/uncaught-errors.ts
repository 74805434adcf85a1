/**
 * Errors that no `onError` took. An attached run hands them to Node as they come; a blocking run, and
 * a reactor between runs, keeps them until they can be thrown.
 */
export class UncaughtErrors {
  #kept: unknown[] = [];
  #taker: ((error: unknown) => void) | undefined;

  add(error: unknown): void {
    if (this.#taker === undefined) this.#kept.push(error);
    else this.#taker(error);
  }

  /** From now on `taker` gets them, those of before first; undefined: they are kept again. */
  handTo(taker: ((error: unknown) => void) | undefined): void {
    this.#taker = taker;
    if (taker !== undefined) for (const error of this.#kept.splice(0)) taker(error);
  }

  /** Throws what was kept, several as one AggregateError. */
  throwKept(): void {
    const errors = this.#kept;
    if (errors.length === 0) return;
    this.#kept = [];
    if (errors.length === 1) throw errors[0];
    throw new AggregateError(errors, `${errors.length} callbacks of one turn threw`);
  }
}
