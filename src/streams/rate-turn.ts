/**
 * One direction of one stream before its rate limits: it takes its bytes out of one bucket after
 * the other, in the order of the list, and waits where there are none. What it has taken it keeps
 * while it waits for the next, so two groups cannot send it to and fro; every bucket fills with
 * time, so nobody waits for ever.
 */
import type { RateBucket, RateWaiter } from "./rate-bucket.js";

export class RateTurn implements RateWaiter {
  readonly #buckets: readonly RateBucket[];
  readonly #onTurn: () => void;
  /** What was taken out of each bucket so far; of one without a limit nothing. */
  readonly #taken: number[] = [];
  #room = Infinity;
  #isWaiting = false;
  #hasLeft = false;

  /** @param onTurn called when the wait is over; `acquire` then goes on. */
  constructor(buckets: readonly RateBucket[], onTurn: () => void) {
    this.#buckets = buckets;
    this.#onTurn = onTurn;
    for (const bucket of buckets) bucket.members += 1;
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /**
   * Asks for `wanted` bytes, 1 or more. @returns how many may be moved, to be followed by `settle`;
   * 0: it waits for its turn.
   */
  acquire(wanted: number): number {
    if (this.#isWaiting) return 0;
    for (let i = this.#taken.length; i < this.#buckets.length; i += 1) {
      const bytes = (this.#buckets[i] as RateBucket).take(this, Math.min(wanted, this.#room));
      if (bytes === 0) {
        this.#isWaiting = true;
        return 0;
      }
      this.#note(bytes);
    }
    return Math.min(wanted, this.#room);
  }

  /** So many bytes were moved, perhaps none; the rest is put back. */
  settle(moved: number): void {
    const { length } = this.#taken;
    for (let i = 0; i < length; i += 1) {
      this.#buckets[i]?.settle(this.#taken[i] as number, moved);
    }
    this.#taken.length = 0;
    this.#room = Infinity;
  }

  /** Queues it now if it would have to wait anyway. @returns true if it waits. */
  waitIfShort(wanted: number): boolean {
    if (!this.#buckets.some((bucket) => bucket.isShort)) return false;
    if (this.acquire(wanted) === 0) return true;
    this.settle(0);
    return false;
  }

  granted(bytes: number): void {
    this.#isWaiting = false;
    this.#note(bytes);
    this.#onTurn();
  }

  /** The stream is closed. Idempotent. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#isWaiting = false;
    this.settle(0);
    for (const bucket of this.#buckets) {
      bucket.leave(this);
      bucket.members -= 1;
    }
  }

  #note(bytes: number): void {
    const at = this.#taken.length;
    this.#taken.push(this.#buckets[at]?.isUnlimited ? 0 : bytes);
    this.#room = Math.min(this.#room, bytes);
  }
}
