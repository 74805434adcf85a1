/**
 * One connection's side of the protocol: what it has negotiated, who it is, how it is answered.
 * What it says is read in session.ts.
 */
import { perform } from "./acts/apply-act.js";
import type { Broadcast } from "./broadcast.js";
import { LINE_BYTES_MAX } from "./limits.js";
import { isMiddle } from "./message.js";
import { hostOf } from "./names.js";
import { NUMERICS, type NumericName } from "./numerics.js";
import { OutgoingLine } from "./outgoing-line.js";
import type { Peer } from "./peer.js";
import type { Recipient, User } from "./state.js";
import { byteLength, cutBytes, fitLine, packWords } from "./text.js";
import type { World } from "./world.js";

/** What a client may ask for, in the order in which it is offered. */
export const CAPABILITIES: readonly string[] = [
  "batch",
  "cap-notify",
  "echo-message",
  "multi-prefix",
  "server-time",
];
/** A word that came from a peer and is sent back to it. */
const ECHOED_BYTES_MAX = 120;

export class Client implements Recipient {
  readonly world: World;
  readonly host: string;
  readonly capabilities: Set<string> = new Set();
  user: User | undefined;
  /** What it wants to be called, until it is registered. */
  wantedNick: string | undefined;
  username: string | undefined;
  realname = "";
  hasPassword: boolean;
  /** Between its first CAP and CAP END: registration waits. */
  isNegotiating = false;
  hasUsedCap = false;
  hasCap302 = false;
  wasHinted = false;
  operFailures = 0;
  hasEcho = false;
  #hasTime = false;
  #isClosed = false;
  #batches = 0;
  readonly #peer: Peer;

  constructor(world: World, peer: Peer) {
    this.world = world;
    this.#peer = peer;
    this.host = hostOf(peer.host);
    this.hasPassword = world.password === undefined;
    world.unregistered += 1;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** "*" before it has one. */
  get nick(): string {
    return this.user?.nick ?? this.wantedNick ?? "*";
  }

  setCapability(name: string, isWanted: boolean): void {
    if (isWanted) this.capabilities.add(name);
    else this.capabilities.delete(name);
    this.hasEcho = this.capabilities.has("echo-message");
    this.#hasTime = this.capabilities.has("server-time");
  }

  tell(broadcast: Broadcast): void {
    if (this.#isClosed) return;
    this.world.delivered += 1;
    this.#peer.send(this.#hasTime ? broadcast.timed : broadcast.plain);
  }

  /** @param tags with "@" and a blank behind, or nothing; they do not count for the length. */
  send(line: string, tags = ""): void {
    if (this.#isClosed) return;
    this.world.delivered += 1;
    this.#peer.send(new OutgoingLine(tags + fitLine(line)));
  }

  sendFromServer(rest: string): void {
    this.send(`:${this.world.serverName} ${rest}`);
  }

  notice(text: string): void {
    this.sendFromServer(`NOTICE ${this.nick} :${text}`);
  }

  /** Words that are none, because of a blank or a colon in them, are sent as "*". */
  reply(numeric: NumericName, ...params: string[]): void {
    const [code, text] = NUMERICS[numeric];
    let line = `${code} ${this.nick}`;
    const words = text === undefined ? params.length - 1 : params.length;
    for (const word of params.slice(0, words)) line += ` ${wordOf(word)}`;
    const last = text === undefined ? params.at(-1) : text;
    this.sendFromServer(typeof last === "string" ? `${line} :${last}` : line);
  }

  /** The same with a list at its end, in as many lines as it takes: none for none. */
  replyList(numeric: NumericName, params: readonly string[], items: Iterable<string>): void {
    const words = params.map((param) => `${wordOf(param)} `).join("");
    const head = `:${this.world.serverName} 000 ${this.nick} ${words}:`;
    for (const line of packWords(items, LINE_BYTES_MAX - byteLength(head))) {
      this.reply(numeric, ...params, line);
    }
  }

  /** A name for a batch that this client has not had yet. */
  nextBatch(): string {
    this.#batches += 1;
    return `h${this.#batches}`;
  }

  /** Gone, or given up: everybody who shares a room hears it once. Idempotent. */
  leave(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.user === undefined) this.world.unregistered -= 1;
    else perform(this.world, { act: "quit", user: this.user.id, reason });
  }

  end(reason: string): void {
    if (this.#isClosed) return;
    this.send(`ERROR :Closing Link: ${this.host} (${reason})`);
    this.leave(reason);
    this.#peer.close();
  }
}

function wordOf(text: string): string {
  return isMiddle(text) ? cutBytes(text, ECHOED_BYTES_MAX) : "*";
}
