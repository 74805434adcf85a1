/**
 * Calls back on a signal to the process, in a turn like everything else. It is a thin layer over
 * Node's process signals, which own the process's signal handlers. libevent: evsignal
 */
import { wrongType } from "../kernel/index.js";
import { Activity, type Scheduler } from "./activity.js";

/** @param count deliveries since the last call; a signal that comes faster than turns is counted. */
export type SignalHandler = (count: number, watch: SignalWatch) => void;

export interface SignalOptions {
  /** Stops before its first call. @defaultValue false */
  readonly once?: boolean | undefined;
  /** 0 is served first; default the middle one. */
  readonly priority?: number | undefined;
}

export class SignalWatch extends Activity {
  readonly signal: NodeJS.Signals;
  readonly handler: SignalHandler;
  readonly #isOnce: boolean;
  #count = 0;

  /** Use `reactor.signal`. */
  constructor(
    core: Scheduler,
    signal: NodeJS.Signals,
    handler: SignalHandler,
    options: SignalOptions = {},
  ) {
    super(core, options.priority);
    if (typeof handler !== "function") throw wrongType("handler", "a function", handler);
    this.signal = signal;
    this.handler = handler;
    this.#isOnce = options.once ?? false;
    this.start();
  }

  /**
   * @throws Error of Node's: EINVAL for SIGKILL and SIGSTOP, ERR_UNKNOWN_SIGNAL; ERR_REACTOR_BLOCKING
   *   during a blocking run.
   */
  start(): this {
    this.core.assertOpen();
    this.core.assertNotBlocking("A signal");
    if (this.isStarted) return this;
    process.on(this.signal, this.#onSignal);
    this.core.signals.add(this);
    this.began();
    this.core.touch();
    return this;
  }

  override stop(): void {
    process.off(this.signal, this.#onSignal);
    this.core.signals.delete(this);
    this.#count = 0;
    super.stop();
  }

  deliver(): void {
    const count = this.#count;
    this.#count = 0;
    if (this.#isOnce) this.stop();
    this.inContext(this.handler, count, this, undefined);
  }

  readonly #onSignal = (): void => {
    this.#count += 1;
    this.core.activate(this, 1, 0);
  };
}
