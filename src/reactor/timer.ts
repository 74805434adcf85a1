/** Calls back after a time, once or again and again. libevent: evtimer, EV_PERSIST if repeating */
import { wrongType } from "../kernel/index.js";
import { Activity, EVENT_TIMEOUT, type Scheduler } from "./activity.js";
import { checkDelay } from "./delay.js";

export type TimerHandler = (timer: Timer) => void;

export interface TimerOptions {
  /** Again and again; ticks that were missed are not made up for. @defaultValue false */
  readonly repeat?: boolean | undefined;
  /** 0 is served first; default the middle one. */
  readonly priority?: number | undefined;
  /** False makes it without starting it. @defaultValue true */
  readonly start?: boolean | undefined;
}

export class Timer extends Activity {
  readonly handler: TimerHandler;
  readonly #isRepeating: boolean;
  #delayMs: number;

  /** Use `reactor.timer`. */
  constructor(core: Scheduler, delayMs: number, handler: TimerHandler, options: TimerOptions = {}) {
    super(core, options.priority);
    if (typeof handler !== "function") throw wrongType("handler", "a function", handler);
    this.handler = handler;
    this.#delayMs = checkDelay("delayMs", delayMs);
    this.#isRepeating = options.repeat ?? false;
    if (options.start ?? true) this.start();
  }

  /** The time it waits, in milliseconds. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /**
   * Starts, or starts anew, from this very moment: not from when the turn began. A call that is due
   * does not come.
   *
   * @param delayMs 0: in the next turn; Infinity: not before it is started again.
   */
  start(delayMs: number = this.#delayMs): this {
    this.core.assertOpen();
    this.#delayMs = checkDelay("delayMs", delayMs);
    this.core.active.cancel(this);
    this.began();
    this.#arm(this.core.kernel.nowMs() + delayMs);
    return this;
  }

  /** Calls it in this turn or the next, whatever the time; also when stopped. libevent: event_active */
  activate(): this {
    this.core.activate(this, EVENT_TIMEOUT, 0);
    return this;
  }

  /** A repeating one is armed again before the call, so that the handler may stop it. */
  deliver(): void {
    if (this.#isRepeating && this.isStarted) this.#armAgain();
    else this.ended();
    this.inContext(callTimer, this, undefined, undefined);
  }

  /** From the last deadline, so that the beat is kept; from now if that is over already. */
  #armAgain(): void {
    const now = this.core.kernel.nowMs();
    const wasDue = this.heapIndex < 0;
    const next = (wasDue ? this.deadlineMs : now) + this.#delayMs;
    this.#arm(next > now ? next : now + this.#delayMs);
  }

  #arm(deadlineMs: number): void {
    this.core.timers.add(this, deadlineMs);
    this.core.touch();
  }
}

function callTimer(timer: Timer): void {
  timer.handler(timer);
}
