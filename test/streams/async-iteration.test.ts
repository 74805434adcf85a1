/** The comfortable face of a stream: `for await` and `await stream.writeAsync()`. */
import { describe, expect, test } from "vitest";
import { READ_HIGH_BYTES, type SocketStream } from "../../src/index.js";
import type { Reactor } from "../../src/reactor/index.js";
import { ARENA_WRITE_BYTES } from "../../src/streams/transfer-pool.js";
import {
  collect,
  errorOf,
  expectBytes,
  fill,
  joined,
  pattern,
  reactorOf,
  recorder,
  resetOnClose,
  send,
  streamOf,
} from "./support.js";

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A reactor that runs until the end of the test. */
function running(): Reactor {
  const reactor = reactorOf({ untilStopped: true });
  void reactor.run();
  return reactor;
}

async function readAll(stream: SocketStream, pause = async (): Promise<void> => {}) {
  const parts: Buffer[] = [];
  for await (const chunk of stream) {
    parts.push(chunk);
    await pause();
  }
  return Buffer.concat(parts);
}

describe("for await", () => {
  test("yields everything, in memory of its own, also when the FIN is there before the loop", async () => {
    const reactor = running();
    const { stream, peer } = joined(reactor);
    const other = streamOf(reactor, peer, {}, { paused: true });
    const sent = pattern(1, 200_000);
    other.end(sent);
    for (let i = 0; i < 10; i += 1) await breath();
    expectBytes(await readAll(stream), sent);
    expect(stream.isDestroyed).toBe(true);
  });

  test("a slow loop gets everything too, and memory stays below the mark and a chunk", async () => {
    const reactor = running();
    const high = 10_000;
    const { stream, peer } = joined(reactor, {}, { readMarks: { high } });
    const other = streamOf(reactor, peer);
    const sent = pattern(2, 2_000_000);
    other.end(sent);
    let most = 0;
    const got = await readAll(stream, async () => {
      while (stream.input.isEmpty && !stream.hasReadEnded) await breath();
      most = Math.max(most, stream.input.length);
    });
    expectBytes(got, sent);
    expect(most).toBeLessThanOrEqual(high);
    expect(most).toBeGreaterThan(0);
  });

  test("without marks the default one bounds it", async () => {
    const reactor = running();
    const { stream, peer } = joined(reactor);
    streamOf(reactor, peer).end(pattern(3, 4_000_000));
    while (stream.input.length < READ_HIGH_BYTES) await breath();
    for (let i = 0; i < 20; i += 1) await breath();
    expect(stream.input.length).toBe(READ_HIGH_BYTES);
    expectBytes(await readAll(stream), pattern(3, 4_000_000));
  });

  test("leaving the loop destroys the stream", async () => {
    const reactor = running();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log));
    send(peer, "first");
    for await (const chunk of stream) {
      expect(String(chunk)).toBe("first");
      break;
    }
    expect(stream.isDestroyed).toBe(true);
    expect(log).toEqual(["close"]);
  });

  test("an error rejects: after what had come, if the loop had it by then", async () => {
    const reactor = running();
    const { stream, peer } = joined(reactor);
    send(peer, "before");
    const got: string[] = [];
    const reading = (async () => {
      for await (const chunk of stream) {
        got.push(String(chunk));
        resetOnClose(peer);
        peer.close();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "ECONNRESET", syscall: "recv" });
    expect(got).toEqual(["before"]);
  });

  test("an error from before the loop rejects it: it is no end of the data", async () => {
    const reactor = running();
    const { stream, peer } = joined(reactor);
    resetOnClose(peer);
    peer.close();
    while (!stream.isDestroyed) await breath();
    expect(stream.error).toMatchObject({ code: "ECONNRESET" });
    await expect(readAll(stream)).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("destroy() ends the loop, destroy(error) rejects it", async () => {
    const reactor = running();
    const one = joined(reactor).stream;
    const two = joined(reactor).stream;
    const loops = [readAll(one), readAll(two)];
    one.destroy();
    two.destroy(new Error("why"));
    expect(await loops[0]).toHaveLength(0);
    await expect(loops[1]).rejects.toThrow("why");
  });

  test("several next() at once are answered in order, and so are those after the end", async () => {
    const reactor = running();
    const { stream, peer } = joined(reactor);
    const iterator = stream[Symbol.asyncIterator]();
    const results = [iterator.next(), iterator.next(), iterator.next()];
    send(peer, "one");
    expect(String((await results[0])?.value)).toBe("one");
    send(peer, "two");
    expect(String((await results[1])?.value)).toBe("two");
    peer.shutdown("write");
    expect(await results[2]).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("the handler that it replaces still hears of the end", async () => {
    const reactor = running();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log));
    send(peer, "x");
    peer.shutdown("write");
    await readAll(stream);
    await breath();
    expect(log).toEqual(["end", "close"]);
  });

  test("an unread rest is read after both sides have ended", async () => {
    const reactor = running();
    const { stream, peer } = joined(reactor);
    stream.end();
    send(peer, "rest");
    peer.shutdown("write");
    while (!stream.isDestroyed) await breath();
    expect(String(await readAll(stream))).toBe("rest");
  });

  test("is refused during a blocking run, as promises are", () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor);
    const refused: unknown[] = [];
    reactor.timer(0, () => {
      refused.push(errorOf(() => stream[Symbol.asyncIterator]()));
      refused.push(errorOf(() => stream.drained()));
      stream.destroy();
      peer.close();
    });
    reactor.runBlocking();
    const blocking = expect.objectContaining({ code: "ERR_REACTOR_BLOCKING" });
    expect(refused).toEqual([blocking, blocking]);
  });
});

describe("writeAsync", () => {
  test("resolves at once below the mark, else when there is room", async () => {
    const reactor = running();
    const { stream, peer } = joined(reactor, {}, { writeMarks: { high: 1000, low: 10 } }, "unix");
    await stream.writeAsync("short");
    const before = fill(stream.socket);
    let isOver = false;
    stream.write(Buffer.alloc(2000));
    await breath();
    const writing = stream.writeAsync("more").then(() => {
      isOver = true;
    });
    for (let i = 0; i < 5; i += 1) await breath();
    expect(isOver).toBe(false);
    const got = collect(reactor, peer);
    await writing;
    expect(stream.pendingBytes).toBeLessThanOrEqual(10);
    while (got.bytes().length < before + 2009) await breath();
  });

  test("a whole transfer with a slow reader keeps memory at the mark", async () => {
    const reactor = running();
    const { stream, peer } = joined(reactor, {}, { writeMarks: { high: 20_000 } });
    const other = streamOf(reactor, peer, {}, { readMarks: { high: 5000 } });
    const reading = readAll(other, breath);
    const sent = pattern(5, 1_000_000);
    let most = 0;
    for (let at = 0; at < sent.length; at += 10_000) {
      await stream.writeAsync(sent.subarray(at, at + 10_000));
      most = Math.max(most, stream.pendingBytes);
    }
    stream.end();
    expectBytes(await reading, sent);
    // What is written in one turn is gathered in the arena, which all streams share.
    expect(most).toBeLessThanOrEqual(30_000 + ARENA_WRITE_BYTES);
  });

  test("rejects when the stream is destroyed meanwhile, or was before", async () => {
    const reactor = running();
    const { stream } = joined(reactor, {}, { writeMarks: { high: 1 } }, "unix");
    fill(stream.socket);
    stream.write("waits");
    for (let i = 0; i < 3; i += 1) await breath();
    const writing = stream.writeAsync("too");
    const failed = expect(writing).rejects.toThrow("why");
    stream.destroy(new Error("why"));
    await failed;
    await expect(stream.writeAsync("x")).rejects.toMatchObject({ code: "ERR_STREAM_DESTROYED" });
    await expect(stream.drained()).rejects.toMatchObject({ code: "ERR_STREAM_DESTROYED" });
  });
});

test("an async handler that writes after it has awaited: no byte is another's", async () => {
  const reactor = running();
  const all = Array.from({ length: 8 }, (_, i) => {
    const { stream, peer } = joined(reactor, {
      onData: (self, input) => {
        const chunk = input.take();
        void (async () => {
          await breath();
          self.write(chunk);
        })();
      },
    });
    return { stream, got: collect(reactor, peer), peer, sent: pattern(i, 50_000) };
  });
  for (let at = 0; at < 50_000; at += 1000) {
    for (const { peer, sent } of all) peer.send(sent.subarray(at, at + 1000));
    await breath();
  }
  while (all.some(({ got }) => got.bytes().length < 50_000)) await breath();
  for (const { got, sent } of all) expectBytes(got.bytes(), sent);
});
