/**
 * What the tests of several chat servers need: people in memory, and a real redis-server that ends
 * with the test. backplane-hub.ts has links without one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "redis";
import { onTestFinished } from "vitest";
import type { Backplane } from "../../../src/demos/chat/backplane/backplane.js";
import type { ChatNetwork } from "../../../src/demos/chat/network/chat-network.js";
import type { Session } from "../../../src/demos/chat/network/session.js";
import { LineLog } from "../echo-peers.js";

/** Somebody at a server: what they are told is in `log`. */
export class Person {
  readonly log: LineLog = new LineLog();
  readonly session: Session;
  isClosed = false;

  constructor(network: ChatNetwork) {
    this.session = network.connect({
      host: "10.0.0.1",
      send: (line) => this.log.add(line.text),
      close: () => {
        this.isClosed = true;
      },
    });
  }

  say(...lines: readonly string[]): void {
    for (const line of lines) this.session.receive(line);
  }

  count(pattern: RegExp): number {
    return this.log.count(pattern);
  }

  /** Settles when so many lines match. */
  hears(pattern: RegExp, count?: number): Promise<void> {
    return this.log.said(pattern, count);
  }

  /** The nicknames in a room, with their signs, sorted, as this server has them. */
  namesIn(room: string): string[] {
    const before = this.log.lines.length;
    this.say(`NAMES ${room}`);
    return this.log.lines
      .slice(before)
      .filter((line) => / 353 /.test(line))
      .flatMap((line) => line.slice(line.indexOf(" :") + 2).split(" "))
      .sort();
  }
}

/** Registered, and in these rooms. */
export function enter(network: ChatNetwork, nick: string, ...rooms: readonly string[]): Person {
  const person = new Person(network);
  person.say(`NICK ${nick}`, `USER ${nick} 0 * :${nick}`);
  for (const room of rooms) person.say(`JOIN ${room}`);
  return person;
}

export interface Joined {
  readonly network: ChatNetwork;
  readonly backplane: Backplane;
  readonly log: LineLog;
}

/** For what nobody says: looks until it is so. The test's own deadline is the limit. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(5);
}

export interface RedisServer {
  /** unix:///… or redis://… */
  readonly url: string;
  readonly child: ChildProcess;
  /** Kills it, and settles when it is gone. */
  kill(): Promise<void>;
}

/** Where a test's Redis can be had again after its end. */
export interface RedisPlace {
  readonly url: string;
  readonly folder: string;
  start(): Promise<RedisServer>;
}

/** A unix socket in a folder that ends with the test. */
export function redisPlace(): RedisPlace {
  const folder = mkdtempSync(join(tmpdir(), "chat-redis-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "redis.sock");
  const url = `unix://${path}`;
  return {
    url,
    folder,
    start: () => startRedis(["--port", "0", "--unixsocket", path], url, folder),
  };
}

/** redis-server, once it takes connections; it ends with the test. */
export async function startRedis(
  args: readonly string[],
  url: string,
  folder: string,
): Promise<RedisServer> {
  const settings = ["--save", "", "--appendonly", "no", "--dir", folder, "--daemonize", "no"];
  const child = spawn("redis-server", [...settings, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const log = new LineLog();
  createInterface(child.stdout).on("line", (line) => log.add(line));
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL"); // A stopped process ends by it, too.
    await ended;
  };
  onTestFinished(kill);
  await Promise.race([log.said(/[Rr]eady to accept connections/), ended.then(() => fail(log))]);
  return { url, child, kill };
}

function fail(log: LineLog): never {
  throw new Error(`redis-server ended: ${log.lines.join("\n")}`);
}

/** Nobody listens on it, as far as one can know: Redis cannot be told to take any. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("No port");
  return address.port;
}

/** Somebody else at that Redis, who publishes whatever they like. */
export interface Tenant {
  publish(text: string): Promise<void>;
  /** What was published by all, from now on. */
  readonly heard: LineLog;
}

export async function startTenant(url: string, channel: string): Promise<Tenant> {
  const client = createClient({ url, RESP: 3 });
  client.on("error", () => {});
  onTestFinished(() => client.destroy());
  await client.connect();
  const heard = new LineLog();
  await client.subscribe(channel, (text) => heard.add(text));
  return {
    heard,
    publish: async (text) => {
      await client.publish(channel, text);
    },
  };
}
