/**
 * A worker as the echo servers start one, and end it. However it comes to its end (an uncaught error,
 * a process.exit(), no memory left, terminate()), Node says "exit" when the thread is gone, and with
 * it every descriptor that it owned; what it had said until then has been heard by then.
 */
import { Worker } from "node:worker_threads";
import { reasonOf } from "./server.js";
import type { WorkerSays } from "./worker-message.js";

export interface WorkerListener {
  said(words: WorkerSays): void;
  /** The last that is heard of it. */
  ended(reason: string): void;
}

export interface WorkerKind {
  readonly entry: URL;
  /** A worker that needs more memory ends with ERR_WORKER_OUT_OF_MEMORY, and the process lives on. */
  readonly heapMb: number;
}

export interface WorkerThread {
  readonly worker: Worker;
  /** Ends the thread; settles when it is gone. */
  end(): Promise<void>;
}

/** @throws Error ERR_WORKER_INIT_FAILED: the system has no thread left. */
export function startWorker(
  kind: WorkerKind,
  data: unknown,
  listener: WorkerListener,
): WorkerThread {
  const worker = new Worker(kind.entry, {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: kind.heapMb },
  });
  // Not before its first word: whose thread is ended while it loads its modules, for him Node leaves
  // the files open that it was about to read.
  const begun = new Promise<void>((begun) => {
    for (const event of ["message", "exit"]) worker.once(event, () => begun());
  });
  let reason: string | undefined;
  worker.on("message", (words: WorkerSays) => listener.said(words));
  worker.on("error", (error: unknown) => {
    reason = error instanceof Error ? reasonOf(error) : String(error);
  });
  worker.on("exit", (status) => listener.ended(reason ?? `exit ${status}`));
  const end = async (): Promise<void> => {
    await begun;
    await worker.terminate();
  };
  return { worker, end };
}

/** The built file: a worker needs JavaScript, also where the sources run. */
export function workerFile(name: string): URL {
  return new URL(`../../../dist/demos/echo/${name}`, import.meta.url);
}
