/**
 * What the channels of diagnostics.ts carry. The messages are made anew each time and nobody else
 * keeps them; what they name (a reactor, a watch, a stream) is the real thing, so look and leave it.
 *
 * Subscribers are called in the midst of the work, even within a turn: they must be quick. What they
 * throw is an uncaught exception of the process, and harms nothing here.
 */
import type { Activity } from "./activity.js";
import type { RunResult } from "./core.js";
import type { Reactor } from "./reactor.js";
import type { RunMode } from "./schedule.js";
import type { Watch } from "./watch.js";

/** On `socket-reactor.turn`, after each turn. */
export interface TurnMessage {
  readonly reactor: Reactor;
  /** When the wait was over, in milliseconds of `kernel.nowMs()`. */
  readonly startedMs: number;
  /** How long the callbacks took from then on, in milliseconds. */
  readonly dispatchMs: number;
  /** How many there were. Deferred calls are not among them. */
  readonly callbacks: number;
}

/** On `socket-reactor.run`. `reactor.turn()` is no run. */
export interface RunMessage {
  readonly reactor: Reactor;
  readonly event: "begin" | "end";
  readonly mode: Exclude<RunMode, "idle">;
  /** How it ended; undefined when it begins, and at the end of a run that threw. */
  readonly result: RunResult | undefined;
}

/** On `socket-reactor.error`, before `onError` is asked. */
export interface ErrorMessage {
  readonly reactor: Reactor;
  /** What a callback threw, or a SystemError. */
  readonly error: unknown;
  /** The watch, timer or signal; undefined for a deferred call. */
  readonly activity: Activity | undefined;
}

/** On `socket-reactor.watch`. A watch that was started already does not start again. */
export interface WatchMessage {
  readonly reactor: Reactor;
  /** "drop": its descriptor was closed, the reactor was closed, or the kernel refused a change. */
  readonly event: "start" | "stop" | "drop";
  readonly watch: Watch;
  /** What the kernel refused, of "drop". */
  readonly error: unknown;
}

/** On `socket-reactor.stream`. */
export interface StreamMessage {
  readonly event: "open" | "close";
  readonly stream: object;
  /** Why it closed, if it was not orderly. */
  readonly error: unknown;
}

/** On `socket-reactor.listener`. */
export interface ListenerMessage {
  /** "pause": no descriptors are left; "resume": it tries again. */
  readonly event: "accept" | "pause" | "resume";
  readonly listener: object;
  /** Of "pause": EMFILE, ENFILE ... */
  readonly error: unknown;
}
