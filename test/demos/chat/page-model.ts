/** The page's client of IRC without a page: a test is its server, and types for its user. */
import { beforeEach, vi } from "vitest";
import {
  type ClientListener,
  type ClientModule,
  type CommandsModule,
  loadModule,
  type Client as PageClient,
  type Rooms as PageRooms,
  type Room,
  type RoomsModule,
} from "./page-modules.js";

const { Client } = await loadModule<ClientModule>("client");
const { Rooms } = await loadModule<RoomsModule>("rooms");
const { runInput } = await loadModule<CommandsModule>("commands");

const CAPABILITIES = "batch server-time echo-message multi-prefix";
export const ME = ":anna!~web@127.0.0.1";

// Each test has its own.
let sent: string[];
let isConnected: boolean;
export let client: PageClient;
export let rooms: PageRooms;
export let listener: ClientListener;

beforeEach(() => {
  sent = [];
  isConnected = true;
  rooms = new Rooms();
  listener = {
    ...{ onRegistered: vi.fn(), onNick: vi.fn(), onNickRefused: vi.fn() },
    ...{ onRefused: vi.fn(), onList: vi.fn() },
  };
  const send = (line: string): boolean => isConnected && sent.push(line) > 0;
  client = new Client({ rooms, send, listener });
});

export function receive(...lines: string[]): void {
  for (const line of lines) client.receive(line);
}

/** What has gone out since the last time. */
export function takeSent(): string[] {
  return sent.splice(0);
}

/** Whether lines go out. */
export function setConnected(isOpen: boolean): void {
  isConnected = isOpen;
}

/** Connects; the server's greeting comes. */
export function register(nick = "anna"): void {
  client.opened();
  receive(`:s CAP * LS :x ${CAPABILITIES}=1 cap-notify`, `:s CAP ${nick} ACK :${CAPABILITIES}`);
  receive(`:s 001 ${nick} :Welcome`, `:s 005 ${nick} CHANTYPES=# NICKLEN=30 :are supported`);
  receive(`:s 422 ${nick} :No MOTD`);
  takeSent();
}

/** Is registered, and in #lobby with bob, who is an operator. */
export function enterLobby(): Room {
  client.choose("anna");
  rooms.show(rooms.open("room", "#lobby"));
  rooms.active.isWanted = true;
  register();
  receive(`${ME} JOIN #lobby`, ":s 353 anna = #lobby :anna @+bob", ":s 366 anna #lobby :End");
  return rooms.active;
}

export function type(input: string): string | undefined {
  return runInput({ client, rooms, browse: () => {}, quit: () => {} }, input);
}

/** What stands in its lines. */
export const textsOf = ({ lines }: Room): unknown[] =>
  lines.map(({ text, events }) => text ?? events);
