/**
 * What a transport holds for each connection: it hands in lines and says when the connection is
 * gone. The protocol's side of a connection is client.ts, what the lines mean is in commands/.
 *
 * The rule of the file: whatever is said, nothing throws.
 */
import { Client } from "./client.js";
import { hint, registerByHand } from "./commands/registration.js";
import { COMMANDS } from "./commands/table.js";
import { LINE_BYTES_MAX } from "./limits.js";
import { type Message, parseMessage } from "./message.js";
import type { Peer } from "./peer.js";
import { byteLength, hasLineBreaker } from "./text.js";
import type { World } from "./world.js";

export class Session {
  readonly #client: Client;

  constructor(world: World, peer: Peer) {
    this.#client = new Client(world, peer);
  }

  get isRegistered(): boolean {
    return this.#client.user !== undefined;
  }

  get isClosed(): boolean {
    return this.#client.isClosed;
  }

  /** "*" before it has one. */
  get nick(): string {
    return this.#client.nick;
  }

  /** Takes one line, without its end. */
  receive(line: string): void {
    const client = this.#client;
    if (client.isClosed) return;
    client.world.lines += 1;
    if (line.length * 3 > LINE_BYTES_MAX && lengthOf(line) > LINE_BYTES_MAX) {
      this.badLine("ERR_LINE_TOO_LONG");
      return;
    }
    // A stream of lines cannot hold them; a message of a WebSocket can.
    if (hasLineBreaker(line)) {
      this.badLine("ERR_LINE_BAD_BYTE");
      return;
    }
    const message = parseMessage(line);
    if (message !== undefined) run(client, message);
    else if (client.user === undefined) hint(client);
  }

  /** Answers what was no line. The connection goes on. */
  badLine(code: "ERR_LINE_TOO_LONG" | "ERR_LINE_BAD_BYTE"): void {
    if (code === "ERR_LINE_TOO_LONG") this.#client.reply("ERR_INPUTTOOLONG");
    else this.#client.notice("A line with a NUL, a CR or an LF inside was dropped");
  }

  /** The connection is gone, or given up: one QUIT for everybody who shares a room. Idempotent. */
  leave(reason: string): void {
    this.#client.leave(reason);
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.#client.send(`PING :${this.#client.world.serverName}`);
  }

  /** Says why, leaves, and closes the peer. Idempotent. */
  error(reason: string): void {
    this.#client.end(reason);
  }
}

/** Tags have a limit of their own (IRCv3 message-tags), which is the transport's. */
function lengthOf(line: string): number {
  const end = line.startsWith("@") ? line.indexOf(" ") : -1;
  return byteLength(line.slice(end + 1));
}

function run(client: Client, message: Message): void {
  const { command: name, params } = message;
  const command = COMMANDS.get(name);
  const mayRun =
    client.user !== undefined || command?.isOpen === true || registerByHand(client, message);
  if (!mayRun) {
    if (client.isClosed || name === "NOTICE") return;
    // A web page can make a browser send us a form with NICK, USER and PRIVMSG in it.
    if (params.at(-1)?.startsWith("HTTP/")) {
      client.end("HTTP is not spoken here");
      return;
    }
    client.reply("ERR_NOTREGISTERED");
    hint(client);
    return;
  }
  if (command === undefined) {
    client.reply("ERR_UNKNOWNCOMMAND", name);
    return;
  }
  if (params.length < command.paramsMin || (command.paramsMin > 0 && params[0] === "")) {
    client.reply("ERR_NEEDMOREPARAMS", name);
    return;
  }
  if (command.isOpen) command.run(client, params);
  else if (client.user !== undefined) command.run(client, params, client.user);
}
