/** Many connections, short ones and idle ones: afterwards everything is as it was. */
import { expect, test, vi } from "vitest";
import { Listener, Socket } from "../../src/index.js";
import { openDescriptors } from "../support/descriptors.js";
import { leastAfterCollecting } from "../support/garbage.js";
import { reactorOf, track } from "./support.js";

const SHORT = 20_000;
const IDLE = 8000;

/** What this process may still open, less some for Node itself. */
function room(wanted: number): number {
  return Math.min(wanted, Math.floor((softLimit() - openDescriptors().size - 100) / 2));
}

function softLimit(): number {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft: unknown } } };
  const soft = report.userLimits?.open_files?.soft;
  return soft === "unlimited" ? 1_000_000 : Number(soft ?? 1024);
}

/** Both take seconds; a busy machine must not make a hang of that. */
vi.setConfig({ testTimeout: 120_000 });

const heapBytes = (enough?: number): Promise<number> =>
  leastAfterCollecting(() => process.memoryUsage().heapUsed, enough);

test(`${SHORT} short connections leave no descriptor and no memory (B85)`, async () => {
  const reactor = reactorOf();
  const listener = track(
    Listener.tcp(reactor, {}, (stream) => {
      stream.handler = { onData: (self, input) => void self.write(input) };
    }),
  );
  const address = listener.address as { address: string; port: number };
  const message = Buffer.from("hello");
  const answer = Buffer.alloc(16);
  const linger = new Uint8Array(new Int32Array([1, 0]).buffer);
  const { SOL_SOCKET, SO_LINGER } = reactor.kernel.constants;
  const batch = 50;
  const run = (count: number): void => {
    for (let made = 0; made < count; made += batch) {
      const clients = Array.from({ length: batch }, () => {
        const socket = Socket.tcp();
        socket.connect(address);
        socket.send(message);
        return socket;
      });
      for (let i = 0; i < 4; i += 1) reactor.turn();
      for (const [i, socket] of clients.entries()) {
        expect(socket.recv(answer)).toBe(5);
        // Some vanish by a reset, the others by FIN; a reset also keeps ports out of TIME_WAIT.
        if (i % 8 !== 0) socket.setsockopt(SOL_SOCKET, SO_LINGER, linger);
        socket.close();
      }
      for (let i = 0; i < 3 && listener.streams.size > 0; i += 1) reactor.turn();
    }
  };
  run(2000);
  const descriptors = openDescriptors().size;
  const heap = await heapBytes();
  run(SHORT - 2000);
  expect(listener.stats()).toMatchObject({ accepted: SHORT, connections: 0 });
  expect(openDescriptors().size).toBe(descriptors);
  // Less than 100 bytes a connection: nothing that belongs to one has stayed.
  const heapMax = heap + (SHORT - 2000) * 100;
  expect(await heapBytes(heapMax)).toBeLessThan(heapMax);
});

test(`idle connections, ${IDLE} if they can be opened, cost no turn and leave nothing`, async () => {
  const reactor = reactorOf();
  const count = room(IDLE);
  const descriptors = openDescriptors().size;
  const round = (): void => {
    const listener = track(
      Listener.tcp(reactor, { backlog: 1024 }, () => {}, {
        stream: { timeouts: { idleMs: 3_600_000 } },
      }),
    );
    const address = listener.address as { address: string; port: number };
    const clients: Socket[] = [];
    while (clients.length < count) {
      for (let i = 0; i < 64 && clients.length < count; i += 1) {
        const socket = Socket.tcp();
        socket.connect(address);
        clients.push(socket);
      }
      reactor.turn();
    }
    for (let i = 0; i < 5; i += 1) reactor.turn();
    expect(listener.stats().connections).toBe(count);
    const { events, callbacks } = reactor.stats();
    for (let i = 0; i < 50; i += 1) reactor.turn();
    expect(reactor.stats().events - events).toBe(0);
    expect(reactor.stats().callbacks - callbacks).toBe(0);
    for (const socket of clients) socket.close();
    for (let i = 0; i < 400 && listener.streams.size > 0; i += 1) reactor.turn();
    expect(listener.stats().connections).toBe(0);
    listener.close();
    expect(reactor.stats().timers).toBe(0);
  };
  round();
  expect(openDescriptors().size - descriptors).toBeLessThanOrEqual(2); // the kernel's queue
  const heap = await heapBytes();
  round();
  const heapMax = heap + count * 100;
  expect(await heapBytes(heapMax)).toBeLessThan(heapMax);
});
