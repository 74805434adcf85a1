/** Priorities: the best that has anything is run, then the kernel is asked again. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, systemKernel } from "../../src/index.js";
import { PRIORITIES_MAX } from "../../src/reactor/index.js";
import { busyFor, errorOf, go, reactorOf, readablePair, WAYS } from "./support.js";

describe.each(WAYS)("%s", (way) => {
  test.each([
    [1, 3],
    [2, 1],
    [3, 1],
  ])(
    "of %s priorities: the best comes 3 times and stops, the worst meanwhile %s times (B40)",
    async (priorities, worst) => {
      const kernel = { ...systemKernel, nowMs: () => 1000 };
      const reactor = reactorOf({ priorities, kernel });
      const counts = [0, 0];
      for (const i of [0, 1] as const) {
        const priority = i === 0 ? 0 : priorities - 1;
        const timer = reactor.timer(
          0,
          () => {
            counts[i] = (counts[i] as number) + 1;
            if (counts[i] === 3) reactor.stop();
            else timer.start(0);
          },
          { priority },
        );
      }
      expect(await go(reactor, way)).toBe("stopped");
      expect(counts).toEqual([3, worst]); // The one call is what was active at the stop.
    },
  );

  test("a better priority that is activated comes next, before the rest (B41)", async () => {
    const reactor = reactorOf({ priorities: 3 });
    const calls: string[] = [];
    const make = (name: string, priority: number) =>
      reactor.timer(0, () => calls.push(name), { priority, start: false });
    const peer = make("peer", 1);
    const top = make("top", 0);
    reactor.timer(
      0,
      () => {
        calls.push("self");
        peer.activate();
        top.activate();
      },
      { priority: 1 },
    );
    make("low", 2).activate();
    busyFor(1);
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toEqual(["self", "top", "peer", "low"]);
  });

  test("a worse priority waits as long as better ones are busy", async () => {
    const reactor = reactorOf({ priorities: 2 });
    const [left] = readablePair();
    let better = 0;
    reactor.watch(
      left,
      EVENT_READ,
      (_events, _flags, watch) => {
        better += 1;
        if (better === 50) watch.stop();
      },
      { priority: 0 },
    );
    let seen = -1;
    reactor.timer(0, () => (seen = better), { priority: 1 });
    busyFor(1);
    expect(await go(reactor, way)).toBe("empty");
    expect(seen).toBe(50);
  });

  test("one priority: a busy descriptor does not keep the others waiting", async () => {
    const reactor = reactorOf();
    const [left] = readablePair();
    let busy = 0;
    const watch = reactor.watch(left, EVENT_READ, () => (busy += 1));
    reactor.timer(0, () => watch.stop());
    busyFor(1);
    expect(await go(reactor, way)).toBe("empty");
    expect(busy).toBe(1);
  });
});

test("the default is the middle one, and what is beyond is refused", () => {
  const reactor = reactorOf({ priorities: 5 });
  expect(reactor.timer(1, () => {}).priority).toBe(2);
  expect(reactor.timer(1, () => {}, { priority: 4 }).priority).toBe(4);
  for (const priority of [-1, 5, 0.5, Number.NaN]) {
    expect(errorOf(() => reactor.timer(1, () => {}, { priority }))).toMatchObject({
      code: "ERR_OUT_OF_RANGE",
    });
  }
  expect(reactorOf({ priorities: PRIORITIES_MAX }).timer(1, () => {}).priority).toBe(127);
});
