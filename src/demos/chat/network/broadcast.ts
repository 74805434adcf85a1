/**
 * One event on its way to many: the line itself and, for those who asked for `server-time`, the
 * same with the time in front. Each is made once, when the first peer of that kind is told.
 */
import { OutgoingLine } from "./outgoing-line.js";
import { fitLine } from "./text.js";

export class Broadcast {
  readonly #text: string;
  readonly #at: number;
  #plain: OutgoingLine | undefined;
  #timed: OutgoingLine | undefined;

  /** @param at when it happened. */
  constructor(text: string, at: number) {
    this.#text = fitLine(text);
    this.#at = at;
  }

  get plain(): OutgoingLine {
    this.#plain ??= new OutgoingLine(this.#text);
    return this.#plain;
  }

  get timed(): OutgoingLine {
    this.#timed ??= new OutgoingLine(`@time=${timeTag(this.#at)} ${this.#text}`);
    return this.#timed;
  }
}

/** As IRCv3's server-time writes it: 2026-01-31T12:00:00.000Z. */
export function timeTag(at: number): string {
  return new Date(at).toISOString();
}
