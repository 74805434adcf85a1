/** The page's modules that know no DOM, with the types that their JavaScript does not tell. */

export interface Message {
  readonly tags: ReadonlyMap<string, string>;
  readonly source: string;
  readonly nick: string;
  readonly command: string;
  readonly params: readonly string[];
}

export interface IrcMessageModule {
  parseMessage(line: string): Message;
  formatMessage(command: string, ...params: string[]): string;
  fold(name: string): string;
  alternateNick(nick: string, attempt: number): string;
}

export interface IrcTextModule {
  readonly TEXT_LENGTH_MAX: number;
  harmless(text: string): string;
  actionOf(text: string): string | undefined;
  mentions(text: string, nick: string): boolean;
  byteLength(text: string): number;
  splitText(text: string, bytesMax: number): string[];
  linkParts(text: string): Iterable<{ readonly text: string; readonly href?: string }>;
}

export interface Line {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly nick?: string;
  readonly text?: string;
  readonly isOwn?: boolean;
  readonly isMention?: boolean;
  readonly events?: readonly { nick: string; what: string; other?: string }[];
}

export interface Member {
  readonly nick: string;
  readonly privileges: string;
}

export interface Room {
  kind: string;
  name: string;
  topic: string;
  isJoined: boolean;
  isWanted: boolean;
  unread: number;
  isCalled: boolean;
  readonly membersVersion: number;
  readonly lines: readonly Line[];
  readonly members: ReadonlyMap<string, Member>;
  say(line: Partial<Line>): void;
  tell(event: { nick: string; what: string }, at?: number): void;
  sortedMembers(): Member[];
}

export interface Rooms {
  active: Room;
  readonly server: Room;
  all(): Room[];
  find(name: string): Room | undefined;
  open(kind: string, name: string): Room;
  close(room: Room): void;
  show(room: Room): void;
  look(isLookedAt: boolean): void;
  unreadCount(): number;
}

export interface Client {
  readonly nick: string;
  readonly wanted: string;
  readonly isRegistered: boolean;
  readonly lastError: string;
  choose(nick: string, isReturning?: boolean): void;
  rename(nick: string): boolean;
  opened(): void;
  lost(): void;
  receive(line: string): void;
}

export interface ClientListener {
  onRegistered(): void;
  onNick(): void;
  onNickRefused(nick: string, reason: string): void;
  onRefused(reason: string): void;
  onList(rooms: { name: string; users: number; topic: string }[]): void;
}

export interface ClientModule {
  Client: new (options: {
    rooms: Rooms;
    send: (line: string) => boolean;
    listener: ClientListener;
  }) => Client;
}

export interface RoomsModule {
  readonly CONVERSATIONS_MAX: number;
  Rooms: new () => Rooms;
}

export interface CommandsModule {
  readonly MESSAGES_MAX: number;
  runInput(
    context: { client: Client; rooms: Rooms; browse(): void; quit(reason: string): void },
    input: string,
  ): string | undefined;
}

export interface Connection {
  readonly state: string;
  readonly retryAt: number;
  open(): void;
  close(): void;
  retry(): void;
  settle(): void;
  send(line: string): boolean;
}

export interface ConnectionModule {
  readonly SUBPROTOCOL: string;
  readonly RETRY_LAST_MS: number;
  retryDelayMs(failures: number, random: number): number;
  Connection: new (
    url: string,
    handler: { onState(): void; onOpen(): void; onLine(line: string): void; onLost(): void },
  ) => Connection;
}

/** @param name without ".js". */
export function loadModule<T>(name: string): Promise<T> {
  return import(new URL(`../../../src/demos/chat/page/${name}.js`, import.meta.url).href);
}
