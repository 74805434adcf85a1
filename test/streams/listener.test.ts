/** Listeners: how many they accept and when, and what they do when there is no room. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type Kernel,
  Listener,
  type ListenerOptions,
  PAUSE_MS_MAX,
  REFUSE_AFTER_MS,
  Socket,
  type SocketStream,
  systemKernel,
} from "../../src/index.js";
import type { Reactor } from "../../src/reactor/index.js";
import { type FaultKernel, faultKernel } from "../support/fault-kernel.js";
import { type FilledTable, fillDescriptors } from "../support/fd-limit.js";
import { drive, errorOf, reactorOf, receiveSome, recorder, track, turns, WAYS } from "./support.js";

function listen(
  reactor: Reactor,
  onStream: (stream: SocketStream) => void = () => {},
  options: ListenerOptions & { reusePort?: boolean; port?: number } = {},
): Listener {
  const { reusePort = false, port = 0, ...rest } = options;
  const listener = track(Listener.tcp(reactor, { reusePort, port }, onStream, rest));
  onTestFinished(() => {
    for (const stream of listener.streams) {
      stream.handler = {};
      stream.destroy();
    }
  });
  return listener;
}

/** A bare client, whose connect on loopback is over when it returns. */
function client(listener: Listener): Socket {
  const socket = track(Socket.tcp());
  socket.connect(listener.address as { address: string; port: number });
  return socket;
}

function clients(listener: Listener, count: number): Socket[] {
  return Array.from({ length: count }, () => client(listener));
}

/** A kernel whose clock stands still until it is put forward. */
function frozen(faults: FaultKernel): { kernel: Kernel; skip(ms: number): void } {
  let now = 1000;
  const kernel = { ...faults.kernel, nowMs: () => now };
  return {
    kernel,
    skip: (ms) => {
      now += ms;
    },
  };
}

describe.each(WAYS)("%s", (way) => {
  test("two listeners have ports of their own, and each its clients (B86)", async () => {
    const reactor = reactorOf();
    const one = listen(reactor);
    const two = listen(reactor);
    expect(one.address).not.toEqual(two.address);
    clients(one, 3);
    clients(two, 2);
    await drive(reactor, way, () => one.stats().accepted + two.stats().accepted === 5);
    expect(one.stats()).toMatchObject({ accepted: 3, connections: 3 });
    expect(two.stats()).toMatchObject({ accepted: 2, connections: 2 });
  });

  test("pause() in the callback stops after the first of two that wait (B86, B89)", async () => {
    const reactor = reactorOf();
    const listener = listen(reactor, () => listener.pause());
    clients(listener, 2);
    await drive(reactor, way, () => listener.stats().accepted === 1);
    turns(reactor, 3);
    expect(listener.stats().accepted).toBe(1);
    listener.resume();
    await drive(reactor, way, () => listener.stats().accepted === 2);
  });

  test("close() in the callback is the end; its streams live on (B89)", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const listener = listen(reactor, (stream) => {
      stream.handler = recorder(log);
      listener.close();
    });
    const [first, second] = clients(listener, 2) as [Socket, Socket];
    await drive(reactor, way, () => listener.isClosed);
    expect(listener.stats().accepted).toBe(1);
    expect(() => receiveSome(second)).toThrow(expect.objectContaining({ code: "ECONNRESET" }));
    first.send(Buffer.from("hello"));
    await drive(reactor, way, () => log.length > 0);
    expect(log).toEqual(["data hello"]);
    listener.close();
  });

  test("at most `connectionsMax` are open; the next is accepted when one goes", async () => {
    const reactor = reactorOf();
    const listener = listen(reactor, () => {}, { connectionsMax: 2 });
    const all = clients(listener, 4);
    await drive(reactor, way, () => listener.stats().accepted === 2);
    turns(reactor, 3);
    expect(listener.stats()).toMatchObject({ accepted: 2, connections: 2 });
    all[0]?.close();
    await drive(reactor, way, () => listener.stats().accepted === 3);
    for (const stream of listener.streams) stream.destroy();
    await drive(reactor, way, () => listener.stats().accepted === 4);
    expect(listener.stats().connections).toBe(1);
  });

  test("EMFILE: it pauses, does not spin, and goes on when there is room (B88)", async () => {
    const reactor = reactorOf();
    const errors: string[] = [];
    const listener = listen(reactor, () => {}, { onError: ({ code }) => errors.push(code) });
    clients(listener, 3);
    listener.pause();
    let table: FilledTable | undefined;
    let begun = 0;
    // In a run that has begun: to begin one takes descriptors, too.
    reactor.timer(0, () => {
      table = fillDescriptors();
      begun = performance.now();
      listener.resume();
    });
    const { events } = reactor.stats();
    await drive(reactor, way, () => listener.stats().pauses === 4);
    // 10, 20 and 40 ms lie between four attempts.
    expect(performance.now() - begun).toBeGreaterThanOrEqual(70);
    expect(reactor.stats().events - events).toBeLessThanOrEqual(4);
    expect(listener.stats()).toMatchObject({ accepted: 0, refused: 0 });
    table?.release();
    await drive(reactor, way, () => listener.stats().accepted === 3);
    expect(new Set(errors)).toEqual(new Set(["EMFILE"]));
    expect(listener.isClosed).toBe(false);
  });

  test("two listeners of one port share its clients (B91)", async () => {
    const reactor = reactorOf();
    const one = listen(reactor, () => {}, { reusePort: true });
    const { port } = one.address as { port: number };
    const two = listen(reactor, () => {}, { reusePort: true, port });
    for (let i = 0; i < 64; i += 1) client(one);
    await drive(reactor, way, () => one.stats().accepted + two.stats().accepted === 64);
    expect(one.stats().accepted).toBeGreaterThan(0);
    expect(two.stats().accepted).toBeGreaterThan(0);
  });

  test("a unix path works like a port (B90)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "listener-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "socket");
    const reactor = reactorOf();
    const log: string[] = [];
    const listener = track(
      Listener.unix(reactor, { path }, (stream) => {
        stream.handler = recorder(log);
      }),
    );
    expect(listener.address).toEqual({ path });
    const peer = track(Socket.unix());
    peer.connect({ path });
    peer.send(Buffer.from("hello"));
    peer.close();
    await drive(reactor, way, () => log.includes("close"));
    expect(log).toEqual(["data hello", "end", "close"]);
  });
});

test("no more than the budget of a turn is accepted in one", () => {
  const reactor = reactorOf();
  const listener = listen(reactor, () => {}, { acceptsPerTurn: 3 });
  clients(listener, 7);
  const counts = [1, 2, 3].map(() => {
    reactor.turn();
    return listener.stats().accepted;
  });
  expect(counts).toEqual([3, 6, 7]);
});

test("ENFILE that lasts: clients are refused, so that they know; then it recovers", () => {
  const faults = faultKernel();
  const { kernel, skip } = frozen(faults);
  const reactor = reactorOf({ kernel });
  const listener = listen(reactor);
  const takeBack = faults.fail({
    call: "accept4",
    errno: "ENFILE",
    // With its spare descriptor given up it can accept one.
    when: () => faults.log.at(-1)?.name !== "close",
  });
  const [peer] = clients(listener, 1) as [Socket];
  reactor.turn();
  expect(listener.stats()).toMatchObject({ pauses: 1, refused: 0 });
  skip(REFUSE_AFTER_MS - 100);
  turns(reactor, 2);
  expect(receiveSome(peer)).toBeUndefined();
  skip(200);
  turns(reactor, 2);
  expect(listener.stats()).toMatchObject({ accepted: 0, refused: 1 });
  expect(receiveSome(peer)).toHaveLength(0);
  takeBack();
  client(listener);
  skip(PAUSE_MS_MAX);
  turns(reactor, 2);
  expect(listener.stats().accepted).toBe(1);
});

test("the pause doubles up to a second: so many looks, and not one more", () => {
  const faults = faultKernel(systemKernel, [{ call: "accept4", errno: "ENOMEM" }]);
  const { kernel, skip } = frozen(faults);
  const reactor = reactorOf({ kernel });
  const errors: string[] = [];
  const listener = listen(reactor, () => {}, { onError: ({ code }) => errors.push(code) });
  client(listener);
  for (let ms = 0; ms < 800; ms += 5) {
    reactor.turn();
    skip(5);
  }
  // At 0, 10, 30, 70, 150, 310 and 630 ms; the next would be at 1270.
  expect(listener.stats().pauses).toBe(7);
  expect(errors).toHaveLength(listener.stats().pauses);
});

test.each(["EPROTO", "ENETDOWN", "EHOSTUNREACH", "EPERM", "EINTR"] as const)(
  "%s of accept(2) belongs to the connection: the listener goes on",
  (errno) => {
    const faults = faultKernel();
    const { kernel, skip } = frozen(faults);
    const reactor = reactorOf({ kernel });
    const errors: string[] = [];
    const listener = listen(reactor, () => {}, { onError: ({ code }) => errors.push(code) });
    faults.fail({ call: "accept4", errno, nth: 1 });
    client(listener);
    reactor.turn();
    skip(20);
    turns(reactor, 3);
    expect(listener.isClosed).toBe(false);
    expect(listener.stats().accepted).toBe(1);
    expect(errors).toEqual([errno]);
  },
);

test("ECONNABORTED is passed over without a word", () => {
  const faults = faultKernel();
  const reactor = reactorOf({ kernel: faults.kernel });
  const listener = listen(reactor, () => {}, { onError: () => expect.unreachable() });
  faults.fail({ call: "accept4", errno: "ECONNABORTED", nth: 1 });
  client(listener);
  reactor.turn();
  expect(listener.stats()).toMatchObject({ accepted: 1, pauses: 0 });
});

test("a client that is gone before it is accepted does no harm", () => {
  const reactor = reactorOf();
  const log: string[] = [];
  const listener = listen(reactor, (stream) => {
    stream.handler = recorder(log);
  });
  const socket = client(listener);
  socket.setsockopt(
    systemKernel.constants.SOL_SOCKET,
    systemKernel.constants.SO_LINGER,
    new Uint8Array(new Int32Array([1, 0]).buffer),
  );
  socket.close();
  turns(reactor, 4);
  expect(listener.isClosed).toBe(false);
  expect(log).toEqual(["close ECONNRESET"]);
  expect(listener.stats().connections).toBe(0);
});

test("what is no listener ends it, with one error, and the run with it (B87)", () => {
  const errors: string[] = [];
  const reactor = reactorOf();
  const socket = track(Socket.tcp());
  socket.bind({ family: "IPv4", address: "127.0.0.1", port: 0 });
  track(
    new Listener(reactor, socket, () => expect.unreachable(), {
      onError: ({ code }) => errors.push(code),
    }),
  );
  expect(reactor.runBlocking()).toBe("empty");
  expect(errors).toEqual(["EINVAL"]);
  expect(socket.isClosed).toBe(true);
});

test("without an onError the reactor hears why it ended", () => {
  const errors: unknown[] = [];
  const reactor = reactorOf({ onError: (error) => errors.push(error) });
  const socket = track(Socket.tcp());
  socket.bind({ family: "IPv4", address: "127.0.0.1", port: 0 });
  track(new Listener(reactor, socket, () => {}));
  reactor.turn();
  expect(errors).toEqual([expect.objectContaining({ code: "EINVAL", syscall: "accept" })]);
});

test("a path that is too long, in use, or nowhere is refused at once (B90)", () => {
  const reactor = reactorOf();
  const unix = (path: string) => errorOf(() => Listener.unix(reactor, { path }, () => {}));
  expect(unix(`/tmp/${"x".repeat(200)}`)).toBeInstanceOf(Error);
  expect(unix("/nowhere/at/all")).toMatchObject({ code: "ENOENT", syscall: "bind" });
  const listener = listen(reactor);
  const { port } = listener.address as { port: number };
  expect(errorOf(() => listen(reactor, () => {}, { port }))).toMatchObject({ code: "EADDRINUSE" });
  expect(errorOf(() => listen(reactor, () => {}, { acceptsPerTurn: 0 }))).toMatchObject({
    code: "ERR_OUT_OF_RANGE",
  });
});

test.runIf(process.platform === "linux")(
  "a kernel that refuses the registration leaves no descriptor behind",
  () => {
    const faults = faultKernel(systemKernel, [{ call: "epoll_ctl", errno: "ENOSPC" }]);
    const reactor = reactorOf({ kernel: faults.kernel, backend: "epoll" });
    expect(errorOf(() => listen(reactor))).toMatchObject({ code: "ENOSPC" });
    const made = ["socket", "dup"].flatMap((name) => faults.calls(name as "socket" | "dup"));
    const closed = faults.calls("close").map(({ args }) => args[0]);
    expect(closed).toEqual(expect.arrayContaining(made.map(({ result }) => result)));
  },
);

test.runIf(process.platform === "linux")(
  "a kernel that refuses to let it listen again is asked once more, later",
  () => {
    const faults = faultKernel();
    const { kernel, skip } = frozen(faults);
    const reactor = reactorOf({ kernel, backend: "epoll" });
    const errors: string[] = [];
    const log: string[] = [];
    const listener = listen(
      reactor,
      (stream) => {
        stream.handler = recorder(log);
      },
      { connectionsMax: 1, onError: ({ code }) => errors.push(code) },
    );
    const [first] = clients(listener, 2) as [Socket];
    turns(reactor, 2);
    expect(listener.stats().accepted).toBe(1);
    faults.fail({
      call: "epoll_ctl",
      errno: "ENOMEM",
      nth: 1,
      when: (_ep, operation) => operation === 1,
    });
    first.close();
    turns(reactor, 2);
    expect(log).toEqual(["end", "close"]);
    expect(errors).toEqual(["ENOMEM"]);
    skip(20);
    turns(reactor, 3);
    expect(listener.stats().accepted).toBe(2);
  },
);

test("an onStream that throws loses its stream, not the listener", () => {
  const errors: unknown[] = [];
  const reactor = reactorOf({ onError: (error) => errors.push(error) });
  const listener = listen(reactor, () => {
    throw new Error("of onStream");
  });
  const [peer] = clients(listener, 2) as [Socket];
  turns(reactor, 3);
  expect(errors).toHaveLength(2);
  expect(listener.stats()).toMatchObject({ accepted: 2, connections: 0 });
  expect(receiveSome(peer)).toHaveLength(0);
});

test("a stream that ends after the reactor was closed does not wake its listener", () => {
  const reactor = reactorOf();
  const log: string[] = [];
  const listener = listen(
    reactor,
    (stream) => {
      stream.handler = recorder(log);
    },
    { connectionsMax: 1 },
  );
  client(listener);
  reactor.turn();
  reactor.close();
  for (const stream of listener.streams) stream.destroy();
  listener.close();
  expect(log).toEqual(["close"]);
});
