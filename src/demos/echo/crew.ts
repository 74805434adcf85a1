/**
 * A number of workers that is kept: whoever crashes is replaced. thread-pool.ts and
 * multi-reactor.ts have one.
 *
 * The rule of this file: a worker that crashes as soon as it begins must not become a loop that
 * starts threads. The first of a row of crashes is answered soon, each further one after twice the
 * time; and a row ends when a worker has lived for the longest of these times.
 */
import { reasonOf } from "../errors.js";
import type { WorkerSays } from "./worker-message.js";
import { assertThread, startWorker, type WorkerKind, type WorkerThread } from "./worker-thread.js";

export const RESTART_MIN_MS = 100;
export const RESTART_MAX_MS = 10_000;

export interface CrewMember {
  /** Its place, from 0; whoever replaces it has the same. */
  readonly place: number;
  readonly thread: WorkerThread;
}

export interface CrewOptions {
  readonly kind: WorkerKind;
  readonly size: number;
  /** What the worker of a place is told when it starts. */
  readonly dataFor: (place: number) => unknown;
  readonly log: (line: string) => void;
  readonly onReady: (member: CrewMember) => void;
  /** Also while the crew stops: what a worker has taken is not main's any more. */
  readonly onSaid: (member: CrewMember, words: WorkerSays) => void;
  /** It has crashed, and whatever it owned is closed. Not called once the crew stops. */
  readonly onLost: (member: CrewMember, reason: string) => void;
}

export class Crew {
  /** Settles when each has begun, or has crashed once. */
  readonly ready: Promise<void>;
  readonly #options: CrewOptions;
  readonly #members = new Map<number, CrewMember>();
  readonly #restarts = new Map<number, NodeJS.Timeout>();
  readonly #delays: number[];
  #isStopping = false;

  constructor(options: CrewOptions) {
    this.#options = options;
    const places = Array.from({ length: options.size }, (_, place) => place);
    this.#delays = places.map(() => RESTART_MIN_MS);
    const begun = places.map((place) => new Promise<void>((begun) => this.#start(place, begun)));
    this.ready = Promise.all(begun).then(() => {});
  }

  /** Those that live. */
  get members(): readonly CrewMember[] {
    return [...this.#members.values()];
  }

  /** Ends all of them; settles when the last is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const restart of this.#restarts.values()) clearTimeout(restart);
    await Promise.all(this.members.map(({ thread }) => thread.end()));
  }

  #start(place: number, begun: () => void): void {
    const { kind, dataFor, onReady, onSaid } = this.#options;
    const startedMs = performance.now();
    this.#restarts.delete(place);
    try {
      assertThread(kind);
      const thread = startWorker(kind, dataFor(place), {
        said: (words) => {
          if (words.says !== "ready") onSaid(member, words);
          else if (!this.#isStopping) onReady(member);
          if (words.says === "ready") begun();
        },
        ended: (reason) => {
          begun();
          this.#members.delete(place);
          if (!this.#isStopping) this.#lost(member, reason, performance.now() - startedMs);
        },
      });
      const member: CrewMember = { place, thread };
      this.#members.set(place, member);
    } catch (error) {
      begun(); // the system has no thread left
      if (!(error instanceof Error)) throw error;
      this.#restart(place, reasonOf(error));
    }
  }

  #lost(member: CrewMember, reason: string, livedMs: number): void {
    if (livedMs >= RESTART_MAX_MS) this.#delays[member.place] = RESTART_MIN_MS;
    this.#restart(member.place, reason);
    this.#options.onLost(member, reason);
  }

  #restart(place: number, reason: string): void {
    const delayMs = this.#delays[place] ?? RESTART_MIN_MS;
    this.#delays[place] = Math.min(2 * delayMs, RESTART_MAX_MS);
    const start = (): void => this.#start(place, () => {});
    this.#restarts.set(place, setTimeout(start, delayMs));
    this.#options.log(`worker ${place + 1} crashed: ${reason}; another in ${delayMs} ms`);
  }
}
