/**
 * A client, and raw servers in the same reactor that say exactly what a test gives them.
 *
 * The rule of this file: a server does nothing of its own; a request is whatever bytes came.
 */
import { onTestFinished } from "vitest";
import { HttpClient, type HttpClientOptions } from "../../../../src/protocols/http1/index.js";
import { Reactor } from "../../../../src/reactor/index.js";
import { Listener, type SocketStream } from "../../../../src/streams/index.js";
import { TransferPool } from "../../../../src/streams/transfer-pool.js";

/** A reactor that runs attached until the test is over; what was lent is overwritten. */
export function runningReactor(): Reactor {
  const reactor = new Reactor();
  TransferPool.of(reactor).poison();
  reactor.hold();
  const running = reactor.run();
  onTestFinished(async () => {
    reactor.close();
    await running;
  });
  return reactor;
}

/** One connection as the server has it. */
export interface Peer {
  readonly stream: SocketStream;
  /** From 0, in order of arrival. */
  readonly index: number;
  /** Everything it sent, as Latin-1. */
  text: string;
  /** What has come since `take`. */
  take(): string;
  say(text: string): void;
  isEnded: boolean;
  isClosed: boolean;
}

export interface RawServer {
  readonly listener: Listener;
  readonly port: number;
  readonly peers: Peer[];
}

/** @param onBytes called whenever bytes have come. */
export function rawServer(reactor: Reactor, onBytes: (peer: Peer) => void): RawServer {
  const peers: Peer[] = [];
  const listener = Listener.tcp(reactor, { host: "127.0.0.1", port: 0 }, (stream) => {
    peers.push(peerOf(stream, peers.length, onBytes));
  });
  onTestFinished(() => {
    listener.close();
    for (const { stream } of peers) stream.destroy();
  });
  return { listener, port: (listener.address as { port: number }).port, peers };
}

export function peerOf(stream: SocketStream, index: number, onBytes: (peer: Peer) => void): Peer {
  let taken = 0;
  const peer: Peer = {
    stream,
    index,
    text: "",
    take: () => {
      const fresh = peer.text.slice(taken);
      taken = peer.text.length;
      return fresh;
    },
    say: (text) => void stream.write(Buffer.from(text, "latin1")),
    isEnded: false,
    isClosed: false,
  };
  stream.allowHalfOpen = true;
  stream.handler = {
    onData: (_, input) => {
      peer.text += input.take().toString("latin1");
      onBytes(peer);
    },
    onEnd: () => {
      peer.isEnded = true;
    },
    onClose: () => {
      peer.isClosed = true;
    },
  };
  return peer;
}

/** Answers each whole head with the next of `answers`, on whatever connection it comes. */
export function answering(reactor: Reactor, ...answers: string[]): RawServer {
  let next = 0;
  return rawServer(reactor, (peer) => {
    if (!peer.text.endsWith("\r\n\r\n")) return;
    peer.take();
    const answer = answers[next];
    next += 1;
    if (answer === undefined) throw new Error("A request too many");
    peer.say(answer);
  });
}

export function clientOf(
  reactor: Reactor,
  { port }: { port: number },
  options?: HttpClientOptions,
): HttpClient {
  const client = new HttpClient(reactor, { host: "127.0.0.1", port }, options);
  onTestFinished(() => client.close());
  return client;
}

/** Looks again after each turn of Node's loop, until it holds. A hang is the test's time limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error & { code?: string };
  }
  throw new Error("Nothing was thrown");
}
