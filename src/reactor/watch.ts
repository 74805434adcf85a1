/**
 * A descriptor and what is to be called when it is ready. libevent: an event with EV_READ or
 * EV_WRITE, and EV_PERSIST unless `once`
 */
import { outOfRange, type SystemError, wrongType } from "../kernel/index.js";
import { EVENT_READ, EVENT_WRITE, type FileObject } from "../selectors/index.js";
import { Activity, EVENT_TIMEOUT, type Scheduler } from "./activity.js";
import { checkDelay } from "./delay.js";
import { noteWatch } from "./diagnostics.js";
import { WatchedDescriptor, type Watcher, type WatchMode } from "./watched-descriptor.js";

/**
 * @param events EVENT_READ, EVENT_WRITE and EVENT_TIMEOUT, of what the watch asked for.
 * @param flags FLAG_HANGUP, FLAG_ERROR, FLAG_READ_CLOSED: hints, not every system gives them.
 */
export type WatchHandler = (events: number, flags: number, watch: Watch) => void;

/**
 * An object in a handler's place: for who makes many watches, and wants no function for each. It is
 * called in whatever asynchronous context the reactor runs in.
 */
export interface WatchTarget {
  onReady(events: number, flags: number, watch: Watch): void;
  /** The kernel refused a change that had been put off; default: the reactor's onError. */
  onRefused?(error: SystemError, watch: Watch): void;
  /** For `reactor.report()`: says more about what is watched. */
  describe?(): Record<string, unknown>;
}

export interface WatchOptions {
  /** Stops before its first call. libevent: without EV_PERSIST. @defaultValue false */
  readonly once?: boolean | undefined;
  /** @defaultValue "level" */
  readonly mode?: WatchMode | undefined;
  /** 0 is served first; default the middle one. */
  readonly priority?: number | undefined;
  /** Calls with EVENT_TIMEOUT when nothing was ready for so long. @defaultValue none */
  readonly timeoutMs?: number | undefined;
  /** False makes it without starting it. @defaultValue true */
  readonly start?: boolean | undefined;
  /** Hears that the kernel refused a change that had been put off; default: the reactor's. */
  readonly onError?: ((error: SystemError, watch: Watch) => void) | undefined;
}

const READ_WRITE = EVENT_READ | EVENT_WRITE;

export class Watch extends Activity implements Watcher {
  readonly fileobj: FileObject;
  readonly handler: WatchHandler | WatchTarget;
  #events: number;
  #timeoutMs: number | undefined;
  readonly #isOnce: boolean;
  readonly #mode: WatchMode;
  readonly #onError: WatchOptions["onError"];
  #descriptor: WatchedDescriptor | undefined;

  /** Use `reactor.watch`. */
  constructor(
    core: Scheduler,
    fileobj: FileObject,
    events: number,
    handler: WatchHandler | WatchTarget,
    options: WatchOptions = {},
  ) {
    super(core, options.priority);
    if (typeof handler !== "function" && typeof handler?.onReady !== "function") {
      throw wrongType("handler", "a function, or an object with onReady()", handler);
    }
    this.fileobj = fileobj;
    this.handler = handler;
    this.#events = checkInterest(events);
    this.#isOnce = options.once ?? false;
    this.#mode = options.mode ?? "level";
    this.#onError = options.onError;
    this.#setTimeout(options.timeoutMs);
    if (options.start ?? true) this.start();
  }

  /** EVENT_READ, EVENT_WRITE or both. */
  get events(): number {
    return this.#events;
  }

  /** How long it may be quiet, in milliseconds; undefined: for ever. */
  get timeoutMs(): number | undefined {
    return this.#timeoutMs;
  }

  /**
   * Starts, or starts the time anew. libevent: event_add
   *
   * @throws as `selector.register`, when the kernel refuses; Error ERR_MODE_CONFLICT.
   */
  start(): this {
    this.core.assertOpen();
    const wasStarted = this.isStarted;
    this.#descriptor ??= WatchedDescriptor.join(this.core.selector, this, this.#mode);
    this.began();
    if (!wasStarted) noteWatch(this.core.owner, "start", this);
    this.core.active.narrow(this, READ_WRITE);
    this.#restartTimeout();
    this.core.touch();
    return this;
  }

  override stop(): void {
    if (this.isStarted) noteWatch(this.core.owner, "stop", this);
    super.stop();
    this.#leave();
  }

  /**
   * Changes what it waits for; the time starts anew. What is due already for an event that is not
   * asked for any more, or for the time, does not come.
   *
   * @param timeoutMs undefined leaves it, Infinity takes it away.
   */
  modify(events: number, { timeoutMs = this.#timeoutMs }: { timeoutMs?: number } = {}): this {
    const interest = checkInterest(events);
    this.#setTimeout(timeoutMs);
    if (interest !== this.#events) {
      this.#events = interest;
      this.#update();
    }
    this.core.active.narrow(this, interest);
    this.#restartTimeout();
    this.core.touch();
    return this;
  }

  /** Calls it in this turn or the next as if it were ready; also when stopped. libevent: event_active */
  activate(events: number = this.#events, flags = 0): this {
    if (!Number.isInteger(events) || events < 1 || events > (READ_WRITE | EVENT_TIMEOUT)) {
      throw outOfRange("events", "EVENT_READ, EVENT_WRITE, EVENT_TIMEOUT or several", events);
    }
    this.core.activate(this, events, flags);
    return this;
  }

  deliver(events: number, flags: number): void {
    if (this.#isOnce) this.stop();
    else this.#restartTimeout();
    const { handler } = this;
    if (typeof handler === "function") this.inContext(handler, events, flags, this);
    else handler.onReady(events, flags, this);
  }

  /** For the reactor. */
  ready(events: number, flags: number): void {
    this.core.active.activate(this, events, flags);
  }

  /** The descriptor's owner closed it, or the kernel refused a change. For the reactor. */
  dropped(error: SystemError | undefined): void {
    this.#descriptor = undefined;
    noteWatch(this.core.owner, "drop", this, error);
    super.stop();
    if (error === undefined) return;
    const { handler } = this;
    try {
      if (this.#onError !== undefined) this.#onError(error, this);
      else if (typeof handler === "object" && handler.onRefused) handler.onRefused(error, this);
      else this.core.fail(error, this);
    } catch (second) {
      this.core.fail(second, this);
    }
  }

  /** A function is called in the context of the code that armed it; for an object it is its own affair. */
  protected override get keepsContext(): boolean {
    return typeof this.handler === "function";
  }

  #update(): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return;
    try {
      descriptor.update(this);
    } catch (error) {
      this.#descriptor = undefined;
      noteWatch(this.core.owner, "drop", this, error);
      super.stop();
      throw error;
    }
  }

  #leave(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    descriptor?.leave(this);
  }

  #setTimeout(timeoutMs: number | undefined): void {
    this.#timeoutMs = timeoutMs === undefined ? undefined : checkDelay("timeoutMs", timeoutMs);
    if (this.#timeoutMs === Number.POSITIVE_INFINITY) this.#timeoutMs = undefined;
    if (this.#timeoutMs === undefined) this.core.timers.remove(this);
  }

  #restartTimeout(): void {
    if (this.#timeoutMs === undefined || !this.isStarted) return;
    this.core.timers.add(this, this.core.kernel.nowMs() + this.#timeoutMs);
  }
}

function checkInterest(events: number): number {
  if (typeof events !== "number") throw wrongType("events", "a number", events);
  if (events === EVENT_READ || events === EVENT_WRITE || events === READ_WRITE) return events;
  throw outOfRange("events", "EVENT_READ, EVENT_WRITE or both", events);
}
