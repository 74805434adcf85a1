/**
 * What an echoed message costs a run in Node's loop, in system calls: libuv's wait, ours, recv and
 * send at most; with many ready at once the waits are shared. (A blocking run has no libuv and pays
 * three: test/reactor/blocking.test.ts.)
 *
 * Ours are counted through the kernel interface, always. Libuv's are counted as iterations of its
 * loop, each of which waits once; where strace(1) may be used, it counts them all.
 */
import { setImmediate as nextIteration } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Socket, type SocketStream, supportedBackends, systemKernel } from "../../src/index.js";
import type { Reactor } from "../../src/reactor/index.js";
import { type CallName, faultKernel } from "../support/fault-kernel.js";
import { type TracedCall, traceCalls, whyNoStrace } from "../support/strace.js";
import { reactorOf, streamOf, track } from "./support.js";

const ROUNDS = 50;
const hasEpoll = supportedBackends().includes("epoll");
const whyNot = hasEpoll ? whyNoStrace() : "strace(1) is Linux's";

/** What an echo server can stand on. */
interface Floor {
  readonly name: string;
  /** Calls of the kernel interface in a round of `n` messages; the waits come on top. */
  readonly callsOf: (n: number) => Partial<Record<CallName, number>>;
  readonly echo: (reactor: Reactor, socket: Socket) => void;
  /** As `echo`, in the program that is traced. */
  readonly source: string;
}

const FLOORS: readonly Floor[] = [
  {
    name: "a watch",
    callsOf: (n) => ({ recv: n, send: n }),
    echo(reactor, socket) {
      const buffer = Buffer.alloc(64);
      reactor.watch(socket, 1, () => socket.send(buffer, 0, socket.recv(buffer)));
    },
    source: `reactor.watch(socket, 1, () => socket.send(buffer, 0, socket.recv(buffer)));`,
  },
  {
    name: "a stream",
    // Of the interface one call for all, which makes a system call for each.
    callsOf: () => ({ recv_each: 1, send_each: 1 }),
    echo(reactor, socket) {
      const onData = (self: SocketStream, input: Parameters<SocketStream["write"]>[0]): void =>
        void self.write(input);
      streamOf(reactor, socket, { onData });
    },
    source: `new SocketStream(reactor, socket, { onData: (self, input) => void self.write(input) });`,
  },
];

describe.runIf(hasEpoll).each(FLOORS)("$name, attached", (floor) => {
  test.each([1, 20])("%i ready at once: one wait of ours, and one of libuv's", async (n) => {
    const counting = faultKernel();
    const reactor = reactorOf({ kernel: counting.kernel, backend: "epoll" });
    const clients = Array.from({ length: n }, () => {
      const [server, client] = Socket.pair({ kernel: counting.kernel });
      floor.echo(reactor, track(server));
      return track(client).fileno();
    });
    const running = reactor.run();
    const buffer = new Uint8Array(64);
    let iterations = 0;
    const round = async (): Promise<void> => {
      for (const fd of clients) expect(systemKernel.send(fd, buffer, 0, 64, 0)).toBe(64);
      for (const fd of clients) {
        for (; systemKernel.recv(fd, buffer, 0, 64, 0) < 0; iterations += 1) await nextIteration();
      }
    };
    await round(); // what is put off until a run begins is over
    counting.clear();
    iterations = 0;
    for (let i = 0; i < ROUNDS; i += 1) await round();
    const counts: Partial<Record<CallName, number>> = {};
    for (const { name } of counting.log) counts[name] = (counts[name] ?? 0) + 1;
    reactor.stop();
    await running;
    const wanted = Object.entries(floor.callsOf(n)).map(([name, count]) => [name, ROUNDS * count]);
    expect(counts).toEqual({ epoll_wait: ROUNDS, ...Object.fromEntries(wanted) });
    expect(iterations).toBe(ROUNDS);
  });

  const suffix = whyNot === undefined ? "" : ` (not here: ${whyNot})`;
  test.skipIf(whyNot !== undefined).each([1, 20])(
    `%i ready at once, all calls: two a message, and two waits for all of them${suffix}`,
    { timeout: 60_000 },
    (n) => {
      const { waits, receives, sends, rest } = countsOf(traceCalls(program(floor.source, n)));
      expect(receives).toBe(n * ROUNDS);
      expect(sends).toBe(n * ROUNDS);
      expect(waits).toBeGreaterThanOrEqual(2 * ROUNDS);
      // V8 collects garbage now and then, wakes the loop for it and says so. What we made beyond the
      // two waits we would make in every round.
      const others = waits - 2 * ROUNDS + rest.length;
      expect(others, `beside them: ${JSON.stringify(rest)}`).toBeLessThan(ROUNDS);
    },
  );
});

/** The calls of the servers by kind; `rest`: what neither they nor the clients should make. */
function countsOf({ calls, stdout }: ReturnType<typeof traceCalls>) {
  const clients = new Set(stdout.split("\n")[0]?.split(" "));
  const isOf = (names: RegExp) => (call: TracedCall) => names.test(call.name);
  const waits = calls.filter(isOf(/^epoll_p?wait2?$/));
  const receives = calls.filter(isOf(/^recv/));
  const sends = calls.filter(isOf(/^send/));
  const counted = new Set([...waits, ...receives, ...sends]);
  const rest = calls.filter((call) => !counted.has(call) && !clients.has(call.first));
  return { waits: waits.length, receives: receives.length, sends: sends.length, rest };
}

/** Says first which descriptors are the clients', whose calls are not to be counted. */
function program(echo: string, n: number): string {
  return `
    import { writeSync } from "node:fs";
    import { Reactor, Socket, SocketStream, systemKernel } from "socket-reactor";
    // Traced, a turn takes longer than it may; none is to be cut in two.
    const reactor = new Reactor({ backend: "epoll", turnMs: Infinity });
    const buffer = Buffer.alloc(64);
    const clients = Array.from({ length: ${n} }, () => {
      const [socket, client] = Socket.pair();
      ${echo}
      return client.fileno();
    });
    reactor.run();
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const round = async () => {
      for (const fd of clients) systemKernel.write(fd, buffer, 0, 64);
      for (const fd of clients) while (systemKernel.read(fd, buffer, 0, 64) < 0) await turn();
    };
    for (let i = 0; i < 5; i += 1) await round();
    writeSync(1, clients.join(" ") + "\\n");
    writeSync(1, "BEGIN\\n");
    for (let i = 0; i < ${ROUNDS}; i += 1) await round();
    writeSync(1, "END\\n");
    process.exit(0);
  `;
}
