/**
 * A kernel that refuses any call, alone and at random: the error belongs to one stream or to the
 * listener, all others live on, nothing is thrown at nobody, no descriptor is left.
 */
import { describe, expect, test } from "vitest";
import {
  errnoOf,
  type Kernel,
  Listener,
  MOVE_INTS,
  MOVE_LENGTH,
  MOVE_RESULT,
  Socket,
  type SocketStream,
  systemKernel,
} from "../../src/index.js";
import { differences, openDescriptors } from "../support/descriptors.js";
import {
  type CallName,
  type ErrnoName,
  type FaultKernel,
  faultKernel,
} from "../support/fault-kernel.js";
import {
  fill,
  joined,
  pattern,
  randomOf,
  reactorOf,
  receiveAll,
  recorder,
  send,
  track,
  turns,
} from "./support.js";

/** Which results of the moves of a batch are replaced; undefined: not this one. */
type MoveFault = (call: "recv_each" | "send_each") => ErrnoName | undefined;

/** As the system's, but for single moves. What was received by one that "fails" is lost with it. */
function movesFailing(fault: MoveFault): Kernel {
  const base = { ...faultKernel().kernel };
  const spoil = (call: "recv_each" | "send_each", moves: Int32Array, count: number): void => {
    for (let at = 0; at < count * MOVE_INTS; at += MOVE_INTS) {
      if (call === "send_each" && moves[at + MOVE_LENGTH] === 0) continue;
      const errno = fault(call);
      if (errno !== undefined) moves[at + MOVE_RESULT] = errnoOf(errno);
    }
  };
  return {
    ...base,
    recv_each: (moves, count, ...rest) => {
      const tried = systemKernel.recv_each(moves, count, ...rest);
      spoil("recv_each", moves, tried);
      return tried;
    },
    send_each: (moves, count, buffer) => {
      const sent = systemKernel.send_each(moves, count, buffer);
      spoil("send_each", moves, count);
      return sent;
    },
  };
}

const onLinux = process.platform === "linux";

describe("one call", () => {
  const refusals: [call: "recv_each" | "send_each", errno: ErrnoName][] = [
    ["recv_each", "ECONNRESET"],
    ["recv_each", "ENOMEM"],
    ["recv_each", "ETIMEDOUT"],
    ["send_each", "ENOBUFS"],
    ["send_each", "EPIPE"],
    ["send_each", "ENOMEM"],
  ];

  test.each(refusals)("%s answers %s: that stream ends, the others go on", (call, errno) => {
    let at = 0;
    const kernel = movesFailing((name) => {
      if (name !== call) return undefined;
      at += 1;
      return at === 2 ? errno : undefined;
    });
    const reactor = reactorOf({ kernel });
    const logs: string[][] = [[], [], []];
    const joints = logs.map((log) =>
      joined(reactor, {
        ...recorder(log),
        onData: (self, input) => void self.write(input),
      }),
    );
    for (const { peer } of joints) send(peer, "hello");
    turns(reactor, 3);
    const ended = logs.filter((log) => log.length > 0);
    expect(ended).toEqual([[`close ${errno}`]]);
    const living = joints.filter(({ stream }) => !stream.isDestroyed);
    expect(living.map(({ peer }) => String(receiveAll(peer)))).toEqual(["hello", "hello"]);
  });

  test.each([
    ["send", "ENOBUFS"],
    ["sendmsg", "ENOMEM"],
    ["shutdown", "ENOTCONN"],
  ] as const)("%s answers %s: an error to that stream, once", (call, errno) => {
    const faults = faultKernel();
    const reactor = reactorOf({ kernel: faults.kernel });
    const log: string[] = [];
    const { stream } = joined(reactor, recorder(log));
    const other = joined(reactor);
    faults.fail({ call, errno });
    if (call === "sendmsg") stream.write("staged");
    if (call === "shutdown") stream.end();
    else stream.write(Buffer.alloc(100_000));
    turns(reactor, 3);
    expect(log).toEqual([`close ${errno}`]);
    expect(other.stream.isDestroyed).toBe(false);
    expect(stream.socket.isClosed).toBe(true);
  });

  test.runIf(onLinux).each(["ENOMEM", "ENOSPC"] as const)(
    "epoll_ctl answers %s when output begins to wait: an error to that stream",
    (errno) => {
      const faults = faultKernel();
      const errors: unknown[] = [];
      const reactor = reactorOf({
        kernel: faults.kernel,
        backend: "epoll",
        onError: (error) => errors.push(error),
      });
      const logs: string[][] = [[], [], []];
      const [first, second, third] = logs.map((log, i) =>
        joined(reactor, recorder(log), { paused: i === 2 }, "unix"),
      ) as [ReturnType<typeof joined>, ReturnType<typeof joined>, ReturnType<typeof joined>];
      turns(reactor, 1);
      faults.fail({ call: "epoll_ctl", errno, when: (_ep, operation) => operation !== 2 });
      fill(first.stream.socket);
      first.stream.write("waits"); // a change of interest, put off
      third.stream.resume(); // an addition, at once
      turns(reactor, 3);
      send(second.peer, "alive");
      turns(reactor, 2);
      expect(logs).toEqual([[`close ${errno}`], ["data alive"], [`close ${errno}`]]);
      expect(errors).toEqual([]);
    },
  );

  test("after a send that failed nothing more goes out: there would be a hole", () => {
    const faults = faultKernel();
    const reactor = reactorOf({ kernel: faults.kernel });
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log));
    faults.fail({ call: "send", errno: "ENOBUFS", nth: 1 });
    stream.write(Buffer.alloc(100_000));
    stream.write("behind the hole");
    turns(reactor, 3);
    expect(log).toEqual(["close ENOBUFS"]);
    expect(receiveAll(peer)).toHaveLength(0);
  });

  test("close(2) that is interrupted is over all the same", () => {
    const faults = faultKernel();
    const reactor = reactorOf({ kernel: faults.kernel });
    const log: string[] = [];
    const { stream } = joined(reactor, recorder(log));
    const takeBack = faults.fail({ call: "close", errno: "EINTR" });
    stream.destroy();
    takeBack();
    expect(log).toEqual(["close"]);
    expect(reactor.stats().started).toBe(0);
  });

  test.runIf(onLinux)("a wait that is interrupted changes nothing", () => {
    const faults = faultKernel();
    const reactor = reactorOf({ kernel: faults.kernel, backend: "epoll" });
    const log: string[] = [];
    const { peer } = joined(reactor, recorder(log));
    send(peer, "hello");
    const takeBack = faults.fail({ call: "epoll_wait", errno: "EINTR" });
    turns(reactor, 3);
    expect(log).toEqual([]);
    takeBack();
    turns(reactor, 2);
    expect(log).toEqual(["data hello"]);
  });
});

/** Calls, and what they may answer. */
const RANDOM: readonly (readonly [CallName, readonly ErrnoName[]])[] = [
  ["accept4", ["EMFILE", "ENFILE", "ENOMEM", "ECONNABORTED", "EPROTO"]],
  ["epoll_ctl", ["ENOMEM", "ENOSPC"]],
  ["send", ["ENOBUFS", "ECONNRESET", "EAGAIN"]],
  ["sendmsg", ["ENOMEM", "EPIPE", "EAGAIN"]],
  ["shutdown", ["ENOTCONN"]],
  ["setsockopt_int", ["EINVAL"]],
  ["close", ["EINTR", "EIO"]],
  ["dup", ["EMFILE"]],
  ["epoll_wait", ["EINTR"]],
];

function failAtRandom(faults: FaultKernel, random: () => number, share: number): void {
  for (const [call, names] of RANDOM) {
    for (const errno of names) {
      const rarity = share / names.length;
      faults.fail({
        call,
        errno,
        when: (...args: unknown[]) =>
          // EPOLL_CTL_DEL has no such errors.
          !(call === "epoll_ctl" && args[1] === 2) && random() < rarity,
      } as never);
    }
  }
}

interface Client {
  readonly socket: Socket;
  readonly message: Buffer;
  sent: number;
  got: Buffer;
  state: "open" | "end" | "reset";
}

/** One look of a bare client: it sends what it can and takes what there is. */
function serve(client: Client): void {
  if (client.state !== "open") return;
  const { socket, message } = client;
  try {
    if (client.sent < message.length) {
      client.sent += Math.max(0, socket.send(message, client.sent));
      if (client.sent === message.length) socket.shutdown("write");
    }
    const bytes = Buffer.alloc(65_536);
    for (let n = socket.recv(bytes); n >= 0; n = socket.recv(bytes)) {
      client.got = Buffer.concat([client.got, bytes.subarray(0, n)]);
      if (n === 0) {
        client.state = "end";
        break;
      }
    }
  } catch {
    client.state = "reset";
  }
  if (client.state !== "open") socket.close();
}

const SEEDS = [1, 2, 3, 4, 5, 6].map((n) => n * 7919);

test.runIf(onLinux).each(SEEDS)("any call refused at random, seed %i", (seed) => {
  const before = openDescriptors();
  const random = randomOf(seed);
  let share = 0.03;
  let now = 1000; // a millisecond a turn
  const faults = faultKernel(
    movesFailing((call) => {
      if (random() >= share / 2) return undefined;
      return call === "recv_each" ? "ECONNRESET" : "ENOBUFS";
    }),
  );
  const kernel = { ...faults.kernel, nowMs: () => now };
  const uncaught: unknown[] = [];
  const refusals: string[] = [];
  const reactor = reactorOf({ kernel, backend: "epoll", onError: (error) => uncaught.push(error) });
  const closes = new Map<SocketStream, number>();
  const listener = track(
    Listener.tcp(
      reactor,
      {},
      (stream) => {
        closes.set(stream, 0);
        stream.handler = {
          onData: (self, input) => void self.write(random() < 0.5 ? input : input.take()),
          onClose: (self) => void closes.set(self, (closes.get(self) as number) + 1),
        };
      },
      { onError: ({ code }) => refusals.push(code), connectionsMax: 12 },
    ),
  );
  const address = listener.address as { address: string; port: number };
  failAtRandom(faults, () => random() + (share === 0 ? 1 : 0), share);

  const clients: Client[] = [];
  const dial = (i: number): Client => {
    const socket = track(Socket.tcp());
    socket.connect(address);
    const message = pattern(i, 1 + Math.floor(random() * 120_000));
    return { socket, message, sent: 0, got: Buffer.alloc(0), state: "open" };
  };
  const until = (isDone: () => boolean): void => {
    for (let turn = 0; !isDone(); turn += 1) {
      if (turn > 20_000) throw new Error(`Seed ${seed}: not over after ${turn} turns`);
      for (const client of clients) serve(client);
      reactor.turn();
      now += 1;
    }
  };
  for (let i = 0; i < 60; i += 1) {
    clients.push(dial(i));
    if (i % 6 === 5) until(() => clients.every(({ state }) => state !== "open"));
  }

  expect(uncaught).toEqual([]);
  for (const { got, message } of clients) {
    expect(Buffer.compare(got, message.subarray(0, got.length))).toBe(0);
  }
  // The faults did what they are for, and did not hit everybody.
  expect(clients.filter(({ got, message }) => got.length < message.length)).not.toHaveLength(0);
  expect(clients.filter(({ got, message }) => got.length === message.length)).not.toHaveLength(0);
  expect(refusals).not.toHaveLength(0);

  share = 0;
  clients.push(dial(99));
  until(() => clients.at(-1)?.state !== "open");
  const last = clients.at(-1) as Client;
  expect(Buffer.compare(last.got, last.message)).toBe(0);
  until(() => listener.stats().connections === 0);
  expect([...closes.values()].every((count) => count === 1)).toBe(true);
  listener.close();
  expect(reactor.stats().started).toBe(0);
  expect(reactor.stats().timers).toBe(0);
  reactor.close();
  expect(differences(before, openDescriptors())).toEqual([]);
});
