/**
 * The three echo servers, one for each floor of the library, and what they differ in by design. The
 * tests are the same for all; what they expect of each is written here.
 */
import * as reactor from "../../src/demos/echo/reactor.js";
import * as selector from "../../src/demos/echo/selector.js";
import type { EchoOptions, EchoServer } from "../../src/demos/echo/server.js";
import * as stream from "../../src/demos/echo/stream.js";

/** What a server reads at a time. */
export const BUFFER_BYTES = 64 * 1024;

export interface EchoModel {
  /** As the command's --model. */
  readonly name: string;
  readonly create: (options: EchoOptions) => EchoServer;
  /** The most that it keeps of a peer that does not read. */
  readonly bytesKeptMax: number;
  readonly shortage: Shortage;
}

/** What a server does while it has no descriptor for the next connection. */
export interface Shortage {
  /** Looks at the backlog within so many milliseconds, at most; each says a line. */
  readonly looksMax: (ms: number) => number;
  /** So many looks, the second of a shortage not counted, take so long. */
  readonly slowLooks: { readonly count: number; readonly ms: number };
  /** Connections that it closes instead of letting them wait on, at most. */
  readonly refusedMax: number;
}

/** It looks once a second, however long that lasts. */
const LOOKS_EACH_SECOND: Shortage = {
  looksMax: (ms) => 1 + Math.ceil(ms / 1000),
  slowLooks: { count: 1, ms: 1000 },
  refusedMax: 0,
};

/** The Listener looks after 10 ms, 20 ms ... 1 s, and refuses after a second. */
const LOOKS_LESS_AND_LESS: Shortage = {
  looksMax: (ms) => 8 + Math.ceil(ms / 1000),
  slowLooks: { count: 5, ms: 20 + 40 + 80 + 160 + 320 },
  refusedMax: Infinity,
};

export const echoModels: readonly EchoModel[] = [
  {
    name: "selector",
    create: selector.createEchoServer,
    bytesKeptMax: BUFFER_BYTES,
    shortage: LOOKS_EACH_SECOND,
  },
  {
    name: "reactor",
    create: reactor.createEchoServer,
    bytesKeptMax: BUFFER_BYTES,
    shortage: LOOKS_EACH_SECOND,
  },
  {
    name: "stream",
    create: stream.createEchoServer,
    // One byte less than the mark may wait when the next buffer comes.
    bytesKeptMax: 2 * BUFFER_BYTES - 1,
    shortage: LOOKS_LESS_AND_LESS,
  },
];
