/**
 * A chat server in this process, and clients for it: plain sockets that speak IRC by hand, and ones
 * of `ws`, which know nothing of our own.
 *
 * The rule of this file: nothing waits for time. That something does not happen is shown by a round
 * trip behind it: PING, and its PONG.
 */
import { once } from "node:events";
import { connect, type Socket as NodeSocket } from "node:net";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { ChatServer, type ChatServerOptions } from "../../../src/demos/chat/server.js";
import { type Kernel, Reactor } from "../../../src/index.js";
import { portOf } from "../port-of.js";

export interface RunningChat {
  readonly server: ChatServer;
  readonly reactor: Reactor;
  readonly port: number;
  readonly webPort: number;
  /** What the server says of its connections. */
  readonly log: HeardLines;
  /** Drains it; then the reactor is closed. */
  stop(): Promise<void>;
}

export interface StartOptions extends Partial<ChatServerOptions> {
  readonly kernel?: Kernel;
}

/** It ends with the test, at the latest. */
export function startChat({ kernel, ...options }: StartOptions = {}): RunningChat {
  const log = new HeardLines();
  const reactor = new Reactor(kernel === undefined ? {} : { kernel });
  const server = new ChatServer(reactor, {
    ...{ host: "127.0.0.1", port: 0, log: (line: string) => log.add(line) },
    ...options,
  });
  server.listenWeb({ host: "127.0.0.1", port: 0 });
  const running = reactor.run();
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= server.drain(undefined, 1000).then(async () => {
      reactor.stop();
      await running;
      reactor.close();
    });
    return stopping;
  };
  onTestFinished(stop);
  return {
    ...{ server, reactor, log, stop },
    port: portOf(server.address),
    webPort: portOf(server.webAddress ?? ""),
  };
}

interface Waiting {
  readonly pattern: RegExp;
  missing: number;
  readonly resolve: () => void;
}

/** Lines as they come, looked at once each: there may be a hundred thousand. */
export class HeardLines {
  readonly lines: string[] = [];
  readonly #waiting = new Set<Waiting>();

  add(line: string): void {
    this.lines.push(line);
    for (const waiting of this.#waiting) {
      if (!waiting.pattern.test(line)) continue;
      waiting.missing -= 1;
      if (waiting.missing > 0) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  /** Settles when so many lines match, at once if they do. */
  said(pattern: RegExp, count = 1): Promise<void> {
    const missing = count - this.count(pattern);
    if (missing <= 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ pattern, missing, resolve }));
  }

  /** What has come so far counts no more. */
  forget(): void {
    this.lines.length = 0;
  }
}

/** A client that a test steers, whatever carries its lines. */
export abstract class ChatClient {
  /** The lines that came. */
  readonly log: HeardLines = new HeardLines();
  #tokens = 0;

  abstract say(...lines: string[]): void;

  get lines(): readonly string[] {
    return this.log.lines;
  }

  /** Settles when so many lines match. */
  said(pattern: RegExp, count?: number): Promise<void> {
    return this.log.said(pattern, count);
  }

  /** Everything that was said before has been dealt with, and its answers have come. */
  async sync(): Promise<void> {
    this.#tokens += 1;
    const token = `sync-${this.#tokens}`;
    this.say(`PING ${token}`);
    await this.said(new RegExp(` PONG .*${token}$`));
  }

  async register(nick: string): Promise<void> {
    this.say(`NICK ${nick}`, `USER ${nick} 0 * :${nick}`);
    await this.said(/ (376|422) /);
  }

  async join(room: string): Promise<void> {
    this.say(`JOIN ${room}`);
    await this.said(new RegExp(` 366 \\S+ ${room} `));
  }
}

export class LineClient extends ChatClient {
  readonly socket: NodeSocket;
  /** When the connection is closed; with the error's code, if there was one. */
  readonly closed: Promise<string | undefined>;

  constructor(socket: NodeSocket) {
    super();
    this.socket = socket;
    createInterface(socket).on("line", (line) => this.log.add(line));
    let code: string | undefined;
    socket.on("error", (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    this.closed = once(socket, "close").then(
      () => code,
      () => code,
    );
  }

  say(...lines: string[]): void {
    this.socket.write(lines.map((line) => `${line}\r\n`).join(""));
  }
}

/** Connected, not registered. */
export async function connectLines(port: number): Promise<LineClient> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const client = new LineClient(socket);
  onTestFinished(async () => {
    socket.destroy();
    await client.closed;
  });
  await once(socket, "connect");
  return client;
}

/** Registered, and in these rooms. */
export async function enter(port: number, nick: string, ...rooms: string[]): Promise<LineClient> {
  const client = await connectLines(port);
  await client.register(nick);
  for (const room of rooms) await client.join(room);
  return client;
}

export class WebClient extends ChatClient {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(socket: WebSocket) {
    super();
    this.socket = socket;
    socket.on("message", (data, isBinary) => this.log.add(isBinary ? "(binary)" : String(data)));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  say(...lines: string[]): void {
    for (const line of lines) this.socket.send(line);
  }
}

/** Connected as the page is; `path` below the server's root. */
export async function connectWeb(
  port: number,
  path = "/irc",
  headers: Readonly<Record<string, string>> = {},
): Promise<WebClient> {
  const url = `ws://127.0.0.1:${port}${path}`;
  const client = new WebClient(new WebSocket(url, ["text.ircv3.net"], { headers }));
  onTestFinished(async () => {
    client.socket.terminate();
    await client.closed;
  });
  await once(client.socket, "open");
  return client;
}

/** What the answer to a WebSocket's handshake is if it is refused. */
export async function refusalOfWeb(
  port: number,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/irc`, ["text.ircv3.net"], { headers });
  socket.on("error", () => {});
  const [, answer] = (await once(socket, "unexpected-response")) as [
    unknown,
    { statusCode: number; resume(): void },
  ];
  answer.resume();
  socket.terminate();
  return answer.statusCode;
}
