/**
 * A room, a private conversation or the server's own words, as far as the page keeps them: who is
 * there, and the last lines. No DOM, no protocol.
 */
import { fold } from "./irc-message.js";

/** Lines of a room that are kept and shown: some hours of talk, and little for a browser. */
export const LINES_MAX = 500;

/** Comings and goings in a row make one line, so that they do not push out what was said. */
const EVENTS_MAX = 40;

/** From the first of them to the last. */
const TOGETHER_MS = 10 * 60_000;

let lineIds = 0;

/**
 * @typedef {"room" | "private" | "server"} RoomKind
 * @typedef {{ nick: string, privileges: string }} Member privileges: of "@+" what it has
 * @typedef {"message" | "action" | "notice" | "info" | "error"} SpokenKind
 * @typedef {{ id: number, at: number, kind: SpokenKind, nick: string, text: string, isOwn: boolean,
 *   isMention: boolean }} SpokenLine
 * @typedef {{ nick: string, what: string, other?: string }} PresenceEvent "anna", "left:", "bye"
 * @typedef {{ id: number, at: number, kind: "presence", events: PresenceEvent[], earlier: number,
 *   version: number }} PresenceLine
 * @typedef {SpokenLine | PresenceLine} Line
 */

export class Room {
  /** @type {RoomKind} */
  kind;
  /** As it is shown; it is compared by `fold(name)`. */
  name;
  topic = "";
  /** The word that opens a room with a key. */
  key = "";
  /** Are we in it? A private conversation has nothing to be in. */
  isJoined = false;
  /** Were we, and do we want to be again when the connection is back? */
  isWanted = false;
  /** Typed and not yet sent. */
  draft = "";
  unread = 0;
  /** Is one of the unread meant for us? */
  isCalled = false;
  /** The line after which the unread ones begin, while they are looked at. */
  readId = 0;
  /** Changes when lines came in between others: who shows them begins anew. */
  generation = 0;
  /** Changes with `members`. */
  membersVersion = 0;
  /** @type {Line[]} the oldest first */
  lines = [];
  /** @type {Map<string, Member>} by the folded nickname */
  members = new Map();
  /** Where a history belongs: before the line that says that we came. */
  #arrival = 0;
  /** Have we been here before that? */
  #isBack = false;

  /** @param {RoomKind} kind @param {string} name */
  constructor(kind, name) {
    this.kind = kind;
    this.name = name;
  }

  /** @param {Partial<SpokenLine>} line */
  say(line) {
    this.#append({
      ...{ id: ++lineIds, at: Date.now(), kind: "info", nick: "", text: "" },
      ...{ isOwn: false, isMention: false },
      ...line,
    });
  }

  /** @param {PresenceEvent} event */
  tell(event, at = Date.now()) {
    const last = this.lines.at(-1);
    if (last?.kind !== "presence" || at - last.at > TOGETHER_MS) {
      this.#append({
        ...{ id: ++lineIds, at, kind: "presence", events: [event], earlier: 0, version: 0 },
      });
      return;
    }
    last.version++;
    last.events.push(event);
    if (last.events.length <= EVENTS_MAX) return;
    last.events.shift();
    last.earlier++;
  }

  /** We are in, and who else is will be told next. */
  arrive(text, at) {
    this.#isBack = this.#arrival > 0;
    this.isJoined = this.isWanted = true;
    this.#clearMembers();
    this.say({ text, at });
    this.#arrival = this.lines.at(-1).id;
  }

  /** We are not in any more; the lines stay. */
  leave() {
    this.isJoined = false;
    this.#clearMembers();
  }

  /**
   * What was said before we came. What was heard then and is still here is not taken twice: of one
   * moment, one person and one text.
   *
   * @param {SpokenLine[]} history the oldest first
   * @returns {SpokenLine[]} what we have missed: of the first history nothing, we were not here
   */
  insertHistory(history) {
    const known = new Set(this.lines.map(identity));
    const isNew = (line) => !known.has(identity(line));
    const fresh = history.filter(isNew).map((line) => ({ ...line, id: ++lineIds }));
    if (fresh.length === 0) return [];
    const arrival = this.lines.findIndex(({ id }) => id === this.#arrival);
    this.lines.splice(Math.max(0, arrival), 0, ...fresh);
    this.#trim();
    this.generation++;
    return this.#isBack ? fresh.filter(({ isOwn }) => !isOwn) : [];
  }

  /** @param {string} nick with its privileges as NAMES has them: "@+anna" */
  addName(nick) {
    const privileges = /^[~&@%+]*/.exec(nick)[0];
    this.addMember(nick.slice(privileges.length), privileges);
  }

  addMember(nick, privileges = "") {
    this.members.set(fold(nick), { nick, privileges });
    this.membersVersion++;
  }

  renameMember(nick, newNick) {
    const privileges = this.members.get(fold(nick))?.privileges;
    this.removeMember(nick);
    this.addMember(newNick, privileges);
  }

  /** @param {string} sign of "@+" */
  setPrivilege(nick, sign, isSet) {
    const member = this.members.get(fold(nick));
    if (member === undefined) return;
    this.membersVersion++;
    const signs = new Set(member.privileges);
    if (isSet) signs.add(sign);
    else signs.delete(sign);
    member.privileges = [...RANKS].filter((each) => signs.has(each)).join("");
  }

  /** @returns whether it was there. */
  removeMember(nick) {
    const wasThere = this.members.delete(fold(nick));
    if (wasThere) this.membersVersion++;
    return wasThere;
  }

  hasMember(nick) {
    return this.members.has(fold(nick));
  }

  /** Operators first, then who may speak, each by name. */
  sortedMembers() {
    return [...this.members.values()].sort(
      (a, b) => rankOf(a) - rankOf(b) || collator.compare(a.nick, b.nick),
    );
  }

  #clearMembers() {
    this.members.clear();
    this.membersVersion++;
  }

  #append(line) {
    this.lines.push(line);
    this.#trim();
  }

  #trim() {
    if (this.lines.length > LINES_MAX) this.lines.splice(0, this.lines.length - LINES_MAX);
  }
}

const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });

const RANKS = "~&@%+";

function rankOf({ privileges }) {
  const rank = privileges === "" ? -1 : RANKS.indexOf(privileges.charAt(0));
  return rank < 0 ? RANKS.length : rank;
}

function identity({ at, kind, nick, text }) {
  return `${at} ${kind} ${nick} ${text}`;
}
