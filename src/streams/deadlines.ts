/**
 * The deadlines of one stream on one timer. Activity only notes the time; whether a deadline is
 * really over is found out when the timer fires, which then is set to the next one. So a message
 * costs no timer operation, and a busy stream one timer event per deadline's length.
 */
import { outOfRange, wrongType } from "../kernel/index.js";
import type { Reactor, Timer } from "../reactor/index.js";
import type { StreamTimeout } from "./stream-handler.js";
import { LINGER_MS, type StreamTimeouts, WRITE_STALL_MS } from "./stream-options.js";

/** What the deadlines ask their stream. */
export interface Timed {
  /** False while it is paused, or the peer has ended. */
  readonly isReading: boolean;
  /** It is readable, and will be received from in this turn. */
  readonly isReadDue: boolean;
  readonly hasPendingOutput: boolean;
  /** Our end was sent, the peer's has not come. */
  readonly isLingering: boolean;
  expired(which: StreamTimeout): void;
}

const DEFAULTS: Required<{ [K in keyof StreamTimeouts]: number }> = {
  readMs: Infinity,
  writeMs: WRITE_STALL_MS,
  idleMs: Infinity,
  totalMs: Infinity,
  lingerMs: LINGER_MS,
};

type Limits = typeof DEFAULTS;

export class Deadlines {
  readonly #reactor: Reactor;
  readonly #stream: Timed;
  #limits: Limits;
  #timer: Timer | undefined;
  #dueMs = Infinity;
  readonly #openedMs: number;
  #readMs: number;
  #writtenMs: number;
  #endedMs = Infinity;

  /** @throws RangeError ERR_OUT_OF_RANGE for a negative time. */
  constructor(reactor: Reactor, stream: Timed, timeouts: StreamTimeouts | undefined) {
    this.#reactor = reactor;
    this.#stream = stream;
    this.#limits = timeouts === undefined ? DEFAULTS : readTimeouts(DEFAULTS, timeouts);
    // Not the turn's clock, which may stand still for long: a deadline is never early.
    this.#openedMs = this.#readMs = this.#writtenMs = reactor.kernel.nowMs();
    // The stream is being made and cannot be asked; it has no output, and does not linger.
    const { totalMs, readMs, idleMs } = this.#limits;
    const firstMs = Math.min(totalMs, readMs, idleMs);
    if (firstMs < Infinity) this.#arm(this.#openedMs + firstMs);
  }

  /** Replaces those that are given; their times start anew. */
  set(timeouts: StreamTimeouts): void {
    this.#limits = readTimeouts(this.#limits, timeouts);
    this.#readMs = this.#writtenMs = this.#reactor.kernel.nowMs();
    this.check();
  }

  /** Bytes came. */
  received(): void {
    this.#readMs = this.#reactor.kernel.nowMs();
  }

  /** The kernel took bytes. */
  sent(): void {
    this.#writtenMs = this.#reactor.kernel.nowMs();
  }

  /** Reading begins again, and with it the time for it. */
  resumed(): void {
    if (this.#limits.readMs === Infinity && !this.#stream.isLingering) return;
    this.#readMs = this.#reactor.kernel.nowMs();
    this.check();
  }

  /** Output begins to wait, or is about to be put where it waits: the stream is not asked yet. */
  blocked(): void {
    this.#writtenMs = this.#reactor.kernel.nowMs();
    const dueMs = this.#writtenMs + this.#limits.writeMs;
    if (dueMs < this.#dueMs) this.#arm(dueMs);
  }

  /** Our end was sent. */
  ended(): void {
    this.#endedMs = this.#reactor.kernel.nowMs();
    this.check();
  }

  /** For good. */
  stop(): void {
    this.#timer?.stop();
    this.#dueMs = -Infinity;
  }

  /** Sets the timer to the next deadline, if that is nearer than what it is set to. */
  check(): void {
    const dueMs = this.#next();
    if (dueMs < this.#dueMs) this.#arm(dueMs);
  }

  #arm(dueMs: number): void {
    if (this.#reactor.isClosed) return;
    this.#dueMs = dueMs;
    const delayMs = Math.max(0, dueMs - this.#reactor.kernel.nowMs());
    if (this.#timer === undefined) {
      this.#timer = this.#reactor.timer(delayMs, () => this.#onTimer()).unref();
    } else {
      this.#timer.start(delayMs);
    }
  }

  #onTimer(): void {
    if (this.#dueMs === -Infinity) return;
    this.#dueMs = Infinity;
    const nowMs = this.#reactor.kernel.nowMs();
    // After a long turn of others' both may be found at once: then it was not the peer that was late.
    if (this.#stream.isReadDue) this.#readMs = nowMs;
    for (const which of ["total", "linger", "write", "read", "idle"] as const) {
      if (this.#deadline(which) <= nowMs) {
        this.#restart(which, nowMs);
        this.#stream.expired(which);
        break; // the stream may be gone; another deadline that is over fires at once
      }
    }
    this.check();
  }

  #next(): number {
    return Math.min(
      this.#deadline("total"),
      this.#deadline("linger"),
      this.#deadline("write"),
      this.#deadline("read"),
      this.#deadline("idle"),
    );
  }

  #deadline(which: StreamTimeout): number {
    const limits = this.#limits;
    const stream = this.#stream;
    switch (which) {
      case "total":
        return this.#openedMs + limits.totalMs;
      case "linger":
        // The peer is waited for only while we take what it still has to say.
        if (!stream.isLingering || !stream.isReading) return Infinity;
        return Math.max(this.#endedMs, this.#readMs) + limits.lingerMs;
      case "write":
        return stream.hasPendingOutput ? this.#writtenMs + limits.writeMs : Infinity;
      case "read":
        return stream.isReading ? this.#readMs + limits.readMs : Infinity;
      case "idle":
        return Math.max(this.#readMs, this.#writtenMs) + limits.idleMs;
    }
  }

  /** A handler that lets the stream live gets the whole time again; the total comes but once. */
  #restart(which: StreamTimeout, nowMs: number): void {
    if (which === "total") this.#limits = { ...this.#limits, totalMs: Infinity };
    else if (which === "linger") this.#endedMs = nowMs;
    else if (which === "write") this.#writtenMs = nowMs;
    else if (which === "read") this.#readMs = nowMs;
    else this.#readMs = this.#writtenMs = nowMs;
  }
}

function readTimeouts(base: Limits, timeouts: StreamTimeouts): Limits {
  const limits = { ...base };
  for (const name of Object.keys(timeouts) as (keyof StreamTimeouts)[]) {
    const value = timeouts[name];
    if (value === undefined) continue;
    if (!Object.hasOwn(base, name)) {
      throw outOfRange("timeouts", `made of ${Object.keys(base).join(", ")}`, name);
    }
    if (typeof value !== "number") throw wrongType(name, "a number of milliseconds", value);
    if (!(value >= 0)) throw outOfRange(name, "0 milliseconds or more", value);
    limits[name] = value;
  }
  return limits;
}
