/** Those who left or changed their nickname, the latest last. Bounded. */
import { fold } from "./names.js";
import type { User } from "./state.js";

export interface FormerUser {
  readonly nick: string;
  readonly username: string;
  readonly host: string;
  readonly realname: string;
  /** When it went. */
  readonly leftAt: number;
}

export class Whowas {
  readonly #sizeMax: number;
  readonly #former: FormerUser[] = [];

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#former.length;
  }

  add({ nick, username, host, realname }: User, leftAt: number): void {
    this.#former.push({ nick, username, host, realname, leftAt });
    if (this.#former.length > this.#sizeMax) this.#former.shift();
  }

  /** The latest first. O(size). */
  find(nick: string): FormerUser[] {
    const wanted = fold(nick);
    return this.#former.filter((former) => fold(former.nick) === wanted).reverse();
  }
}
