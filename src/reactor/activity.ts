/**
 * What the reactor calls back: a watch, a timer, a signal. An activity has its place among the
 * deadlines (timer-queue.ts) and among what is ready to run (active-queues.ts), so that neither
 * needs a record of its own. libevent: struct event
 *
 * It is called in the asynchronous context of the code that armed it, so that AsyncLocalStorage
 * finds there what it held then. Taking the context costs about 80 ns, entering it 30.
 */
import { AsyncResource, executionAsyncId } from "node:async_hooks";
import type { Kernel } from "../kernel/index.js";
import type { ActiveEntry, ActiveQueues } from "./active-queues.js";
import type { TimerEntry, TimerQueue } from "./timer-queue.js";
import type { ReactorSelector } from "./watched-descriptor.js";

/** The deadline of a watch or timer is over. Beside EVENT_READ and EVENT_WRITE. libevent: EV_TIMEOUT */
export const EVENT_TIMEOUT = 4;

/** The reactor as its activities see it; core.ts is the one there is. */
export interface Scheduler {
  /** The reactor, for diagnostics. */
  readonly owner: object;
  readonly kernel: Kernel;
  readonly selector: ReactorSelector;
  readonly timers: TimerQueue<Activity>;
  readonly active: ActiveQueues<Activity>;
  /** The signals that are watched. */
  readonly signals: Set<Activity>;
  /** How many are started and count for `run()`. */
  holds: number;
  /** Something changed that a sleeping run has to know of. */
  touch(): void;
  activate(activity: Activity, events: number, flags: number): void;
  fail(error: unknown, activity?: Activity): void;
  /** @throws Error ERR_REACTOR_CLOSED */
  assertOpen(): void;
  /** @throws Error ERR_REACTOR_BLOCKING @param what needs Node's loop. */
  assertNotBlocking(what: string): void;
}

export abstract class Activity implements TimerEntry, ActiveEntry {
  /** 0 is served first. */
  readonly priority: number;
  // For the timer queue.
  deadlineMs = 0;
  heapIndex = -1;
  sequence = 0;
  // For the active queues.
  activePosition = -1;
  activeEvents = 0;
  activeFlags = 0;
  protected readonly core: Scheduler;
  #context: AsyncResource | undefined;
  #isStarted = false;
  #isRef = true;

  constructor(core: Scheduler, priority: number = core.active.middle) {
    core.active.checkPriority(priority);
    this.core = core;
    this.priority = priority;
  }

  /** True from `start` to `stop`, to the call of what is to be called once, and to a close. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** True if it is about to be called in this turn or the next. */
  get isActive(): boolean {
    return this.activePosition >= 0;
  }

  /** Milliseconds to its deadline, 0 if that is over, Infinity if never; undefined without one. */
  get remainingMs(): number | undefined {
    if (this.heapIndex < 0) return undefined;
    return Math.max(0, this.deadlineMs - this.core.kernel.nowMs());
  }

  /** Counts for `run()`, which ends when nothing that counts is left. The default. */
  ref(): this {
    return this.#setRef(true);
  }

  /** Does not count for `run()`: it may end though this is started. */
  unref(): this {
    return this.#setRef(false);
  }

  /** Stops; a call that is due in this turn does not come either. Idempotent. libevent: event_del */
  stop(): void {
    this.core.active.cancel(this);
    this.ended();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** Calls the handler. @param events what it is called for. */
  abstract deliver(events: number, flags: number): void;

  /** Notes that it is armed, and in which context. */
  protected began(): void {
    if (this.keepsContext) this.#takeContext();
    if (this.#isStarted) return;
    this.#isStarted = true;
    if (this.#isRef) this.core.holds += 1;
  }

  /** Notes that it is armed no more; a call that is due stays due. */
  protected ended(): void {
    this.core.timers.remove(this);
    if (!this.#isStarted) return;
    this.#isStarted = false;
    if (this.#isRef) this.core.holds -= 1;
    this.core.touch();
  }

  /** Calls `fn` in the context of the code that armed it. */
  protected inContext<A, B, C>(fn: (a: A, b: B, c: C) => void, a: A, b: B, c: C): void {
    if (this.#context === undefined) fn(a, b, c);
    else this.#context.runInAsyncScope(fn, undefined, a, b, c);
  }

  /** Whether it is called in the context of the code that armed it. */
  protected get keepsContext(): boolean {
    return true;
  }

  #takeContext(): void {
    if (this.#context?.asyncId() === executionAsyncId()) return; // armed again by its own handler
    this.#context?.emitDestroy();
    this.#context = new AsyncResource("SOCKET_REACTOR_ACTIVITY");
  }

  #setRef(isRef: boolean): this {
    if (isRef !== this.#isRef && this.#isStarted) this.core.holds += isRef ? 1 : -1;
    this.#isRef = isRef;
    this.core.touch();
    return this;
  }
}
