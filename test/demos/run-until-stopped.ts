/** A server of a demo in a test's process, from its start to its end. */
import { onTestFinished } from "vitest";

/**
 * Runs it until the test ends, at the latest.
 *
 * @returns what aborts it, and settles when `run` has.
 */
export function runUntilStopped(run: (signal: AbortSignal) => Promise<void>): () => Promise<void> {
  const stopping = new AbortController();
  const running = run(stopping.signal);
  const stop = (): Promise<void> => {
    stopping.abort();
    return running;
  };
  onTestFinished(stop);
  return stop;
}
