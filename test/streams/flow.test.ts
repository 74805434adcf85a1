/** Marks, back-pressure and fairness: how much is held, when it stops, and who has to wait. */
import { describe, expect, test } from "vitest";
import {
  Listener,
  READ_HIGH_BYTES,
  SO_KEEPALIVE,
  SO_SNDBUF,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
} from "../../src/index.js";
import { connectStalled, vanish, whyNoVanish } from "../support/vanish.js";
import {
  collect,
  drive,
  expectBytes,
  fill,
  joined,
  pattern,
  reactorOf,
  receiveAll,
  recorder,
  send,
  streamOf,
  track,
  turns,
  WAYS,
} from "./support.js";

describe.each(WAYS)("%s", (way) => {
  test("one onData at the low mark, one onDrain (B74)", async () => {
    const reactor = reactorOf();
    const calls: number[] = [];
    const drains: number[] = [];
    const options = { readMarks: { low: 8333 } };
    const { stream, peer } = joined(
      reactor,
      { onData: (_, input) => void calls.push(input.take().length) },
      { ...options, paused: true },
      "unix",
    );
    const other = streamOf(
      reactor,
      peer,
      { onDrain: (self) => void drains.push(self.pendingBytes) },
      { writeMarks: { high: 1 } },
    );
    const before = fill(peer);
    other.write("x");
    turns(reactor, 1);
    expect(other.write(Buffer.alloc(8332))).toBe(false);
    stream.resume();
    await drive(reactor, way, () => drains.length > 0 && calls.length > 0);
    turns(reactor, 5);
    expect(drains).toEqual([0]);
    expect(calls.every((n) => n >= 8333)).toBe(true);
    expect(calls.reduce((sum, n) => sum + n)).toBeGreaterThan(before);
  });

  test("marks of 10 and 20: each call sees 10 to 20 bytes, and all arrive (B75)", async () => {
    const reactor = reactorOf();
    const sizes = new Set<number>();
    const parts: Buffer[] = [];
    // Attached, poll and select look once a millisecond, and each look brings 20 bytes at most.
    const sent = pattern(1, reactor.capabilities.attachable ? 65_000 : 6500);
    const { stream, peer } = joined(
      reactor,
      {
        onData: (self, input) => {
          if (!self.hasReadEnded) sizes.add(input.length);
          parts.push(input.take(10));
        },
      },
      { readMarks: { low: 10, high: 20 } },
    );
    const drains: number[] = [];
    const other = streamOf(
      reactor,
      peer,
      { onDrain: (self) => void drains.push(self.pendingBytes) },
      { writeMarks: { low: 100, high: 1000 } },
    );
    other.end(sent);
    await drive(reactor, way, () => stream.isDestroyed);
    parts.push(stream.input.take());
    expectBytes(Buffer.concat(parts), sent);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(20);
    expect(drains.every((n) => n <= 100)).toBe(true);
  });

  test("below the low mark nothing is called, but for the last bytes (B80)", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { readMarks: { low: 10 } });
    send(peer, "12345");
    await drive(reactor, way, () => stream.input.length === 5);
    turns(reactor, 2);
    expect(log).toEqual([]);
    send(peer, "67890");
    await drive(reactor, way, () => log.length > 0);
    send(peer, "rest");
    peer.shutdown("write");
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log).toEqual(["data 1234567890", "data rest", "end", "close"]);
  });

  test("a handler that takes nothing holds at most the high mark, and the peer is stopped", async () => {
    const reactor = reactorOf();
    const high = 50_000;
    const { stream, peer } = joined(reactor, { onData: () => {} }, { readMarks: { high } });
    const other = streamOf(reactor, peer);
    const sent = pattern(2, 12_000_000);
    other.end(sent);
    await drive(reactor, way, () => !stream.isReading && other.hasPendingOutput);
    for (let i = 0; i < 20; i += 1) reactor.turn(1);
    expect(stream.input.length).toBe(high);
    expect(other.hasPendingOutput).toBe(true);
    const parts: Buffer[] = [];
    stream.handler = { onData: (_, input) => void parts.push(input.take()) };
    stream.resume();
    await drive(reactor, way, () => stream.isDestroyed);
    expectBytes(Buffer.concat(parts), sent);
  });

  test("paused, it holds what it had; the FIN waits behind what is unread", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { readMarks: { low: 100, high: 200 } });
    send(peer, "unread");
    await drive(reactor, way, () => stream.input.length === 6);
    stream.pause();
    peer.shutdown("write");
    turns(reactor, 3);
    expect(log).toEqual([]);
    stream.resume();
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log).toEqual(["data unread", "end", "close"]);
  });

  test("a firehose does not keep a pinger waiting: an answer in a few turns", async () => {
    const reactor = reactorOf();
    const hose = joined(reactor, { onData: (_, input) => input.clear() });
    const source = streamOf(reactor, hose.peer);
    const water = Buffer.alloc(4 * READ_HIGH_BYTES);
    let isOn = true;
    const pour = (): void => {
      while (isOn && source.write(water));
    };
    source.handler = { onDrain: pour };
    pour();
    const pinger = joined(reactor, { onData: (self, input) => void self.write(input) });
    const waited: number[] = [];
    const client = streamOf(reactor, pinger.peer);
    let at = 0;
    client.handler = {
      onData: (self, input) => {
        input.clear();
        waited.push(reactor.stats().turns - at);
        at = reactor.stats().turns;
        self.write("ping");
      },
    };
    await drive(reactor, way, () => hose.stream.bytesRead > 2 * water.length);
    at = reactor.stats().turns;
    client.write("ping");
    await drive(reactor, way, () => waited.length >= 30);
    isOn = false;
    expect(Math.max(...waited)).toBeLessThanOrEqual(6);
    expect(hose.stream.bytesRead).toBeGreaterThan(4 * water.length);
  });

  test("output that waits is sent in shares: one stream does not hold the turn", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor, {}, {}, "unix");
    stream.socket.setOption(SO_SNDBUF, 1 << 23);
    fill(stream.socket);
    const sent = pattern(3, 6_000_000);
    stream.write(sent);
    turns(reactor, 1);
    receiveAll(peer);
    const before = stream.bytesWritten;
    reactor.turn(10);
    const share = stream.bytesWritten - before;
    expect(share).toBeLessThan(2_200_000);
    const got = collect(reactor, peer);
    stream.end();
    await drive(reactor, way, () => got.isEnded);
  });

  test("a peer that hangs: the write deadline ends it, with memory at the mark", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const chunk = Buffer.alloc(65_536);
    const high = 200_000;
    let most = 0;
    const listener = track(
      Listener.tcp(
        reactor,
        {},
        (stream) => {
          stream.handler = { ...recorder(log), onDrain: (self) => pour(self as typeof stream) };
          pour(stream);
        },
        { stream: { writeMarks: { high }, timeouts: { writeMs: 100 } } },
      ),
    );
    function pour(stream: { write(data: Buffer): boolean; readonly pendingBytes: number }): void {
      for (let isOpen = true; isOpen; ) {
        isOpen = stream.write(chunk);
        most = Math.max(most, stream.pendingBytes);
      }
    }
    await connectStalled((listener.address as { port: number }).port);
    await drive(reactor, way, () => log.length > 0);
    expect(log).toEqual(["close ERR_STREAM_TIMEOUT"]);
    expect(most).toBeLessThan(high + chunk.length);
    listener.close();
  });

  test.skipIf(whyNoVanish())("a peer that vanished is found by the idle deadline", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { timeouts: { idleMs: 50 } });
    vanish(peer);
    stream.write("is anybody there?");
    await drive(reactor, way, () => log.length > 0);
    expect(log).toEqual(["close ERR_STREAM_TIMEOUT"]);
  });
});

test.skipIf(whyNoVanish())("a peer that vanished is found by keepalive", async () => {
  const reactor = reactorOf();
  const log: string[] = [];
  const { stream, peer } = joined(reactor, recorder(log));
  for (const [option, value] of [
    [TCP_KEEPIDLE, 1],
    [TCP_KEEPINTVL, 1],
    [TCP_KEEPCNT, 1],
  ] as const) {
    stream.socket.setOption(option, value);
  }
  stream.socket.setOption(SO_KEEPALIVE, true);
  vanish(peer);
  await drive(reactor, "attached", () => log.length > 0);
  expect(log).toEqual(["close ETIMEDOUT"]);
});
