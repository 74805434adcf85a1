/** One turn: its order, its bounds, its clock, and `turn()`; what is refused at all times. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE } from "../../src/index.js";
import {
  BACKENDS,
  busyFor,
  errorOf,
  go,
  pair,
  reactorOf,
  readablePair,
  turnsOfNode,
  WAYS,
} from "./support.js";

describe.each(WAYS)("%s", (way) => {
  test("every callback of a batch sees the same time; between runs it goes on (B20)", async () => {
    const reactor = reactorOf();
    const seen: number[] = [];
    for (let i = 0; i < 2; i += 1) {
      reactor.timer(0, () => {
        seen.push(reactor.nowMs);
        busyFor(2);
      });
    }
    busyFor(1);
    const before = reactor.nowMs;
    await go(reactor, way);
    expect(seen[0]).toBe(seen[1]);
    expect(seen[0]).toBeGreaterThan(before);
    expect(reactor.nowMs).toBeGreaterThanOrEqual((seen[0] as number) + 4);
  });

  test("a turn makes a bounded number of calls, the rest in order in the next", async () => {
    const reactor = reactorOf({ turnCallbacksMax: 3, untilStopped: true });
    const calls: number[] = [];
    const turns: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      reactor.timer(0, () => {
        calls.push(i);
        turns.push(reactor.stats().turns);
        if (i === 7) reactor.stop();
      });
    }
    busyFor(1);
    expect(await go(reactor, way)).toBe("stopped");
    expect(calls).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const first = turns[0] as number;
    expect(turns.map((turn) => turn - first)).toEqual([0, 0, 0, 1, 1, 1, 2, 2]);
  });

  test("a turn ends when its time is over, and the rest is not lost", async () => {
    const reactor = reactorOf({ turnMs: 5 });
    const turns: number[] = [];
    for (let i = 0; i < 300; i += 1) {
      reactor.timer(0, () => {
        turns.push(reactor.stats().turns);
        if (i === 0) busyFor(6);
      });
    }
    busyFor(1);
    expect(await go(reactor, way)).toBe("empty");
    expect(turns).toHaveLength(300);
    const first = turns[0] as number;
    expect(turns.filter((turn) => turn === first)).toHaveLength(1);
    expect(new Set(turns).size).toBeGreaterThan(1);
  });
});

test.each(BACKENDS)("more than the first room for events come in one turn: %s (B14)", (backend) => {
  const reactor = reactorOf({ backend, turnMs: Infinity });
  const counts = new Array<number>(150).fill(0);
  for (let i = 0; i < counts.length; i += 1) {
    const [left] = readablePair();
    reactor.watch(left, EVENT_READ, () => (counts[i] = (counts[i] as number) + 1), {
      once: i % 2 === 0,
    });
  }
  expect(reactor.turn()).toBe(150);
  expect(counts).toEqual(counts.map(() => 1));
  expect(reactor.turn()).toBe(75);
});

test("a call that was deferred from outside a turn sees the present time (B20)", async () => {
  const reactor = reactorOf({ untilStopped: true });
  const run = reactor.run();
  await turnsOfNode(2);
  busyFor(5);
  const before = reactor.nowMs;
  let seen = 0;
  reactor.defer(() => {
    seen = reactor.nowMs;
    reactor.stop();
  });
  expect(await run).toBe("stopped");
  expect(seen).toBeGreaterThanOrEqual(before);
});

test("turn() is one pass, though a level-triggered descriptor stays ready", () => {
  const reactor = reactorOf();
  const [left] = readablePair();
  reactor.watch(left, EVENT_READ, () => {});
  reactor.watch(left, EVENT_READ | EVENT_WRITE, () => {});
  expect(reactor.turn()).toBe(2);
  expect(reactor.stats()).toMatchObject({ turns: 1, waits: 1, callbacks: 2, events: 1 });
});

test("turn(timeoutMs) waits so long, never less, and no longer than to the next timer", () => {
  const reactor = reactorOf();
  const [left] = pair();
  reactor.watch(left, EVENT_READ, () => {});
  const begun = performance.now();
  expect(reactor.turn(20)).toBe(0);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(20);
  let fired = 0;
  reactor.timer(5, () => (fired += 1));
  expect(reactor.turn(60_000)).toBe(1);
  expect(fired).toBe(1);
});

test.each(["stop", "break"] as const)(
  "%s() ends turn(), and the turn after it is a new one",
  (verb) => {
    const reactor = reactorOf();
    const [left] = readablePair();
    let calls = 0;
    reactor.watch(left, EVENT_READ, () => (calls += 1));
    reactor[verb]();
    expect(reactor.turn()).toBe(0);
    expect(reactor.turn()).toBe(1);
    expect(reactor.turn()).toBe(1);
    expect(calls).toBe(2);
  },
);

test("turn() and a busy priority that was cancelled: the next best has its turn", () => {
  const reactor = reactorOf({ priorities: 2 });
  const calls: string[] = [];
  const cancelled = reactor.timer(0, () => expect.unreachable(), { priority: 0, start: false });
  reactor.timer(0, () => calls.push("low"), { priority: 1, start: false }).activate();
  cancelled.activate();
  cancelled.stop();
  expect(reactor.turn()).toBe(1);
  expect(calls).toEqual(["low"]);
});

test("nothing but close() works on a closed reactor, and close() works twice", () => {
  const reactor = reactorOf();
  const [left] = pair();
  const watch = reactor.watch(left, EVENT_READ, () => {});
  const timer = reactor.timer(1, () => {});
  const never = reactor.timer(Infinity, () => {});
  reactor.close();
  reactor.close();
  expect([watch.isStarted, timer.isStarted, never.isStarted]).toEqual([false, false, false]);
  const closed = expect.objectContaining({ code: "ERR_REACTOR_CLOSED" });
  const acts = [
    () => reactor.watch(left, EVENT_READ, () => {}),
    () => reactor.timer(1, () => {}),
    () => reactor.signal("SIGUSR2", () => {}),
    () => reactor.defer(() => {}),
    () => reactor.runBlocking(),
    () => reactor.turn(),
    () => reactor.stop(),
    () => reactor.break(),
    () => reactor.stats(),
    () => reactor.report(),
    () => reactor.waker(() => {}),
    () => watch.start(),
    () => watch.activate(),
    () => timer.start(),
    () => timer.activate(),
  ];
  for (const act of acts) expect(errorOf(act), String(act)).toEqual(closed);
  watch.stop();
  timer.stop();
  return expect(reactor.run()).rejects.toEqual(closed);
});

test("options and arguments are checked", () => {
  const codeOf = (act: () => unknown) => (errorOf(act) as { code?: string }).code;
  for (const options of [
    { priorities: 0 },
    { priorities: 256 },
    { priorities: 1.5 },
    { turnCallbacksMax: 0 },
    { turnMs: -1 },
    { spinUs: Number.NaN },
  ]) {
    expect(
      codeOf(() => reactorOf(options)),
      JSON.stringify(options),
    ).toBe("ERR_OUT_OF_RANGE");
  }
  const reactor = reactorOf();
  expect(codeOf(() => reactor.timer(-1, () => {}))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => reactor.timer(1, "no" as never))).toBe("ERR_INVALID_ARG_TYPE");
  expect(codeOf(() => reactor.defer("no" as never))).toBe("ERR_INVALID_ARG_TYPE");
  expect(codeOf(() => reactor.stop({ afterMs: Number.NaN }))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => reactor.turn("1" as never))).toBe("ERR_INVALID_ARG_TYPE");
});
