/** Beside what the reactor adds, the bits of interest, for the floors above. */
export {
  EVENT_READ,
  EVENT_WRITE,
  FLAG_ERROR,
  FLAG_HANGUP,
  FLAG_READ_CLOSED,
} from "../selectors/index.js";
export { PRIORITIES_MAX } from "./active-queues.js";
export { type Activity, EVENT_TIMEOUT } from "./activity.js";
export {
  type ChromeTrace,
  type ChromeTraceOptions,
  TRACE_EVENTS_MAX,
  traceReactor,
} from "./chrome-trace.js";
export type { RunResult } from "./core.js";
export { debug, isDebugging } from "./debug-log.js";
export { checkDelay } from "./delay.js";
export { listenerChannel, streamChannel } from "./diagnostics.js";
export type * from "./diagnostics-messages.js";
export { type ReactorOptions, TURN_CALLBACKS_MAX, TURN_MS } from "./options.js";
export * from "./reactor.js";
export type { ReactorWaker } from "./reactor-waker.js";
export type { ReactorReport, SocketReport, WatchReport } from "./report.js";
export type { RunMode, Schedule } from "./schedule.js";
export type { SignalHandler, SignalOptions, SignalWatch } from "./signal-watch.js";
export type { ReactorStats } from "./stats.js";
export type { Timer, TimerHandler, TimerOptions } from "./timer.js";
export type { Watch, WatchHandler, WatchOptions, WatchTarget } from "./watch.js";
export type { WatchMode } from "./watched-descriptor.js";
