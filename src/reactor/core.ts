/**
 * The turn: one look at the kernel and everything that follows from it. Who calls it, and what
 * happens between two turns, is the runs' affair: attached-run.ts lives in Node's loop,
 * blocking-run.ts owns the thread.
 *
 * The order is libevent's: the whole batch of the kernel's is taken and only queued, expired
 * deadlines are queued behind it, then the queue of the best priority is run, then the deferred
 * calls. What a callback schedules joins the next turn, so that nothing can keep the reactor from
 * looking at the kernel again.
 */
import { type Kernel, misuse } from "../kernel/index.js";
import { createSelector } from "../selectors/index.js";
import { type ActiveMark, ActiveQueues } from "./active-queues.js";
import { type Activity, EVENT_TIMEOUT, type Scheduler } from "./activity.js";
import { debugQueue, isDebugging } from "./debug-log.js";
import { DeferredCalls } from "./deferred-calls.js";
import { noteError, turnChannel } from "./diagnostics.js";
import type { CoreOptions } from "./options.js";
import { TimerQueue } from "./timer-queue.js";
import { UncaughtErrors } from "./uncaught-errors.js";
import type { ReactorKey, ReactorSelector } from "./watched-descriptor.js";

/** How a run ended: nothing left to do, `stop()`, or `break()`. */
export type RunResult = "empty" | "stopped" | "broken";

/** Callbacks between two looks at the clock. */
const CLOCK_EVERY = 16;

export class Core implements Scheduler {
  /** The reactor, for diagnostics. */
  owner: object = this;
  readonly kernel: Kernel;
  readonly selector: ReactorSelector;
  readonly timers: TimerQueue<Activity> = new TimerQueue<Activity>();
  readonly active: ActiveQueues<Activity>;
  readonly signals: Set<Activity> = new Set<Activity>();
  /** Called when it is closed. */
  readonly closeHooks: Set<() => void> = new Set<() => void>();
  readonly options: CoreOptions;
  /** The clock as it was after the last wait, in milliseconds. */
  nowMs: number;
  /** What is started and counts for `run()`. */
  holds = 0;
  isInTurn = false;
  /** It owns the thread. */
  isBlocking = false;
  /** Tells the attached run that there is work from outside a turn. */
  #onTouch: (() => void) | undefined;
  readonly #uncaught = new UncaughtErrors();
  readonly counts = { turns: 0, callbacks: 0, timeouts: 0, deferred: 0, waitMs: 0, dispatchMs: 0 };
  readonly #deferred = new DeferredCalls();
  readonly #goesOn = (): boolean => !this.#isBroken && !this.#isClosed;
  readonly #onDeferredError = (error: unknown): void => this.fail(error);
  #stopMark: ActiveMark | undefined;
  #isBroken = false;
  #isClosed = false;
  #turnEndedMs: number;

  constructor(options: CoreOptions) {
    this.options = options;
    this.kernel = options.kernel;
    this.active = new ActiveQueues<Activity>(options.priorities);
    this.selector = createSelector({
      backend: options.backend,
      kernel: options.kernel,
      hostLoop: options.hostLoop,
      onDropped: (key, error) => key.data.dropped(error),
    });
    this.nowMs = this.#turnEndedMs = this.kernel.nowMs();
  }

  /** True if there is something to call without looking at the kernel. */
  get hasLeftover(): boolean {
    return this.active.size > 0 || !this.#deferred.isEmpty || this.#stopMark !== undefined;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  assertOpen(): void {
    if (this.#isClosed) throw misuse(Error, "ERR_REACTOR_CLOSED", "The reactor is closed");
  }

  assertNotBlocking(what: string): void {
    if (!this.isBlocking) return;
    throw misuse(
      Error,
      "ERR_REACTOR_BLOCKING",
      `${what} needs Node's loop, which does not turn during runBlocking(): use run()`,
    );
  }

  /** @throws Error ERR_REACTOR_BLOCKING: a blocking run would not hear of a signal. */
  assertNoSignal(): void {
    if (this.signals.size > 0) this.assertNotBlocking("A watched signal");
  }

  /** Something changed that a sleeping run has to know of. */
  touch(): void {
    if (!this.isInTurn) this.#onTouch?.();
  }

  activate(activity: Activity, events: number, flags: number): void {
    this.assertOpen();
    this.active.activate(activity, events, flags);
    this.touch();
  }

  defer(fn: () => void): void {
    this.#deferred.add(fn);
    this.touch();
  }

  stop(): void {
    this.#stopMark ??= this.active.mark();
    this.touch();
  }

  break(): void {
    this.#isBroken = true;
    this.touch();
  }

  /** How the run has ended, if it has; then the next run starts anew. */
  takeResult(): RunResult | undefined {
    const result = this.#result();
    if (result !== undefined) {
      this.#isBroken = false;
      this.#stopMark = undefined;
    }
    return result;
  }

  /** Milliseconds until there is something to do; Infinity: only the kernel knows. */
  delayMs(): number {
    if (this.hasLeftover) return 0;
    const next = this.timers.nextDeadlineMs;
    return next === Infinity ? next : Math.max(0, next - this.kernel.nowMs());
  }

  /**
   * One turn. @param waitMs how long to wait for the kernel if nothing is ready.
   * @returns how many callbacks were made.
   */
  turn(waitMs: number): number {
    const before = this.counts.callbacks;
    this.isInTurn = true;
    try {
      // What is to be stopped finishes what it has, and takes nothing new.
      if (this.#stopMark === undefined) this.#collect(waitMs);
      else this.nowMs = this.kernel.nowMs();
      this.#runActive();
      this.#runDeferred();
    } finally {
      this.#endTurn(this.counts.callbacks - before);
    }
    return this.counts.callbacks - before;
  }

  /** Only the deferred calls, for work from outside a turn. @returns how many. */
  runDeferred(): number {
    const before = this.counts.deferred;
    this.isInTurn = true;
    this.nowMs = this.kernel.nowMs();
    try {
      this.#runDeferred();
    } finally {
      this.isInTurn = false;
    }
    return this.counts.deferred - before;
  }

  /**
   * Tells the kernel what was put off. Who hears of a refusal may stop, close or schedule, so this
   * comes before it is decided whether and how long to wait.
   */
  flush(): void {
    if (!this.#isClosed) this.selector.flush();
  }

  fail(error: unknown, activity?: Activity): void {
    noteError(this.owner, error, activity);
    const { onError } = this.options;
    try {
      if (onError === undefined) this.#uncaught.add(error);
      else onError(error, activity);
    } catch (second) {
      this.#uncaught.add(second);
    }
  }

  /** Throws what callbacks of a blocking run threw, several as one AggregateError. */
  throwErrors(): void {
    this.#uncaught.throwKept();
  }

  /** A run in Node's loop begins. */
  attached(onTouch: () => void, onUncaught: (error: unknown) => void): void {
    this.#onTouch = onTouch;
    this.#uncaught.handTo(onUncaught);
  }

  detached(): void {
    this.#onTouch = undefined;
    this.#uncaught.handTo(undefined);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const activity of [...this.active.list(), ...this.signals]) activity.stop();
    for (const { data } of [...this.selector.map.values()]) data.dropped(undefined);
    for (let last = this.timers.popExpired(Infinity); last !== undefined; ) {
      last.stop();
      last = this.timers.popExpired(Infinity);
    }
    this.#deferred.clear();
    this.selector.close();
    for (const hook of [...this.closeHooks]) {
      try {
        hook();
      } catch (error) {
        this.fail(error);
      }
    }
  }

  readonly #onReady = (key: ReactorKey, events: number, flags: number): void => {
    key.data.ready(events, flags);
  };

  #collect(waitMs: number): void {
    this.flush();
    if (this.#isClosed) return;
    this.selector.dispatch(waitMs, this.#onReady);
    this.nowMs = this.kernel.nowMs();
    this.counts.waitMs += this.nowMs - this.#turnEndedMs;
    const { timers, active, nowMs } = this;
    for (let due = timers.popExpired(nowMs); due !== undefined; due = timers.popExpired(nowMs)) {
      this.counts.timeouts += 1;
      active.activate(due, EVENT_TIMEOUT, 0);
    }
  }

  /**
   * Runs what the queue of the best priority held at the start, within the budget of a turn; of one
   * that is to be stopped, what was there when `stop()` was called.
   */
  #runActive(): void {
    const mark = this.#stopMark;
    const queue = this.active.best(mark);
    if (queue === undefined) return;
    const { priority } = queue;
    const tail = mark?.[priority] ?? queue.tail;
    const { turnCallbacksMax, turnMs } = this.options;
    for (let made = 1; queue.head < tail && !this.#isBroken; made += 1) {
      const activity = this.active.take(queue);
      if (activity !== undefined) this.#call(activity);
      if (made === turnCallbacksMax || this.active.hasBetterThan(priority)) return;
      // Also after the first ones, which may be slow: 1, 2, 4 and 8.
      const isTimeToLook = made % CLOCK_EVERY === 0 || (made < CLOCK_EVERY && !(made & (made - 1)));
      if (isTimeToLook && this.kernel.nowMs() - this.nowMs >= turnMs) return;
    }
  }

  #call(activity: Activity): void {
    const { activeEvents, activeFlags } = activity;
    activity.activeEvents = activity.activeFlags = 0;
    this.counts.callbacks += 1;
    try {
      activity.deliver(activeEvents, activeFlags);
    } catch (error) {
      this.fail(error, activity);
    }
  }

  #runDeferred(): void {
    this.counts.deferred += this.#deferred.run(this.#goesOn, this.#onDeferredError);
  }

  #endTurn(callbacks: number): void {
    this.isInTurn = false;
    this.counts.turns += 1;
    const endedMs = this.kernel.nowMs();
    const dispatchMs = endedMs - this.nowMs;
    this.counts.dispatchMs += dispatchMs;
    this.#turnEndedMs = endedMs;
    if (isDebugging && !this.#isClosed) debugQueue(this.selector);
    if (turnChannel.hasSubscribers) {
      turnChannel.publish({ reactor: this.owner, startedMs: this.nowMs, dispatchMs, callbacks });
    }
  }

  #result(): RunResult | undefined {
    if (this.#isBroken) return "broken";
    if (this.#stopMark !== undefined && this.active.isPast(this.#stopMark)) return "stopped";
    if (this.#isClosed) return "empty";
    const isEmpty = this.holds === 0 && this.active.size === 0 && this.#deferred.isEmpty;
    return isEmpty && !this.options.untilStopped ? "empty" : undefined;
  }
}
