/** Opening connections: one clear end of each attempt, nothing after it, no descriptor left. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type ConnectOptions,
  connect,
  dial,
  Listener,
  type Lookup,
  Socket,
  type SocketStream,
} from "../../src/index.js";
import type { Reactor } from "../../src/reactor/index.js";
import { interleave } from "../../src/streams/connector.js";
import { faultKernel } from "../support/fault-kernel.js";
import { type FilledTable, fillDescriptors } from "../support/fd-limit.js";
import { vanish, whyNoVanish } from "../support/vanish.js";
import { drive, errorOf, reactorOf, recorder, streamOf, track, turns, WAYS } from "./support.js";

interface Outcome {
  readonly ends: { socket: Socket | undefined; error: (Error & { code?: string }) | undefined }[];
  abort(): void;
}

/** Dials and keeps what comes of it. */
function dialed(reactor: Reactor, options: ConnectOptions): Outcome {
  const ends: Outcome["ends"] = [];
  const dialing = dial(reactor, options, (socket, error) => {
    if (socket !== undefined) track(socket);
    ends.push({ socket, error });
  });
  expect(ends).toEqual([]);
  return { ends, abort: () => dialing.abort() };
}

/** A port of 127.0.0.1 at which nobody listens, and nobody will: it is bound. */
function deadPort(): number {
  const holder = track(Socket.tcp());
  holder.bind({ address: "127.0.0.1", port: 0 });
  return (holder.localAddress as { port: number }).port;
}

function echo(reactor: Reactor, host = "127.0.0.1"): { listener: Listener; port: number } {
  const listener = track(
    Listener.tcp(reactor, { host }, (stream) => {
      stream.handler = { onData: (self, input) => void self.write(input) };
    }),
  );
  const destroyAll = (): void => {
    for (const stream of listener.streams) stream.destroy();
  };
  track({ [Symbol.dispose]: destroyAll });
  return { listener, port: (listener.address as { port: number }).port };
}

const found =
  (...addresses: string[]): Lookup =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));

/** Nothing is open, nothing is held, nothing will be called. */
function expectOver(reactor: Reactor): void {
  turns(reactor, 3);
  expect(reactor.stats().timers).toBe(0);
  expect(reactor.report().watches).toEqual([]);
  expect(reactor.stats().started).toBe(0);
}

describe.each(WAYS)("%s", (way) => {
  test("connected first, then data, then the end (B77)", async () => {
    const reactor = reactorOf();
    const { listener, port } = echo(reactor);
    const log: string[] = [];
    let stream: SocketStream | undefined;
    dial(reactor, { host: "127.0.0.1", port }, (socket) => {
      log.push("connected");
      stream = streamOf(reactor, socket as Socket, recorder(log));
      stream.end("hello");
    });
    await drive(reactor, way, () => stream?.isDestroyed === true);
    expect(log).toEqual(["connected", "data hello", "end", "close"]);
    listener.close();
    await drive(reactor, way, () => listener.streams.size === 0);
    expectOver(reactor);
  });

  test("refused: one error, with the address, and not from within dial (B78)", async () => {
    const reactor = reactorOf();
    const port = deadPort();
    const { ends } = dialed(reactor, { host: "127.0.0.1", port });
    await drive(reactor, way, () => ends.length > 0);
    expectOver(reactor);
    expect(ends).toEqual([{ socket: undefined, error: expect.anything() }]);
    expect(ends[0]?.error).toMatchObject({ code: "ECONNREFUSED", address: "127.0.0.1", port });
  });

  test("unreachable: one error", async () => {
    const faults = faultKernel();
    faults.fail({ call: "connect", errno: "ENETUNREACH" });
    const reactor = reactorOf({ kernel: faults.kernel });
    const { ends } = dialed(reactor, { host: "127.0.0.1", port: 9 });
    await drive(reactor, way, () => ends.length > 0);
    expectOver(reactor);
    expect(ends).toHaveLength(1);
    expect(ends[0]?.error).toMatchObject({ code: "ENETUNREACH", syscall: "connect" });
  });

  test("no descriptor for it: an error, and nothing leaks (B79)", async () => {
    const reactor = reactorOf();
    const port = deadPort();
    const ends: unknown[] = [];
    let table: FilledTable | undefined;
    reactor.timer(0, () => {
      table = fillDescriptors();
      for (let i = 0; i < 5; i += 1) {
        dial(reactor, { host: "127.0.0.1", port }, (_socket, error) => ends.push(error));
      }
    });
    await drive(reactor, way, () => ends.length === 5);
    table?.release();
    expect(new Set(ends.map((error) => (error as { code: string }).code))).toEqual(
      new Set(["EMFILE"]),
    );
    expectOver(reactor);
  });

  test.skipIf(whyNoVanish())("a deadline ends one that nobody answers", async () => {
    const reactor = reactorOf();
    const silent = track(Socket.listenTcp());
    vanish(silent);
    const { port } = silent.localAddress as { port: number };
    const begun = performance.now();
    const { ends } = dialed(reactor, { host: "127.0.0.1", port, timeoutMs: 40 });
    await drive(reactor, way, () => ends.length > 0);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(40);
    expect(ends[0]?.error).toMatchObject({ code: "ERR_CONNECT_TIMEOUT" });
    expectOver(reactor);
    expect(ends).toHaveLength(1);
  });

  test.skipIf(whyNoVanish())("closing the reactor ends one that is under way", async () => {
    const reactor = reactorOf();
    const silent = track(Socket.listenTcp());
    vanish(silent);
    const { port } = silent.localAddress as { port: number };
    const { ends } = dialed(reactor, { host: "127.0.0.1", port });
    if (way === "blocking") reactor.turn();
    reactor.close();
    expect(ends).toMatchObject([{ error: { code: "ERR_REACTOR_CLOSED" } }]);
  });

  test.skipIf(whyNoVanish())("abort() while it is under way: no call, no descriptor", async () => {
    const reactor = reactorOf();
    const silent = track(Socket.listenTcp());
    vanish(silent);
    const { port } = silent.localAddress as { port: number };
    const outcome = dialed(reactor, { host: "127.0.0.1", port });
    turns(reactor, 2);
    expect(reactor.report().watches).toHaveLength(1);
    outcome.abort();
    outcome.abort();
    expectOver(reactor);
    expect(outcome.ends).toEqual([]);
  });

  test("abort() of one that has failed, connected or been refused already, in the same turn", () => {
    const reactor = reactorOf();
    const { listener, port } = echo(reactor);
    const options = [
      { host: "127.0.0.1", port },
      { host: "127.0.0.1", port: deadPort() },
    ];
    const outcomes = [...options, { path: "/nowhere" }].map((one) => dialed(reactor, one));
    for (const { abort } of outcomes) abort();
    listener.close();
    expectOver(reactor);
    expect(outcomes.flatMap(({ ends }) => ends)).toEqual([]);
  });

  test("a unix path that is missing, or whose queue is full: one error", async () => {
    const folder = mkdtempSync(join(tmpdir(), "connect-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "socket");
    const reactor = reactorOf();
    const missing = dialed(reactor, { path });
    await drive(reactor, way, () => missing.ends.length > 0);
    expect(missing.ends[0]?.error).toMatchObject({ code: "ENOENT", path });
    const listener = track(Socket.listenUnix({ path, backlog: 0 }));
    const waiting = Array.from({ length: 3 }, () => dialed(reactor, { path }));
    await drive(reactor, way, () => waiting.every(({ ends }) => ends.length > 0));
    expectOver(reactor);
    const results = waiting.map(({ ends }) => ends[0]?.error?.code ?? "connected");
    expect(results[0]).toBe("connected");
    expect(results[2]).toBe("EAGAIN");
    expect(waiting[2]?.ends[0]?.error).toMatchObject({ path });
    expect(waiting.every(({ ends }) => ends.length === 1)).toBe(true);
    listener.close();
  });

  test("a handler that throws: the reactor hears of it", async () => {
    const errors: unknown[] = [];
    const reactor = reactorOf({ onError: (error) => errors.push(error) });
    dial(reactor, { host: "127.0.0.1", port: deadPort() }, () => {
      throw new Error("of onEnd");
    });
    await drive(reactor, way, () => errors.length > 0);
    expect(errors).toEqual([new Error("of onEnd")]);
    expectOver(reactor);
  });
});

describe("names", () => {
  test("IPv6 first; nobody listens there: IPv4 it is, without waiting", async () => {
    const reactor = reactorOf();
    const { listener, port } = echo(reactor);
    const lookup = found("::1", "127.0.0.1");
    const { ends } = dialed(reactor, { host: "both", port, lookup, attemptDelayMs: 1e9 });
    await drive(reactor, "attached", () => ends.length > 0);
    expect(ends[0]?.socket?.remoteAddress).toMatchObject({ address: "127.0.0.1", port });
    listener.close();
    for (const stream of listener.streams) stream.destroy();
    expectOver(reactor);
  });

  test.skipIf(whyNoVanish())("one that does not answer is overtaken, and given up", async () => {
    const reactor = reactorOf();
    const { listener, port } = echo(reactor);
    const silent = track(Socket.listenTcp({ host: "127.0.0.2", port }));
    vanish(silent);
    const lookup = found("127.0.0.2", "127.0.0.1");
    const begun = performance.now();
    const { ends } = dialed(reactor, { host: "two", port, lookup, attemptDelayMs: 20 });
    await drive(reactor, "attached", () => ends.length > 0);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(20);
    expect(ends[0]?.socket?.remoteAddress).toMatchObject({ address: "127.0.0.1" });
    listener.close();
    for (const stream of listener.streams) stream.destroy();
    expectOver(reactor);
  });

  test("all refused: the last error, with all of them", async () => {
    const reactor = reactorOf();
    const lookup = found("127.0.0.1", "127.0.0.2", "127.0.0.3");
    const { ends } = dialed(reactor, { host: "three", port: deadPort(), lookup });
    await drive(reactor, "attached", () => ends.length > 0);
    expectOver(reactor);
    expect(ends).toHaveLength(1);
    const error = ends[0]?.error as (Error & { errors: { address: string }[] }) | undefined;
    expect(error).toMatchObject({ code: "ECONNREFUSED", address: "127.0.0.3" });
    expect(error?.errors.map(({ address }) => address)).toEqual([
      "127.0.0.1",
      "127.0.0.2",
      "127.0.0.3",
    ]);
  });

  test("several at once, each with its own end (B79)", async () => {
    const reactor = reactorOf();
    const { listener, port } = echo(reactor);
    const lookup = found("127.0.0.1");
    const all = Array.from({ length: 5 }, () => dialed(reactor, { host: "one", port, lookup }));
    await drive(reactor, "attached", () => all.every(({ ends }) => ends.length === 1));
    expect(all.every(({ ends }) => ends[0]?.socket !== undefined)).toBe(true);
    expect(listener.stats().accepted).toBeLessThanOrEqual(5);
  });

  test("one that is not found, or whose look-up throws, or finds nothing", async () => {
    const reactor = reactorOf();
    const notFound = Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" });
    const lookups: Lookup[] = [
      () => Promise.reject(notFound),
      () => {
        throw notFound;
      },
      found(),
      found("no address at all"),
    ];
    const all = lookups.map((lookup) => dialed(reactor, { host: "none", port: 1, lookup }));
    await drive(reactor, "attached", () => all.every(({ ends }) => ends.length === 1));
    expectOver(reactor);
    expect(all.slice(0, 3).map(({ ends }) => ends[0]?.error?.code)).toEqual(
      Array(3).fill("ENOTFOUND"),
    );
    expect(all[3]?.ends[0]?.error).toBeInstanceOf(Error);
  });

  test("a look-up that comes to its end after the abort changes nothing", async () => {
    const reactor = reactorOf();
    let resolve: ((list: Awaited<ReturnType<Lookup>>) => void) | undefined;
    const lookup: Lookup = () =>
      new Promise((settle) => {
        resolve = settle;
      });
    const { ends, abort } = dialed(reactor, { host: "slow", port: 1, lookup });
    abort();
    resolve?.([{ address: "127.0.0.1", family: 4 }]);
    await new Promise((settle) => setImmediate(settle));
    expectOver(reactor);
    expect(ends).toEqual([]);
  });

  test("a handler that throws after a failed look-up is no unhandled rejection", async () => {
    const errors: unknown[] = [];
    const reactor = reactorOf({ onError: (error) => errors.push(error) });
    dial(reactor, { host: "none", port: 1, lookup: found() }, () => {
      throw new Error("of onEnd");
    });
    await drive(reactor, "attached", () => errors.length > 0);
    expect(errors).toEqual([new Error("of onEnd")]);
  });

  test("take turns by family (RFC 8305)", () => {
    const addresses = ["::1", "::2", "10.0.0.1", "::3", "10.0.0.2"].map((address) => ({
      family: address.includes(":") ? ("IPv6" as const) : ("IPv4" as const),
      address,
      port: 1,
    }));
    const turned = interleave(addresses as never).map(
      (one) => (one as { address: string }).address,
    );
    expect(turned).toEqual(["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"]);
  });
});

describe("during a blocking run", () => {
  test("a name, and a promise, are refused; nothing is left", () => {
    const reactor = reactorOf();
    const codes: unknown[] = [];
    reactor.timer(0, () => {
      const options = { host: "localhost", port: 1 };
      codes.push(errorOf(() => dial(reactor, options, () => expect.unreachable())));
      codes.push(errorOf(() => connect(reactor, { host: "127.0.0.1", port: 1 })));
    });
    expect(reactor.runBlocking()).toBe("empty");
    const refused = expect.objectContaining({ code: "ERR_REACTOR_BLOCKING" });
    expect(codes).toEqual([refused, refused]);
    expectOver(reactor);
  });
});

describe("connect()", () => {
  test("resolves with a stream", async () => {
    const reactor = reactorOf();
    const { listener, port } = echo(reactor);
    const running = reactor.run();
    const stream = await connect(reactor, { host: "127.0.0.1", port });
    stream.end("hello");
    const parts: Buffer[] = [];
    for await (const chunk of stream) parts.push(chunk);
    expect(String(Buffer.concat(parts))).toBe("hello");
    listener.close();
    expect(await running).toBe("empty");
  });

  test("rejects, and the run ends: with what was refused, or the signal's reason", async () => {
    const reactor = reactorOf({ untilStopped: true });
    const running = reactor.run();
    await expect(connect(reactor, { host: "127.0.0.1", port: deadPort() })).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    const abortion = new AbortController();
    const lookup: Lookup = () => new Promise(() => {});
    const pending = connect(reactor, { host: "x", port: 1, lookup, signal: abortion.signal });
    abortion.abort(new Error("no more"));
    await expect(pending).rejects.toThrow("no more");
    await expect(
      connect(reactor, { host: "x", port: 1, lookup, signal: abortion.signal }),
    ).rejects.toThrow("no more");
    reactor.stop();
    await running;
    expectOver(reactor);
  });

  test("wrong options are refused at once, and nothing comes later", async () => {
    const reactor = reactorOf();
    const never = () => expect.unreachable();
    const wrong: ConnectOptions[] = [
      {},
      { port: 0 },
      { port: 65_536 },
      { port: 1, timeoutMs: -1 },
      { port: 1, attemptDelayMs: Number.NaN },
      { port: 1, host: 5 as never },
      { path: 5 as never },
      { path: `/tmp/${"x".repeat(200)}` },
    ];
    for (const options of wrong) {
      expect(errorOf(() => dial(reactor, options, never))).toBeInstanceOf(Error);
      await expect(connect(reactor, options)).rejects.toThrow();
    }
    expectOver(reactor);
  });
});
