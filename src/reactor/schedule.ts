/**
 * The half of the reactor that its users register with: what is to be called, and when. The half
 * that runs is reactor.ts.
 */
import { AsyncResource } from "node:async_hooks";
import { type Kernel, wrongType } from "../kernel/index.js";
import type { Capabilities, FileObject } from "../selectors/index.js";
import { Core } from "./core.js";
import { type ReactorOptions, readOptions } from "./options.js";
import { ReactorWaker } from "./reactor-waker.js";
import { type SignalHandler, type SignalOptions, SignalWatch } from "./signal-watch.js";
import { Timer, type TimerHandler, type TimerOptions } from "./timer.js";
import { Watch, type WatchHandler, type WatchOptions, type WatchTarget } from "./watch.js";

/** "idle" between runs. */
export type RunMode = "idle" | "attached" | "blocking";

export abstract class Schedule {
  protected readonly core: Core;
  /** How it runs at this moment. */
  abstract readonly mode: RunMode;

  protected constructor(options: ReactorOptions) {
    this.core = new Core(readOptions(options));
    this.core.owner = this;
  }

  get kernel(): Kernel {
    return this.core.kernel;
  }

  /** What its selector can do; `backend` names it. */
  get capabilities(): Capabilities {
    return this.core.selector.capabilities;
  }

  get isClosed(): boolean {
    return this.core.isClosed;
  }

  /**
   * The clock in milliseconds as it was when this turn began: the same for all callbacks of a turn.
   * Between turns and runs it is the clock itself. libevent: event_base_gettimeofday_cached
   */
  get nowMs(): number {
    return this.core.isInTurn ? this.core.nowMs : this.core.kernel.nowMs();
  }

  /**
   * Calls `handler` whenever `fileobj` is ready. Several watches may share a descriptor.
   *
   * @param fileobj a socket, an object with `fileno()`, or a descriptor number.
   * @param events EVENT_READ, EVENT_WRITE or both.
   * @throws as `selector.register`; Error ERR_MODE_CONFLICT for a descriptor that is watched in the
   *   other mode; Error ERR_REACTOR_CLOSED.
   */
  watch(
    fileobj: FileObject,
    events: number,
    handler: WatchHandler | WatchTarget,
    options?: WatchOptions,
  ): Watch {
    return new Watch(this.core, fileobj, events, handler, options);
  }

  /**
   * Calls `handler` after `delayMs` milliseconds from this very moment, never early; timers with
   * equal deadlines in the order they were armed.
   */
  timer(delayMs: number, handler: TimerHandler, options?: TimerOptions): Timer {
    return new Timer(this.core, delayMs, handler, options);
  }

  /**
   * Calls `handler` on a signal to the process. While it is started, the signal's default action
   * does not happen.
   *
   * @throws Error ERR_REACTOR_BLOCKING during a blocking run, in which Node hears of no signal.
   */
  signal(signal: NodeJS.Signals, handler: SignalHandler, options?: SignalOptions): SignalWatch {
    return new SignalWatch(this.core, signal, handler, options);
  }

  /**
   * Calls `fn` at the end of this turn, after all I/O and timers; outside a turn, before Node
   * sleeps. What is deferred by a deferred call waits for the next turn.
   */
  defer(fn: () => void): void {
    this.core.assertOpen();
    if (typeof fn !== "function") throw wrongType("fn", "a function", fn);
    this.core.defer(AsyncResource.bind(fn));
  }

  /** As `defer`, in whatever context the turn ends in; nothing is allocated. For streams. */
  deferPlain(fn: () => void): void {
    this.core.defer(fn);
  }

  /**
   * Counts something of the caller's as work, until `release`: an attached or blocking run does not
   * end as "empty" meanwhile. For the floors above, whose objects outlive their watches.
   */
  hold(): void {
    this.core.assertOpen();
    this.core.holds += 1;
  }

  release(): void {
    this.core.holds -= 1;
    this.core.touch();
  }

  /** Hands an error over as if a callback of this reactor had thrown it. For the floors above. */
  fail(error: unknown): void {
    this.core.fail(error);
  }

  /**
   * Calls `fn` when the reactor is closed: for who waits for something that will not come any more.
   *
   * @returns a function that takes it back.
   */
  onClose(fn: () => void): () => void {
    this.core.assertOpen();
    this.core.closeHooks.add(fn);
    return () => void this.core.closeHooks.delete(fn);
  }

  /** A waker for other threads: `handler` runs in this one. It does not keep `run()` from ending. */
  waker(handler: () => void): ReactorWaker {
    return new ReactorWaker(
      this.kernel,
      handler,
      (fn) => this.onClose(fn),
      (fd, events, onReady) => this.watch(fd, events, onReady),
    );
  }

  /** @throws Error ERR_REACTOR_BLOCKING during a blocking run. @param what needs Node's loop. */
  assertNotBlocking(what: string): void {
    this.core.assertNotBlocking(what);
  }
}
