/** The chat's page as people use it, a server for it, and a client of IRC that knows no page. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { ChatServer, type ChatServerOptions } from "../../../src/demos/chat/server.js";
import { Reactor } from "../../../src/index.js";
import type { Browser } from "../chromium.js";
import { portOf } from "../port-of.js";

export interface RunningChat {
  readonly chat: ChatServer;
  /** Of IRC. */
  readonly port: number;
  readonly webPort: number;
  readonly url: string;
  /** Everybody is told, and it ends. */
  stop(): Promise<void>;
}

/** Ends with the test, at the latest. */
export function startChat(
  options: Partial<ChatServerOptions> = {},
  { webPort = 0 }: { readonly webPort?: number } = {},
): RunningChat {
  const reactor = new Reactor();
  const chat = new ChatServer(reactor, {
    host: "127.0.0.1",
    port: 0,
    floodLimits: false,
    ...options,
  });
  chat.listenWeb({ host: "127.0.0.1", port: webPort });
  const running = reactor.run();
  let stopped: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await chat.drain("Server going down", 1000);
    reactor.stop();
    await running;
    reactor.close();
  };
  const stop = (): Promise<void> => {
    stopped ??= end();
    return stopped;
  };
  onTestFinished(stop);
  const web = portOf(chat.webAddress ?? "");
  return { chat, port: portOf(chat.address), webPort: web, url: `http://127.0.0.1:${web}/`, stop };
}

export interface Relay {
  readonly url: string;
  /** The pages lose their connections; the server hears nothing of it. */
  loseClients(): void;
  /** The server loses those that it still has of lost pages. */
  endGhosts(): void;
}

/** A way to the server that can be cut on one side. */
export async function startRelay(webPort: number): Promise<Relay> {
  const clients = new Set<Socket>();
  const ghosts = new Set<Socket>();
  const relay = createServer((client) => {
    const server = connect(webPort, "127.0.0.1");
    clients.add(client);
    for (const socket of [client, server]) socket.on("error", () => {});
    client.on("data", (data) => server.write(data));
    server.on("data", (data) => client.write(data));
    client.on("close", () => {
      if (clients.delete(client)) server.destroy();
      else ghosts.add(server);
    });
    server.on("close", () => client.destroy());
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const loseClients = (): void => {
    const lost = [...clients];
    clients.clear();
    for (const client of lost) client.destroy();
  };
  const endGhosts = (): void => {
    for (const server of ghosts) server.destroy();
  };
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    endGhosts();
    relay.close();
    await once(relay, "close");
  });
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}/`,
    loseClients,
    endGhosts,
  };
}

/** Opens the page, takes a nickname, and is in the first room. */
export async function enter(browser: Browser, url: string, nick: string): Promise<Page> {
  const page = await browser.open(url);
  await page.getByLabel("Your nickname").fill(nick);
  await page.keyboard.press("Enter");
  await page.getByText(`Connected as ${nick}`, { exact: true }).waitFor();
  await page.getByText("You have joined").waitFor();
  return page;
}

/** Types a text where one types, and sends it. */
export async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

/** A client of IRC by hand, as with nc. */
export class IrcClient {
  readonly #socket: Socket;
  readonly #lines: string[] = [];
  #heard: () => void = () => {};

  static async enter(port: number, nick: string, room = "#lobby"): Promise<IrcClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const client = new IrcClient(socket);
    onTestFinished(() => void socket.destroy());
    client.send(`NICK ${nick}`, `USER ${nick.replace(/\W/g, "x")} 0 * :nobody`, `JOIN ${room}`);
    await client.hears(/ 366 /);
    return client;
  }

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {}); // the server may end while we write
    createInterface({ input: socket }).on("line", (line) => {
      if (line.startsWith("PING ")) this.send(line.replace("PING", "PONG"));
      this.#lines.push(line);
      this.#heard();
    });
  }

  send(...lines: string[]): void {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(""));
  }

  /** The next line like this; those before it are forgotten. */
  async hears(pattern: RegExp): Promise<string> {
    for (;;) {
      const place = this.#lines.findIndex((line) => pattern.test(line));
      if (place >= 0) return this.#lines.splice(0, place + 1)[place] as string;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}
