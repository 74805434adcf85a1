/**
 * The reactor: what is to be called when a descriptor is ready, a time is over, or a signal comes.
 * It lives in Node's own loop (`run`) or owns the thread (`runBlocking`). The turn is in core.ts, the
 * two ways of running in attached-run.ts and blocking-run.ts. libevent: event_base
 */
import { AsyncResource } from "node:async_hooks";
import { type Kernel, misuse, wrongType } from "../kernel/index.js";
import type { Capabilities, FileObject } from "../selectors/index.js";
import { AttachedRun } from "./attached-run.js";
import { runBlocking } from "./blocking-run.js";
import { Core, type RunResult } from "./core.js";
import { checkDelay } from "./delay.js";
import { noteRun } from "./diagnostics.js";
import { type ReactorOptions, readOptions } from "./options.js";
import { ReactorWaker } from "./reactor-waker.js";
import { type ReactorReport, reportOf } from "./report.js";
import { type SignalHandler, type SignalOptions, SignalWatch } from "./signal-watch.js";
import { type ReactorStats, statsOf } from "./stats.js";
import { Timer, type TimerHandler, type TimerOptions } from "./timer.js";
import { Watch, type WatchHandler, type WatchOptions } from "./watch.js";

export interface StopOptions {
  /** Milliseconds from now; of several the earliest counts. @defaultValue 0 */
  readonly afterMs?: number | undefined;
}

/** "idle" between runs. */
export type RunMode = "idle" | "attached" | "blocking";

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
export class Reactor implements Disposable {
  readonly #core: Core;
  #attached: AttachedRun | undefined;
  #isBlocking = false;
  #isRef = true;
  #stopTimer: Timer | undefined;
  readonly #signals = new Set<SignalWatch>();

  /** @throws as `createSelector`; RangeError ERR_OUT_OF_RANGE for an option. */
  constructor(options: ReactorOptions = {}) {
    this.#core = new Core(readOptions(options));
    this.#core.owner = this;
  }

  get kernel(): Kernel {
    return this.#core.kernel;
  }

  /** What its selector can do; `backend` names it. */
  get capabilities(): Capabilities {
    return this.#core.selector.capabilities;
  }

  get mode(): RunMode {
    if (this.#isBlocking) return "blocking";
    return this.#attached === undefined ? "idle" : "attached";
  }

  get isClosed(): boolean {
    return this.#core.isClosed;
  }

  /**
   * The clock in milliseconds as it was when this turn began: the same for all callbacks of a turn.
   * Between turns and runs it is the clock itself. libevent: event_base_gettimeofday_cached
   */
  get nowMs(): number {
    return this.#core.isInTurn ? this.#core.nowMs : this.#core.kernel.nowMs();
  }

  /**
   * Calls `handler` whenever `fileobj` is ready. Several watches may share a descriptor.
   *
   * @param fileobj a socket, an object with `fileno()`, or a descriptor number.
   * @param events EVENT_READ, EVENT_WRITE or both.
   * @throws as `selector.register`; Error ERR_MODE_CONFLICT for a descriptor that is watched in the
   *   other mode; Error ERR_REACTOR_CLOSED.
   */
  watch(fileobj: FileObject, events: number, handler: WatchHandler, options?: WatchOptions): Watch {
    return new Watch(this.#core, fileobj, events, handler, options);
  }

  /**
   * Calls `handler` after `delayMs` milliseconds from this very moment, never early; timers with
   * equal deadlines in the order they were armed.
   */
  timer(delayMs: number, handler: TimerHandler, options?: TimerOptions): Timer {
    return new Timer(this.#core, delayMs, handler, options);
  }

  /**
   * Calls `handler` on a signal to the process. While it is started, the signal's default action
   * does not happen.
   *
   * @throws Error ERR_REACTOR_BLOCKING during a blocking run, in which Node hears of no signal.
   */
  signal(signal: NodeJS.Signals, handler: SignalHandler, options?: SignalOptions): SignalWatch {
    this.assertNotBlocking("A signal");
    const watch = new SignalWatch(this.#core, signal, handler, options);
    this.#signals.add(watch);
    return watch;
  }

  /**
   * Calls `fn` at the end of this turn, after all I/O and timers; outside a turn, before Node
   * sleeps. What is deferred by a deferred call waits for the next turn.
   */
  defer(fn: () => void): void {
    this.#core.assertOpen();
    if (typeof fn !== "function") throw wrongType("fn", "a function", fn);
    this.#core.defer(AsyncResource.bind(fn));
  }

  /** As `defer`, in whatever context the turn ends in; nothing is allocated. For streams. */
  deferPlain(fn: () => void): void {
    this.#core.defer(fn);
  }

  /**
   * Counts something of the caller's as work, until `release`: an attached or blocking run does not
   * end as "empty" meanwhile. For the floors above, whose objects outlive their watches.
   */
  hold(): void {
    this.#core.assertOpen();
    this.#core.holds += 1;
  }

  release(): void {
    this.#core.holds -= 1;
    this.#core.touch();
  }

  /** Hands an error over as if a callback of this reactor had thrown it. For the floors above. */
  fail(error: unknown): void {
    this.#core.fail(error);
  }

  /** A waker for other threads: `handler` runs in this one. It does not keep `run()` from ending. */
  waker(handler: () => void): ReactorWaker {
    return new ReactorWaker(this.kernel, handler, (fd, events, onReady) =>
      this.watch(fd, events, onReady),
    );
  }

  /**
   * Runs in Node's own loop, beside everything else that lives there, and keeps the process alive
   * unless `unref`ed.
   *
   * @returns why it ended: "empty" (nothing is left to do), "stopped", "broken".
   * @throws SystemError the kernel's wait failed; the reactor may be run again.
   * @throws Error ERR_REACTOR_RUNNING during a run, ERR_REACTOR_CLOSED.
   */
  async run(): Promise<RunResult> {
    this.#assertIdle();
    this.#attached = new AttachedRun(this.#core, this.#core.options.hostLoop, this.#isRef);
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
    for (const watch of this.#signals) {
      if (watch.isStarted) throw blocking(`A watched signal (${watch.signal})`);
    }
    this.#isBlocking = true;
    noteRun(this, "begin", "blocking");
    let result: RunResult | undefined;
    try {
      result = runBlocking(this.#core);
      return result;
    } finally {
      this.#isBlocking = false;
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
    this.#isBlocking = true;
    const core = this.#core;
    try {
      core.flush();
      const made = core.turn(Math.min(checkDelay("timeoutMs", timeoutMs), core.delayMs()));
      core.takeResult(); // A stop() or break() was meant for this turn, if that is over.
      core.throwErrors();
      return made;
    } finally {
      this.#isBlocking = false;
    }
  }

  /**
   * Ends the run, or the next one, when everything that is active now has been called; nothing new
   * is taken from the kernel. libevent: event_base_loopexit
   */
  stop({ afterMs = 0 }: StopOptions = {}): void {
    this.#core.assertOpen();
    checkDelay("afterMs", afterMs);
    if (afterMs === 0) {
      this.#core.stop();
      return;
    }
    this.#stopTimer ??= this.timer(Infinity, () => this.#core.stop()).unref();
    const remaining = this.#stopTimer.remainingMs;
    if (remaining === undefined || afterMs < remaining) this.#stopTimer.start(afterMs);
  }

  /**
   * Ends the run, or the next one, after the callback that is running; what else was active stays
   * so for the next run. libevent: event_base_loopbreak
   */
  break(): void {
    this.#core.assertOpen();
    this.#core.break();
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
    this.#core.assertOpen();
    return statsOf(this.#core);
  }

  /** What it watches at this moment. O(n), with a few system calls for each socket. */
  report(): ReactorReport {
    this.#core.assertOpen();
    return reportOf(this.#core, this.mode);
  }

  /** @throws Error ERR_REACTOR_BLOCKING during a blocking run. @param what needs Node's loop. */
  assertNotBlocking(what: string): void {
    if (this.#isBlocking) throw blocking(what);
  }

  /**
   * Stops everything; a run ends as "empty", and no callback comes any more. Descriptors stay open,
   * for they are their owners'. Idempotent.
   */
  close(): void {
    for (const watch of this.#signals) watch.stop();
    this.#core.close();
    this.#attached?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #assertIdle(): void {
    this.#core.assertOpen();
    if (this.mode === "idle" && !this.#core.isInTurn) return;
    throw misuse(Error, "ERR_REACTOR_RUNNING", "The reactor runs already");
  }

  #ended(): void {
    this.#attached = undefined;
    this.#stopTimer?.stop();
  }
}

function blocking(what: string): Error {
  return misuse(
    Error,
    "ERR_REACTOR_BLOCKING",
    `${what} needs Node's loop, which does not turn during runBlocking(): use run()`,
  );
}
