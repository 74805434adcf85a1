/**
 * The page as a client of IRC: how it registers and comes back, and who hears of which line. What
 * happens in rooms stands in room-events.js. It sends and gets lines, and knows neither sockets nor
 * the DOM.
 */
import { Batches } from "./batches.js";
import { Capabilities } from "./capabilities.js";
import { alternateNick, fold, formatMessage, parseMessage } from "./irc-message.js";
import { harmless } from "./irc-text.js";
import { roomEvents, spokenLine } from "./room-events.js";

/** Of a server that sends more, the rest is left out. */
const LISTED_ROOMS_MAX = 5000;

/** Other nicknames that are tried for who comes back and finds its own taken, by its ghost mostly. */
const ALTERNATES_MAX = 5;

/** The words of a JOIN, in bytes: with the rest it is one line of 512. */
const JOIN_BYTES_MAX = 400;

/** Why one cannot be in a room: it is not asked for again at the next connection. */
const JOIN_REFUSALS = new Set(["403", "405", "437", "471", "473", "474", "475", "476", "477"]);

/** The nickname is taken, or none, or not now. */
const NICK_REFUSALS = new Set(["431", "432", "433", "436", "437"]);

/**
 * @typedef {object} ClientListener
 * @property {() => void} onRegistered
 * @property {() => void} onNick we have another nickname
 * @property {(nick: string, reason: string) => void} onNickRefused while we register: choose another
 * @property {(reason: string) => void} onRefused while we register: it will not take us
 * @property {(rooms: { name: string, users: number, topic: string }[]) => void} onList
 */

export class Client {
  nick = "";
  /** The one that was asked for; it is taken again when it is free. */
  wanted = "";
  isRegistered = false;
  /** user@host included, as others get it; it counts for the length of our lines. */
  source = "";
  /** Why the server ended the last connection, if it said so. */
  lastError = "";
  capabilities = new Capabilities();
  /** @type {Map<string, string>} what 005 said */
  support = new Map();
  rooms;
  #send;
  /** @type {ClientListener} */
  #listener;
  /** Has this nickname been ours before? Then another is taken without asking. */
  #isReturning = false;
  #alternates = 0;
  /** The nickname that was asked for last, folded. */
  #wish = "";
  /** Are the server's first words over? */
  #isGreeted = false;
  #batches = new Batches();
  #listed = [];
  /** Of the rooms that were asked for by hand: they are shown when we are in. */
  #asked = new Set();

  /**
   * @param {{ rooms: import("./rooms.js").Rooms, send: (line: string) => boolean,
   *   listener: ClientListener }} options
   */
  constructor({ rooms, send, listener }) {
    this.rooms = rooms;
    this.#send = send;
    this.#listener = listener;
  }

  /** @returns whether there was a connection to send it on. @throws {TypeError} for bad words */
  send(command, ...params) {
    return this.#send(formatMessage(command, ...params));
  }

  sendRaw(line) {
    return this.#send(line.replace(/[\r\n\0]+/g, " "));
  }

  /** @param {boolean} isReturning after a reload: the old connection may still have the nickname. */
  choose(nick, isReturning = false) {
    this.wanted = nick;
    this.#isReturning = isReturning;
  }

  /** Asks for another nickname; who is registered keeps the old one until the server says so. */
  rename(nick) {
    this.#wish = fold(nick);
    if (!this.isRegistered) {
      this.choose(nick);
      this.nick = nick;
    }
    return this.send("NICK", nick);
  }

  /** There is a connection: begin. */
  opened() {
    this.#forget();
    this.#alternates = 0;
    this.nick = this.wanted;
    this.send("CAP", "LS", "302");
    this.send("NICK", this.nick);
    this.send("USER", "web", "0", "*", this.nick);
  }

  /** There is none any more. */
  lost() {
    const wasRegistered = this.isRegistered;
    this.#forget();
    for (const room of this.rooms.all()) {
      if (room.isJoined) room.say({ text: "The connection is lost" });
      room.leave();
    }
    if (wasRegistered) this.#isReturning = true;
  }

  /** Joins, and shows it then. @param {string} names with commas */
  join(names, key = "") {
    for (const name of names.split(",")) {
      this.#asked.add(fold(name));
      const room = this.rooms.find(name);
      if (room !== undefined) room.key = key || room.key;
      else if (key !== "") this.rooms.open("room", name).key = key;
    }
    return key === "" ? this.send("JOIN", names) : this.send("JOIN", names, key);
  }

  /** @returns whether it was asked for by hand; it is answered once. */
  takeAsked(name) {
    return this.#asked.delete(fold(name));
  }

  isRoomName(name) {
    return (this.support.get("CHANTYPES") ?? "#").includes(name.charAt(0)) && name !== "";
  }

  isMe(nick) {
    return fold(nick) === fold(this.nick);
  }

  /** One line of the server. */
  receive(line) {
    const message = parseMessage(line);
    const history = this.#batches.historyOf(message.tags);
    if (history !== undefined) {
      this.#batches.add(history, spokenLine(this, message));
      return;
    }
    const handle = this.#handlers[message.command] ?? roomEvents[message.command];
    if (handle) handle(this, message);
    else if (/^[45]\d\d$/.test(message.command)) this.#refuse(message);
    else if (/^\d{3}$/.test(message.command)) this.#answer(message);
  }

  #handlers = {
    "001": (_, message) => this.#welcome(message),
    "005": (_, { params }) => this.#learnSupport(params.slice(1, -1)),
    321: () => {
      this.#listed = [];
    },
    322: (_, { params: [, name = "", users = "0", topic = ""] }) => {
      if (this.#listed.length < LISTED_ROOMS_MAX) {
        this.#listed.push({ name, users: Number(users) || 0, topic: harmless(topic) });
      }
    },
    323: () => {
      this.#listener.onList(this.#listed);
      this.#listed = [];
    },
    376: () => this.#begin(),
    422: () => this.#begin(),
    BATCH: (_, { params }) => {
      const history = this.#batches.take(params);
      const room = history && this.rooms.find(history.room);
      const missed = room?.insertHistory(history.lines) ?? [];
      for (const line of missed) this.rooms.notify(room, line.isMention, line);
    },
    CAP: (_, { params }) => {
      const answer = this.capabilities.negotiate(params);
      if (answer !== undefined) this.send("CAP", ...answer);
    },
    ERROR: (_, { params }) => {
      this.lastError = harmless(params.at(-1) ?? "");
    },
    NICK: (_, message) => this.#rename(message),
    PING: (_, { params }) => this.send("PONG", ...params),
    PONG: () => {},
    QUIT: (_, message) => {
      roomEvents.QUIT(this, message);
      this.#regain(message.nick);
    },
  };

  #welcome({ params: [nick = this.nick] }) {
    this.nick = nick;
    this.isRegistered = true;
    this.lastError = "";
    if (!this.#isReturning) this.wanted = nick;
    this.#listener.onRegistered();
    if (fold(nick) !== fold(this.wanted)) {
      const text = `${this.wanted} is still taken, so you are ${nick} until it is free`;
      this.rooms.active.say({ text });
    }
  }

  #rename(message) {
    const [newNick = ""] = message.params;
    if (newNick === "") return;
    roomEvents.NICK(this, message);
    if (!this.isMe(message.nick)) {
      this.#regain(message.nick);
      return;
    }
    this.nick = newNick;
    this.source = newNick + this.source.slice(message.nick.length);
    if (fold(newNick) === this.#wish) this.wanted = newNick;
    this.#listener.onNick();
  }

  #learnSupport(tokens) {
    for (const token of tokens) {
      const [name, value = ""] = token.split("=", 2);
      this.support.set(name, value);
    }
  }

  /** The greeting is over: into the rooms that we want, or were in. */
  #begin() {
    this.#isGreeted = true;
    const rooms = this.rooms.all().filter((room) => room.isWanted && !room.isJoined);
    for (const room of rooms.filter(({ key }) => key !== ""))
      this.send("JOIN", room.name, room.key);
    let names = "";
    for (const { name } of rooms.filter(({ key }) => key === "")) {
      if (names.length * 4 + name.length * 4 > JOIN_BYTES_MAX && names !== "") {
        this.send("JOIN", names);
        names = "";
      }
      names += names === "" ? name : `,${name}`;
    }
    if (names !== "") this.send("JOIN", names);
  }

  /** 4xx and 5xx: to whom it belongs, or before one's eyes. */
  #refuse({ command, params }) {
    const text = params.slice(1).map(harmless).join(": ");
    if (!this.isRegistered) {
      if (NICK_REFUSALS.has(command)) this.#chooseAgain(harmless(params.at(-1) ?? ""));
      else if (command !== "421" && command !== "451") this.#listener.onRefused(text);
      return;
    }
    const named = params.slice(1, -1).map((name) => this.rooms.find(name));
    const room = named.find((each) => each !== undefined) ?? this.rooms.active;
    if (JOIN_REFUSALS.has(command)) {
      for (const name of params.slice(1, -1)) this.takeAsked(name);
      if (room.kind === "room" && !room.isJoined) room.isWanted = false;
    }
    room.say({ kind: "error", text });
    if (room !== this.rooms.active) this.rooms.notify(room, false);
  }

  #chooseAgain(reason) {
    if (!this.#isReturning || ++this.#alternates > ALTERNATES_MAX) {
      this.#isReturning = false;
      this.#listener.onNickRefused(this.nick, reason);
      return;
    }
    this.nick = alternateNick(this.wanted, this.#alternates);
    this.send("NICK", this.nick);
  }

  /** Any other number: the greeting, or an answer to something that was typed here. */
  #answer({ command, params }) {
    const text = params.slice(1).map(harmless).join(" ");
    const isGreeting = !this.#isGreeted || command === "372";
    if (text.trim() !== "") (isGreeting ? this.rooms.server : this.rooms.active).say({ text });
  }

  /** Somebody gave up a nickname. Is it ours? */
  #regain(nick) {
    if (fold(nick) !== fold(this.wanted) || this.isMe(this.wanted)) return;
    this.send("NICK", this.wanted);
  }

  #forget() {
    this.isRegistered = this.#isGreeted = false;
    this.#batches.clear();
    this.#asked.clear();
    this.capabilities.clear();
    this.support.clear();
  }
}
