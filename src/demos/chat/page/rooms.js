/**
 * All rooms and conversations of the page, which of them is looked at, and what is unread in the
 * others. No DOM, no protocol.
 */
import { fold } from "./irc-message.js";
import { Room } from "./room.js";

/** The server's own words, with a name that no room and no user can have. */
const SERVER = " server";

/** Strangers can begin conversations, so there is an end to them: the oldest that was read goes. */
export const CONVERSATIONS_MAX = 50;

export class Rooms {
  /** @type {Map<string, Room>} by folded name, in the order in which they were opened */
  #rooms = new Map();
  #server = new Room("server", "Server");
  /** @type {Room} */
  active = this.#server;
  /** Does somebody look at the page at all? */
  isLookedAt = true;

  constructor() {
    this.clear();
  }

  clear() {
    this.#server = new Room("server", "Server");
    this.#rooms = new Map([[SERVER, this.#server]]);
    this.active = this.#server;
  }

  get server() {
    return this.#server;
  }

  /** Rooms first, then conversations, and the server. */
  all() {
    const of = (kind) => [...this.#rooms.values()].filter((room) => room.kind === kind);
    return [...of("room"), ...of("private"), this.#server];
  }

  /** @returns {Room | undefined} */
  find(name) {
    return this.#rooms.get(fold(name));
  }

  /** @returns {Room} */
  open(kind, name) {
    const known = this.find(name);
    if (known !== undefined) return known;
    if (kind === "private") this.#makeSpace();
    const room = new Room(kind, name);
    this.#rooms.set(fold(name), room);
    return room;
  }

  /** It is gone, with its lines. The server's words stay. */
  close(room) {
    if (room === this.#server) return;
    const place = this.all().indexOf(room);
    this.#rooms.delete(fold(room.name));
    if (room !== this.active) return;
    const rest = this.all().slice(0, -1);
    this.show(rest[Math.min(place, rest.length - 1)] ?? this.#server);
  }

  /** A partner has another name now. If there is a conversation of that name, they are two. */
  rename(nick, newNick) {
    const room = this.find(nick);
    if (room?.kind !== "private") return;
    if (fold(nick) !== fold(newNick) && this.find(newNick) !== undefined) return;
    room.name = newNick;
    const entries = [...this.#rooms].map(([name, each]) =>
      each === room ? [fold(newNick), room] : [name, each],
    );
    this.#rooms = new Map(entries);
  }

  /** It is looked at now: nothing of it is unread. */
  show(room) {
    this.active.readId = 0;
    this.active = room;
    this.#markRead(room);
  }

  /** Somebody looks at the page again, or not any more. */
  look(isLookedAt) {
    if (this.isLookedAt === isLookedAt) return;
    this.isLookedAt = isLookedAt;
    if (isLookedAt) this.#markRead(this.active);
    else this.active.readId = 0;
  }

  /** A line of a person has come to `room`, the last one if it is not said which. */
  notify(room, isCall, line = room.lines.at(-1)) {
    if (room === this.active && this.isLookedAt) return;
    if (room.unread === 0) room.readId = room.lines[room.lines.indexOf(line) - 1]?.id ?? 0;
    room.unread++;
    room.isCalled ||= isCall;
  }

  unreadCount() {
    return this.all().reduce((sum, { unread }) => sum + unread, 0);
  }

  #markRead(room) {
    if (room.unread === 0) room.readId = 0;
    room.unread = 0;
    room.isCalled = false;
  }

  #makeSpace() {
    const conversations = this.all().filter(({ kind }) => kind === "private");
    if (conversations.length < CONVERSATIONS_MAX) return;
    const others = conversations.filter((room) => room !== this.active);
    this.close(others.find(({ unread }) => unread === 0) ?? others[0]);
  }
}
