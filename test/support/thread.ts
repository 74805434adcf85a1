/** Threads that end a wait of this one, see thread.mjs. They run the built package. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { type Backend, type Kernel, systemKernel, type WakerHandle } from "../../src/index.js";

export type Task =
  | { task: "send"; fd: number; waits: Int32Array; after: number }
  | { task: "wake"; handle: WakerHandle; waits: Int32Array; after: number; times: number }
  | { task: "signal"; signal: NodeJS.Signals; waits: Int32Array; stop: Int32Array }
  | { task: "block"; backend: Backend; how: "select" | "ready" };

export interface Thread {
  /** Settles when the thread has ended; rejects if it failed. */
  readonly ended: Promise<void>;
  terminate(): Promise<void>;
}

const built = new URL("../../dist/index.js", import.meta.url);

/** Starts a thread, and answers once it has begun. */
export async function startThread(task: Task): Promise<Thread> {
  if (!existsSync(built)) {
    throw new Error("Threads run the built package and there is none: npm run build:ts");
  }
  const worker = new Worker(new URL("./thread.mjs", import.meta.url), { workerData: task });
  const ended = once(worker, "exit").then(() => {});
  await Promise.race([once(worker, "message"), ended.then(() => failedToStart(task))]);
  return {
    ended,
    async terminate() {
      await worker.terminate();
    },
  };
}

function failedToStart({ task }: Task): never {
  throw new Error(`The "${task}" thread ended before it began`);
}

/** One word of memory that threads share. */
export function sharedWord(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** The system's kernel, counting the waits it begins in `waits`, so that a thread can see them. */
export function announcingKernel(): { kernel: Kernel; waits: Int32Array } {
  const waits = sharedWord();
  const announce = (): void => {
    Atomics.add(waits, 0, 1);
    Atomics.notify(waits, 0);
  };
  const kernel: Kernel = {
    ...systemKernel,
    epoll_wait(epfd, events, timeoutMs) {
      announce();
      return systemKernel.epoll_wait(epfd, events, timeoutMs);
    },
    kevent(kq, changes, changeCount, events, timeoutMs) {
      if (events.length > 0) announce();
      return systemKernel.kevent(kq, changes, changeCount, events, timeoutMs);
    },
    poll(interests, count, events, timeoutMs) {
      announce();
      return systemKernel.poll(interests, count, events, timeoutMs);
    },
    select(interests, count, events, timeoutMs) {
      announce();
      return systemKernel.select(interests, count, events, timeoutMs);
    },
  };
  return { kernel, waits };
}
