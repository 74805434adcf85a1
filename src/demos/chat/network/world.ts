/**
 * The network's tables and figures, and the settings it runs by. What stands in two tables is kept
 * in step here; who may do what and who hears of it is decided elsewhere.
 */
import { randomInt } from "node:crypto";
import type { Act } from "./act.js";
import { History } from "./history.js";
import { HISTORY_LINES, LIMITS, type Limits, SERVER_NAME_LENGTH } from "./limits.js";
import { fold, matches } from "./names.js";
import { Room, type User } from "./state.js";
import { Whowas } from "./whowas.js";

export interface NetworkOptions {
  /** Default "chat.localhost". */
  readonly serverName?: string | undefined;
  /** One word. Default "ChatNet". */
  readonly networkName?: string | undefined;
  /** 1 to 8 letters a–z and digits; of joined servers each has another. Default random. */
  readonly serverId?: string | undefined;
  /** The message of the day, in lines. */
  readonly motd?: readonly string[] | undefined;
  /** What OPER takes: names and their passwords. Nobody by default. */
  readonly operators?: ReadonlyMap<string, string> | undefined;
  /** What PASS has to be told before one may enter. Nothing by default. */
  readonly password?: string | undefined;
  /** In milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Kept in each room. Default HISTORY_LINES; 0 keeps none. */
  readonly historyLines?: number | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

export class World {
  readonly serverName: string;
  readonly networkName: string;
  readonly serverId: string;
  readonly motd: readonly string[];
  readonly operators: ReadonlyMap<string, string>;
  readonly password: string | undefined;
  readonly limits: Limits;
  readonly now: () => number;
  readonly startedAt: number;
  /** By id. */
  readonly users: Map<string, User> = new Map();
  /** By folded name. */
  readonly rooms: Map<string, Room> = new Map();
  /** How many users each other server has. */
  readonly servers: Map<string, number> = new Map();
  readonly whowas: Whowas;
  /** Where acts of local users go after they were applied. */
  onAct: ((act: Act) => void) | undefined;
  /** What happened beside our own acts, and how much it was when one of them was done: confirm-act.ts. */
  disturbances = 0;
  readonly disturbancesAt: WeakMap<Act, number> = new WeakMap();
  localUsers = 0;
  localUsersMost = 0;
  usersMost = 0;
  invisible = 0;
  operatorsOnline = 0;
  /** Connections that have not registered. */
  unregistered = 0;
  /** Lines that came, and lines that were handed to peers. */
  lines = 0;
  delivered = 0;
  readonly #nicks = new Map<string, User>();
  readonly #historyLines: number;
  #marks = 0;
  #userNumber = 0;

  constructor(options: NetworkOptions) {
    this.serverName = options.serverName ?? "chat.localhost";
    this.networkName = options.networkName ?? "ChatNet";
    this.serverId = options.serverId ?? randomId();
    this.motd = options.motd ?? [];
    this.operators = options.operators ?? new Map();
    this.password = options.password;
    this.limits = { ...LIMITS, ...options.limits };
    this.now = options.now ?? Date.now;
    this.startedAt = this.now();
    this.whowas = new Whowas(this.limits.whowasMax);
    this.#historyLines = options.historyLines ?? HISTORY_LINES;
    checkWord("serverName", this.serverName, /^[\w.-]+$/, SERVER_NAME_LENGTH);
    checkWord("networkName", this.networkName, /^[\p{L}\p{N}._-]+$/u, SERVER_NAME_LENGTH);
    checkWord("serverId", this.serverId, /^[0-9a-z]+$/, 8);
  }

  /** An id for a user who registers here. */
  nextUserId(): string {
    this.#userNumber += 1;
    return `${this.serverId}.${this.#userNumber}`;
  }

  /** A number that no user is marked with yet. */
  nextMark(): number {
    this.#marks += 1;
    return this.#marks;
  }

  userByNick(nick: string): User | undefined {
    return this.#nicks.get(fold(nick));
  }

  room(name: string): Room | undefined {
    return this.rooms.get(fold(name));
  }

  /** What is shown as a user's server: of others only the id is known. */
  serverNameOf(user: User): string {
    return user.isLocal ? this.serverName : user.serverId;
  }

  /** Whether a word names this server, or somebody on it: whom a question can be put to. */
  isServerOrNick(word: string): boolean {
    return matches(fold(word), fold(this.serverName)) || this.userByNick(word) !== undefined;
  }

  /** The nickname must be free. */
  addUser(user: User): void {
    this.users.set(user.id, user);
    this.#nicks.set(fold(user.nick), user);
    if (user.isInvisible) this.invisible += 1;
    if (user.isLocal) this.localUsers += 1;
    else this.servers.set(user.serverId, (this.servers.get(user.serverId) ?? 0) + 1);
    this.usersMost = Math.max(this.usersMost, this.users.size);
    this.localUsersMost = Math.max(this.localUsersMost, this.localUsers);
  }

  /** From all its rooms, too. */
  removeUser(user: User): void {
    for (const room of [...user.rooms.keys()]) this.leaveRoom(user, room);
    this.whowas.add(user, this.now());
    this.users.delete(user.id);
    this.#nicks.delete(fold(user.nick));
    if (user.isInvisible) this.invisible -= 1;
    if (user.isOperator) this.operatorsOnline -= 1;
    if (user.isLocal) this.localUsers -= 1;
    else this.#countDown(user.serverId);
  }

  /** The nickname must be free, or its own in other letters. */
  rename(user: User, nick: string): void {
    this.whowas.add(user, this.now());
    this.#nicks.delete(fold(user.nick));
    user.nick = nick;
    this.#nicks.set(fold(nick), user);
  }

  setInvisible(user: User, isInvisible: boolean): void {
    if (user.isInvisible !== isInvisible) this.invisible += isInvisible ? 1 : -1;
    user.isInvisible = isInvisible;
  }

  setOperator(user: User, isOperator: boolean): void {
    if (user.isOperator !== isOperator) this.operatorsOnline += isOperator ? 1 : -1;
    user.isOperator = isOperator;
  }

  addRoom(name: string, createdAt: number): Room {
    const history = new History(this.#historyLines, this.limits.historyBytesMax);
    const room = new Room(name, createdAt, history);
    this.rooms.set(fold(name), room);
    return room;
  }

  /** A room ends with its last member. */
  leaveRoom(user: User, room: Room): void {
    room.remove(user);
    if (room.members.size === 0) this.rooms.delete(fold(room.name));
  }

  #countDown(serverId: string): void {
    const left = (this.servers.get(serverId) ?? 0) - 1;
    if (left > 0) this.servers.set(serverId, left);
    else this.servers.delete(serverId);
  }
}

function randomId(): string {
  return Array.from({ length: 8 }, () => randomInt(36).toString(36)).join("");
}

function checkWord(name: string, value: string, pattern: RegExp, lengthMax: number): void {
  if (pattern.test(value) && Buffer.byteLength(value) <= lengthMax) return;
  const allowed = `${pattern} with at most ${lengthMax} bytes`;
  throw new RangeError(`${name} must match ${allowed}: ${JSON.stringify(value)}`);
}
