/**
 * Who has lines to be written. A line for a thousand members only notes them here, and each is
 * written to once, with all it has got meanwhile: that is one system call a member, however many
 * lines there are.
 *
 * The rule of this file: who speaks alone is sent at once; where several speak at a time, or one
 * says much, what they say is sent together at the end of the turn.
 */
import type { Reactor } from "socket-reactor";

/** What is said within so long of the last sending is collected first. */
const COLLECT_MS = 1;

export interface Writer {
  /** Writes what it has noted. Calls no handler. */
  flush(): void;
}

export class Outbox {
  readonly #reactor: Reactor;
  #writers: Writer[] = [];
  #spare: Writer[] = [];
  #isHeld = false;
  #isDue = false;
  #flushedMs = -Infinity;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  /** Its first line since it was flushed. */
  add(writer: Writer): void {
    this.#writers.push(writer);
    if (!this.#isHeld) this.#later();
  }

  /** A line is about to be dealt with: `release` decides when its answers go out. */
  hold(): void {
    this.#isHeld = true;
  }

  /** @param isLast the peer has said no more for now. */
  release(isLast: boolean): void {
    this.#isHeld = false;
    if (this.#writers.length === 0 || this.#isDue) return;
    const sinceMs = this.#reactor.kernel.nowMs() - this.#flushedMs;
    if (isLast && sinceMs >= COLLECT_MS) this.flush();
    else this.#later();
  }

  flush(): void {
    const writers = this.#writers;
    if (writers.length === 0) return;
    this.#writers = this.#spare;
    for (const writer of writers) writer.flush();
    writers.length = 0;
    this.#spare = writers;
    this.#flushedMs = this.#reactor.kernel.nowMs();
  }

  #later(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#reactor.deferPlain(this.#work);
  }

  readonly #work = (): void => {
    this.#isDue = false;
    this.flush();
  };
}
