/**
 * Who has lines to be written. A line for a thousand members only notes them here, and each is
 * written to once, with all it has got meanwhile: that is one system call a member, however many
 * lines there are.
 *
 * The rule of this file: what is said in one turn of the reactor goes out together, at its end. To
 * send a line sooner would cost the same alone, and where several speak make more calls of them.
 */
import type { Reactor } from "socket-reactor";

export interface Writer {
  /** Writes what it has noted. Calls no handler. */
  flush(): void;
}

export class Outbox {
  readonly #reactor: Reactor;
  #writers: Writer[] = [];
  #spare: Writer[] = [];
  #isDue = false;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  /** Its first line since it was flushed. */
  add(writer: Writer): void {
    this.#writers.push(writer);
    if (this.#isDue) return;
    this.#isDue = true;
    this.#reactor.deferPlain(this.#work);
  }

  flush(): void {
    const writers = this.#writers;
    if (writers.length === 0) return;
    this.#writers = this.#spare;
    for (const writer of writers) writer.flush();
    writers.length = 0;
    this.#spare = writers;
  }

  readonly #work = (): void => {
    this.#isDue = false;
    this.flush();
  };
}
