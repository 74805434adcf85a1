/** Collects garbage for tests that ask what is still held; node need not be started with a flag. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** A WeakRef that was made or read in this turn holds its object until the turn ends. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 2; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
}

/**
 * The least of what `read` says after a few collections: what the engine and the test runner hold
 * for a moment goes, what was forgotten stays. Stops early once it is below `enough`.
 */
export async function leastAfterCollecting(read: () => number, enough = 0): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 10 && least >= enough; i += 1) {
    await collectGarbage();
    least = Math.min(least, read());
  }
  return least;
}
