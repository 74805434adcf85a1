/** What a reactor can be told, with its defaults, checked at once. */
import {
  type HostLoop,
  type Kernel,
  outOfRange,
  systemHostLoop,
  systemKernel,
} from "../kernel/index.js";
import type { Backend } from "../selectors/index.js";
import type { Activity } from "./activity.js";
import { checkDelay } from "./delay.js";

/** Callbacks of one turn; the rest waits for the next. */
export const TURN_CALLBACKS_MAX = 1024;

/** How long a turn may go on calling, in milliseconds, before Node's loop gets its turn. */
export const TURN_MS = 10;

export interface ReactorOptions {
  /** @defaultValue the best of this system, or SOCKET_REACTOR_BACKEND */
  readonly backend?: Backend | undefined;
  /** How many priorities there are, 1 to 255; 0 is served first. @defaultValue 1 */
  readonly priorities?: number | undefined;
  /** @defaultValue {@link TURN_CALLBACKS_MAX} libevent: max_callbacks */
  readonly turnCallbacksMax?: number | undefined;
  /** @defaultValue {@link TURN_MS} libevent: max_interval */
  readonly turnMs?: number | undefined;
  /**
   * Microseconds to go on looking before it sleeps, when nothing is ready: latency for CPU time.
   *
   * @defaultValue 0
   */
  readonly spinUs?: number | undefined;
  /** Keeps running when nothing is left to do. libevent: NO_EXIT_ON_EMPTY. @defaultValue false */
  readonly untilStopped?: boolean | undefined;
  /**
   * Gets what a callback throws, and refusals of the kernel that have no other taker. Without it
   * they are uncaught exceptions (attached), or thrown by `runBlocking()` after the batch.
   */
  readonly onError?: ((error: unknown, activity: Activity | undefined) => void) | undefined;
  /** @defaultValue the system's own */
  readonly kernel?: Kernel | undefined;
  /** @defaultValue Node's own loop */
  readonly hostLoop?: HostLoop | undefined;
}

/** The options with nothing left open. */
export interface CoreOptions {
  readonly backend: Backend | undefined;
  readonly priorities: number;
  readonly turnCallbacksMax: number;
  readonly turnMs: number;
  readonly spinMs: number;
  readonly untilStopped: boolean;
  readonly onError: ReactorOptions["onError"];
  readonly kernel: Kernel;
  readonly hostLoop: HostLoop;
}

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
export function readOptions(options: ReactorOptions): CoreOptions {
  const { turnCallbacksMax = TURN_CALLBACKS_MAX } = options;
  if (!(Number.isInteger(turnCallbacksMax) && turnCallbacksMax >= 1)) {
    throw outOfRange("turnCallbacksMax", "an integer of 1 or more", turnCallbacksMax);
  }
  return {
    backend: options.backend,
    priorities: options.priorities ?? 1,
    turnCallbacksMax,
    turnMs: checkDelay("turnMs", options.turnMs ?? TURN_MS),
    spinMs: checkDelay("spinUs", options.spinUs ?? 0) / 1000,
    untilStopped: options.untilStopped ?? false,
    onError: options.onError,
    kernel: options.kernel ?? systemKernel,
    hostLoop: options.hostLoop ?? systemHostLoop,
  };
}
