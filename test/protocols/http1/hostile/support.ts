/**
 * Hostile peers beside honest ones, on the server tests' raw clients: a clock that stands still
 * until it is put forward, a pinger that is to get every answer, and what a process holds.
 *
 * The rule of these tests: what is bounded is compared with the limit that has a name, and time that
 * decides anything is the test's own, so that a busy machine changes nothing.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";
import {
  type Socket,
  type SocketStream,
  systemKernel,
  TCP_NODELAY,
} from "../../../../src/index.js";
import type { HttpHandler, HttpServerOptions } from "../../../../src/protocols/http1/index.js";
import { turns } from "../../../streams/support.js";
import { get, type RawClient, type Served, serve } from "../server/support.js";

export { turns } from "../../../streams/support.js";
export * from "../server/support.js";

/** Between two looks of `pass`, in milliseconds. */
export const STEP_MS = 10;

export interface Clocked extends Served {
  /** Lets time pass in steps; after each the peers act, and what they did is taken in. */
  pass(ms: number, each?: () => void): void;
  /** When the condition held first, in milliseconds from now on; it is to be before `ms`. */
  passUntil(condition: () => boolean, ms: number, each?: () => void): number;
}

/** A server for which time passes only in `pass`. */
export function clocked(handler: HttpHandler, options: HttpServerOptions = {}): Clocked {
  let now = 1000;
  const served = serve(handler, options, { kernel: { ...systemKernel, nowMs: () => now } });
  const step = (each: () => void): void => {
    now += STEP_MS;
    each();
    turns(served.reactor, 3);
  };
  return {
    ...served,
    pass(ms, each = () => {}) {
      for (let passed = 0; passed < ms; passed += STEP_MS) step(each);
    },
    passUntil(condition, ms, each = () => {}) {
      for (let passed = 0; passed < ms; passed += STEP_MS) {
        if (condition()) return passed;
        step(each);
      }
      if (!condition()) throw new Error(`Not after ${ms} ms: ${condition}`);
      return ms;
    },
  };
}

/** Sends each piece at once. */
export function eager(client: RawClient): RawClient {
  client.socket.setOption(TCP_NODELAY, true);
  return client;
}

/** Sends a text a byte at a time, the next one at each call; then nothing. */
export function drip(client: RawClient, text: string): () => void {
  let at = 0;
  eager(client);
  return () => {
    if (at >= text.length || client.isOver || client.socket.isClosed) return;
    client.send(text[at] as string);
    at += 1;
  };
}

/** The streams of the connections that are open, the first one first. */
export function streamsOf({ server }: Served): SocketStream[] {
  return [...server.listener.streams];
}

/** Sends the text over and over until the peer's kernel takes no more; how many bytes went. */
export function flood(socket: Socket, text: string, bytesMax: number = Infinity): number {
  const chunk = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)), "latin1");
  let sent = 0;
  let at = 0;
  while (sent < bytesMax) {
    let n: number;
    try {
      n = socket.send(chunk, at, chunk.length);
    } catch {
      break; // it has been closed
    }
    if (n < 0) break;
    sent += n;
    at = (at + n) % chunk.length;
  }
  return sent;
}

export interface Pinger {
  readonly client: RawClient;
  /** How many answers it got; each was asked for after the one before. */
  readonly count: number;
  /** Asks, and counts the turns until it is answered: `turnsMax` at most. */
  ping(turnsMax?: number): number;
}

/** An honest client on one connection. */
export function pingerOf(served: Served, path = "/ping"): Pinger {
  const client = eager(served.client());
  let count = 0;
  turns(served.reactor, 3);
  return {
    client,
    get count() {
      return count;
    },
    ping(turnsMax = 50) {
      client.send(get(path));
      for (let i = 1; i <= turnsMax; i += 1) {
        served.reactor.turn(0);
        if (client.answers === count + 1) {
          count += 1;
          return i;
        }
      }
      throw new Error(`No answer within ${turnsMax} turns, after ${count}: ${client.error}`);
    },
  };
}

/** As it was before anybody came, with all counted who are gone. */
export function expectNothingLeft({ server }: Served): void {
  expect(server.stats()).toMatchObject({ activeConnections: 0, activeRequests: 0 });
  expect(server.listener.streams.size).toBe(0);
}

/** Bytes that this process holds: its heap, after a collection, and the buffers beside it. */
export function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
