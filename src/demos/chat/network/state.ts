/**
 * Who is there, and in which rooms: users, rooms and the memberships between them. They stand in
 * one file because each points at the other. Only data and the look-ups on it; what may change them
 * are the acts (acts/), and who may act the commands (commands/) decide.
 */
import type { UserRecord } from "./act.js";
import type { Broadcast } from "./broadcast.js";
import type { History } from "./history.js";
import { INVITES_MAX } from "./limits.js";
import { fold, matches } from "./names.js";
import type { NumericName } from "./numerics.js";

/** The connection of a local user, as far as what happens to the user needs it. */
export interface Recipient {
  readonly hasEcho: boolean;
  tell(broadcast: Broadcast): void;
  reply(numeric: NumericName, ...params: string[]): void;
  notice(text: string): void;
  /** Ends it, with a last line that says why. */
  end(reason: string): void;
}

export class User {
  readonly id: string;
  readonly username: string;
  readonly host: string;
  readonly realname: string;
  /** When it registered. */
  readonly at: number;
  /** What carries it, if it is connected to this server. */
  readonly client: Recipient | undefined;
  readonly rooms: Map<Room, Membership> = new Map();
  /** Tickets of rooms that it may enter although they are +i. */
  readonly invites: Set<symbol> = new Set();
  away: string | undefined;
  /** Of other servers' users nobody here knows: they are taken as hidden. */
  isInvisible: boolean;
  isOperator = false;
  hasWallops = false;
  /** When it last said something; known of local users. */
  spokeAt: number;
  /** The last broadcast that reached it: how nobody is told twice. */
  mark = 0;
  #nick = "";
  #mask = "";
  #foldedMask = "";
  #foldedFields: readonly string[] = [];

  constructor(record: UserRecord, client: Recipient | undefined) {
    this.id = record.id;
    this.username = record.username;
    this.host = record.host;
    this.realname = record.realname;
    this.at = record.at;
    this.spokeAt = record.at;
    this.client = client;
    this.isInvisible = client === undefined;
    this.nick = record.nick;
  }

  get nick(): string {
    return this.#nick;
  }

  set nick(nick: string) {
    this.#nick = nick;
    this.#mask = `${nick}!${this.username}@${this.host}`;
    this.#foldedMask = fold(this.#mask);
    this.#foldedFields = [nick, this.username, this.host, this.realname].map(fold);
  }

  /** nick!username@host. */
  get mask(): string {
    return this.#mask;
  }

  get foldedMask(): string {
    return this.#foldedMask;
  }

  /** What WHO looks at in everybody: folded once, not with each WHO. */
  get foldedFields(): readonly string[] {
    return this.#foldedFields;
  }

  get isLocal(): boolean {
    return this.client !== undefined;
  }

  /** The part of its id before the dot. */
  get serverId(): string {
    return serverOf(this.id);
  }

  get record(): UserRecord {
    const { id, nick, username, host, realname, at } = this;
    return { id, nick, username, host, realname, at };
  }

  invite({ ticket }: Room): void {
    this.invites.delete(ticket);
    this.invites.add(ticket);
    for (const oldest of this.invites) {
      if (this.invites.size <= INVITES_MAX) break;
      this.invites.delete(oldest);
    }
  }

  sharesRoomWith(other: User): boolean {
    for (const room of this.rooms.keys()) if (other.rooms.has(room)) return true;
    return false;
  }
}

export function serverOf(userId: string): string {
  return userId.slice(0, Math.max(userId.indexOf("."), 0));
}

export class Membership {
  readonly user: User;
  isOperator = false;
  isVoiced = false;
  /** Where it stands among the room's local members; -1 for others. */
  localIndex = -1;
  #isBanned = false;
  #bansVersion = -1;
  #mask = "";

  constructor(user: User) {
    this.user = user;
  }

  /** "@", "+" or nothing; with `all` what is below the highest, too. */
  sign(all: boolean): string {
    if (this.isOperator) return all && this.isVoiced ? "@+" : "@";
    return this.isVoiced ? "+" : "";
  }

  /** Kept until the bans or its name change: it is asked for with every message. */
  isBannedFrom(room: Room): boolean {
    if (this.#bansVersion !== room.masksVersion || this.#mask !== this.user.mask) {
      this.#bansVersion = room.masksVersion;
      this.#mask = this.user.mask;
      this.#isBanned = room.bans(this.user);
    }
    return this.#isBanned;
  }
}

/** The modes that are lists of masks: bans, exceptions from them, standing invitations. */
export const MASK_LETTERS = ["b", "e", "I"] as const;
export type MaskLetter = (typeof MASK_LETTERS)[number];

export function isMaskLetter(letter: string): letter is MaskLetter {
  return (MASK_LETTERS as readonly string[]).includes(letter);
}

/** The modes that are on or off. */
export const FLAG_LETTERS: readonly string[] = ["i", "m", "n", "s", "t"];

export interface MaskEntry {
  readonly mask: string;
  readonly folded: string;
  readonly by: string;
  readonly at: number;
}

export interface Topic {
  readonly text: string;
  readonly by: string;
  readonly at: number;
}

export class Room {
  readonly name: string;
  /** Of servers that made it apart from one another the earlier counts. */
  createdAt: number;
  readonly members: Map<User, Membership> = new Map();
  /** Those of `members` who are connected here: what a message goes to. In no order. */
  readonly locals: Membership[] = [];
  readonly flags: Set<string> = new Set();
  readonly masks: Readonly<Record<MaskLetter, Map<string, MaskEntry>>> = {
    b: new Map(),
    e: new Map(),
    I: new Map(),
  };
  /** Grows with each change of `masks`. */
  masksVersion = 0;
  key: string | undefined;
  limit: number | undefined;
  topic: Topic | undefined;
  readonly history: History;
  /**
   * What an invitation holds: of no use once the room has ended, even to a new one of that name. The
   * room itself would be kept, with all that was said in it, by whoever never uses the invitation.
   */
  readonly ticket: symbol = Symbol();

  constructor(name: string, createdAt: number, history: History) {
    this.name = name;
    this.createdAt = createdAt;
    this.history = history;
  }

  get isSecret(): boolean {
    return this.flags.has("s");
  }

  get masksCount(): number {
    return this.masks.b.size + this.masks.e.size + this.masks.I.size;
  }

  add(user: User): Membership {
    const membership = new Membership(user);
    this.members.set(user, membership);
    user.rooms.set(this, membership);
    if (user.isLocal) membership.localIndex = this.locals.push(membership) - 1;
    return membership;
  }

  /** In constant time: the last of the local members takes the place that is free. */
  remove(user: User): void {
    const membership = this.members.get(user);
    if (membership === undefined) return;
    this.members.delete(user);
    user.rooms.delete(this);
    const last = membership.localIndex < 0 ? undefined : this.locals.pop();
    if (last === undefined || last === membership) return;
    last.localIndex = membership.localIndex;
    this.locals[last.localIndex] = last;
  }

  /** Whether a ban holds for a user and no exception does. O(masks). */
  bans(user: User): boolean {
    return fits(this.masks.b, user) && !fits(this.masks.e, user);
  }

  hasStandingInvitation(user: User): boolean {
    return fits(this.masks.I, user);
  }

  /** Whether it is shown to somebody: a secret room only to who is in it. */
  isOperator(user: User): boolean {
    return this.members.get(user)?.isOperator === true;
  }

  isVisibleTo(user: User): boolean {
    return !this.isSecret || this.members.has(user);
  }
}

function fits(masks: ReadonlyMap<string, MaskEntry>, user: User): boolean {
  for (const { folded } of masks.values()) if (matches(folded, user.foldedMask)) return true;
  return false;
}
