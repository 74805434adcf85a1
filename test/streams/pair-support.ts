/** Two joined streams of either kind, so that one test runs over sockets and over memory. */
import { Socket } from "../../src/index.js";
import type { Reactor } from "../../src/reactor/index.js";
import {
  type BufferedStream,
  SocketStream,
  type StreamHandler,
  type StreamOptions,
  streamPair,
} from "../../src/streams/index.js";
import { track } from "./support.js";

export type Kind = "socket" | "memory";
export const KINDS: readonly Kind[] = ["socket", "memory"];

export type Handler = StreamHandler<BufferedStream>;

export interface PairOptions {
  readonly left?: Handler;
  readonly right?: Handler;
  readonly options?: StreamOptions;
  readonly rightOptions?: StreamOptions;
}

/** They are closed, unheard, after the test. */
export function pairOf(
  kind: Kind,
  reactor: Reactor,
  { left = {}, right = {}, options = {}, rightOptions = options }: PairOptions = {},
): [left: BufferedStream, right: BufferedStream] {
  const streams = makePair(kind, reactor, options, rightOptions);
  streams[0].handler = left;
  streams[1].handler = right;
  for (const stream of streams) {
    const dispose = (): void => {
      if (stream.isDestroyed) return;
      stream.handler = {};
      stream.destroy();
    };
    track({ [Symbol.dispose]: dispose });
  }
  return streams;
}

function makePair(
  kind: Kind,
  reactor: Reactor,
  options: StreamOptions,
  rightOptions: StreamOptions,
): [BufferedStream, BufferedStream] {
  if (kind === "memory") return streamPair(reactor, options, rightOptions);
  const [left, right] = Socket.pair({ kernel: reactor.kernel });
  return [
    new SocketStream(reactor, left, {}, options),
    new SocketStream(reactor, right, {}, rightOptions),
  ];
}

/** Turns until nothing is called any more. */
export function settle(reactor: Reactor): void {
  let idle = 0;
  for (let i = 0; i < 100_000; i += 1) {
    const { deferred, callbacks } = reactor.stats();
    reactor.turn(0);
    const after = reactor.stats();
    idle = after.deferred === deferred && after.callbacks === callbacks ? idle + 1 : 0;
    if (idle === 3) return;
  }
  throw new Error("It spins");
}
