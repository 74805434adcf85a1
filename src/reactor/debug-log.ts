/**
 * NODE_DEBUG=socket-reactor: lines on stderr about what the reactor and what stands on it do. System
 * calls are the section socket-reactor:sys, see kernel/system-trace.ts.
 *
 * The rule: who calls `debug` asks `isDebugging` first, so that nothing is made for a line that
 * nobody reads.
 */
import { debuglog } from "node:util";
import type { FileObject } from "../selectors/index.js";
import type { ReactorSelector } from "./watched-descriptor.js";

const log = debuglog("socket-reactor");

/** True if the environment asks for the lines; it does not change while the process lives. */
export const isDebugging: boolean = log.enabled;

/**
 * Writes a line. @param format as for util.format.
 *
 * @example
 * ```ts
 * import { debug, isDebugging } from "socket-reactor";
 * if (isDebugging) debug("listener of fd %d paused: %s", 7, "EMFILE");
 * ```
 */
export function debug(format: string, ...args: unknown[]): void {
  log(format, ...args);
}

/** The number of what is watched, for a line; -1 once it is closed. */
export function descriptorNumber(fileobj: FileObject): number {
  return typeof fileobj === "number" ? fileobj : fileobj.fileno();
}

/** The kernel queue that each selector had when it was looked at last. */
const queues = new WeakMap<ReactorSelector, number>();

/** Says so if the selector has gone over to another kernel queue. */
export function debugQueue(selector: ReactorSelector): void {
  const fd = selector.fileno?.();
  if (fd === undefined) return;
  const before = queues.get(selector) ?? fd;
  queues.set(selector, fd);
  if (before !== fd) debug("queue rebuilt: fd %d, was %d", fd, before);
}
