/**
 * A run that lives in Node's own loop: libuv waits, with our kernel queue among what it polls, and
 * calls for a turn when something is ready there, when the next deadline is over, or when work came
 * from outside a turn.
 *
 * The rule of the file: whenever Node may go to sleep, the kernel knows every change of interest
 * and libuv the next deadline. After a turn that is seen to at once. For work that comes from a
 * promise, an fs callback or one of Node's timers, `touch` sets the dirty word, and libuv's prepare
 * hook calls us before it sleeps.
 */
import { type HostAttachment, type HostLoop, TURN_DIRTY, TURN_TIMER } from "../kernel/index.js";
import type { Core, RunResult } from "./core.js";

/** Backends without a descriptor of their own are looked at so often, in milliseconds. */
const PROBE_MS_MIN = 1;
const PROBE_MS_MAX = 10;

/** The longest timer that libuv is asked for; longer ones are set again. */
const TIMER_MS_MAX = 0x7fffffff;

export class AttachedRun {
  readonly #core: Core;
  readonly #attachment: HostAttachment;
  readonly #resolve: (result: RunResult) => void;
  readonly #reject: (error: unknown) => void;
  readonly promise: Promise<RunResult>;
  /** The kernel queue that libuv polls; it changes when the selector rebuilds it. */
  #polledFd = -1;
  /** What libuv's timer was set for; Infinity: it is not set. */
  #timerDueMs = Infinity;
  #probeMs = PROBE_MS_MIN;
  #probeDueMs = 0;
  #spinUntilMs = 0;
  #isOver = false;

  constructor(core: Core, hostLoop: HostLoop, isRef: boolean) {
    this.#core = core;
    let settle: [(result: RunResult) => void, (error: unknown) => void] | undefined;
    this.promise = new Promise((resolve, reject) => {
      settle = [resolve, reject];
    });
    [this.#resolve, this.#reject] = settle as NonNullable<typeof settle>;
    this.#attachment = hostLoop.attach((reason) => this.#onTurn(reason));
    if (!isRef) this.#attachment.unref();
    core.attached(() => {
      this.#attachment.dirty[0] = 1;
    }, throwLater);
    // Not at once: what is asked for right after `run()` belongs to the run, and keeps it from being
    // empty.
    queueMicrotask(() => {
      if (!this.#isOver) this.#attempt(() => this.#settle());
    });
  }

  ref(): void {
    this.#attachment.ref();
  }

  unref(): void {
    this.#attachment.unref();
  }

  /** Ends it as if there were nothing left to do. */
  close(): void {
    this.#finish(() => this.#resolve("empty"));
  }

  #onTurn(reason: number): void {
    this.#attempt(() => {
      if (reason === TURN_TIMER) this.#timerDueMs = Infinity;
      const made = reason === TURN_DIRTY ? this.#core.runDeferred() : this.#core.turn(0);
      if (reason !== TURN_DIRTY) this.#looked(made);
      this.#settle(made);
    });
  }

  /** After every turn: ends the run, or makes sure that Node may sleep. */
  #settle(made = 0): void {
    const core = this.#core;
    // What comes from now on, be it from who hears of a refusal in the flush, makes it dirty again.
    this.#attachment.dirty[0] = 0;
    core.flush();
    const result = core.takeResult();
    if (result !== undefined) {
      this.#finish(() => this.#resolve(result));
      return;
    }
    this.#watchQueue();
    this.#arm(this.#nextDueMs(made));
  }

  /** Without a descriptor to poll, when to look next. Work from outside does not put that off. */
  #looked(made: number): void {
    if (this.#polledFd >= 0) return;
    this.#probeMs = made > 0 ? PROBE_MS_MIN : Math.min(this.#probeMs * 2, PROBE_MS_MAX);
    this.#probeDueMs = this.#core.kernel.nowMs() + this.#probeMs;
  }

  #watchQueue(): void {
    const { selector } = this.#core;
    const fd = selector.capabilities.attachable ? (selector.fileno?.() ?? -1) : -1;
    if (fd === this.#polledFd) return;
    this.#polledFd = fd;
    if (fd < 0) this.#attachment.unwatch();
    else this.#attachment.watch(fd);
  }

  /** When the next turn must be, whatever the kernel says: 0 is at once. */
  #nextDueMs(made: number): number {
    const core = this.#core;
    if (core.hasLeftover) return 0;
    const { spinMs } = core.options;
    if (spinMs > 0) {
      const nowMs = core.kernel.nowMs();
      if (made > 0) this.#spinUntilMs = nowMs + spinMs;
      if (nowMs < this.#spinUntilMs) return 0;
    }
    const deadlineMs = core.timers.nextDeadlineMs;
    return this.#polledFd >= 0 ? deadlineMs : Math.min(deadlineMs, this.#probeDueMs);
  }

  #arm(dueMs: number): void {
    if (dueMs === this.#timerDueMs) return;
    this.#timerDueMs = dueMs;
    if (dueMs === Infinity) {
      this.#attachment.clearTimer();
    } else {
      const delayMs = dueMs === 0 ? 0 : Math.max(0, dueMs - this.#core.kernel.nowMs());
      this.#attachment.setTimer(Math.min(delayMs, TIMER_MS_MAX));
    }
  }

  #attempt(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#finish(() => this.#reject(error));
    }
  }

  #finish(how: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#core.detached();
    this.#attachment.close();
    how();
  }
}

/** Where nobody takes an error it becomes Node's 'uncaughtException', after the turn. */
function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
