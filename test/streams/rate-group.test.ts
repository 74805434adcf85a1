/** Rate limits of many at once: a group behind a listener, files, pairs in memory, and at random. */
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemKernel } from "../../src/index.js";
import type { Reactor } from "../../src/reactor/index.js";
import {
  type BufferedStream,
  connect,
  Listener,
  RateLimit,
  type SocketStream,
  streamPair,
} from "../../src/streams/index.js";
import { KINDS, type Kind, pairOf, settle } from "./pair-support.js";
import {
  drive,
  expectBytes,
  joined,
  pattern,
  randomOf,
  reactorOf,
  receiveAll,
  track,
} from "./support.js";

/** A reactor and its clock. */
function benchOf(): { reactor: Reactor; clock: { nowMs: number } } {
  const clock = { nowMs: 1000 };
  return { reactor: reactorOf({ kernel: { ...systemKernel, nowMs: () => clock.nowMs } }), clock };
}

test("30 connections of a listener share its limit (B83)", async () => {
  const reactor = reactorOf();
  const [rate, burst, each] = [400_000, 40_000, 5000];
  const begun = systemKernel.nowMs();
  const group = new RateLimit(reactor, { writeBytesPerSecond: rate, writeBurstBytes: burst });
  const listener = Listener.tcp(
    reactor,
    { host: "127.0.0.1", port: 0 },
    (stream) => stream.end(Buffer.alloc(each)),
    { stream: { rateLimits: [group] } },
  );
  track({ [Symbol.dispose]: () => listener.close() });
  const { port } = listener.address as { port: number };
  const got: number[] = [];
  let ended = 0;
  const clients: SocketStream[] = [];
  const dialing = Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      const stream = await connect(reactor, { host: "127.0.0.1", port });
      clients.push(stream);
      got[i] = 0;
      stream.handler = {
        onData: (_, input) => {
          got[i] = (got[i] as number) + input.drain(input.length);
          const total = got.reduce((sum, n) => sum + n, 0);
          const elapsedMs = systemKernel.nowMs() - begun;
          expect(total).toBeLessThanOrEqual(burst + (elapsedMs * rate) / 1000);
        },
        onClose: () => {
          ended += 1;
        },
      };
    }),
  );
  await drive(reactor, "attached", () => ended === 30);
  await dialing;
  expect(got).toEqual(new Array(30).fill(each));
  const total = 30 * each;
  expect(systemKernel.nowMs() - begun).toBeGreaterThanOrEqual(((total - burst) * 1000) / rate);
  await drive(reactor, "attached", () => group.streamCount === 0);
  expect(group).toMatchObject({ bytesWritten: total, waitingCount: 0 });
});

test("a file passes the limit as what was written does, in order", () => {
  const { reactor, clock } = benchOf();
  const file = pattern(5, 3000);
  const path = join(tmpdir(), `rate-${process.pid}.bin`);
  writeFileSync(path, file);
  const fd = openSync(path, "r");
  try {
    const limit = new RateLimit(reactor, { writeBytesPerSecond: 1000, writeBurstBytes: 500 });
    const { stream, peer } = joined(reactor, {}, { rateLimits: [limit] });
    const sent: boolean[] = [];
    stream.write("head-");
    stream.sendFile(fd, 0, file.length, { onSent: (isComplete) => sent.push(isComplete) });
    stream.write("-tail");
    stream.end();
    const parts: Buffer[] = [];
    settle(reactor);
    for (let ms = 0; ms <= 2600; ms += 10, clock.nowMs += 10) {
      settle(reactor);
      parts.push(receiveAll(peer));
      const got = parts.reduce((sum, part) => sum + part.length, 0);
      expect(got).toBeLessThanOrEqual(500 + ms);
      expect(sent).toEqual(got >= 3005 ? [true] : []);
    }
    expectBytes(
      Buffer.concat(parts),
      Buffer.concat([Buffer.from("head-"), file, Buffer.from("-tail")]),
    );
  } finally {
    closeSync(fd);
    rmSync(path);
  }
});

describe("a pair in memory", () => {
  test.each(["read", "write"] as const)("keeps to a limit of what it %ss", (direction) => {
    const { reactor, clock } = benchOf();
    const limit = new RateLimit(reactor, {
      [`${direction}BytesPerSecond`]: 1000,
      [`${direction}BurstBytes`]: 300,
    });
    const limited = { rateLimits: [limit] };
    const [left, right] = streamPair(
      reactor,
      direction === "write" ? limited : {},
      direction === "read" ? limited : {},
    );
    const parts: Buffer[] = [];
    right.handler = { onData: (_, input) => void parts.push(input.take()) };
    const sent = pattern(9, 2000);
    left.write(sent);
    left.end();
    for (let ms = 0; ms <= 1900; ms += 1, clock.nowMs += 1) {
      settle(reactor);
      const got = parts.reduce((sum, part) => sum + part.length, 0);
      expect(got).toBeLessThanOrEqual(300 + ms);
      expect(got).toBeGreaterThanOrEqual(Math.min(2000, 300 + ms - 70));
    }
    expectBytes(Buffer.concat(parts), sent);
    expect([left.isDestroyed, right.isDestroyed]).toEqual([true, true]);
    expect(limit).toMatchObject({ streamCount: 0, waitingCount: 0 });
  });
});

/** Counts what may have passed each limit, and what each stream has sent and received. */
function play(kind: Kind, seed: number): void {
  const random = randomOf(seed);
  const upTo = (most: number): number => 1 + Math.floor(random() * most);
  const { reactor, clock } = benchOf();
  const limits = Array.from({ length: 4 }, () => {
    const [read, write] = [upTo(5000), upTo(5000)];
    const [readBurst, writeBurst] = [upTo(2000), upTo(2000)];
    const limit = new RateLimit(reactor, {
      readBytesPerSecond: read,
      writeBytesPerSecond: write,
      readBurstBytes: readBurst,
      writeBurstBytes: writeBurst,
    });
    return { limit, read, write, mayRead: readBurst, mayWrite: writeBurst };
  });
  const lanes: { from: BufferedStream; sent: Buffer[]; got: Buffer[] }[] = [];
  const some = () => ({
    rateLimits: limits.filter(() => random() < 0.5).map(({ limit }) => limit),
  });
  for (let i = 0; i < 6; i += 1) {
    const pair = pairOf(kind, reactor, { options: some(), rightOptions: some() });
    for (const side of [0, 1] as const) {
      const lane = { from: pair[side], sent: [], got: [] as Buffer[] };
      lanes.push(lane);
      pair[1 - side]!.handler = { onData: (_, input) => void lane.got.push(input.take()) };
    }
  }
  for (let step = 0; step < 60; step += 1) {
    const lane = lanes[upTo(lanes.length) - 1] as (typeof lanes)[number];
    const choice = random();
    if (choice < 0.6) {
      const bytes = pattern(seed * 1000 + step, upTo(1500));
      lane.sent.push(bytes);
      lane.from.write(bytes);
    } else if (choice < 0.7) lane.from.pause();
    else if (choice < 0.8) lane.from.resume();
    const ms = upTo(40);
    if (random() < 0.2) continue;
    clock.nowMs += ms;
    settle(reactor);
    for (const one of limits) {
      one.mayRead += (ms * one.read) / 1000;
      one.mayWrite += (ms * one.write) / 1000;
      expect(one.limit.bytesRead).toBeLessThanOrEqual(one.mayRead);
      expect(one.limit.bytesWritten).toBeLessThanOrEqual(one.mayWrite);
    }
  }
  for (const { from } of lanes) from.resume();
  for (const { limit } of limits) {
    limit.update({ readBytesPerSecond: Infinity, writeBytesPerSecond: undefined });
  }
  clock.nowMs += 1;
  settle(reactor);
  for (const { sent, got } of lanes) expectBytes(Buffer.concat(got), Buffer.concat(sent));
  for (const { limit } of limits) expect(limit.waitingCount).toBe(0);
  for (const { from } of lanes) from.destroy();
  for (const { limit } of limits) expect(limit.streamCount).toBe(0);
}

test.each(KINDS)(
  "whatever members do, no limit is exceeded and no byte is lost: %s",
  (kind) => {
    for (let seed = 1; seed <= 60; seed += 1) play(kind, seed);
  },
  60_000,
);
