/**
 * How fast a connection may speak: a bucket of lines for each, and one timer for all that have used
 * theirs up. Those are not read from, so nothing they say is lost: TCP makes them wait.
 */
import type { Reactor, Timer } from "socket-reactor";

/** Who has a bucket. */
export interface Speaker {
  /** Lines it may say at once. */
  credit: number;
  /** When that was counted. */
  creditMs: number;
  /** It may be read from again. */
  goOn(): void;
}

export interface FloodGateOptions {
  /** The size of a bucket, in lines. */
  readonly burstLines: number;
  readonly linesPerSecond: number;
}

export class FloodGate {
  readonly #reactor: Reactor;
  readonly #burst: number;
  readonly #perMs: number;
  readonly #waiting = new Set<Speaker>();
  readonly #timer: Timer;

  constructor(reactor: Reactor, { burstLines, linesPerSecond }: FloodGateOptions) {
    this.#reactor = reactor;
    this.#burst = burstLines;
    this.#perMs = linesPerSecond / 1000;
    const options = { repeat: true, start: false };
    this.#timer = reactor.timer(1000 / linesPerSecond, () => this.#letOn(), options).unref();
  }

  /** Speakers that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A full bucket. */
  fill(speaker: Speaker): void {
    speaker.credit = this.#burst;
    speaker.creditMs = this.#reactor.nowMs;
  }

  /** One line was said. @returns false: it is not to be read from until `goOn`. */
  spend(speaker: Speaker): boolean {
    this.#refill(speaker);
    speaker.credit -= 1;
    if (speaker.credit >= 1) return true;
    this.#waiting.add(speaker);
    if (!this.#timer.isStarted) this.#timer.start();
    return false;
  }

  /** It is gone, or is not listened to any more. */
  leave(speaker: Speaker): void {
    this.#waiting.delete(speaker);
  }

  close(): void {
    this.#timer.stop();
    this.#waiting.clear();
  }

  #letOn(): void {
    for (const speaker of this.#waiting) {
      this.#refill(speaker);
      if (speaker.credit < 1) continue;
      this.#waiting.delete(speaker);
      speaker.goOn();
    }
    if (this.#waiting.size === 0) this.#timer.stop();
  }

  #refill(speaker: Speaker): void {
    const nowMs = this.#reactor.nowMs; // the turn's: a line costs no look at the clock
    const gained = (nowMs - speaker.creditMs) * this.#perMs;
    speaker.credit = Math.min(this.#burst, speaker.credit + gained);
    speaker.creditMs = nowMs;
  }
}
