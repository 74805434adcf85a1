/**
 * The other servers, as far as they are heard: applies what they say to the network, drops who says
 * bye or nothing, and asks who was missed. What makes no sense is reported once and ignored, for
 * anybody who may publish on the channel can say anything.
 */
import type { ChatNetwork } from "../network/chat-network.js";
import { type Body, decodeMessage, type Message, type Refusal } from "./message.js";
import { RemoteServer } from "./remote-server.js";
import { Replacement } from "./replacement.js";

/** Joined servers. More are ignored, so that made-up ones cannot fill the memory. */
export const SERVERS_MAX = 64;
/** A server that is not heard for so many of our beats is gone. It beats as often. */
export const SILENCE_BEATS = 3;
/** Different complaints that are remembered, and so logged once each. */
const COMPLAINTS_MAX = 100;
/** How IRC's servers tell users why others are gone; clients fold such quits into one line. */
export const NETSPLIT = "*.net *.split";

export interface OtherServersOptions {
  readonly network: ChatNetwork;
  readonly log: (line: string) => void;
  /** Publishes a message. */
  readonly say: (body: Body) => void;
  /** Somebody wants to know our users. */
  readonly wantSnapshot: () => void;
}

export class OtherServers {
  readonly #options: OtherServersOptions;
  readonly #servers = new Map<string, RemoteServer>();
  readonly #replacements = new Map<string, Replacement>();
  readonly #complaints = new Set<string>();

  constructor(options: OtherServersOptions) {
    this.#options = options;
  }

  /** The ids of those whose users we know. */
  get ids(): string[] {
    return [...this.#servers.values()].filter(({ isInStep }) => isInStep).map(({ id }) => id);
  }

  receive(text: string): void {
    const message = decodeMessage(text);
    if ("refused" in message) this.#complain(message);
    else if (message.from === this.#options.network.serverId) {
      this.#complain({ from: message.from, refused: "it has our id" });
    } else {
      const server = this.#serverOf(message);
      if (server !== undefined) this.#take(server, message);
    }
  }

  /** A beat of ours: who was silent for too long is gone, who was missed is asked again. */
  beat(): void {
    for (const server of [...this.#servers.values()]) {
      server.silentBeats += 1;
      if (server.silentBeats > SILENCE_BEATS) this.#drop(server, "it is silent");
      else if (!server.isInStep && !server.isAsked) this.#ask(server);
      else server.isAsked = false;
    }
  }

  /** We are cut off: nobody is heard any more. */
  dropAll(): void {
    for (const server of [...this.#servers.values()]) this.#drop(server, undefined);
  }

  #serverOf(message: Message): RemoteServer | undefined {
    const { from, run, body } = message;
    const known = this.#servers.get(from);
    if (known !== undefined) {
      if (known.run === run) return known;
      // Started again, or somebody in its name: its users could have the ids of others. While the
      // first one lives it is the one; if it is gone, it will soon be silent for long enough.
      this.#complain({ from, refused: "another server has its id" });
      return undefined;
    }
    if (body.type === "bye") return undefined;
    if (this.#servers.size >= SERVERS_MAX) {
      this.#complain({ refused: `there are ${SERVERS_MAX} servers already` });
      return undefined;
    }
    const server = new RemoteServer(message);
    this.#servers.set(server.id, server);
    return server;
  }

  #take(server: RemoteServer, message: Message): void {
    const { body, from, skipped } = message;
    server.silentBeats = 0;
    if (skipped > 0) this.#complain({ from, refused: "an act in it is none, or not its own" });
    const standing = server.take(message);
    switch (body.type) {
      case "hello":
        this.#options.wantSnapshot();
        return;
      case "ask":
        if (body.of === this.#options.network.serverId) this.#options.wantSnapshot();
        break;
      case "bye":
        this.#drop(server, "it has said bye");
        return;
      case "acts":
        if (standing === "next") for (const act of body.acts) this.#options.network.apply(act);
        break;
      case "snapshot":
        if (standing === "snapshot") this.#replace(server, body);
        break;
      case "beat":
        break;
    }
    if (standing === "missing" && !server.isAsked) this.#ask(server);
  }

  #replace(server: RemoteServer, { part, isLast, acts }: Body & { type: "snapshot" }): void {
    const { id } = server;
    const begun = part === 0 ? undefined : this.#replacements.get(id);
    const replacement = begun ?? new Replacement(this.#options.network, id);
    for (const act of acts) replacement.apply(act);
    if (!isLast) {
      this.#replacements.set(id, replacement);
      return;
    }
    replacement.finish(NETSPLIT);
    this.#replacements.delete(id);
    this.#options.log(`backplane: server ${id} is joined`);
  }

  #ask(server: RemoteServer): void {
    server.isAsked = true;
    this.#options.say({ type: "ask", of: server.id });
  }

  #drop(server: RemoteServer, reason: string | undefined): void {
    this.#servers.delete(server.id);
    this.#replacements.delete(server.id);
    if (reason !== undefined)
      this.#options.log(`backplane: server ${server.id} is gone: ${reason}`);
    this.#options.network.dropServer(server.id, NETSPLIT);
  }

  #complain({ from, refused }: Refusal): void {
    const complaint = `${from === undefined ? "somebody" : `server ${from}`}: ${refused}`;
    if (this.#complaints.has(complaint) || this.#complaints.size >= COMPLAINTS_MAX) return;
    this.#complaints.add(complaint);
    this.#options.log(`backplane: a message is ignored (said once): ${complaint}`);
  }
}
