/**
 * A run that owns the thread: it sleeps in the kernel's wait. JavaScript is on the stack all the
 * time, so no promise, process.nextTick, timer or signal handler of Node's can run: for workers, and
 * for lessons.
 *
 * The selector waits in slices of WAIT_SLICE_MS, so that `worker.terminate()` gets through; what
 * ends a wait early is a waker.
 */
import type { Core, RunResult } from "./core.js";

export function runBlocking(core: Core): RunResult {
  core.assertNoSignal();
  let spinUntilMs = 0;
  for (;;) {
    core.flush();
    core.throwErrors(); // first: who runs again after an error must not lose a stop() beside it
    const result = core.takeResult();
    if (result !== undefined) return result;
    const isSpinning = core.options.spinMs > 0 && core.kernel.nowMs() < spinUntilMs;
    const made = core.turn(isSpinning ? 0 : core.delayMs());
    if (made > 0) spinUntilMs = core.kernel.nowMs() + core.options.spinMs;
  }
}
