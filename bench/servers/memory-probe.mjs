// Loaded before a server in JavaScript (node --expose-gc --import): at each SIGUSR2 it collects all
// garbage and prints "MEMORY <count> <process.memoryUsage() as JSON>". The server itself stays the
// one that the other benches measure.
import { setImmediate as nextTurn } from "node:timers/promises";

let count = 0;

process.on("SIGUSR2", async () => {
  // What a finalizer lets go of is garbage only after a turn of the loop.
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await nextTurn();
  }
  count += 1;
  process.stdout.write(`MEMORY ${count} ${JSON.stringify(process.memoryUsage())}\n`);
});
