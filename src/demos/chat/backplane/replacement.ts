/**
 * A snapshot as it comes in, part by part: what it tells replaces what was known of its server. Its
 * acts are applied as they come, and what they do not mention is taken back at the end, so that who
 * has stayed is not seen to leave and come again.
 *
 * Only what belongs to the server is taken back: its users, the rooms they are in, what they may do
 * there. A room's modes and topic belong to all, and are settled as those of two rooms that meet.
 */
import type { Act } from "../network/act.js";
import type { ChatNetwork } from "../network/chat-network.js";
import { fold } from "../network/names.js";

/** What was known of a user and is not mentioned yet. */
interface KnownUser {
  isThere: boolean;
  /** By how a room's name is compared. */
  readonly rooms: Map<string, KnownMembership>;
}

interface KnownMembership {
  isThere: boolean;
  readonly room: string;
  /** Of "o" and "v" what it had and nobody has mentioned. */
  readonly letters: Set<string>;
}

export class Replacement {
  readonly #network: ChatNetwork;
  readonly #users = new Map<string, KnownUser>();

  /** O(users) */
  constructor(network: ChatNetwork, server: string) {
    this.#network = network;
    for (const user of network.users()) {
      if (user.serverId !== server) continue;
      const rooms = new Map<string, KnownMembership>();
      for (const [{ name }, { isOperator, isVoiced }] of user.rooms) {
        const letters = new Set([...(isOperator ? "o" : ""), ...(isVoiced ? "v" : "")]);
        rooms.set(fold(name), { isThere: false, room: name, letters });
      }
      this.#users.set(user.id, { isThere: false, rooms });
    }
  }

  apply(act: Act): void {
    if (act.act === "enter") this.#enter(act.user.id);
    else if (act.act === "join") this.#join(act);
    else if (act.act === "mode") this.#mode(act);
    this.#network.apply(act);
  }

  /** All parts have come. @param reason why those are gone who were not mentioned. */
  finish(reason: string): void {
    for (const [user, { isThere, rooms }] of this.#users) {
      if (!isThere) {
        this.#network.apply({ act: "quit", user, reason });
        continue;
      }
      for (const membership of rooms.values()) this.#takeBack(user, membership);
    }
  }

  #enter(user: string): void {
    const known = this.#users.get(user);
    if (known === undefined) return;
    known.isThere = true;
    // Who is away is told behind it. Who is back is not.
    this.#network.apply({ act: "away", user, reason: undefined });
  }

  #join({ user, room }: Act & { act: "join" }): void {
    const known = this.#users.get(user)?.rooms.get(fold(room));
    if (known !== undefined) known.isThere = true;
  }

  #mode({ room, changes }: Act & { act: "mode" }): void {
    for (const { letter, argument = "" } of changes) {
      this.#users.get(argument)?.rooms.get(fold(room))?.letters.delete(letter);
    }
  }

  #takeBack(user: string, { isThere, room, letters }: KnownMembership): void {
    if (!isThere) {
      this.#network.apply({ act: "part", user, room, reason: "" });
    } else if (letters.size > 0) {
      const changes = [...letters].map((letter) => ({ isSet: false, letter, argument: user }));
      this.#network.apply({ act: "mode", user, room, changes });
    }
  }
}
