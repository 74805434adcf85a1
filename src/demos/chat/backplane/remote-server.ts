/**
 * One other server, as its messages tell: which number comes next, whether we know all that its
 * users did, and for how long it has been silent. Pure bookkeeping; backplane.ts acts on it.
 */
import type { Body, Message } from "./message.js";

/** What a message means for what we know of its sender. */
export type Standing =
  /** It is old, or told twice, or says what we know: nothing to do. */
  | "known"
  /** It says what follows. */
  | "next"
  /** The first, a middle or the only part of a snapshot: it replaces what we know. */
  | "snapshot"
  /** Something before it is missing, and only a snapshot helps. */
  | "missing";

export class RemoteServer {
  readonly id: string;
  readonly run: string;
  /** How many beats of ours it has been silent for. */
  silentBeats = 0;
  /** Whether it was asked for a snapshot since our last beat: once in a beat is enough. */
  isAsked: boolean;
  #next: number;
  #isInStep = false;
  /** Of the snapshot that is on its way; 0 while there is none. */
  #nextPart = 0;

  constructor({ from, run, number }: Message) {
    this.id = from;
    this.run = run;
    this.#next = number;
    // Our hello asked everybody; who says hello sends one by itself.
    this.isAsked = true;
  }

  /** Whether we know everything that its users did. */
  get isInStep(): boolean {
    return this.#isInStep;
  }

  /** Counts a message of this run, and says what it is good for. */
  take({ number, body }: Message): Standing {
    if (body.type === "hello") return this.#begin(number);
    if (number < this.#next) return "known";
    if (number > this.#next) this.#isInStep = false;
    const isNext = number === this.#next;
    this.#next = number + 1;
    if (body.type === "snapshot") return this.#takePart(body, isNext);
    this.#nextPart = 0;
    return this.#isInStep ? "next" : "missing";
  }

  /** It joined again: what it did in between we shall hear from its snapshot. */
  #begin(number: number): Standing {
    this.#next = number + 1;
    this.#isInStep = false;
    this.#nextPart = 0;
    this.isAsked = true;
    return "known";
  }

  #takePart({ part, isLast }: Body & { type: "snapshot" }, isNext: boolean): Standing {
    if (this.#isInStep) return "known"; // Somebody else had missed something.
    const isExpected = part === 0 || (isNext && part === this.#nextPart);
    this.#nextPart = isExpected && !isLast ? part + 1 : 0;
    if (!isExpected) return "missing";
    if (isLast) this.isAsked = false;
    this.#isInStep = isLast;
    return "snapshot";
  }
}
