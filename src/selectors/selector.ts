/**
 * The contract of all selectors: Python's `selectors` in camelCase, with milliseconds. One suite,
 * test/contract, runs over every backend.
 */
import type { Fd, HasFileno, SystemError } from "../kernel/index.js";
import type { EventMask, Mode } from "./events.js";
import type { Waker } from "./waker.js";

/** What can be registered: a descriptor number, or an object that has one. */
export type FileObject = Fd | number | HasFileno;

/** One registration. Immutable: `modify` answers a new one. Python: SelectorKey */
export interface SelectorKey<D = undefined> {
  /** What was registered. */
  readonly fileobj: FileObject;
  readonly fd: Fd;
  /** The interest; 0 while paused. */
  readonly events: EventMask | 0;
  /** Whatever the caller attached. */
  readonly data: D;
}

/** One ready registration. */
export interface ReadyEvent<D = undefined> {
  readonly key: SelectorKey<D>;
  /** EVENT_READ, EVENT_WRITE or both; never more than the registration asked for. */
  readonly events: EventMask;
  /** FLAG_HANGUP, FLAG_ERROR, FLAG_READ_CLOSED: hints, not every system gives them. */
  readonly flags: number;
}

export type ReadyHandler<D> = (key: SelectorKey<D>, events: EventMask, flags: number) => void;

/**
 * Hears of a registration that went without `unregister`: its object was closed or detached (no
 * error), or the kernel refused a change that had been put off.
 */
export type DroppedHandler<D> = (key: SelectorKey<D>, error: SystemError | undefined) => void;

export type Backend = "epoll" | "kqueue" | "poll" | "select";

/** What a backend can do, as data. */
export interface Capabilities {
  readonly backend: Backend;
  readonly modes: ReadonlySet<Mode>;
  /** `ready()` waits on a descriptor of the selector's own; else it polls from a timer. */
  readonly attachable: boolean;
  /** Whether regular files may be registered (always ready); else EPERM. */
  readonly regularFiles: boolean;
  /** The largest descriptor number that may be registered. */
  readonly maxFd: number;
}

/** Counters since the selector was made. */
export interface SelectorStats {
  /** Calls of the kernel's wait. */
  readonly waits: number;
  /** Events delivered. */
  readonly events: number;
  /** Events that belonged to no live registration. */
  readonly stale: number;
  /** Waits that a waker ended. */
  readonly wakeups: number;
  /** Waits that a signal ended. */
  readonly interrupted: number;
  /** Changes of interest given to the kernel. */
  readonly changes: number;
  /** Times the kernel's queue was rebuilt to be rid of events of closed descriptors. */
  readonly rebuilds: number;
}

export interface RegisterOptions {
  /** @defaultValue "level" */
  readonly mode?: Mode;
}

export interface ReadyOptions {
  /** Rejects the wait with its reason when aborted. */
  readonly signal?: AbortSignal;
}

/** The data argument of `register`: required exactly when the selector's data type needs it. */
export type DataArguments<D> = undefined extends D
  ? [data?: D, options?: RegisterOptions]
  : [data: D, options?: RegisterOptions];

/**
 * Watches descriptors and says which are ready.
 *
 * Errors common to all methods but `close` and `map`: ERR_SELECTOR_CLOSED after `close()`.
 *
 * @example
 * ```ts
 * import { DefaultSelector, EVENT_READ, Socket } from "socket-reactor";
 * const [a, b] = Socket.pair();
 * const selector = new DefaultSelector<string>();
 * selector.register(a, EVENT_READ, "the left end");
 * b.send(Buffer.from("hello"));
 * for (const { key } of selector.select()) console.log(key.data, "is readable");
 * selector.close();
 * a.close();
 * b.close();
 * ```
 */
export interface Selector<D = undefined> extends Disposable {
  readonly capabilities: Capabilities;

  /**
   * Starts watching. Python: register
   *
   * @param events EVENT_READ, EVENT_WRITE or both.
   * @param data anything; comes back in the key.
   * @throws RangeError ERR_OUT_OF_RANGE for other events, a negative or too large descriptor.
   * @throws TypeError ERR_INVALID_ARG_TYPE for what is no descriptor and has none.
   * @throws Error ERR_ALREADY_REGISTERED for a descriptor that is registered.
   * @throws Error ERR_NOT_SUPPORTED for a mode the backend lacks.
   * @throws Error ERR_KERNEL_MISMATCH for a socket of another kernel than the selector's.
   * @throws SystemError as the kernel refuses: EPERM (epoll: a regular file), EBADF, ENOSPC,
   *   ENOMEM. Nothing is registered then.
   */
  register(fileobj: FileObject, events: number, ...data: DataArguments<D>): SelectorKey<D>;

  /**
   * Stops watching; also for a descriptor that is closed already. Python: unregister
   *
   * @returns the key that was removed.
   * @throws Error ERR_NOT_REGISTERED.
   */
  unregister(fileobj: FileObject): SelectorKey<D>;

  /**
   * Changes the interest, and the data if the argument is given, be it undefined; left out, the
   * data stays (Python would reset it). Arms a "oneshot" registration again. Python: modify
   *
   * @returns the new key; the old one if nothing changed.
   * @throws as `register`, and Error ERR_NOT_REGISTERED. If the arguments are refused nothing
   *   changes; if the kernel refuses, the registration is gone.
   */
  modify(fileobj: FileObject, events: number, ...data: [data?: D]): SelectorKey<D>;

  /** Reports nothing of it until `resume`, not even errors; it stays registered. */
  pause(fileobj: FileObject): void;

  /** Ends a `pause`, with the interest of before. */
  resume(fileobj: FileObject): void;

  /** The key of a registration. Python: get_key @throws Error ERR_NOT_REGISTERED */
  getKey(fileobj: FileObject): SelectorKey<D>;

  /** All registrations by descriptor: one live, read-only view; empty after close. Python: get_map */
  readonly map: ReadonlyMap<number, SelectorKey<D>>;

  /**
   * Waits until something is ready, and says what. Python: select
   *
   * Blocks the thread; no promise, timer or signal handler of Node's runs meanwhile. The wait is
   * made in slices, so that a worker blocked in it can be terminated.
   *
   * @param timeoutMs undefined, null or Infinity: for ever; 0 or less: not at all. Fractions
   *   count; never early.
   * @returns empty when the time is over, when a signal interrupted the wait, or when woken.
   * @throws Error ERR_SELECTOR_BUSY inside a `dispatch` of this selector.
   */
  select(timeoutMs?: number | null): ReadyEvent<D>[];

  /**
   * As `select`, but calls `fn` for each ready registration and allocates nothing. A registration
   * that is removed or replaced by an earlier call of the batch receives nothing more from it. If
   * `fn` throws, the rest of the batch is kept for the next call.
   *
   * @returns how many were delivered.
   */
  dispatch(timeoutMs: number | null | undefined, fn: ReadyHandler<D>): number;

  /**
   * Waits in Node's loop instead of blocking; then `select(0)` or `dispatch(0, fn)` says what is
   * ready. While it waits, the process stays alive.
   *
   * @param timeoutMs as in `select`.
   * @returns true if something may be ready, false when the time is over.
   * @throws Error ERR_SELECTOR_BUSY while another `ready()` waits.
   * @throws Error ERR_SELECTOR_CLOSED when the selector is closed meanwhile.
   */
  ready(timeoutMs?: number | null, options?: ReadyOptions): Promise<boolean>;

  /**
   * Gives the kernel the changes that were put off. Every wait does it first; only who waits on
   * `fileno()` by other means has to call it.
   *
   * @throws SystemError the first that the kernel refuses, unless `onDropped` was given.
   */
  flush(): void;

  /** This selector's waker: ends the current or the next wait, from any thread. */
  readonly waker: Waker;

  /** The kernel queue's descriptor, if the backend has one; it may change. Python: fileno */
  fileno?(): Fd;

  stats(): SelectorStats;

  /** Forgets all registrations and frees the kernel's queue; their descriptors stay open. Idempotent. */
  close(): void;
}
