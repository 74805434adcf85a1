/**
 * Reactors and sockets that a test need not close itself, and the two ways of running, so that one
 * test can be run over both.
 */
import { afterEach } from "vitest";
import { type Backend, type Kernel, Socket, systemKernel } from "../../src/index.js";
import { Reactor, type ReactorOptions, type RunResult } from "../../src/reactor/index.js";

/** How a reactor is run. */
export type Way = "attached" | "blocking";
export const WAYS: readonly Way[] = ["attached", "blocking"];

/** What this system has. */
export const BACKENDS: readonly Backend[] =
  process.platform === "linux" ? ["epoll", "poll", "select"] : ["kqueue", "poll", "select"];

/** Each way over each backend. */
export const EVERYWHERE: readonly (readonly [Way, Backend])[] = WAYS.flatMap((way) =>
  BACKENDS.map((backend) => [way, backend] as const),
);

/** No wait of a test comes near it: what is not over by then hangs. */
export const HANG_MS = 8000;

const open: Disposable[] = [];
/** What handlers threw, as a failed expectation does. */
const thrown: unknown[] = [];

afterEach(() => {
  for (const one of open.splice(0).reverse()) one[Symbol.dispose]();
  for (const error of thrown.splice(0)) throw error;
});

/** Closes `one` after the test. */
export function track<T extends Disposable>(one: T): T {
  open.push(one);
  return one;
}

/**
 * A reactor that breaks off when a handler throws, so that the test fails; not with `onError`. Its
 * turns take as long as they take: a pause of this process must not cut one in two.
 */
export function reactorOf(options: ReactorOptions = {}): Reactor {
  const onError = (error: unknown): void => {
    thrown.push(error);
    if (!reactor.isClosed) reactor.break();
  };
  const reactor: Reactor = track(new Reactor({ onError, turnMs: Infinity, ...options }));
  return reactor;
}

/** Two connected unix stream sockets. */
export function pair(kernel: Kernel = systemKernel): [Socket, Socket] {
  const [left, right] = Socket.pair({ kernel });
  return [track(left), track(right)];
}

/** A pair of which the left end is readable. */
export function readablePair(text = "x"): [Socket, Socket] {
  const [left, right] = pair();
  send(right, text);
  return [left, right];
}

/** Runs it; one that hangs fails, though nothing can interrupt a blocking run from outside. */
export async function go(reactor: Reactor, way: Way): Promise<RunResult> {
  let isHanging = false;
  const guard = reactor
    .timer(HANG_MS, () => {
      isHanging = true;
      reactor.break();
    })
    .unref();
  try {
    const result = way === "attached" ? await reactor.run() : reactor.runBlocking();
    if (isHanging) throw new Error(`Not over after ${HANG_MS} ms`);
    return result;
  } finally {
    guard.stop();
  }
}

/** Sends all of a short text. */
export function send(socket: Socket, text = "x"): void {
  const bytes = Buffer.from(text);
  const n = socket.send(bytes);
  if (n !== bytes.length) throw new Error(`Sent ${n} of ${bytes.length} bytes`);
}

/** What is there, at most `limit` bytes; undefined when there is nothing yet, "" at the end. */
export function receive(socket: Socket, limit = 65_536): string | undefined {
  const buffer = Buffer.alloc(limit);
  const n = socket.recv(buffer);
  return n < 0 ? undefined : buffer.toString("utf8", 0, n);
}

/** Sends until the kernel takes no more. */
export function fill(socket: Socket): void {
  const chunk = Buffer.alloc(65_536);
  while (socket.send(chunk) >= 0);
  while (socket.send(chunk, 0, 1) >= 0);
}

/** Reads until there is nothing. */
export function drain(socket: Socket): void {
  const chunk = Buffer.alloc(65_536);
  while (socket.recv(chunk) > 0);
}

/** Lets time pass without Node's loop. */
export function busyFor(ms: number): void {
  const until = systemKernel.nowMs() + ms;
  while (systemKernel.nowMs() < until);
}

/** As it is thrown. */
export function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}

export async function turnsOfNode(n: number): Promise<void> {
  for (let i = 0; i < n; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
