/**
 * What happens inside, for who subscribes through node:diagnostics_channel and for who reads the
 * lines of NODE_DEBUG (debug-log.ts). What each channel carries stands in diagnostics-messages.ts;
 * docs/observing.md shows them in use.
 *
 * The rule of the file: nobody listens, nothing is made. A channel is asked for subscribers before
 * its message is written down.
 */
import { type Channel, channel } from "node:diagnostics_channel";
import type { FileObject } from "../selectors/index.js";
import { debug, descriptorNumber, isDebugging } from "./debug-log.js";

/** A turn ended: `TurnMessage`. */
export const turnChannel: Channel = channel("socket-reactor.turn");

/** A run began or ended: `RunMessage`. */
export const runChannel: Channel = channel("socket-reactor.run");

/** A callback threw, or the kernel refused a change: `ErrorMessage`. */
export const errorChannel: Channel = channel("socket-reactor.error");

/** A watch was started or stopped, or lost its descriptor: `WatchMessage`. */
export const watchChannel: Channel = channel("socket-reactor.watch");

/** A stream opened or closed: `StreamMessage`. For the streams floor to publish. */
export const streamChannel: Channel = channel("socket-reactor.stream");

/** A listener accepted, paused or went on: `ListenerMessage`. For the streams floor, too. */
export const listenerChannel: Channel = channel("socket-reactor.listener");

/** @param result how it ended; undefined for the beginning, and for a run that threw. */
export function noteRun(
  reactor: object,
  event: "begin" | "end",
  mode: string,
  result?: string,
): void {
  if (isDebugging) {
    const ending = event === "begin" ? "" : `: ${result ?? "threw"}`;
    debug("run %s (%s)%s", event === "begin" ? "began" : "ended", mode, ending);
  }
  if (runChannel.hasSubscribers) runChannel.publish({ reactor, event, mode, result });
}

export function noteError(reactor: object, error: unknown, activity: object | undefined): void {
  if (isDebugging) debug("error: %s", messageOf(error));
  if (errorChannel.hasSubscribers) errorChannel.publish({ reactor, error, activity });
}

interface NotedWatch {
  readonly fileobj: FileObject;
  readonly events: number;
}

/** @param error why the kernel gave it up, if it did. */
export function noteWatch(
  reactor: object,
  event: "start" | "stop" | "drop",
  watch: NotedWatch,
  error?: unknown,
): void {
  if (isDebugging) {
    const reason = error === undefined ? "" : `: ${String(messageOf(error))}`;
    const fd = descriptorNumber(watch.fileobj);
    debug("watch %s: fd %d, %s%s", event, fd, DIRECTIONS[watch.events], reason);
  }
  if (watchChannel.hasSubscribers) watchChannel.publish({ reactor, event, watch, error });
}

function messageOf(error: unknown): unknown {
  return error instanceof Error ? error.message : error;
}

/** By EVENT_READ and EVENT_WRITE. */
const DIRECTIONS = ["none", "read", "write", "read and write"];
