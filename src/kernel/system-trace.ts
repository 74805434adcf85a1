/**
 * `NODE_DEBUG=socket-reactor:sys`: the system's kernel printing its calls to stderr. Without it the
 * kernel stays as it is, with nothing in between.
 */
import { writeSync } from "node:fs";
import { debuglog } from "node:util";
import { isMainThread, threadId } from "node:worker_threads";
import type { Kernel } from "./kernel.js";
import { tracingKernel } from "./tracing-kernel.js";

const SECTION = "socket-reactor:sys";

/** How long to wait for room in a full stderr, in milliseconds, before trying again. */
const RETRY_MS = 1;

/** `kernel` itself, or a tracing one if the environment says so. */
export function traceIfAsked(kernel: Kernel): Kernel {
  const log = debuglog(SECTION);
  if (!log.enabled) return kernel;
  return tracingKernel(kernel, isMainThread ? log : writeFromThread);
}

/**
 * A worker's process.stderr goes through the main thread and needs the worker's own loop, which does
 * not turn while it blocks: there, lines are written as they come.
 */
function writeFromThread(line: string): void {
  const text = `${SECTION.toUpperCase()} ${process.pid}.${threadId}: ${line}\n`;
  for (;;) {
    try {
      writeSync(2, text);
      return;
    } catch (error) {
      // Nobody reads it any more: that is no reason to fail.
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
