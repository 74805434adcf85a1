/**
 * A worker as the echo servers start one, and end it. However it comes to its end (an uncaught error,
 * a process.exit(), no memory left, terminate()), Node says "exit" when the thread is gone, and with
 * it every descriptor that it owned; what it had said until then has been heard by then.
 */
import { Worker } from "node:worker_threads";
import { check, errnoOf, type Kernel, SystemError, systemKernel } from "socket-reactor";
import { reasonOf } from "../errors.js";
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
  /** How many may load at the same time, for want of descriptors at least. */
  readonly together: number;
}

export interface WorkerThread {
  readonly worker: Worker;
  /** Ends the thread; settles when it is gone. */
  end(): Promise<void>;
}

/** Of its descriptors a thread keeps its loop's, and those of a connection. */
const DESCRIPTORS_KEPT = 8;

/** Descriptors promised to threads that load now. */
let promised = 0;
/** Descriptors that were free before the first of them began, less what the others have kept. */
let free = 0;

/**
 * Behind `assertThread`, which looks whether it can begin.
 *
 * @throws Error ERR_WORKER_INIT_FAILED: the system has no thread left.
 */
export function startWorker(
  kind: WorkerKind,
  data: unknown,
  listener: WorkerListener,
): WorkerThread {
  const worker = new Worker(kind.entry, {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: kind.heapMb },
  });
  promised += kind.descriptors;
  const begun = new Promise<void>((resolve) => {
    for (const event of ["message", "exit"]) worker.once(event, () => resolve());
  }).finally(() => {
    promised -= kind.descriptors;
    free -= DESCRIPTORS_KEPT;
  });
  let reason: string | undefined;
  worker.on("message", (words: WorkerSays) => listener.said(words));
  worker.on("error", (error: unknown) => {
    reason = reasonOf(error);
  });
  worker.on("exit", (status) => listener.ended(reason ?? `exit ${status}`));
  const end = async (): Promise<void> => {
    await begun; // see assertThread
    await worker.terminate();
  };
  return { worker, end };
}

/**
 * Looks whether one more thread can have its descriptors. A thread that ends while it loads, because
 * it is ended or because there are none left, leaves its files open for ever: Node does not close
 * what it was about to read. So no thread is ended before its first word, and none begins without
 * enough.
 *
 * To look is to take them for a moment: two milliseconds for two thousand. While threads load that
 * would be theirs, so then we reckon.
 *
 * @throws SystemError EMFILE.
 */
export function assertThread({ descriptors, together }: WorkerKind): void {
  if (promised === 0) free = countFree(descriptors * together);
  if (promised + descriptors > free) throw new SystemError("dup", errnoOf("EMFILE"));
}

function countFree(max: number): number {
  const open: number[] = [];
  for (let fd = 0; fd >= 0 && open.length < max; ) {
    fd = systemKernel.dup(0);
    if (fd >= 0) open.push(fd);
  }
  for (const fd of open) systemKernel.close(fd);
  return open.length;
}

/**
 * Looks whether a connection can have its descriptors: its own, and the one that main keeps.
 *
 * @throws SystemError EMFILE, ENFILE.
 */
export function assertConnection(kernel: Kernel): void {
  const first = check("dup", kernel.dup(0));
  const second = kernel.dup(0);
  for (const fd of [first, second]) if (fd >= 0) kernel.close(fd);
  check("dup", second);
}

/** The built file: a worker needs JavaScript, also where the sources run. */
export function workerFile(name: string): URL {
  return new URL(`../../../dist/demos/echo/${name}`, import.meta.url);
}
