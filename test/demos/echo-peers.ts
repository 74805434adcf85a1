/**
 * An echo server in this process, and clients for it: ordinary ones of node:net, and ones of our
 * own `Socket` where a test says which buffers a client has, and when it reads.
 *
 * The rule of this file: nothing waits for time. Where "nothing more happens" is to be shown, round
 * trips of another client through the same server are the clock.
 */
import { once } from "node:events";
import { connect, Socket as NodeSocket } from "node:net";
import { onTestFinished } from "vitest";
import type { EchoOptions } from "../../src/demos/echo/server.js";
import { ADDRESS_BYTES, SO_RCVBUF, SO_SNDBUF, Socket, systemKernel } from "../../src/index.js";
import { openDescriptors } from "../support/descriptors.js";
import type { EchoModel } from "./echo-models.js";
import { portOf } from "./port-of.js";
import { runUntilStopped } from "./run-until-stopped.js";

/** Round trips without progress after which a peer counts as stalled. */
const STALLED_TURNS = 20;

export interface RunningServer {
  readonly port: number;
  readonly lines: readonly string[];
  /** Settles when its threads have begun. */
  readonly ready: Promise<void>;
  /** Settles when so many lines match. */
  said(pattern: RegExp, count?: number): Promise<void>;
  /** What the kernel holds for the server's end of this client's connection. */
  queuesOf(client: Socket): ServerQueues;
  /** Aborts, and settles when `run` has. */
  stop(): Promise<void>;
}

export interface ServerQueues {
  /** Bytes that the server has not read. */
  readonly unread: number;
  /** Bytes that it has sent and the client's end has not acknowledged. */
  readonly unsent: number;
}

/** A server that ends with the test. */
export function startServer(
  model: EchoModel,
  options: Pick<EchoOptions, "backend" | "connectionsMax" | "kernel" | "workers"> = {},
): RunningServer {
  const log = new LineLog();
  const server = model.create({
    host: "127.0.0.1",
    port: 0,
    log: (line) => log.add(line),
    ...options,
  });
  const stop = runUntilStopped((signal) => server.run(signal));
  return {
    port: portOf(server.address),
    lines: log.lines,
    ready: server.ready ?? Promise.resolve(),
    said: (pattern, count) => log.said(pattern, count),
    queuesOf(client) {
      const fd = serverEndOf(client);
      return { unread: systemKernel.ioctl_inq(fd), unsent: systemKernel.ioctl_outq(fd) };
    },
    stop,
  };
}

/** Lines as they are said, and waiting for them. */
export class LineLog {
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  add(line: string): void {
    this.lines.push(line);
    for (const look of this.#waiting) look();
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  /** Settles when so many lines match, at once if they do. */
  said(pattern: RegExp, count = 1): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.count(pattern) < count) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** What {@link stalledClient} sends at a time. */
const STALLED_SEND_BYTES = 64 * 1024;

/** A connected client of node:net; half-open, so that it alone decides when it is done. */
export async function connectTo(port: number): Promise<NodeSocket> {
  const socket = adoptForTest(connect({ host: "127.0.0.1", port, allowHalfOpen: true }));
  await once(socket, "connect");
  return socket;
}

export function connectMany(port: number, count: number): Promise<NodeSocket[]> {
  return Promise.all(Array.from({ length: count }, () => connectTo(port)));
}

/**
 * A client that reads and writes only when the test does, with the smallest buffers the kernel
 * gives. On loopback it is connected at once.
 */
export function tinyClient(port: number): Socket {
  const socket = Socket.tcp();
  onTestFinished(() => socket.close());
  // Before connect: the window scale is agreed on there.
  socket.setOption(SO_RCVBUF, 1);
  socket.setOption(SO_SNDBUF, 1);
  socket.connect({ address: "127.0.0.1", port });
  return socket;
}

/** A {@link tinyClient} that is to be stalled, and gets there in fewer turns. */
export function stalledClient(port: number): Socket {
  const socket = tinyClient(port);
  socket.setOption(SO_SNDBUF, STALLED_SEND_BYTES);
  return socket;
}

/** A stalled client begins to read, and no longer through so small a window. */
export function readAfterAll(socket: Socket): NodeSocket {
  socket.setOption(SO_RCVBUF, 4 * STALLED_SEND_BYTES);
  return toNode(socket);
}

/** Hands a connected socket over to node:net, its buffers unchanged. */
export function toNode(socket: Socket): NodeSocket {
  return adoptForTest(new NodeSocket({ fd: socket.detach(), allowHalfOpen: true }));
}

function adoptForTest(socket: NodeSocket): NodeSocket {
  // An 'error' is followed by 'close', which fails whoever still waits for bytes.
  socket.on("error", () => {});
  onTestFinished(async () => {
    if (socket.closed) return;
    const closed = once(socket, "close");
    socket.destroy();
    await closed;
  });
  return socket;
}

/** Exactly `length` bytes; fails if the connection ends before. */
export function receive(socket: NodeSocket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let missing = length;
    const settle = (how: () => void): void => {
      socket.off("readable", take).off("end", fail).off("close", fail);
      how();
    };
    const fail = (): void => {
      settle(() => reject(new Error(`Ended with ${missing} bytes missing`)));
    };
    const take = (): void => {
      while (missing > 0 && socket.readableLength > 0) {
        const chunk: Buffer = socket.read(Math.min(missing, socket.readableLength));
        chunks.push(chunk);
        missing -= chunk.length;
      }
      if (missing === 0) settle(() => resolve(Buffer.concat(chunks, length)));
      else socket.read(0);
    };
    socket.on("readable", take).on("end", fail).on("close", fail);
    if (socket.readableEnded || socket.destroyed) fail();
    else take();
  });
}

/** Whatever still comes, until the server's FIN; fails if the connection breaks instead. */
export function receiveToEnd(socket: NodeSocket): Promise<Buffer> {
  if (socket.readableEnded) return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("end", () => resolve(Buffer.concat(chunks)));
    socket.on("close", () => reject(new Error("Closed without a FIN")));
  });
}

/** Sends `message` and fails unless the same comes back. */
export async function roundTrip(socket: NodeSocket, message: Buffer): Promise<void> {
  socket.write(message);
  expectSame(await receive(socket, message.length), message);
}

/**
 * Writes what the kernel takes, until the server has left bytes unread for many turns. (That the
 * kernel takes nothing does not say so: it may wait for an acknowledgement.)
 *
 * @param turn something the server has to take part in; little, for it is done often.
 * @returns how many bytes were taken.
 */
export async function writeUntilStalled(
  server: RunningServer,
  socket: Socket,
  bytes: Buffer,
  turn: () => Promise<void>,
): Promise<number> {
  const { localAddress } = socket;
  if (localAddress === undefined || !("port" in localAddress)) throw new Error("Not connected");
  await server.said(new RegExp(`^ESTABLISHED .*:${localAddress.port}$`));
  let unreadBefore = 0;
  for (let sent = 0; ; ) {
    sent = await writeUntilFull(socket, bytes, sent, turn);
    // Not after each turn: another process's queue is found by reading those of the whole system.
    const { unread } = server.queuesOf(socket);
    if (unread > 0 && unread === unreadBefore) return sent;
    if (sent === bytes.length && unread === 0) throw new Error("The server took all bytes");
    unreadBefore = unread;
  }
}

/** Until the kernel has taken nothing for many turns. @returns how many bytes it has now. */
async function writeUntilFull(
  socket: Socket,
  bytes: Buffer,
  start: number,
  turn: () => Promise<void>,
): Promise<number> {
  let sent = start;
  for (let idleTurns = 0; idleTurns < STALLED_TURNS; idleTurns += 1) {
    for (let n = 0; n >= 0 && sent < bytes.length; sent += Math.max(n, 0)) {
      n = socket.send(bytes, sent);
      if (n > 0) idleTurns = 0;
    }
    await turn();
  }
  return sent;
}

/** Bytes that only a pseudo-random generator with this seed gives, so that no place is alike. */
export function pattern(seed: number, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (seed + 1) * 0x9e3779b9;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

/** Compares every byte; a difference is told by its place, not by megabytes of output. */
export function expectSame(actual: Buffer, expected: Buffer): void {
  if (actual.equals(expected)) return;
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  throw new Error(
    at < 0
      ? `Expected ${expected.length} bytes: ${actual.length}`
      : `Byte ${at} of ${expected.length} must be ${expected[at]}: ${actual[at]}`,
  );
}

/** The server's descriptor of this client's connection; the server is in this process. */
export function serverEndOf(client: Socket): number {
  const wanted = new Uint8Array(ADDRESS_BYTES);
  systemKernel.getsockname(client.fileno(), wanted);
  const found = new Uint8Array(ADDRESS_BYTES);
  for (const fd of openDescriptors().keys()) {
    if (systemKernel.getpeername(fd, found) === 0 && Buffer.compare(found, wanted) === 0) return fd;
  }
  throw new Error("The server does not have this connection");
}
