/**
 * One suite over both kinds of stream: over a pair of sockets and in memory they behave the same.
 * libevent: bufferevent_pair (B74, B75, B82)
 */
import { describe, expect, test } from "vitest";
import { systemKernel } from "../../src/index.js";
import { type BufferedStream, ByteQueue } from "../../src/streams/index.js";
import { KINDS, type Kind, pairOf, settle } from "./pair-support.js";
import {
  busyFor,
  drive,
  errorOf,
  expectBytes,
  pattern,
  randomOf,
  reactorOf,
  recorder,
  turns,
  WAYS,
} from "./support.js";

const EVERYWHERE = KINDS.flatMap((kind) => WAYS.map((way) => ({ kind, way })));

/** More than any wire holds between two streams that nobody reads. */
const MUCH = 4 * 1024 * 1024;

describe.each(EVERYWHERE)("$kind, $way", ({ kind, way }) => {
  test("what is written comes back from an echo", async () => {
    const reactor = reactorOf();
    let got = "";
    const [left] = pairOf(kind, reactor, {
      left: {
        onData(_, input) {
          got += input.take().toString();
        },
      },
      right: { onData: (self, input) => void self.write(input) },
    });
    left.write("some ");
    left.write(Buffer.from("text, "));
    const queue = new ByteQueue();
    queue.append("and more");
    left.write(queue);
    expect(queue.isEmpty).toBe(true);
    await drive(reactor, way, () => got === "some text, and more");
    expect([left.bytesWritten, left.bytesRead, left.pendingBytes]).toEqual([19, 19, 0]);
  });

  test.each([0, 1] as const)(
    "half-close of side %d leaves the other direction open",
    async (which) => {
      const reactor = reactorOf();
      const log: string[] = [];
      const pair = pairOf(kind, reactor, {
        left: recorder(log, "0"),
        right: recorder(log, "1"),
        options: { allowHalfOpen: true },
      });
      const ending = pair[which];
      const other = pair[1 - which] as BufferedStream;
      const there = 1 - which;
      ending.end("last");
      expect(ending.isWritable).toBe(false);
      await drive(reactor, way, () => log.length === 2);
      expect(log).toEqual([`${there}.data last`, `${there}.end`]);
      expect([ending.isDestroyed, other.isDestroyed, other.hasReadEnded]).toEqual([
        false,
        false,
        true,
      ]);
      other.write("still");
      await drive(reactor, way, () => log.length === 3);
      other.end();
      await drive(reactor, way, () => ending.isDestroyed && other.isDestroyed);
      expect(log.slice(2).sort()).toEqual(
        [`${which}.data still`, `${which}.end`, `${which}.close`, `${there}.close`].sort(),
      );
    },
  );

  test("a handler that takes a part and pauses gets the rest before the end", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left, right] = pairOf(kind, reactor, {
      right: {
        ...recorder(log),
        onData(self, input) {
          log.push(`data ${input.take(1)}`);
          self.pause();
        },
      },
    });
    left.end("abc");
    for (const wanted of ["data a", "data b", "data c"]) {
      await drive(reactor, way, () => log.at(-1) === wanted);
      turns(reactor, way === "blocking" ? 3 : 0);
      expect(log.at(-1)).toBe(wanted);
      right.resume();
    }
    await drive(reactor, way, () => right.isDestroyed);
    expect(log).toEqual(["data a", "data b", "data c", "end", "close"]);
  });

  test.each(["at once", "later"])(
    "a handler that ends in its last data is told the end; the rest %s",
    async (when) => {
      const reactor = reactorOf();
      const log: string[] = [];
      const [left, right] = pairOf(kind, reactor);
      right.handler = {
        ...recorder(log),
        onData(self, input) {
          log.push(`data ${input.take(1)}`);
          if (!self.hasReadEnded) return;
          if (when === "later") self.pause();
          self.end();
        },
      };
      left.write("abc");
      await drive(reactor, way, () => log.length === 1);
      left.end();
      await drive(reactor, way, () => log.length > 1);
      if (when === "later") {
        turns(reactor, way === "blocking" ? 3 : 0);
        expect(log).toEqual(["data a", "data b"]);
        right.resume();
      }
      await drive(reactor, way, () => right.isDestroyed);
      const rest = when === "later" ? ["data c"] : [];
      expect(log).toEqual(["data a", "data b", ...rest, "end", "close"]);
    },
  );

  test("the end of one ends the other, and the run is over", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left] = pairOf(kind, reactor, {
      left: recorder(log, "left"),
      right: recorder(log, "right"),
    });
    left.end("x");
    expect(way === "attached" ? await reactor.run() : reactor.runBlocking()).toBe("empty");
    expect(log.filter((line) => line.startsWith("right"))).toEqual([
      "right.data x",
      "right.end",
      "right.close",
    ]);
    expect(log.filter((line) => line.startsWith("left"))).toEqual(["left.end", "left.close"]);
  });

  test("1 MiB arrives byte by byte, whatever it is written in", async () => {
    const reactor = reactorOf();
    const sent = pattern(7, 1024 * 1024 + 13);
    const parts: Buffer[] = [];
    const [left] = pairOf(kind, reactor, {
      right: { onData: (_, input) => void parts.push(input.take()) },
    });
    const sizes = [1, 700, 4096, 20_000, 65_536, 300_000];
    for (let at = 0, i = 0; at < sent.length; i += 1) {
      const piece = Buffer.from(sent.subarray(at, at + (sizes[i % sizes.length] as number)));
      at += piece.length;
      if (i % 3 === 0) {
        const queue = new ByteQueue();
        queue.append(piece);
        left.write(queue);
      } else left.write(piece);
      piece.fill(0xdb); // It is ours again.
      if (i % 5 === 0) reactor.turn(0);
    }
    left.end();
    let got = 0;
    await drive(reactor, way, () => {
      got = parts.reduce((sum, part) => sum + part.length, 0);
      return got >= sent.length;
    });
    expectBytes(Buffer.concat(parts), sent);
  });

  test("the peer that does not read says stop, and then go on", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    let got = 0;
    const [left, right] = pairOf(kind, reactor, {
      left: recorder(log),
      right: {
        onData(_, input) {
          got += input.drain(input.length);
        },
      },
      options: { writeMarks: { low: 1000, high: 100_000 } },
      rightOptions: { paused: true },
    });
    const piece = Buffer.alloc(50_000);
    let writes = 1;
    for (; left.write(piece) || writes < 3; writes += 1) turns(reactor, 2);
    expect(writes * piece.length).toBeLessThan(MUCH);
    expect(left.pendingBytes).toBeGreaterThanOrEqual(100_000);
    expect(left.bytesWritten + left.pendingBytes).toBe(writes * piece.length);
    settle(reactor);
    expect(log).toEqual([]);
    expect(got).toBe(0);
    right.resume();
    await drive(reactor, way, () => got === writes * piece.length);
    expect(log).toEqual(["drain"]);
    expect([left.pendingBytes, left.bytesWritten]).toEqual([0, writes * piece.length]);
  });

  test("unread input stops at the high mark, and the end waits behind it", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left, right] = pairOf(kind, reactor, {
      right: { onEnd: () => void log.push("end") },
      rightOptions: { readMarks: { high: 10 }, allowHalfOpen: true },
    });
    left.write("0123456789abc");
    left.end();
    await drive(reactor, way, () => right.input.length > 0);
    settle(reactor);
    expect([right.input.toString(), right.isReading]).toEqual(["0123456789", false]);
    expect(log).toEqual([]);
    right.input.clear();
    right.resume();
    await drive(reactor, way, () => log.length > 0);
    expect(right.input.toString()).toBe("abc");
  });

  test("between its marks: no call sees less or more (B75)", async () => {
    const reactor = reactorOf();
    const sizes: number[] = [];
    const [left] = pairOf(kind, reactor, {
      right: { onData: (_, input) => void sizes.push(input.drain(input.length)) },
      rightOptions: { readMarks: { low: 10, high: 20 } },
    });
    left.end(Buffer.alloc(6500));
    let got = 0;
    await drive(reactor, way, () => {
      got = sizes.reduce((sum, size) => sum + size, 0);
      return got === 6500;
    });
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(20);
  });

  test("writes of nothing are nothing", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left] = pairOf(kind, reactor, { right: recorder(log) });
    for (const nothing of ["", Buffer.alloc(0), new ByteQueue()]) {
      expect(left.write(nothing)).toBe(true);
    }
    settle(reactor);
    expect([log, left.bytesWritten, left.pendingBytes]).toEqual([[], 0, 0]);
    left.end("");
    await drive(reactor, way, () => log.length === 2);
    expect(log).toEqual(["end", "close"]);
  });

  test("what was written before destroy is read, then the end", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left] = pairOf(kind, reactor, {
      left: recorder(log, "left"),
      right: recorder(log, "right"),
    });
    left.write("before");
    left.destroy();
    expect(log).toEqual(["left.close"]);
    await drive(reactor, way, () => log.length >= 4);
    expect(log).toEqual(["left.close", "right.data before", "right.end", "right.close"]);
  });

  test("who is destroyed and has not read all resets the other, which reads first", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left, right] = pairOf(kind, reactor, {
      left: recorder(log),
      rightOptions: { paused: true },
    });
    left.write("unread");
    right.write("to be read");
    settle(reactor);
    left.pause(); // Nothing of what follows reaches it yet.
    right.destroy();
    log.length = 0;
    left.resume();
    await drive(reactor, way, () => left.isDestroyed);
    expect(log).toEqual(["close ECONNRESET"]);
  });

  test("a write to who is gone destroys the stream with EPIPE", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left, right] = pairOf(kind, reactor, {
      left: recorder(log),
      options: { allowHalfOpen: true },
    });
    right.destroy();
    await drive(reactor, way, () => log.length === 1);
    expect(left.write("nobody")).toBe(true);
    expect(left.isDestroyed).toBe(false);
    await drive(reactor, way, () => left.isDestroyed);
    expect(log).toEqual(["end", "close EPIPE"]);
  });

  test("after an end nothing can be written, after destroy neither", () => {
    const [left] = pairOf(kind, reactorOf());
    left.end();
    left.end();
    expect(errorOf(() => left.write("x"))).toMatchObject({ code: "ERR_STREAM_WRITE_AFTER_END" });
    left.destroy();
    left.destroy();
    expect(errorOf(() => left.write("x"))).toMatchObject({ code: "ERR_STREAM_DESTROYED" });
  });

  test("a handler may destroy its own stream; then it hears of nothing", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left, right] = pairOf(kind, reactor, {
      left: recorder(log, "left"),
      right: {
        ...recorder(log, "right"),
        onData(self) {
          log.push("right.data");
          self.destroy(new Error("enough"));
        },
      },
    });
    left.write("x");
    left.end();
    await drive(reactor, way, () => left.isDestroyed && right.isDestroyed);
    settle(reactor);
    expect(log.filter((line) => line.startsWith("right"))).toEqual([
      "right.data",
      "right.close enough",
    ]);
    expect(log.filter((line) => line.startsWith("left"))).toEqual(["left.end", "left.close"]);
  });

  test("a handler may destroy the other end", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left, right] = pairOf(kind, reactor, {
      left: recorder(log, "left"),
      right: {
        ...recorder(log, "right"),
        onData(_, input) {
          input.clear();
          left.destroy();
        },
      },
    });
    left.write("x");
    await drive(reactor, way, () => right.isDestroyed);
    settle(reactor);
    expect(log).toEqual(["left.close", "right.end", "right.close"]);
  });

  test("destroy within onEnd, onDrain and onClose does no harm", async () => {
    for (const event of ["onEnd", "onDrain", "onClose"] as const) {
      const reactor = reactorOf();
      let calls = 0;
      const kill = (self: BufferedStream): void => {
        calls += 1;
        self.destroy();
      };
      const [left, right] = pairOf(kind, reactor, {
        left: { [event]: kill },
        right: { onData: (_, input) => void input.clear() },
        options: { writeMarks: { high: 10 } },
      });
      left.write(Buffer.alloc(MUCH));
      if (event !== "onDrain") right.end();
      await drive(reactor, way, () => left.isDestroyed && right.isDestroyed);
      settle(reactor);
      expect(calls).toBe(1);
    }
  });

  test("a handler that throws destroys its stream alone", async () => {
    const errors: unknown[] = [];
    const reactor = reactorOf({ onError: (error) => void errors.push(error) });
    const log: string[] = [];
    const failure = new Error("mine");
    const [left] = pairOf(kind, reactor, {
      left: recorder(log, "left"),
      right: {
        ...recorder(log, "right"),
        onData() {
          throw failure;
        },
      },
    });
    left.write("x");
    await drive(reactor, way, () => left.isDestroyed);
    expect(log).toEqual(["right.close mine", "left.end", "left.close"]);
    expect(errors).toEqual([failure]);
  });

  test("a peer that takes nothing is given up at the write deadline (B76)", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left] = pairOf(kind, reactor, {
      left: recorder(log),
      options: { timeouts: { writeMs: 20 } },
      rightOptions: { paused: true },
    });
    busyFor(25); // Nothing waits yet: no deadline.
    turns(reactor, 3);
    expect(log).toEqual([]);
    left.write(Buffer.alloc(MUCH));
    await drive(reactor, way, () => left.isDestroyed);
    expect(log).toEqual(["close ERR_STREAM_TIMEOUT"]);
  });
});

describe.each(KINDS)("%s", (kind) => {
  test("a write is not delivered within write, and is at the end of the turn", () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left] = pairOf(kind, reactor, { right: recorder(log) });
    reactor.timer(0, () => {
      left.write("a");
      left.write("b");
      log.push("written");
    });
    settle(reactor);
    expect(log).toEqual(["written", "data ab"]);
  });

  test("bytes keep the read deadline away", () => {
    const clock = { nowMs: 1000 };
    const reactor = reactorOf({ kernel: { ...systemKernel, nowMs: () => clock.nowMs } });
    const seen: string[] = [];
    const [left] = pairOf(kind, reactor, {
      right: {
        onData: (_, input) => void seen.push(input.take().toString()),
        onTimeout: (_, which) => void seen.push(`${which} at ${clock.nowMs}`),
      },
      rightOptions: { timeouts: { readMs: 20 } },
    });
    for (; clock.nowMs < 1050; clock.nowMs += 1) {
      if (clock.nowMs === 1012) left.write("a");
      settle(reactor);
    }
    expect(seen).toEqual(["a", "read at 1032"]);
  });

  test("async iteration takes all, and ends with the peer's end", async () => {
    const reactor = reactorOf();
    const [left, right] = pairOf(kind, reactor);
    const running = reactor.run();
    const sent = pattern(3, 1024 * 1024);
    const writing = (async () => {
      for (let at = 0; at < sent.length; at += 30_000) {
        await left.writeAsync(sent.subarray(at, at + 30_000));
      }
      left.end();
    })();
    const parts: Buffer[] = [];
    for await (const part of right) parts.push(part);
    await writing;
    expectBytes(Buffer.concat(parts), sent);
    expect(await running).toBe("empty");
  });

  test("leaving the loop early destroys the stream, and the other end hears of it", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const [left, right] = pairOf(kind, reactor, { left: recorder(log) });
    const running = reactor.run();
    left.write("x");
    for await (const part of right) {
      expect(part.toString()).toBe("x");
      break;
    }
    expect(right.isDestroyed).toBe(true);
    expect(await running).toBe("empty");
    expect(log).toEqual(["end", "close"]);
  });

  test("drained() rejects when the stream is destroyed", async () => {
    const reactor = reactorOf();
    const [left] = pairOf(kind, reactor, { rightOptions: { paused: true } });
    expect(left.write(Buffer.alloc(MUCH))).toBe(false);
    const waiting = left.drained();
    left.destroy(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
  });
});

/** What a script of writes, pauses, ends and destroys leads to: all that either side has seen. */
function play(kind: Kind, seed: number, sizeMax: number, mayDestroy: boolean): unknown {
  const random = randomOf(seed);
  const reactor = reactorOf();
  const seen = [newSight(), newSight()] as const;
  const pair = pairOf(kind, reactor, {
    left: seen[0].handler,
    right: seen[1].handler,
    options: { allowHalfOpen: random() < 0.5 },
  });
  const steps: unknown[] = [];
  for (let step = 0; step < 30; step += 1) {
    const stream = pair[random() < 0.5 ? 0 : 1];
    const size = Math.floor(random() ** 4 * sizeMax);
    const bytes = pattern(seed * 100 + step, size);
    const choice = random();
    if (choice < 0.6) {
      if (stream.isWritable) stream.write(random() < 0.5 ? bytes : bytes.toString("latin1"));
    } else if (choice < 0.75) stream.pause();
    else if (choice < 0.92) stream.resume();
    else if (choice < 0.97) stream.end();
    else if (mayDestroy) {
      settle(reactor); // else it is a race, what the other hears of first
      stream.destroy();
      settle(reactor);
    }
    if (random() < 0.7) settle(reactor);
  }
  settle(reactor);
  for (const stream of pair) stream.resume();
  settle(reactor);
  for (const [i, stream] of pair.entries()) {
    const { log, hash } = seen[i] as ReturnType<typeof newSight>;
    steps.push(
      log.filter((line) => line !== "drain"),
      hash(),
      stream.bytesRead,
      stream.isDestroyed,
      stream.isWritable,
    );
  }
  for (const stream of pair) {
    stream.handler = {};
    stream.destroy();
  }
  return steps;
}

function newSight() {
  const log: string[] = [];
  let sum = 0;
  return {
    log,
    hash: () => sum,
    handler: {
      ...recorder(log),
      onData: (_: unknown, input: ByteQueue) => {
        for (const byte of input.take()) sum = (Math.imul(sum, 31) + byte) | 0;
      },
    },
  };
}

// Output waits when the carrier is full, which depends on how much it holds: so there is no destroy
// among large writes, and no word of onDrain.
test.each([
  ["small writes, with destroy", 6000, true],
  ["large writes", 120_000, false],
] as const)(
  "both kinds come to the same: %s",
  (_, sizeMax, mayDestroy) => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const found = play("memory", seed, sizeMax, mayDestroy);
      expect([seed, found]).toEqual([seed, play("socket", seed, sizeMax, mayDestroy)]);
    }
  },
  60_000,
);
