/**
 * The reactor: calls back when a descriptor is ready, a time is over, or a signal comes. It lives in
 * Node's own loop (`run`) or owns the thread (`runBlocking`). What to call is said in schedule.ts, the
 * turn is in core.ts, the two ways of running are attached-run.ts and blocking-run.ts. libevent:
 * event_base
 */
import { misuse } from "../kernel/index.js";
import { AttachedRun } from "./attached-run.js";
import { runBlocking } from "./blocking-run.js";
import type { RunResult } from "./core.js";
import { checkDelay } from "./delay.js";
import { noteRun } from "./diagnostics.js";
import type { ReactorOptions } from "./options.js";
import { type ReactorReport, reportOf } from "./report.js";
import { type RunMode, Schedule } from "./schedule.js";
import { type ReactorStats, statsOf } from "./stats.js";
import type { Timer } from "./timer.js";

export interface StopOptions {
  /** Milliseconds from now; of several the earliest counts. @defaultValue 0 */
  readonly afterMs?: number | undefined;
}

/**
 * @example
 * ```ts
 * import { EVENT_READ, Reactor, Socket, WOULD_BLOCK } from "socket-reactor";
 * const reactor = new Reactor();
 * const [left, right] = Socket.pair();
 * reactor.watch(left, EVENT_READ, () => {
 *   const buffer = Buffer.alloc(1024);
 *   const n = left.recv(buffer);
 *   if (n !== WOULD_BLOCK) console.log(buffer.toString("utf8", 0, n));
 *   left.close(); // ends the watch, and with it the run
 * });
 * right.send(Buffer.from("hello"));
 * console.log(await reactor.run()); // "empty"
 * right.close();
 * reactor.close();
 * ```
 */
export class Reactor extends Schedule implements Disposable {
  #attached: AttachedRun | undefined;
  #isRef = true;
  #stopTimer: Timer | undefined;

  /** @throws as `createSelector`; RangeError ERR_OUT_OF_RANGE for an option. */
  constructor(options: ReactorOptions = {}) {
    super(options);
  }

  get mode(): RunMode {
    if (this.core.isBlocking) return "blocking";
    return this.#attached === undefined ? "idle" : "attached";
  }

  /**
   * Runs in Node's own loop, beside everything else that lives there, and keeps the process alive
   * unless `unref`ed. It begins when the code that calls it is done, so there may be nothing to do yet:
   * `const running = reactor.run(); const stream = await connect(reactor, …)`.
   *
   * @returns why it ended: "empty" (nothing is left to do), "stopped", "broken".
   * @throws SystemError the kernel's wait failed; the reactor may be run again.
   * @throws Error ERR_REACTOR_RUNNING during a run, ERR_REACTOR_CLOSED.
   */
  async run(): Promise<RunResult> {
    this.#assertIdle();
    this.#attached = new AttachedRun(this.core, this.core.options.hostLoop, this.#isRef);
    noteRun(this, "begin", "attached");
    let result: RunResult | undefined;
    try {
      result = await this.#attached.promise;
      return result;
    } finally {
      this.#ended();
      noteRun(this, "end", "attached", result);
    }
  }

  /**
   * Runs on this thread and returns when it is over. No promise, timer or signal handler of Node's
   * runs meanwhile; other threads reach it through `waker`.
   *
   * @returns as `run`.
   * @throws what a callback threw, after the rest of the batch, if there is no `onError`.
   * @throws Error ERR_REACTOR_BLOCKING if a signal is watched; else as `run`.
   */
  runBlocking(): RunResult {
    this.#assertIdle();
    this.core.isBlocking = true;
    noteRun(this, "begin", "blocking");
    let result: RunResult | undefined;
    try {
      result = runBlocking(this.core);
      return result;
    } finally {
      this.core.isBlocking = false;
      this.#ended();
      noteRun(this, "end", "blocking", result);
    }
  }

  /**
   * One turn on this thread, and no more. libevent: EVLOOP_ONCE | EVLOOP_NONBLOCK
   *
   * @param timeoutMs how long to wait if nothing is ready; default 0, not at all.
   * @returns how many callbacks were made.
   * @throws as `runBlocking`.
   */
  turn(timeoutMs = 0): number {
    this.#assertIdle();
    const { core } = this;
    core.isBlocking = true;
    try {
      core.assertNoSignal();
      core.flush();
      const made = core.turn(Math.min(checkDelay("timeoutMs", timeoutMs), core.delayMs()));
      core.takeResult(); // A stop() or break() was meant for this turn, if that is over.
      core.throwErrors();
      return made;
    } finally {
      this.core.isBlocking = false;
    }
  }

  /**
   * Ends the run, or the next one, when everything that is active now has been called; nothing new
   * is taken from the kernel. libevent: event_base_loopexit
   */
  stop({ afterMs = 0 }: StopOptions = {}): void {
    this.core.assertOpen();
    checkDelay("afterMs", afterMs);
    if (afterMs === 0) {
      this.core.stop();
      return;
    }
    this.#stopTimer ??= this.timer(Infinity, () => this.core.stop(), { priority: 0 }).unref();
    const remaining = this.#stopTimer.remainingMs;
    if (remaining === undefined || afterMs < remaining) this.#stopTimer.start(afterMs);
  }

  /**
   * Ends the run, or the next one, after the callback that is running; what else was active stays
   * so for the next run. libevent: event_base_loopbreak
   */
  break(): void {
    this.core.assertOpen();
    this.core.break();
  }

  /** An attached run keeps the process alive. The default. */
  ref(): this {
    this.#isRef = true;
    this.#attached?.ref();
    return this;
  }

  /** An attached run does not keep the process alive. */
  unref(): this {
    this.#isRef = false;
    this.#attached?.unref();
    return this;
  }

  /** Counters since the reactor was made, in events and milliseconds. */
  stats(): ReactorStats {
    this.core.assertOpen();
    return statsOf(this.core);
  }

  /** What it watches at this moment. O(n), with a few system calls for each socket. */
  report(): ReactorReport {
    this.core.assertOpen();
    return reportOf(this.core, this.mode);
  }

  /**
   * Stops everything; a run ends as "empty", and no callback comes any more. Descriptors stay open,
   * for they are their owners'. Idempotent.
   */
  close(): void {
    try {
      this.core.close();
    } finally {
      this.#attached?.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #assertIdle(): void {
    this.core.assertOpen();
    if (this.mode === "idle" && !this.core.isInTurn) return;
    throw misuse(Error, "ERR_REACTOR_RUNNING", "The reactor runs already");
  }

  #ended(): void {
    this.#attached = undefined;
    this.#stopTimer?.stop();
  }
}
