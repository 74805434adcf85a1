/** How a server of a reactor runs: until it is told to end, and then until it has. */
import type { Reactor } from "socket-reactor";

/**
 * Runs a reactor until `signal` aborts and `drain`, which then begins, has stopped it.
 *
 * @throws what `drain` throws; the reactor may run on then.
 */
export async function runUntilAborted(
  reactor: Reactor,
  signal: AbortSignal,
  drain: () => Promise<void>,
): Promise<void> {
  const running = reactor.run();
  await Promise.race([running, aborted(signal).then(drain)]);
  await running;
}

/** Settles when it aborts, or if it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
