// What other threads do in the tests: each task waits until the main thread is about to block,
// which it says by counting its waits in shared memory (`waits`), and then ends that wait.
import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

const { task } = workerData;

/** Blocks until the main thread has begun `count` waits. */
function awaitWaits(waits, count) {
  for (;;) {
    const begun = Atomics.load(waits, 0);
    if (begun >= count) return;
    Atomics.wait(waits, 0, begun);
  }
}

const tasks = {
  /** Sends a byte through a descriptor that the main thread owns. */
  async send({ fd, waits, after }) {
    parentPort.postMessage("started");
    awaitWaits(waits, after);
    writeSync(fd, "x");
  },

  /** Wakes a selector of the main thread, several times in a row. */
  async wake({ handle, waits, after, times }) {
    const { Waker } = await import("socket-reactor");
    const waker = Waker.fromHandle(handle);
    parentPort.postMessage("started");
    awaitWaits(waits, after);
    for (let i = 0; i < times; i += 1) waker.wake();
    waker.close();
  },

  /** Signals the process until it is told to stop: the first signal may come before the wait. */
  async signal({ signal, waits, stop }) {
    parentPort.postMessage("started");
    awaitWaits(waits, 1);
    while (Atomics.load(stop, 0) === 0) {
      process.kill(process.pid, signal);
      Atomics.wait(stop, 0, 0, 10);
    }
  },

  /** Waits for ever in a selector of its own. */
  async block({ backend, how }) {
    const { createSelector, EVENT_READ, Socket } = await import("socket-reactor");
    const selector = createSelector({ backend });
    const [left] = Socket.pair();
    selector.register(left, EVENT_READ);
    selector.waker;
    parentPort.postMessage("started");
    await selector[how]();
  },
};

await tasks[task](workerData);
