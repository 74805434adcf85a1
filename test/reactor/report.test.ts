/** stats() counts, report() shows. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, Socket } from "../../src/index.js";
import { tcpPair } from "../support/tcp.js";
import { BACKENDS, busyFor, go, pair, reactorOf, readablePair, track, WAYS } from "./support.js";

describe.each(WAYS)("%s", (way) => {
  test("stats() counts what happened, each thing once (B19)", async () => {
    const reactor = reactorOf();
    const [left] = readablePair();
    expect(reactor.stats()).toMatchObject({ turns: 0, callbacks: 0, started: 0, timers: 0 });
    reactor.watch(left, EVENT_READ, () => {}, { once: true, timeoutMs: 60_000 });
    reactor.timer(1, () => busyFor(3));
    reactor.defer(() => {});
    expect(reactor.stats()).toMatchObject({ started: 2, timers: 2, changes: 1 });
    await go(reactor, way);
    const stats = reactor.stats();
    expect(stats).toMatchObject({
      callbacks: 2,
      timeouts: 1,
      deferred: 1,
      events: 1,
      stale: 0,
      started: 0,
      timers: 0,
    });
    expect(stats.turns).toBeGreaterThanOrEqual(1);
    expect(stats.waits).toBeGreaterThanOrEqual(stats.turns);
    expect(stats.dispatchMs).toBeGreaterThanOrEqual(3);
    expect(stats.waitMs).toBeGreaterThan(0);
  });

  test("report() within a handler says how it runs", async () => {
    const reactor = reactorOf();
    let mode = "";
    reactor.timer(0, () => (mode = reactor.report().mode));
    await go(reactor, way);
    expect([mode, reactor.report().mode]).toEqual([way, "idle"]);
  });
});

test.each(BACKENDS)("report() shows every started watch, in order: %s (B18)", (backend) => {
  const reactor = reactorOf({ backend, priorities: 3 });
  const [left, right] = readablePair("five!");
  const noop = () => {};
  reactor.watch(left, EVENT_READ, noop, { priority: 2, timeoutMs: 60_000 });
  reactor.watch(left, EVENT_WRITE, noop);
  const peer = { onReady: noop, describe: () => ({ role: "peer" }) };
  reactor.watch(right.fileno(), EVENT_READ | EVENT_WRITE, peer);
  reactor.watch(pair()[0], EVENT_READ, noop, { start: false });
  const { watches, ...rest } = reactor.report();
  expect(rest).toMatchObject({ backend, mode: "idle", stats: { started: 3, timers: 1 } });
  expect(watches).toMatchObject([
    {
      fd: left.fileno(),
      events: EVENT_READ,
      priority: 2,
      socket: { type: "stream", family: "unix", receiveQueueBytes: 5 },
      details: undefined,
    },
    { fd: left.fileno(), events: EVENT_WRITE, priority: 1, remainingMs: undefined },
    { fd: right.fileno(), events: 3, socket: undefined, details: { role: "peer" } },
  ]);
  expect(watches[0]?.remainingMs).toBeGreaterThan(0);
});

test("of a TCP connection it says addresses, state and queues", () => {
  const reactor = reactorOf();
  const listener = track(Socket.listenTcp({ host: "127.0.0.1" }));
  const [clientFd, serverFd] = tcpPair(listener);
  const [client, server] = [track(Socket.fromFd(clientFd)), track(Socket.fromFd(serverFd))];
  for (const socket of [listener, client, server]) reactor.watch(socket, EVENT_READ, () => {});
  client.send(Buffer.from("unread"));
  const sockets = reactor.report().watches.map((watch) => watch.socket);
  const isLinux = process.platform === "linux";
  expect(sockets).toMatchObject([
    { type: "stream", family: "IPv4", ...(isLinux && { state: "LISTEN" }) },
    { remoteAddress: listener.localAddress, ...(isLinux && { state: "ESTABLISHED" }) },
    {
      localAddress: listener.localAddress,
      remoteAddress: client.localAddress,
      receiveQueueBytes: 6,
    },
  ]);
});

test("report() never fails: not by a description that throws", () => {
  const reactor = reactorOf();
  const describe = () => {
    throw new Error("Meant to happen");
  };
  reactor.watch(pair()[0], EVENT_READ, { onReady: () => {}, describe });
  expect(reactor.report().watches).toMatchObject([{ details: undefined }]);
});
