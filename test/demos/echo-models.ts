/**
 * The echo servers in all their models, and what they differ in by design. The tests are the same for
 * all; what they expect of each is written here.
 *
 * Threads take their time to start, so a model with threads is left out of what another one shows
 * with the same code; each says at its place of what.
 */
import * as multiReactor from "../../src/demos/echo/multi-reactor.js";
import * as reactor from "../../src/demos/echo/reactor.js";
import * as selector from "../../src/demos/echo/selector.js";
import type { EchoOptions, EchoServer } from "../../src/demos/echo/server.js";
import * as stream from "../../src/demos/echo/stream.js";
import * as threadPerConnection from "../../src/demos/echo/thread-per-connection.js";
import * as threadPool from "../../src/demos/echo/thread-pool.js";

/** What a server reads at a time. */
export const BUFFER_BYTES = 64 * 1024;

export interface EchoModel {
  readonly name: string;
  /** The same as `create` with the command: --model and its options. */
  readonly args: readonly string[];
  readonly create: (options: EchoOptions) => EchoServer;
  /** The most that it keeps of a peer that does not read. */
  readonly bytesKeptMax: number;
  /** undefined: echo/thread-per-connection.test.ts says what it does. */
  readonly shortage: Shortage | undefined;
  /** Connections that it serves at a time, at most: where a thread has but one. */
  readonly together: number;
  /** What a connection costs the process: main keeps one of each that it hands over. */
  readonly descriptorsEach: 1 | 2;
  /** Who makes the system calls for a connection: threads have a kernel of their own. */
  readonly calls: "main" | "threads";
  /** A thread waits in a call of one connection; else all are watched at a time, by a backend. */
  readonly isBlocking: boolean;
  /** With these `connectionsMax` is exact: it is shared out to listeners of equal right. */
  readonly exactLimit: Pick<EchoOptions, "workers">;
  /** Where its calls are cut to few bytes: in all tests, or in those of echo-faults.test.ts. */
  readonly isCut: "always" | "in transfers" | "never";
  /** It is in the tests of bytes, echo-bytes.test.ts and echo-stalled.test.ts. */
  readonly movesBytes: boolean;
  /** It echoes on the backends that the suite does not run it on, too. */
  readonly isElsewhere: boolean;
  /** It is in the test of looking less and less for descriptors. */
  readonly looksLess: boolean;
}

/** What a server does while it has no descriptor for the next connection. */
export interface Shortage {
  /** It comes when descriptors of this number and above cannot be had. Threads need some, too. */
  readonly descriptorsMax: number;
  /** Looks at the backlog within so many milliseconds, at most; each says a line. */
  readonly looksMax: (ms: number) => number;
  /** So many looks, the second of a shortage not counted, take so long. */
  readonly slowLooks: { readonly count: number; readonly ms: number };
  /** Connections that it closes instead of letting them wait on, at most. */
  readonly refusedMax: number;
}

/** It looks once a second, however long that lasts. */
const LOOKS_EACH_SECOND: Shortage = {
  descriptorsMax: 48,
  looksMax: (ms) => 1 + Math.ceil(ms / 1000),
  slowLooks: { count: 1, ms: 1000 },
  refusedMax: 0,
};

/** The Listener looks after 10 ms, 20 ms ... 1 s, and refuses after a second. */
const LOOKS_LESS_AND_LESS: Shortage = {
  descriptorsMax: 48,
  looksMax: (ms) => 8 + Math.ceil(ms / 1000),
  slowLooks: { count: 5, ms: 20 + 40 + 80 + 160 + 320 },
  refusedMax: Infinity,
};

/** Descriptors for four threads, or two with a reactor. */
const DESCRIPTORS_WITH_THREADS = 64;

/** Two listeners, each with looks of its own. */
const TWO_LOOK: Shortage = {
  ...LOOKS_LESS_AND_LESS,
  descriptorsMax: DESCRIPTORS_WITH_THREADS,
  looksMax: (ms) => 2 * LOOKS_LESS_AND_LESS.looksMax(ms),
  slowLooks: { count: 2 * LOOKS_LESS_AND_LESS.slowLooks.count, ms: 620 },
};

const ONE_THREAD = {
  together: Infinity,
  descriptorsEach: 1,
  calls: "main",
  isBlocking: false,
  exactLimit: {},
  isCut: "always",
  movesBytes: true,
  isElsewhere: true,
  looksLess: true,
} as const;

const THREADS = {
  bytesKeptMax: BUFFER_BYTES,
  descriptorsEach: 2,
  calls: "threads",
  isBlocking: true,
  exactLimit: {},
  movesBytes: true,
  isElsewhere: false, // a backend watches their listener only, with acceptor.ts: see hand-out
  looksLess: false, // as acceptor.ts does, see hand-out
} as const;

const REACTORS = {
  bytesKeptMax: 2 * BUFFER_BYTES - 1,
  together: Infinity,
  calls: "threads",
  isBlocking: false,
  isCut: "never", // their echo is that of stream.ts
  looksLess: true,
} as const;

export const echoModels: readonly EchoModel[] = [
  {
    ...model("selector", selector.createEchoServer),
    ...ONE_THREAD,
    bytesKeptMax: BUFFER_BYTES,
    shortage: LOOKS_EACH_SECOND,
  },
  {
    ...model("reactor", reactor.createEchoServer),
    ...ONE_THREAD,
    bytesKeptMax: BUFFER_BYTES,
    shortage: LOOKS_EACH_SECOND,
  },
  {
    ...model("stream", stream.createEchoServer),
    ...ONE_THREAD,
    // One byte less than the mark may wait when the next buffer comes.
    bytesKeptMax: 2 * BUFFER_BYTES - 1,
    shortage: LOOKS_LESS_AND_LESS,
  },
  {
    // Threads that end count until they are gone, so there are more than are used at a time.
    ...model("thread-per-connection", threadPerConnection.createEchoServer, { workers: 16 }),
    ...THREADS,
    together: 8,
    isCut: "never", // its blocking-echo.ts is also the pool's
    shortage: undefined,
  },
  {
    ...model("thread-pool", threadPool.createEchoServer, { workers: 4 }),
    ...THREADS,
    together: 4,
    isCut: "in transfers", // for blocking-echo.ts; the rest moves no bytes
    shortage: { ...LOOKS_EACH_SECOND, descriptorsMax: DESCRIPTORS_WITH_THREADS },
  },
  {
    ...model("multi-reactor", multiReactor.createEchoServer, { workers: 2, accept: "reuse-port" }),
    ...REACTORS,
    descriptorsEach: 1,
    exactLimit: { workers: 1 },
    movesBytes: true,
    isElsewhere: false, // that of its worker's reactor is seen in hand-out
    shortage: TWO_LOOK,
  },
  {
    ...model("multi-reactor", multiReactor.createEchoServer, { workers: 2, accept: "hand-out" }),
    ...REACTORS,
    name: "multi-reactor that hands out",
    descriptorsEach: 2,
    exactLimit: {},
    movesBytes: false, // its worker is that of reuse-port
    isElsewhere: true,
    shortage: { ...LOOKS_EACH_SECOND, descriptorsMax: DESCRIPTORS_WITH_THREADS },
  },
];

function model(
  name: string,
  create: (options: EchoOptions) => EchoServer,
  own: Pick<EchoOptions, "workers" | "accept"> = {},
): Pick<EchoModel, "name" | "args" | "create"> {
  const options = Object.entries(own).flatMap(([option, value]) => [`--${option}`, String(value)]);
  return {
    name,
    args: ["--model", name, ...options],
    create: (given) => create({ ...own, ...given }),
  };
}
