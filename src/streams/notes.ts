/** What streams and listeners tell diagnostics channels and the lines of NODE_DEBUG. */
import { debug, isDebugging, listenerChannel, streamChannel } from "../reactor/index.js";

export function noteStream(event: "open" | "close", stream: object, error?: Error): void {
  if (isDebugging) debug("stream %s%s", event, error === undefined ? "" : `: ${error.message}`);
  if (streamChannel.hasSubscribers) streamChannel.publish({ event, stream, error });
}

export function noteListener(
  event: "accept" | "pause" | "resume",
  listener: object,
  error?: Error,
): void {
  if (isDebugging) debug("listener %s%s", event, error === undefined ? "" : `: ${error.message}`);
  if (listenerChannel.hasSubscribers) listenerChannel.publish({ event, listener, error });
}
