/** What only a pair in memory can promise. */
import { expect, test } from "vitest";
import {
  ByteQueue,
  RateLimit,
  type StreamOptions,
  streamPair,
  WIRE_BYTES,
} from "../../src/streams/index.js";
import { pairOf, settle } from "./pair-support.js";
import { errorOf, reactorOf, turns } from "./support.js";

test("its wire holds what it says, and the rest waits", () => {
  const [left] = pairOf("memory", reactorOf(), { rightOptions: { paused: true } });
  left.write(Buffer.alloc(WIRE_BYTES + 5));
  expect([left.bytesWritten, left.pendingBytes]).toEqual([WIRE_BYTES, 5]);
});

test("a queue that is written comes out in the same memory", () => {
  const reactor = reactorOf();
  const memory = Buffer.alloc(100_000, "m");
  let seen: Buffer | undefined;
  let releases = 0;
  const [left] = pairOf("memory", reactor, {
    right: {
      onData(_, input) {
        seen = input.peek();
        expect(releases).toBe(0);
        input.clear();
      },
    },
  });
  const queue = new ByteQueue();
  queue.appendReference(memory, () => {
    releases += 1;
  });
  left.write(queue);
  settle(reactor);
  expect(seen?.buffer).toBe(memory.buffer);
  expect([seen?.length, releases]).toEqual([100_000, 1]);
});

test("what is on the wire is released when its reader is destroyed", () => {
  const [left, right] = pairOf("memory", reactorOf(), { rightOptions: { paused: true } });
  let releases = 0;
  const queue = new ByteQueue();
  queue.appendReference(Buffer.alloc(5000), () => {
    releases += 1;
  });
  left.write(queue);
  expect(releases).toBe(0);
  right.destroy();
  expect(releases).toBe(1);
});

test("what is written in the turn's handlers is there when the turn is over", () => {
  const reactor = reactorOf();
  let got = "";
  const [left] = pairOf("memory", reactor, {
    right: {
      onData(_, input) {
        got += input.take().toString();
      },
    },
  });
  reactor.timer(0, () => {
    left.write("now");
    expect(got).toBe("");
  });
  turns(reactor, 1);
  expect(got).toBe("now");
});

test("two that answer each other keep nobody else waiting", () => {
  const reactor = reactorOf();
  let balls = 0;
  const play = {
    onData(self: { write(queue: ByteQueue): boolean }, input: ByteQueue) {
      balls += 1;
      self.write(input);
    },
  };
  const [left] = pairOf("memory", reactor, { left: play, right: play });
  left.write("ball");
  let others = 0;
  const timer = reactor.timer(
    0,
    () => {
      others += 1;
      timer.start(0);
    },
    { start: true },
  );
  turns(reactor, 100);
  expect(balls).toBeGreaterThan(50);
  expect(balls).toBeLessThanOrEqual(100); // One leg a turn.
  expect(others).toBeGreaterThanOrEqual(99);
});

test("wrong options for the right end leave no left end behind", () => {
  const reactor = reactorOf();
  const limit = new RateLimit(reactor);
  const wrong = { readMarks: { high: 0 } };
  const left: StreamOptions = { rateLimits: [limit] };
  expect(() => streamPair(reactor, left, wrong)).toThrow(RangeError);
  expect(limit.streamCount).toBe(0);
  expect(errorOf(() => streamPair(reactor, { rateLimits: [limit, limit] }))).toMatchObject({
    code: "ERR_INVALID_ARG_VALUE",
  });
  expect(reactor.runBlocking()).toBe("empty");
});

test("streams of a pair that nobody closes keep the run going, closed ones do not", () => {
  const reactor = reactorOf();
  const [left] = pairOf("memory", reactor);
  reactor.timer(5, () => left.destroy());
  expect(reactor.runBlocking()).toBe("empty");
  expect(left.isDestroyed).toBe(true);
});
