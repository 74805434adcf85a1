/** Calls that are no readiness: quiet times that are over, and calls by hand. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, systemKernel } from "../../src/index.js";
import { EVENT_TIMEOUT } from "../../src/reactor/index.js";
import { busyFor, EVERYWHERE, go, pair, reactorOf, readablePair, send, WAYS } from "./support.js";

const BOTH = EVENT_READ | EVENT_WRITE;

describe.each(EVERYWHERE)("%s, %s", (way, backend) => {
  test("a quiet time that is over calls with EVENT_TIMEOUT, and again (B55)", async () => {
    const reactor = reactorOf({ backend });
    const [left, right] = pair();
    const events: number[] = [];
    const begun = performance.now();
    reactor.watch(
      left,
      EVENT_READ,
      (happened, _flags, watch) => {
        events.push(happened);
        if (events.length === 1) expect(performance.now() - begun).toBeGreaterThanOrEqual(10);
        if (events.length === 2) {
          watch.modify(EVENT_READ, { timeoutMs: Infinity });
          send(right);
        }
        if (events.length === 3) left.close();
      },
      { timeoutMs: 10 },
    );
    expect(await go(reactor, way)).toBe("empty");
    expect(events).toEqual([EVENT_TIMEOUT, EVENT_TIMEOUT, EVENT_READ]);
  });
});

describe.each(WAYS)("%s", (way) => {
  test("ready and quiet for too long in one turn: one call with both (B37)", async () => {
    const reactor = reactorOf();
    const [left] = readablePair();
    const seen: number[] = [];
    const watch = reactor.watch(
      left,
      EVENT_READ,
      (events) => void (seen.push(events) && watch.stop()),
      {
        timeoutMs: 1,
      },
    );
    busyFor(2);
    expect(await go(reactor, way)).toBe("empty");
    expect(seen).toEqual([EVENT_READ | EVENT_TIMEOUT]);
  });

  test.each(["modify", "start"] as const)(
    "%s() takes back a quiet time that is over, and not the data (B36)",
    async (verb) => {
      const clock = { now: 1000 };
      const kernel = { ...systemKernel, nowMs: () => clock.now };
      const reactor = reactorOf({ priorities: 2, kernel });
      const [left, right] = pair(kernel);
      send(right);
      const seen: number[] = [];
      const watch = reactor.watch(
        left,
        EVENT_READ,
        (events) => void (seen.push(events) && watch.stop()),
        {
          timeoutMs: 1,
          priority: 1,
        },
      );
      reactor.timer(
        0,
        () => {
          expect(watch.isActive).toBe(true);
          if (verb === "start") watch.start();
          else watch.modify(EVENT_READ, { timeoutMs: Infinity });
        },
        { priority: 0 },
      );
      clock.now += 2;
      expect(await go(reactor, way)).toBe("empty");
      expect(seen).toEqual([EVENT_READ]);
    },
  );

  test("activated for reading, then for writing: one call for both (B39)", async () => {
    const reactor = reactorOf();
    const [left] = pair();
    const seen: number[] = [];
    const watch = reactor.watch(left, BOTH, (events) => seen.push(events), { start: false });
    watch.activate(EVENT_READ).activate(EVENT_WRITE);
    expect(await go(reactor, way)).toBe("empty");
    expect(seen).toEqual([BOTH]);
  });

  test("activated, a stopped watch is called and stays stopped, quiet time or not", async () => {
    const reactor = reactorOf();
    const [left] = pair();
    const seen: number[] = [];
    const watch = reactor.watch(left, EVENT_READ, (events) => seen.push(events), {
      start: false,
      timeoutMs: 2,
    });
    watch.activate();
    reactor.timer(20, () => {});
    expect(await go(reactor, way)).toBe("empty");
    expect(seen).toEqual([EVENT_READ]);
    expect(watch).toMatchObject({ isStarted: false, remainingMs: undefined });
  });
});

test("what a watch says of itself (B38)", () => {
  const reactor = reactorOf();
  const [left] = pair();
  const options = { start: false, timeoutMs: 60_000 };
  const watch = reactor.watch(left, EVENT_READ, () => {}, options);
  expect(watch).toMatchObject({ isStarted: false, isActive: false, events: EVENT_READ });
  expect(watch.remainingMs).toBeUndefined();
  watch.start();
  expect(watch.isStarted).toBe(true);
  expect(watch.remainingMs).toBeGreaterThan(0);
  expect(watch.remainingMs).toBeLessThanOrEqual(60_000);
  watch.activate();
  expect(watch.isActive).toBe(true);
  watch.modify(BOTH, { timeoutMs: Infinity });
  expect(watch).toMatchObject({ events: BOTH, timeoutMs: undefined, remainingMs: undefined });
  watch[Symbol.dispose]();
  expect(watch).toMatchObject({ isStarted: false, isActive: false });
});
