/**
 * Streams over real sockets, the two ways of driving a reactor, and bytes that tell whose they are.
 *
 * The rule of this file: `drive` looks at the condition when a turn is over and at no other time of
 * its own but a slow guard, so that a reactor which forgets to wake up is found out, not helped.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, expect } from "vitest";
import { type Kernel, Socket, systemKernel } from "../../src/index.js";
import { Reactor, type ReactorOptions } from "../../src/reactor/index.js";
import {
  type BufferedStream,
  SocketStream,
  type StreamHandler,
  type StreamOptions,
} from "../../src/streams/index.js";
import { TransferPool } from "../../src/streams/transfer-pool.js";

export type Way = "attached" | "blocking";
export const WAYS: readonly Way[] = ["attached", "blocking"];

/** No wait of a test comes near it, on a slow and busy machine either; the runner's is longer. */
const HANG_MS = 15_000;

/** The guard of an attached run looks so rarely that a test which depends on it is slow. */
const GUARD_MS = 250;

const open: Disposable[] = [];

afterEach(() => {
  for (const one of open.splice(0).reverse()) one[Symbol.dispose]();
});

/** Closes `one` after the test. */
export function track<T extends Disposable>(one: T): T {
  open.push(one);
  return one;
}

/**
 * A reactor whose lent buffer is overwritten when the loan is over. Its turns take as long as they
 * take: a pause of this process must not cut one in two.
 */
export function reactorOf(options?: ReactorOptions): Reactor {
  const reactor = track(new Reactor({ turnMs: Infinity, ...options }));
  TransferPool.of(reactor).poison();
  return reactor;
}

/**
 * A reactor whose clock goes by a millisecond a turn, however long that really takes: for tests in
 * which one thing must come before the deadline of another, whatever this process is kept from.
 */
export function tickingReactorOf(): Reactor {
  let now = 1000;
  const reactor = reactorOf({ kernel: { ...systemKernel, nowMs: () => now } });
  const tick = (): void => {
    now += 1;
  };
  reactor.timer(0, tick, { repeat: true }).unref();
  return reactor;
}

/** Runs the reactor until the condition holds; a hang is an error. */
export async function drive(reactor: Reactor, way: Way, until: () => boolean): Promise<void> {
  const deadline = performance.now() + HANG_MS;
  if (way === "attached") return driveAttached(reactor, until);
  while (!until()) {
    if (performance.now() > deadline) throw new Error(`Not after ${HANG_MS} ms: ${until}`);
    reactor.turn(20);
  }
}

async function driveAttached(reactor: Reactor, until: () => boolean): Promise<void> {
  if (until()) return;
  const hold = reactor.timer(Infinity, () => {});
  const deadline = performance.now() + HANG_MS;
  const running = reactor.run();
  try {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (until()) done(resolve);
        else if (performance.now() > deadline) {
          done(() => reject(new Error(`Not after ${HANG_MS} ms: ${until}`)));
        }
      };
      const onTurn = (message: unknown): void => {
        if ((message as { reactor: Reactor }).reactor === reactor) setImmediate(look);
      };
      const guard = setInterval(look, GUARD_MS);
      const done = (settle: () => void): void => {
        clearInterval(guard);
        unsubscribe("socket-reactor.turn", onTurn);
        settle();
      };
      subscribe("socket-reactor.turn", onTurn);
      running.then(look, (error) => done(() => reject(error)));
    });
  } finally {
    hold.stop();
    if (reactor.mode !== "idle") reactor.break();
    await running.catch(() => {});
  }
}

/** So many turns, without waiting. */
export function turns(reactor: Reactor, count: number): void {
  for (let i = 0; i < count; i += 1) reactor.turn(0);
}

/** Two connected sockets. TCP over loopback, with the client on the left. */
export function socketPair(
  kind: "tcp" | "unix" = "tcp",
  kernel: Kernel = systemKernel,
): [Socket, Socket] {
  if (kind === "unix") {
    const [left, right] = Socket.pair({ kernel });
    return [track(left), track(right)];
  }
  const listener = Socket.listenTcp({ kernel });
  const left = track(Socket.tcp({ kernel }));
  try {
    left.connect(listener.localAddress as { address: string; port: number });
    const right = listener.accept();
    if (right === undefined) throw new Error("Nothing to accept");
    left.finishConnect();
    return [left, track(right)];
  } finally {
    listener.close();
  }
}

export interface Joined {
  readonly stream: SocketStream;
  /** The other end, a bare socket. */
  readonly peer: Socket;
}

/** A stream whose other end is a bare socket. */
export function joined(
  reactor: Reactor,
  handler: StreamHandler<SocketStream> = {},
  options: StreamOptions = {},
  kind: "tcp" | "unix" = "tcp",
): Joined {
  const [left, peer] = socketPair(kind, reactor.kernel);
  return { stream: streamOf(reactor, left, handler, options), peer };
}

export function streamOf(
  reactor: Reactor,
  socket: Socket,
  handler: StreamHandler<SocketStream> = {},
  options: StreamOptions = {},
): SocketStream {
  const stream = new SocketStream(reactor, socket, handler, options);
  open.push({ [Symbol.dispose]: () => void (stream.isDestroyed || quietly(stream)) });
  return stream;
}

/** The end of the test is no event. */
function quietly(stream: SocketStream): void {
  stream.handler = {};
  stream.destroy();
}

/** What a stream calls, in order, as short words; data is read. A deadline ends it. */
export function recorder(log: string[], name = ""): StreamHandler<BufferedStream> {
  const dot = name === "" ? "" : `${name}.`;
  return {
    onData: (_, input) => void log.push(`${dot}data ${input.take()}`),
    onEnd: () => void log.push(`${dot}end`),
    onDrain: () => void log.push(`${dot}drain`),
    onClose: (_, error) => {
      const code = (error as { code?: string } | undefined)?.code ?? error?.message;
      log.push(`${dot}close${code === undefined ? "" : ` ${code}`}`);
    },
  };
}

/** `length` bytes that no other seed has, and in which no place looks like another. */
export function pattern(seed: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  const words = new Uint32Array(bytes.buffer, 0, length >> 2);
  let state = (seed * 0x9e3779b1 + 1) | 0 || 1;
  for (let i = 0; i < words.length; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  for (let i = words.length * 4; i < length; i += 1) bytes[i] = seed + i;
  return bytes;
}

/** Compares without printing megabytes. */
export function expectBytes(found: Uint8Array, wanted: Uint8Array): void {
  expect(found.length).toBe(wanted.length);
  if (Buffer.compare(found, wanted) === 0) return;
  const at = found.findIndex((byte, i) => byte !== wanted[i]);
  throw new Error(`The bytes differ at ${at} of ${wanted.length}`);
}

/** What the socket has now; undefined: it has nothing; "end" is an empty buffer. */
export function receiveSome(socket: Socket, limit = 65_536): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(limit);
  const n = socket.recv(bytes);
  return n < 0 ? undefined : bytes.subarray(0, n);
}

/** Everything the socket has now. */
export function receiveAll(socket: Socket): Buffer {
  const parts: Buffer[] = [];
  for (let some = receiveSome(socket); some?.length; some = receiveSome(socket)) parts.push(some);
  return Buffer.concat(parts);
}

/** A bare peer that keeps what it reads, in the same reactor. */
export function collect(reactor: Reactor, peer: Socket): { bytes(): Buffer; isEnded: boolean } {
  const parts: Buffer[] = [];
  const collector = { bytes: () => Buffer.concat(parts), isEnded: false };
  const watch = reactor.watch(peer, 1, () => {
    const some = receiveSome(peer, 262_144);
    if (some === undefined) return;
    if (some.length > 0) parts.push(some);
    else {
      collector.isEnded = true;
      watch.stop();
    }
  });
  watch.unref();
  return collector;
}

/** Sends all of a short text. */
export function send(socket: Socket, text = "x"): void {
  const bytes = Buffer.from(text);
  const n = socket.send(bytes);
  if (n !== bytes.length) throw new Error(`Sent ${n} of ${bytes.length} bytes`);
}

/** Sends until the kernel takes no more, not one byte; how many. */
export function fill(socket: Socket): number {
  const chunk = Buffer.alloc(65_536);
  let total = 0;
  for (const size of [chunk.length, 1]) {
    for (let n = socket.send(chunk, 0, size); n >= 0; n = socket.send(chunk, 0, size)) total += n;
  }
  return total;
}

/** The next close sends RST. */
export function resetOnClose(socket: Socket): void {
  const { SOL_SOCKET, SO_LINGER } = systemKernel.constants;
  socket.setsockopt(SOL_SOCKET, SO_LINGER, new Uint8Array(new Int32Array([1, 0]).buffer));
}

/** Lets time pass without any loop. */
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

/** Numbers from 0 to 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
