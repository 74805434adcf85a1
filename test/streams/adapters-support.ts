/**
 * A listener of ours on an attached reactor, peers on Node's own sockets, and what the tests of the
 * adapters count and compare.
 *
 * The rule of this file: `over` waits for the run to end as "empty", which it does only when every
 * stream has been closed and has given back what it held.
 */
import { createHash } from "node:crypto";
import { type Socket as NetSocket, connect as netConnect } from "node:net";
import type { Readable } from "node:stream";
import { afterEach, expect } from "vitest";
import {
  type Address,
  type IpAddress,
  Listener,
  type ListenerOptions,
  type SocketStream,
} from "../../src/index.js";
import type { Reactor, ReactorOptions, RunResult } from "../../src/reactor/index.js";
import { reactorOf } from "./support.js";

const HOST = "127.0.0.1";

export interface House {
  readonly reactor: Reactor;
  readonly listener: Listener;
  readonly port: number;
  /** Ends the listener, and waits until all its streams are over. */
  over(): Promise<RunResult>;
}

const houses: House[] = [];
const peers: NetSocket[] = [];

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy();
  for (const { reactor, listener } of houses.splice(0)) {
    if (reactor.isClosed) continue;
    for (const stream of [...listener.streams]) stream.destroy();
    listener.close();
  }
});

export interface ServeOptions extends ListenerOptions {
  readonly reactor?: ReactorOptions;
}

/** Listens, and runs. Every stream it makes is poisoned memory to who keeps what was lent. */
export function serve(onStream: (stream: SocketStream) => void, options: ServeOptions = {}): House {
  const { reactor: reactorOptions, ...rest } = options;
  const reactor = reactorOf(reactorOptions);
  const listener = Listener.tcp(reactor, { host: HOST, port: 0 }, onStream, rest);
  const running = reactor.run();
  const house: House = {
    reactor,
    listener,
    port: portOf(listener.address),
    over: () => {
      listener.close();
      return running;
    },
  };
  houses.push(house);
  return house;
}

/** One accepted connection, with Node's own socket at the other end. */
export async function accepted(
  options?: ServeOptions,
): Promise<{ house: House; stream: SocketStream; peer: NetSocket }> {
  let accept: (stream: SocketStream) => void = () => {};
  const coming = new Promise<SocketStream>((resolve) => {
    accept = resolve;
  });
  const house = serve((stream) => accept(stream), options);
  const peer = peerOf(house.port);
  const stream = await coming;
  return { house, stream, peer };
}

/** Half-open, so that a test decides when its end comes. */
export function peerOf(port: number): NetSocket {
  const peer = netConnect({ host: HOST, port, allowHalfOpen: true });
  peer.on("error", () => {});
  peers.push(peer);
  return peer;
}

export function portOf(address: Address | undefined): number {
  return (address as IpAddress).port;
}

export function sha1(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** The hash of everything, and how much it was. */
export async function digest(from: Readable): Promise<{ hash: string; bytes: number }> {
  const hash = createHash("sha1");
  let bytes = 0;
  for await (const chunk of from) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { hash: hash.digest("hex"), bytes };
}

/** Which of these events come, in order, with the code of an error. */
export function logOf(from: NodeJS.EventEmitter, ...events: readonly string[]): string[] {
  const log: string[] = [];
  for (const event of events) {
    from.on(event, (cause?: { code?: string }) => {
      log.push(event === "error" ? `error ${cause?.code}` : event);
    });
  }
  return log;
}

/** Turns of Node's loop until it is so. */
export async function until(what: () => boolean): Promise<void> {
  const deadline = performance.now() + 8000;
  while (!what()) {
    if (performance.now() > deadline) expect.unreachable(`Not in 8 s: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Until the kernel takes no more of what the stream has, through 100 turns of Node's loop. */
export async function stuck(stream: SocketStream): Promise<void> {
  await until(() => stream.pendingBytes > 0);
  for (let quiet = 0, written = -1; quiet < 100; ) {
    quiet = stream.bytesWritten === written ? quiet + 1 : 0;
    written = stream.bytesWritten;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
