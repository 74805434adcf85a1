/**
 * The token bucket of one direction of a rate limit, and the queue of those who wait for it. It
 * fills with the clock, not in ticks; rate-limit.ts has the timer that says when to look, and
 * rate-turn.ts is who waits.
 *
 * Rules: a byte is taken out before it is moved and what was not moved is put back, so the level is
 * never overdrawn and N bytes cannot pass before (N - burst) / rate seconds. Who finds others
 * waiting waits behind them, so nobody starves.
 */
import type { Kernel } from "../kernel/index.js";

/** What a stream gets at least when its turn comes, or a second's worth if that is less. */
export const RATE_SHARE_BYTES_MIN: number = 64;

/** A used-up limit is left alone for about so long, so that bytes do not pass one by one. */
export const RATE_WAIT_MS: number = 10;

/** Streams that one call of the timer serves; then it is the turn of the rest of the reactor. */
export const RATE_SERVED_MAX: number = 64;

/** Who waits. */
export interface RateWaiter {
  /** Its turn has come: it may move so many bytes, which are taken out already. */
  granted(bytes: number): void;
}

export class RateBucket {
  /** Streams that have this limit. */
  members = 0;
  /** Bytes that have passed. */
  totalBytes = 0;
  readonly #kernel: Kernel;
  readonly #onWait: () => void;
  /** Served from the front; who leaves is deleted from wherever it stands. */
  readonly #waiters = new Set<RateWaiter>();
  #bytesPerSecond = Infinity;
  #burst = Infinity;
  #level = Infinity;
  #filledMs: number;
  /** From this level on somebody is served. */
  #portion = 1;

  /** @param onWait called when the time of `delayMs` may have come nearer. */
  constructor(kernel: Kernel, onWait: () => void) {
    this.#kernel = kernel;
    this.#onWait = onWait;
    this.#filledMs = kernel.nowMs();
  }

  get isUnlimited(): boolean {
    return this.#bytesPerSecond === Infinity;
  }

  get waiterCount(): number {
    return this.#waiters.size;
  }

  /** True if who wants something now would wait. */
  get isShort(): boolean {
    if (this.isUnlimited) return false;
    this.#fill();
    return this.#waiters.size > 0 || this.#level < this.#portion;
  }

  /** What is there stays, as far as it still has room; a bucket that had no limit is full. */
  configure(bytesPerSecond: number, burst: number): void {
    if (!this.isUnlimited) this.#fill();
    this.#filledMs = this.#kernel.nowMs();
    this.#bytesPerSecond = bytesPerSecond;
    this.#burst = bytesPerSecond === Infinity ? Infinity : burst;
    this.#level = bytesPerSecond === Infinity ? Infinity : Math.min(this.#level, burst);
    const usual = Math.max(
      Math.min(RATE_SHARE_BYTES_MIN, bytesPerSecond),
      (bytesPerSecond * RATE_WAIT_MS) / 1000,
    );
    // Half a bucket at most: while a full one waits for its timer, time is lost.
    this.#portion = Math.max(1, Math.floor(Math.min(usual, this.#burst / 2)));
    this.#onWait();
  }

  /**
   * Takes bytes out: at most `wanted`, and of what is there no more than is left for the other
   * members. @returns how many; 0: the waiter has been queued.
   */
  take(waiter: RateWaiter, wanted: number): number {
    if (this.isUnlimited) return wanted;
    if (this.isShort) {
      this.#waiters.add(waiter);
      this.#onWait();
      return 0;
    }
    const share = Math.max(this.#least, Math.floor(this.#level / Math.max(1, this.members)));
    const bytes = Math.min(wanted, share);
    this.#level -= bytes;
    return bytes;
  }

  /** Of the bytes that were taken out so many were moved; the others are put back. */
  settle(taken: number, moved: number): void {
    this.totalBytes += moved;
    this.#level = Math.min(this.#burst, this.#level + taken - moved);
    if (moved < taken && this.#waiters.size > 0) this.#onWait();
  }

  leave(waiter: RateWaiter): void {
    this.#waiters.delete(waiter);
  }

  /** Milliseconds until somebody can be served; Infinity: nobody waits. */
  delayMs(): number {
    if (this.#waiters.size === 0) return Infinity;
    if (this.isUnlimited) return 0;
    this.#fill();
    const missing = this.#portion - this.#level;
    return missing <= 0 ? 0 : Math.ceil((missing * 1000) / this.#bytesPerSecond);
  }

  /** Serves who waits, in order, each with its share of what is there. Handlers run. */
  serve(): void {
    if (!this.isUnlimited) this.#fill();
    if (this.#level < this.#portion) return;
    let waiting = this.#waiters.size;
    let served = 0;
    for (const waiter of this.#waiters) {
      if (waiting <= 0 || served === RATE_SERVED_MAX || this.#level < this.#least) return;
      const share = Math.max(this.#least, Math.floor(this.#level / waiting));
      const bytes = Math.min(share, Number.MAX_SAFE_INTEGER);
      this.#waiters.delete(waiter);
      this.#level -= bytes;
      waiting -= 1;
      served += 1;
      waiter.granted(bytes);
    }
  }

  get #least(): number {
    return Math.min(RATE_SHARE_BYTES_MIN, this.#portion);
  }

  #fill(): void {
    const nowMs = this.#kernel.nowMs();
    const grown = ((nowMs - this.#filledMs) * this.#bytesPerSecond) / 1000;
    this.#filledMs = nowMs;
    this.#level = Math.min(this.#burst, this.#level + grown);
  }
}
