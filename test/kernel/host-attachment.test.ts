/** A reactor's place in Node's loop: what is watched, the timer, and what callbacks may do. */
import { setImmediate as nextIteration } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import {
  type HostAttachment,
  systemHostLoop,
  TURN_DIRTY,
  TURN_READABLE,
  TURN_TIMER,
  type TurnReason,
} from "../../src/kernel/index.js";
import { differences, openDescriptors } from "../support/descriptors.js";
import { send } from "../support/raw.js";
import { closeNow, expectMisuse, kernel, pair, pipe, UNUSED_FD } from "./support.js";

function attach(onTurn: (reason: TurnReason) => void): HostAttachment {
  const attachment = systemHostLoop.attach(onTurn);
  onTestFinished(() => attachment.close());
  return attachment;
}

async function iterations(n: number): Promise<void> {
  for (let i = 0; i < n; i++) await nextIteration();
}

function readablePair(): number {
  const [left, right] = pair();
  send(right);
  return left;
}

const drain = (fd: number) => expect(kernel.recv(fd, new Uint8Array(16), 0, 16, 0)).toBe(1);

/** Makes the next turn happen, for each reason. */
const CAUSES: readonly [name: string, TurnReason, (attachment: HostAttachment) => void][] = [
  ["readable", TURN_READABLE, (attachment) => attachment.watch(readablePair())],
  ["dirty", TURN_DIRTY, (attachment) => attachment.dirty.fill(1)],
  ["due at once", TURN_TIMER, (attachment) => attachment.setTimer(0)],
  ["due later", TURN_TIMER, (attachment) => attachment.setTimer(1)],
];

test("says in every iteration that the descriptor is readable, until it is drained", async () => {
  const fd = readablePair();
  const passes: number[] = [];
  let iteration = 0;
  const counting = setInterval(() => {}, 1000); // Nothing but the descriptor wakes the loop up.
  onTestFinished(() => clearInterval(counting));
  await new Promise<void>((resolve) => {
    const attachment = attach((reason) => {
      expect(reason).toBe(TURN_READABLE);
      passes.push(iteration);
      setImmediate(() => (iteration += 1));
      if (passes.length < 4) return;
      drain(fd);
      resolve();
    });
    attachment.watch(fd);
  });
  await iterations(5);
  expect(passes).toEqual([0, 1, 2, 3]);
});

test("watches one descriptor at a time, without a copy too many", async () => {
  const before = openDescriptors();
  const [silent, far] = pair();
  const readable = readablePair();
  const turns: TurnReason[] = [];
  const attachment = attach((reason) => turns.push(reason));
  const opened = openDescriptors();
  attachment.watch(readable);
  attachment.watch(silent);
  await iterations(5);
  expect(turns).toEqual([]);
  expect(differences(opened, openDescriptors())).toHaveLength(1);
  attachment.watch(readable);
  await iterations(5);
  expect(turns.length).toBeGreaterThan(1);
  attachment.unwatch();
  attachment.unwatch();
  const seen = turns.length;
  await iterations(5);
  expect(turns.length).toBe(seen);
  expect(openDescriptors()).toEqual(opened);
  closeNow(silent);
  closeNow(far);
  expect(openDescriptors().size).toBe(before.size + 2);
});

test("may replace what it watches from within its turn", async () => {
  const [first, second] = [readablePair(), readablePair()];
  const turns: string[] = [];
  const attachment = attach(() => {
    turns.push(turns.length % 2 === 0 ? "first" : "second");
    attachment.watch(turns.length % 2 === 0 ? first : second);
  });
  attachment.watch(first);
  await iterations(50);
  expect(turns.length).toBeGreaterThan(10);
});

test("goes on reporting a descriptor with an error pending", async () => {
  const [read, write] = pipe();
  let turns = 0;
  const attachment = attach(() => (turns += 1));
  attachment.watch(write);
  closeNow(read); // POLLERR
  await iterations(10);
  expect(turns).toBeGreaterThan(3);
  attachment.unwatch();
});

test("a descriptor closed while it is watched does not abort the process", async () => {
  const [left] = pair();
  const attachment = attach(() => {});
  attachment.watch(left);
  closeNow(left);
  attachment.watch(pipe()[0]); // Most likely the same number.
  await iterations(5);
});

test.each([0.001, 0.5, 1, 1.25, 3, 10.1])("a timer of %d ms is never early", async (delayMs) => {
  for (let round = 0; round < 10; round++) {
    const elapsedMs = await new Promise<number>((resolve) => {
      const attachment = systemHostLoop.attach((reason) => {
        const nowMs = kernel.nowMs();
        expect(reason).toBe(TURN_TIMER);
        attachment.close();
        resolve(nowMs - startMs);
      });
      // Off the loop's time, which stands still meanwhile.
      for (const untilMs = kernel.nowMs() + round / 4; kernel.nowMs() < untilMs; );
      const startMs = kernel.nowMs();
      attachment.setTimer(delayMs);
    });
    expect(elapsedMs).toBeGreaterThanOrEqual(delayMs);
  }
});

test("the last timer set counts, and a cleared one does not come", async () => {
  const dueMs: number[] = [];
  const attachment = attach(() => dueMs.push(kernel.nowMs()));
  const startMs = kernel.nowMs();
  attachment.setTimer(0);
  attachment.setTimer(60_000);
  await iterations(3);
  expect(dueMs).toEqual([]);
  attachment.setTimer(5);
  attachment.setTimer(20); // at once: whatever this process is kept from, 5 ms do not pass between
  while (dueMs.length === 0) await nextIteration();
  expect((dueMs[0] as number) - startMs).toBeGreaterThanOrEqual(20);
  for (const delayMs of [0, 1]) {
    attachment.setTimer(delayMs);
    attachment.clearTimer();
    attachment.clearTimer();
  }
  attachment.setTimer(1e300); // Longer than anyone waits, and than libuv counts.
  for (const untilMs = kernel.nowMs() + 10; kernel.nowMs() < untilMs; ) await nextIteration();
  expect(dueMs).toHaveLength(1);
  attachment.setTimer(1e9);
  attachment.setTimer(0);
  await iterations(2);
  expect(dueMs).toHaveLength(2);
});

test("timers of 0, set again and again, come once an iteration and starve nobody", async () => {
  let immediates = 0;
  const seen: number[] = [];
  const turn = (other: () => HostAttachment) => () => {
    seen.push(immediates);
    if (seen.length > 1_000_000) process.exit(1); // Nobody else will ever be asked again.
    other().setTimer(0);
  };
  const left: HostAttachment = attach(turn(() => right));
  const right: HostAttachment = attach(turn(() => left));
  left.setTimer(0);
  let counting = setImmediate(function count() {
    immediates += 1;
    counting = setImmediate(count);
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  clearImmediate(counting);
  for (let i = 1; i < seen.length; i++) expect(seen[i]).toBeGreaterThan(seen[i - 1] as number);
  expect(seen.length).toBeGreaterThan(2);
});

test("promises and process.nextTick run right after each turn, before the next", async () => {
  const order: string[] = [];
  const turn = (name: string, done: () => void) => () => {
    order.push(name);
    process.nextTick(() => order.push("tick"));
    void Promise.resolve().then(() => order.push("promise"));
    setImmediate(done);
  };
  const turned = ["first", "second"].map(
    (name) =>
      new Promise<void>((resolve) => {
        const attachment = attach((reason) => {
          expect(reason).toBe(TURN_DIRTY);
          attachment.dirty[0] = 0;
          turn(name, resolve)();
        });
        attachment.dirty[0] = 1;
      }),
  );
  await Promise.all(turned);
  expect(order.slice(0, 3)).toEqual([order[0], "tick", "promise"]);
  expect(order.slice(3)).toEqual([order[3], "tick", "promise"]);
  expect(new Set([order[0], order[3]])).toEqual(new Set(["first", "second"]));
});

test.each(CAUSES)("an exception of a turn that is %s is an uncaught one", async (...cause) => {
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  onTestFinished(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of before) process.on("uncaughtException", listener);
  });
  const caught: unknown[] = [];
  process.on("uncaughtException", (error) => caught.push(error));
  const thrown: (() => void)[] = [
    () => process.nextTick(fail, "from a tick"),
    () => fail("from the turn"),
    () => fail(null),
    () => fail(undefined),
  ];
  const attachment = attach(() => {
    attachment.dirty[0] = 0;
    attachment.unwatch();
    thrown.shift()?.();
  });
  for (let left = thrown.length; left > 0; left--) {
    cause[2](attachment);
    while (thrown.length === left) await nextIteration();
    await iterations(2);
  }
  expect(caught).toEqual(["from a tick", "from the turn", null, undefined]);
});

function fail(reason: unknown): never {
  throw reason;
}

test.each(CAUSES)("may be closed in a turn that is %s; nothing comes after", async (...cause) => {
  const before = openDescriptors();
  let turns = 0;
  const attachment = attach((reason) => {
    turns += 1;
    expect(reason).toBe(cause[1]);
    for (const [, , other] of CAUSES) other(attachment);
    attachment.close();
    attachment.close();
  });
  cause[2](attachment);
  while (turns === 0) await nextIteration();
  for (const untilMs = kernel.nowMs() + 5; kernel.nowMs() < untilMs; ) await nextIteration();
  expect(turns).toBe(1);
  const own = cause[1] === TURN_READABLE ? 4 : 2; // The pairs; no copy of one.
  expect(openDescriptors().size).toBe(before.size + own);
});

test("a closed one begins nothing, and may be told to end it", async () => {
  const [left] = pair();
  const attachment = attach(() => expect.unreachable());
  for (const [, , cause] of CAUSES) cause(attachment);
  attachment.close();
  attachment.dirty[0] = 1;
  await iterations(5);
  expect(() => attachment.watch(left)).toThrow(expect.objectContaining({ code: "EBADF" }));
  expect(() => attachment.setTimer(0)).toThrow(expect.objectContaining({ code: "EBADF" }));
  for (const end of ["unwatch", "clearTimer", "ref", "unref", "close"] as const) attachment[end]();
});

test("refuses what is no open descriptor, and keeps what it watched", async () => {
  const fd = readablePair();
  let turns = 0;
  const attachment = attach(() => (turns += 1));
  attachment.watch(fd);
  const watch = (value: unknown) => attachment.watch(value as number);
  expect(() => watch(UNUSED_FD)).toThrow(expect.objectContaining({ code: "EBADF" }));
  expectMisuse(() => watch(-1), RangeError, "ERR_OUT_OF_RANGE");
  expectMisuse(() => watch("3"), TypeError, "ERR_INVALID_ARG_TYPE");
  await iterations(3);
  expect(turns).toBeGreaterThan(0);
});

test("refuses a delay that is none, and keeps the timer", async () => {
  let turns = 0;
  const attachment = attach(() => (turns += 1));
  attachment.setTimer(0);
  for (const delayMs of [-1, -0.001, Number.NaN, Infinity, -Infinity]) {
    expectMisuse(() => attachment.setTimer(delayMs), RangeError, "ERR_OUT_OF_RANGE");
  }
  for (const delayMs of ["1", null, undefined, 1n] as unknown[]) {
    const set = () => attachment.setTimer(delayMs as number);
    expectMisuse(set, TypeError, "ERR_INVALID_ARG_TYPE");
  }
  await iterations(2);
  expect(turns).toBe(1);
});
