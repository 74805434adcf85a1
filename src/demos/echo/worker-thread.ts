/**
 * A worker as the echo servers start one, and end it. However it comes to its end (an uncaught error,
 * a process.exit(), no memory left, terminate()), Node says "exit" when the thread is gone, and with
 * it every descriptor that it owned; what it had said until then has been heard by then.
 */
import { Worker } from "node:worker_threads";
import { check, type Kernel, systemKernel } from "socket-reactor";
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
  /** What it may have open while it loads: its loop's four, and every file at the same time. */
  readonly descriptors: number;
}

export interface WorkerThread {
  readonly worker: Worker;
  /** Ends the thread; settles when it is gone. */
  end(): Promise<void>;
}

/** Threads of this process that load. */
let loading = 0;

/**
 * @throws SystemError EMFILE, ENFILE: there are not descriptors enough.
 * @throws Error ERR_WORKER_INIT_FAILED: the system has no thread left.
 */
export function startWorker(
  kind: WorkerKind,
  data: unknown,
  listener: WorkerListener,
): WorkerThread {
  assertDescriptors((loading + 1) * kind.descriptors);
  const worker = new Worker(kind.entry, {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: kind.heapMb },
  });
  loading += 1;
  const begun = new Promise<void>((resolve) => {
    for (const event of ["message", "exit"]) worker.once(event, () => resolve());
  }).finally(() => {
    loading -= 1;
  });
  let reason: string | undefined;
  worker.on("message", (words: WorkerSays) => listener.said(words));
  worker.on("error", (error: unknown) => {
    reason = error instanceof Error ? reasonOf(error) : String(error);
  });
  worker.on("exit", (status) => listener.ended(reason ?? `exit ${status}`));
  const end = async (): Promise<void> => {
    await begun; // see assertDescriptors
    await worker.terminate();
  };
  return { worker, end };
}

/**
 * Looks whether so many descriptors can be had. A thread that ends while it loads, because it is
 * ended or because there are none left, leaves its files open for ever: Node does not close what it
 * was about to read. So no thread is ended before its first word, and none begins without enough.
 *
 * @throws SystemError EMFILE, ENFILE.
 */
export function assertDescriptors(count: number, kernel: Kernel = systemKernel): void {
  const open: number[] = [];
  try {
    while (open.length < count) open.push(check("dup", kernel.dup(0)));
  } finally {
    for (const fd of open) kernel.close(fd);
  }
}

/** The built file: a worker needs JavaScript, also where the sources run. */
export function workerFile(name: string): URL {
  return new URL(`../../../dist/demos/echo/${name}`, import.meta.url);
}
