/**
 * Rate limits over real sockets. Where bytes are counted over time the clock is ours, so that every
 * figure is exact; the real clock is for the lower bound and for who wakes whom.
 * libevent: test-ratelim
 */
import { describe, expect, test } from "vitest";
import { type Kernel, type Socket, systemKernel } from "../../src/index.js";
import type { Reactor } from "../../src/reactor/index.js";
import {
  RATE_SERVED_MAX,
  RATE_SHARE_BYTES_MIN,
  RATE_WAIT_MS,
  RateLimit,
  type SocketStream,
  type StreamHandler,
  type StreamOptions,
} from "../../src/streams/index.js";
import { drive, joined, reactorOf, streamOf, turns, WAYS } from "./support.js";

type Direction = "read" | "write";
const DIRECTIONS: readonly Direction[] = ["read", "write"];

/** A reactor whose time passes only when it is told so. */
class Bench {
  readonly reactor: Reactor;
  #nowMs = 1000;

  constructor() {
    const kernel: Kernel = { ...systemKernel, nowMs: () => this.#nowMs };
    this.reactor = reactorOf({ kernel });
  }

  limit(direction: Direction, bytesPerSecond: number, burstBytes?: number): RateLimit {
    return new RateLimit(
      this.reactor,
      direction === "read"
        ? { readBytesPerSecond: bytesPerSecond, readBurstBytes: burstBytes }
        : { writeBytesPerSecond: bytesPerSecond, writeBurstBytes: burstBytes },
    );
  }

  /** Turns until nothing is called any more. */
  settle(): void {
    let idle = 0;
    for (let i = 0; i < 10_000; i += 1) {
      const { deferred, callbacks } = this.reactor.stats();
      this.reactor.turn(0);
      const after = this.reactor.stats();
      const isIdle = after.deferred === deferred && after.callbacks === callbacks;
      idle = isIdle ? idle + 1 : 0;
      if (idle === 3) return;
    }
    throw new Error("It spins");
  }

  /** Lets time pass before a single turn. */
  turnAfter(ms: number): void {
    this.#nowMs += ms;
    this.reactor.turn(0);
  }

  /** Lets time pass, in steps, with `onStep` after each. */
  pass(ms: number, onStep: (elapsedMs: number) => void = () => {}, stepMs = 1): void {
    for (let elapsed = stepMs; elapsed <= ms; elapsed += stepMs) {
      this.#nowMs += stepMs;
      this.settle();
      onStep(elapsed);
    }
  }
}

/** A stream with more to move than its limits let through, and what has passed. */
class Mover {
  readonly stream: SocketStream;
  readonly peer: Socket;
  readonly #direction: Direction;
  readonly #buffer = Buffer.alloc(65_536);
  #received = 0;
  #sent = 0;

  constructor(reactor: Reactor, direction: Direction, rateLimits: RateLimit[]) {
    const onData: StreamHandler<SocketStream>["onData"] = (_, input) => {
      this.#received += input.drain(input.length);
    };
    const { stream, peer } = joined(reactor, { onData }, { rateLimits }, "unix");
    this.stream = stream;
    this.peer = peer;
    this.#direction = direction;
  }

  offer(bytes: number): void {
    if (this.#direction === "write") this.stream.write(Buffer.alloc(bytes));
    else {
      const n = this.peer.send(Buffer.alloc(bytes));
      if (n !== bytes) throw new Error(`The socket took ${n}`);
    }
  }

  /** Bytes that have come out at the other end. */
  get passed(): number {
    if (this.#direction === "read") return this.#received;
    for (let n = this.peer.recv(this.#buffer); n > 0; n = this.peer.recv(this.#buffer)) {
      this.#sent += n;
    }
    return this.#sent;
  }
}

function movers(bench: Bench, direction: Direction, limits: RateLimit[], count: number): Mover[] {
  return Array.from({ length: count }, () => new Mover(bench.reactor, direction, limits));
}

function total(all: readonly Mover[]): number {
  return all.reduce((sum, one) => sum + one.passed, 0);
}

describe.each(WAYS)("on the real clock, %s", (way) => {
  test.each(DIRECTIONS)(
    "%s: N bytes take (N - burst) / rate seconds at least",
    async (direction) => {
      const reactor = reactorOf();
      const [bytes, rate, burst] = [6000, 20_000, 1000];
      const begun = systemKernel.nowMs();
      const limit = new RateLimit(reactor, {
        readBytesPerSecond: rate,
        readBurstBytes: burst,
        writeBytesPerSecond: rate,
        writeBurstBytes: burst,
      });
      const mover = new Mover(reactor, direction, [limit]);
      mover.offer(bytes);
      let steps = 0;
      await drive(reactor, way, () => {
        const { passed } = mover;
        const elapsedMs = systemKernel.nowMs() - begun;
        expect(passed).toBeLessThanOrEqual(burst + (elapsedMs * rate) / 1000);
        steps += 1;
        return passed === bytes;
      });
      expect(systemKernel.nowMs() - begun).toBeGreaterThanOrEqual(((bytes - burst) * 1000) / rate);
      expect(steps).toBeGreaterThan(2);
      expect(direction === "read" ? limit.bytesRead : limit.bytesWritten).toBe(bytes);
    },
  );

  test.each(DIRECTIONS)(
    "%s: waiting costs a few turns each time, no spinning",
    async (direction) => {
      const reactor = reactorOf();
      const limit = new RateLimit(reactor, {
        readBytesPerSecond: 4000,
        readBurstBytes: 100,
        writeBytesPerSecond: 4000,
        writeBurstBytes: 100,
      });
      const mover = new Mover(reactor, direction, [limit]);
      mover.offer(1100);
      const before = reactor.stats().turns;
      await drive(reactor, way, () => mover.passed === 1100);
      // It waits for half the burst, so there are 20 waits at most; three turns for each.
      expect(reactor.stats().turns - before).toBeLessThanOrEqual(3 * 20 + 15);
    },
  );

  test("a limited stream ends when everything has passed", async () => {
    const reactor = reactorOf();
    const limits = [new RateLimit(reactor, { writeBytesPerSecond: 100_000, writeBurstBytes: 500 })];
    const log: string[] = [];
    const { stream, peer } = joined(
      reactor,
      { onDrain: () => log.push("drain"), onClose: (_, error) => log.push(`close ${error}`) },
      { rateLimits: limits, writeMarks: { high: 4000 } },
    );
    const sent = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 31) % 251));
    expect(stream.write(sent)).toBe(false);
    stream.end();
    const got: Buffer[] = [];
    const buffer = Buffer.alloc(65_536);
    await drive(reactor, way, () => {
      for (let n = peer.recv(buffer); n >= 0; n = peer.recv(buffer)) {
        got.push(Buffer.from(buffer.subarray(0, n)));
        if (n === 0) return true;
      }
      return false;
    });
    expect(Buffer.concat(got).equals(sent)).toBe(true);
    peer.close();
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log).toEqual(["drain", "close undefined"]);
    expect(limits[0]).toMatchObject({ streamCount: 0, waitingCount: 0, bytesWritten: 5000 });
  });
});

describe.each(DIRECTIONS)("on a clock of ours, %s", (direction) => {
  const passedOf = (limit: RateLimit): number =>
    direction === "read" ? limit.bytesRead : limit.bytesWritten;

  test("first the burst passes, then the rate, never more and not much less", () => {
    const bench = new Bench();
    const limit = bench.limit(direction, 10_000, 2000);
    const mover = new Mover(bench.reactor, direction, [limit]);
    mover.offer(30_000);
    bench.settle();
    expect(mover.passed).toBe(2000);
    const portion = (10_000 * RATE_WAIT_MS) / 1000;
    bench.pass(1000, (ms) => {
      const allowed = 2000 + ms * 10;
      expect(mover.passed).toBeLessThanOrEqual(allowed);
      expect(mover.passed).toBeGreaterThan(allowed - portion - 11);
    });
    expect(passedOf(limit)).toBe(mover.passed);
  });

  test("while the time stands still nothing is called", () => {
    const bench = new Bench();
    const mover = new Mover(bench.reactor, direction, [bench.limit(direction, 1000, 200)]);
    mover.offer(5000);
    bench.settle();
    const before = bench.reactor.stats();
    turns(bench.reactor, 50);
    const { callbacks, deferred } = bench.reactor.stats();
    expect({ callbacks, deferred }).toEqual({
      callbacks: before.callbacks,
      deferred: before.deferred,
    });
  });

  test("what was saved up is the burst and no more", () => {
    const bench = new Bench();
    const mover = new Mover(bench.reactor, direction, [bench.limit(direction, 1000, 300)]);
    bench.pass(10_000, () => {}, 5000);
    mover.offer(1000);
    bench.settle();
    expect(mover.passed).toBe(300);
  });

  test.each([
    [1, 1],
    [1, undefined],
    [1.5, 2],
    [50, 1],
    [1e9, 1],
    [Number.MAX_SAFE_INTEGER, undefined],
  ])("a rate of %d with a burst of %s works", (rate, burst) => {
    const bench = new Bench();
    const mover = new Mover(bench.reactor, direction, [bench.limit(direction, rate, burst)]);
    mover.offer(20);
    const allowed = (ms: number): number => (burst ?? rate) + (ms * rate) / 1000;
    bench.settle();
    bench.pass(20_000, (ms) => expect(mover.passed).toBeLessThanOrEqual(allowed(ms)), 20);
    expect(mover.passed).toBe(20);
  });

  test("30 members of a group get the same, within one share", () => {
    const bench = new Bench();
    const limit = bench.limit(direction, 60_000, 6000);
    const group = movers(bench, direction, [limit], 30);
    for (const one of group) one.offer(20_000);
    bench.settle();
    let seen = 0;
    bench.pass(2000, (ms) => {
      seen = total(group);
      expect(seen).toBeLessThanOrEqual(6000 + ms * 60);
    });
    expect(seen).toBeGreaterThan(0.98 * (6000 + 2000 * 60));
    expect(passedOf(limit)).toBe(seen);
    const each = group.map((one) => one.passed);
    const mean = seen / group.length;
    // The first burst is handed out while not all are known to want something: a tenth of it.
    expect(Math.min(...each)).toBeGreaterThan(mean - 600);
    expect(Math.max(...each)).toBeLessThan(mean + 600);
  });

  test("in a group nobody waits for more than one round of least shares", () => {
    const bench = new Bench();
    // A second's worth is one least share: each tick serves one member.
    const limit = bench.limit(direction, RATE_SHARE_BYTES_MIN, RATE_SHARE_BYTES_MIN * 2);
    const group = movers(bench, direction, [limit], 10);
    for (const one of group) one.offer(5000);
    bench.settle();
    bench.pass(10_000, () => {}, 100);
    const before = group.map((one) => one.passed);
    bench.pass(10_500, () => {}, 100);
    const gained = group.map((one, i) => one.passed - (before[i] as number));
    for (const one of gained) expect(one).toBeGreaterThanOrEqual(RATE_SHARE_BYTES_MIN);
    expect(Math.max(...gained)).toBeLessThanOrEqual(2 * RATE_SHARE_BYTES_MIN);
  });

  test("what idle members do not use the others get", () => {
    const bench = new Bench();
    const limit = bench.limit(direction, 10_000, 1000);
    const [busy] = movers(bench, direction, [limit], 30) as [Mover];
    busy.offer(12_000);
    bench.settle();
    bench.pass(1000);
    expect(busy.passed).toBeGreaterThan(0.98 * 11_000);
  });

  test("a latecomer gets its share though the others are greedy", () => {
    const bench = new Bench();
    const limit = bench.limit(direction, 10_000, 1000);
    const group = movers(bench, direction, [limit], 5);
    const [late, ...greedy] = group as [Mover, ...Mover[]];
    for (const one of greedy) one.offer(30_000);
    bench.settle();
    bench.pass(1000);
    late.offer(30_000);
    const before = total(greedy);
    bench.pass(1000);
    expect(late.passed).toBeGreaterThan(0.95 * 2000);
    expect(total(greedy) - before).toBeGreaterThan(0.95 * 8000);
  });

  test("who comes when there is room again waits behind those who have waited", () => {
    const bench = new Bench();
    const limit = bench.limit(direction, 1000, 100);
    const [first, second] = movers(bench, direction, [limit], 2) as [Mover, Mover];
    first.offer(1000);
    bench.settle();
    const before = first.passed;
    // In one turn the socket of the second is ready and the timer due: 60 bytes, one least share.
    second.offer(1000);
    bench.pass(60, () => {}, 60);
    expect(first.passed - before).toBeGreaterThanOrEqual(50);
    expect(second.passed).toBeLessThanOrEqual(10);
  });

  test("of several limits the narrowest counts", () => {
    const bench = new Bench();
    const group = bench.limit(direction, 10_000, 1000);
    const own = bench.limit(direction, 1000, 500);
    const slow = new Mover(bench.reactor, direction, [own, group]);
    const fast = new Mover(bench.reactor, direction, [group]);
    slow.offer(12_000);
    fast.offer(12_000);
    bench.settle();
    bench.pass(1000, (ms) => {
      expect(slow.passed).toBeLessThanOrEqual(500 + ms);
      expect(slow.passed + fast.passed).toBeLessThanOrEqual(1000 + ms * 10);
    });
    expect(slow.passed).toBeGreaterThan(0.9 * 1500);
    expect(slow.passed + fast.passed).toBeGreaterThan(0.95 * 11_000);
    expect(passedOf(own)).toBe(slow.passed);
    expect(passedOf(group)).toBe(slow.passed + fast.passed);
  });

  test("whoever shares two busy groups, in whatever order, is not sent to and fro", () => {
    const bench = new Bench();
    const [a, b] = [bench.limit(direction, 5000, 500), bench.limit(direction, 5000, 500)];
    const both = [
      new Mover(bench.reactor, direction, [a, b]),
      new Mover(bench.reactor, direction, [b, a]),
    ];
    const others = [...movers(bench, direction, [a], 8), ...movers(bench, direction, [b], 8)];
    for (const one of [...both, ...others]) one.offer(20_000);
    bench.settle();
    bench.pass(3000);
    // Ten on each limit: 1500 bytes a member, and the two wait twice.
    for (const one of both) expect(one.passed).toBeGreaterThan(400);
    for (const one of others) expect(one.passed).toBeGreaterThan(1000);
    for (const limit of [a, b]) expect(passedOf(limit)).toBeGreaterThan(0.9 * 15_500);
  });

  test("a member that is destroyed leaves, with its place and what it held", () => {
    const bench = new Bench();
    const [a, b] = [bench.limit(direction, 1, 100), bench.limit(direction, 1, 1)];
    const holding = new Mover(bench.reactor, direction, [a, b]);
    holding.offer(1000);
    bench.settle();
    // One byte has passed; the other 99 it has taken out of `a` and waits for `b`.
    expect([holding.passed, a.streamCount, b.waitingCount]).toEqual([1, 1, 1]);
    holding.stream.destroy();
    expect([a.streamCount, b.streamCount, b.waitingCount]).toEqual([0, 0, 0]);
    const [next, waiting] = movers(bench, direction, [a], 2) as [Mover, Mover];
    for (const one of [next, waiting]) one.offer(1000);
    bench.settle();
    expect(total([next, waiting])).toBe(99);
    expect(a.waitingCount).toBe(2);
    waiting.stream.destroy();
    expect([a.streamCount, a.waitingCount]).toEqual([1, 1]);
  });

  test("what was taken while there was no limit is not put back into one", () => {
    const bench = new Bench();
    const [a, b] = [new RateLimit(bench.reactor), bench.limit(direction, 1, 1)];
    const holding = new Mover(bench.reactor, direction, [a, b]);
    holding.offer(1000);
    bench.settle();
    a.update(
      direction === "read"
        ? { readBytesPerSecond: 1, readBurstBytes: 10 }
        : { writeBytesPerSecond: 1, writeBurstBytes: 10 },
    );
    const [other] = movers(bench, direction, [a], 1) as [Mover];
    other.offer(1000);
    bench.settle();
    holding.stream.destroy();
    bench.settle();
    expect(other.passed).toBe(10);
  });

  test("one that is destroyed while others are served does no harm", () => {
    const bench = new Bench();
    const limit = bench.limit(direction, 1000, 100);
    const group = movers(bench, direction, [limit], 6);
    for (const one of group) one.offer(1000);
    bench.settle();
    const [first, second, third] = group as [Mover, Mover, Mover];
    const kill = (): void => {
      for (const one of [first, second, third]) one.stream.destroy();
    };
    if (direction === "read") first.stream.handler = { onData: kill };
    else bench.reactor.timer(30, kill);
    bench.pass(2000);
    expect(first.stream.isDestroyed && third.stream.isDestroyed).toBe(true);
    const rest = group.slice(3);
    expect(limit.streamCount).toBe(3);
    for (const one of rest) expect(one.passed).toBeGreaterThan(500);
  });

  test("a new rate counts at once, for those who wait, too", () => {
    const bench = new Bench();
    const limit = bench.limit(direction, 100, 100);
    const mover = new Mover(bench.reactor, direction, [limit]);
    const set = (rate: number | undefined, burst?: number): void =>
      limit.update(
        direction === "read"
          ? { readBytesPerSecond: rate, readBurstBytes: burst }
          : { writeBytesPerSecond: rate, writeBurstBytes: burst },
      );
    mover.offer(60_000);
    bench.settle();
    bench.pass(50);
    expect(mover.passed).toBe(100);
    set(10_000, 1000); // The 5 bytes of the first 50 ms are there still.
    bench.pass(1000, (ms) => expect(mover.passed).toBeLessThanOrEqual(105 + ms * 10));
    expect(mover.passed).toBeGreaterThan(10_105 - 120);
    const atSlow = mover.passed;
    set(10);
    bench.pass(1000);
    expect(mover.passed - atSlow).toBeLessThanOrEqual(110);
    set(undefined);
    bench.pass(10);
    expect(mover.passed).toBe(60_000);
    expect(limit.options).toMatchObject({ readBytesPerSecond: Infinity });
    set(1000);
    mover.offer(5000);
    bench.settle();
    expect(mover.passed).toBe(61_000);
  });

  test("more members than one call of the timer serves all get something", () => {
    const bench = new Bench();
    const limit = bench.limit(direction, 200_000, 20_000);
    const group = movers(bench, direction, [limit], 100);
    for (const one of group) one.offer(5000);
    bench.settle();
    const before = group.map((one) => one.passed);
    bench.turnAfter(100);
    const served = group.filter((one, i) => one.passed > (before[i] as number)).length;
    expect(served).toBe(RATE_SERVED_MAX);
    bench.pass(200, (ms) => expect(total(group)).toBeLessThanOrEqual(40_000 + ms * 200));
    expect(total(group)).toBeGreaterThan(0.95 * 80_000);
    for (const one of group) expect(one.passed).toBeGreaterThan(500);
  });
});

describe("a limited stream", () => {
  const limited = (bench: Bench, options: StreamOptions, handler = {}): SocketStream =>
    joined(bench.reactor, handler, options).stream;

  test("is not told that the peer is slow when it is the limit", () => {
    const bench = new Bench();
    const seen: string[] = [];
    const stream = limited(
      bench,
      { rateLimits: [bench.limit("write", 1, 1)] },
      { onTimeout: (_: unknown, which: string) => seen.push(which) },
    );
    stream.write("some text");
    bench.settle();
    stream.setTimeouts({ writeMs: 100 });
    bench.pass(5000, () => {}, 50);
    expect(stream.bytesWritten).toBe(6);
    expect(seen).toEqual([]);
  });

  test("has the whole time for reading when its turn has come", () => {
    const bench = new Bench();
    const seen: string[] = [];
    const { peer } = joined(
      bench.reactor,
      {
        onData: (_, input) => void input.clear(),
        onTimeout: (_, which) => seen.push(which),
      },
      { rateLimits: [bench.limit("read", 1, 2)], timeouts: { readMs: 300 } },
    );
    peer.send(Buffer.from("abc"));
    bench.settle();
    // It waits a second for the last byte, and another one to find that there is no more.
    bench.pass(2000, () => {}, 50);
    expect(seen).toEqual([]);
    bench.pass(350, () => {}, 50);
    expect(seen).toEqual(["read"]);
  });

  test("that is paused while it waits takes nothing, and nobody waits for it", () => {
    const bench = new Bench();
    const limit = bench.limit("read", 1000, 100);
    const [paused, other] = movers(bench, "read", [limit], 2) as [Mover, Mover];
    paused.offer(3000);
    bench.settle();
    paused.stream.pause();
    const before = paused.passed;
    bench.pass(50, () => {}, 10); // Its turn comes: with 50 bytes, which it puts back.
    expect([paused.passed, limit.waitingCount]).toEqual([before, 0]);
    other.offer(3000);
    bench.settle();
    expect(other.passed).toBe(50);
    bench.pass(1000);
    expect(other.passed).toBeGreaterThan(1000);
    paused.stream.resume();
    bench.pass(1000);
    expect(paused.passed - before).toBeGreaterThan(400);
  });

  test("never takes more than up to its high mark", () => {
    const bench = new Bench();
    const sizes: number[] = [];
    const { stream, peer } = joined(
      bench.reactor,
      { onData: (_, input) => sizes.push(input.drain(input.length)) },
      { rateLimits: [bench.limit("read", 10_000, 5000)], readMarks: { high: 700 } },
    );
    peer.send(Buffer.alloc(12_000));
    bench.settle();
    bench.pass(1000);
    expect(stream.bytesRead).toBe(12_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(700);
  });

  test("hears of the peer's end", () => {
    const bench = new Bench();
    const log: string[] = [];
    const { peer } = joined(
      bench.reactor,
      {
        onData: (_, input) => log.push(input.take().toString()),
        onClose: (_, error) => log.push(String(error)),
      },
      { rateLimits: [bench.limit("read", 2, 2)] },
    );
    peer.send(Buffer.from("abcde"));
    peer.close();
    bench.settle();
    bench.pass(3000);
    expect(log).toEqual(["ab", "c", "d", "e", "undefined"]);
  });

  test("finds limits of Infinity no limit, and counts", () => {
    const bench = new Bench();
    const limit = new RateLimit(bench.reactor);
    const [mover] = movers(bench, "read", [limit], 1) as [Mover];
    mover.offer(50_000);
    bench.settle();
    expect([mover.passed, limit.bytesRead, limit.waitingCount]).toEqual([50_000, 50_000, 0]);
    expect(limit.options).toEqual({
      readBytesPerSecond: Infinity,
      writeBytesPerSecond: Infinity,
      readBurstBytes: Infinity,
      writeBurstBytes: Infinity,
    });
  });

  test("keeps the order of bytes, text and queues", () => {
    const bench = new Bench();
    const { stream, peer } = joined(bench.reactor, {}, { rateLimits: [bench.limit("write", 100)] });
    stream.input.append("-queue-");
    stream.write("text");
    stream.write(stream.input);
    stream.write(Buffer.from("bytes"));
    stream.write("");
    bench.settle();
    const buffer = Buffer.alloc(100);
    expect(buffer.toString("utf8", 0, peer.recv(buffer))).toBe("text-queue-bytes");
  });
});

describe("a rate limit refuses", () => {
  const bench = (): Reactor => reactorOf();

  test.each([
    [{ readBytesPerSecond: 0 }],
    [{ writeBytesPerSecond: -1 }],
    [{ readBytesPerSecond: 0.5 }],
    [{ writeBytesPerSecond: Number.NaN }],
    [{ writeBytesPerSecond: 2 ** 53 }],
    [{ readBurstBytes: 0 }],
    [{ writeBurstBytes: Infinity }],
  ])("%o, and is as it was (B83)", (options) => {
    const reactor = bench();
    expect(() => new RateLimit(reactor, options)).toThrow(
      expect.objectContaining({ name: "RangeError", code: "ERR_OUT_OF_RANGE" }),
    );
    const limit = new RateLimit(reactor, { readBytesPerSecond: 5, writeBytesPerSecond: 7 });
    expect(() => limit.update({ readBytesPerSecond: 9, ...options })).toThrow(RangeError);
    expect(limit.options).toMatchObject({ readBytesPerSecond: 5, writeBurstBytes: 7 });
  });

  test("what is no number", () => {
    const options = { readBytesPerSecond: "5" } as unknown as { readBytesPerSecond: number };
    expect(() => new RateLimit(bench(), options)).toThrow(TypeError);
  });

  test("a stream of another reactor, a place twice in a list, and other objects", () => {
    const reactor = bench();
    const limit = new RateLimit(reactor);
    const codeOf = (rateLimits: unknown): string => {
      const { stream, peer } = joined(reactor, {}, {}, "unix");
      stream.destroy();
      try {
        streamOf(reactor, peer, {}, { rateLimits: rateLimits as RateLimit[] });
      } catch (error) {
        return (error as { code: string }).code;
      }
      return "none";
    };
    expect(codeOf([new RateLimit(bench())])).toBe("ERR_REACTOR_MISMATCH");
    expect(codeOf([limit, limit])).toBe("ERR_INVALID_ARG_VALUE");
    expect(codeOf([{}])).toBe("ERR_INVALID_ARG_TYPE");
    expect(codeOf(limit)).toBe("ERR_INVALID_ARG_TYPE");
    expect(codeOf([])).toBe("none");
    expect(limit.streamCount).toBe(0);
  });
});
