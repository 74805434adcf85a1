/** What main and its workers say to each other. A worker loads this file, so it imports nothing. */
import { parentPort } from "node:worker_threads";

/** From a worker. An id is main's (see `Given`), or the worker's own for what it accepted. */
export type WorkerSays =
  | { readonly says: "ready" }
  | {
      readonly says: "accepted";
      readonly id: number;
      readonly state: string;
      readonly peer: string;
    }
  | { readonly says: "paused"; readonly code: string }
  | { readonly says: "taken"; readonly id: number }
  | { readonly says: "closed"; readonly id: number; readonly reason: string };

/** To a worker: a descriptor, which it owns once it has said "taken". */
export interface Given {
  readonly id: number;
  readonly fd: number;
}

/** Works also while the worker's own loop stands still, as it does in a blocking call. */
export function say(words: WorkerSays): void {
  parentPort?.postMessage(words);
}
