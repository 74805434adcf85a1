/** `reactor.stats()`: what it has done so far. */
import type { SelectorStats } from "../selectors/index.js";
import type { Core } from "./core.js";

export interface ReactorStats extends SelectorStats {
  readonly turns: number;
  /** Handlers called. */
  readonly callbacks: number;
  /** Deadlines of timers and watches that were over. */
  readonly timeouts: number;
  readonly deferred: number;
  /** Milliseconds between turns: asleep in the kernel, or in Node's loop with all that it does. */
  readonly waitMs: number;
  /** Milliseconds in turns, callbacks included. */
  readonly dispatchMs: number;
  /** What is started at this moment and counts for `run()`. */
  readonly started: number;
  /** Deadlines that are set at this moment. */
  readonly timers: number;
}

export function statsOf(core: Core): ReactorStats {
  return {
    ...core.selector.stats(),
    ...core.counts,
    started: core.holds,
    timers: core.timers.size,
  };
}
