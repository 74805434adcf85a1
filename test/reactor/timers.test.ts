/** Timers: when they come, in which order, how often. libevent: evtimer */
import { describe, expect, test } from "vitest";
import { EVENT_READ, systemKernel } from "../../src/index.js";
import { busyFor, go, pair, reactorOf, readablePair, WAYS } from "./support.js";

describe.each(WAYS)("%s", (way) => {
  test("a timer comes after its delay, never early, and is stopped then (B21, B31)", async () => {
    const reactor = reactorOf();
    const late: number[] = [];
    for (const delay of [0, 0.4, 1, 3.7, 20]) {
      const due = systemKernel.nowMs() + delay;
      const timer = reactor.timer(delay, (self) => {
        expect(self).toBe(timer);
        expect(timer.isStarted).toBe(false);
        late.push(systemKernel.nowMs() - due);
      });
    }
    expect(await go(reactor, way)).toBe("empty");
    expect(late).toHaveLength(5);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
  });

  test("equal deadlines come in the order they were armed (B46)", async () => {
    const clock = { now: 1000 };
    const kernel = { ...systemKernel, nowMs: () => clock.now };
    const reactor = reactorOf({ kernel });
    const calls: number[] = [];
    const timers = Array.from({ length: 100 }, (_, i) => reactor.timer(5, () => calls.push(i)));
    timers[10]?.start(); // Armed anew: behind all others.
    clock.now += 10;
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toEqual([...timers.keys()].filter((i) => i !== 10).concat(10));
  });

  test("earlier deadlines come first, whatever the order of arming", async () => {
    const clock = { now: 1000 };
    const reactor = reactorOf({ kernel: { ...systemKernel, nowMs: () => clock.now } });
    const calls: number[] = [];
    for (const delay of [3, 1, 2, 0.5]) reactor.timer(delay, () => calls.push(delay));
    clock.now += 4;
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toEqual([0.5, 1, 2, 3]);
  });

  test("a timer armed after a long callback counts from then, not from the turn's time", async () => {
    const reactor = reactorOf();
    let armedMs = 0;
    let firedMs = 0;
    reactor.timer(0, () => {
      busyFor(20);
      armedMs = systemKernel.nowMs();
      reactor.timer(10, () => (firedMs = systemKernel.nowMs()));
    });
    await go(reactor, way);
    expect(firedMs - armedMs).toBeGreaterThanOrEqual(10);
  });

  test("a repeating timer comes until it is stopped, each time a period later (B32)", async () => {
    const reactor = reactorOf();
    const begun = systemKernel.nowMs();
    const times: number[] = [];
    const timer = reactor.timer(
      4,
      () => {
        times.push(systemKernel.nowMs() - begun);
        if (times.length === 6) timer.stop();
      },
      { repeat: true },
    );
    expect(await go(reactor, way)).toBe("empty");
    expect(times).toHaveLength(6);
    for (const [i, time] of times.entries()) expect(time).toBeGreaterThanOrEqual(4 * (i + 1));
  });

  test("ticks that were missed are not made up for (B33)", async () => {
    const clock = { now: 1000 };
    // A clock that goes by being read: no pause of this process counts.
    const reactor = reactorOf({ kernel: { ...systemKernel, nowMs: () => (clock.now += 0.01) } });
    let calls = 0;
    reactor.timer(100, () => (calls += 1), { repeat: true });
    clock.now += 300;
    reactor.stop({ afterMs: 5 });
    expect(await go(reactor, way)).toBe("stopped");
    expect(calls).toBe(1);
  });

  test("a repeating timer keeps its beat when it was late by less than a period", async () => {
    const clock = { now: 1000 };
    const kernel = { ...systemKernel, nowMs: () => clock.now };
    const reactor = reactorOf({ kernel });
    const remaining: (number | undefined)[] = [];
    const timer = reactor.timer(
      100,
      () => {
        remaining.push(timer.remainingMs);
        if (remaining.length === 1)
          clock.now += 70; // to 1210: on time again
        else if (remaining.length === 2)
          clock.now += 290; // to 1500: two beats missed
        else reactor.stop();
      },
      { repeat: true },
    );
    clock.now = 1140;
    await go(reactor, way);
    expect(remaining).toEqual([60, 90, 100]);
  });

  test("one that is called by hand keeps repeating, from then on (B34)", async () => {
    const clock = { now: 1000 };
    const kernel = { ...systemKernel, nowMs: () => clock.now };
    const reactor = reactorOf({ kernel });
    let calls = 0;
    const timer = reactor.timer(200, () => (calls += 1), { repeat: true });
    for (const [now, expected] of [
      [1100, 1],
      [1299, 1],
      [1300, 2],
      [1499, 2],
      [1500, 3],
    ] as const) {
      clock.now = now;
      if (now === 1100) timer.activate();
      reactor.timer(0, () => {});
      reactor.stop({ afterMs: 0.001 });
      clock.now += 0.002;
      await go(reactor, way);
      clock.now = now;
      expect(calls, `at ${now}`).toBe(expected);
    }
  });

  test("a once timer that is called by hand is stopped by it, as by its time", async () => {
    const reactor = reactorOf();
    let calls = 0;
    const timer = reactor.timer(60_000, () => (calls += 1));
    timer.activate();
    expect(await go(reactor, way)).toBe("empty");
    expect({ calls, isStarted: timer.isStarted }).toEqual({ calls: 1, isStarted: false });
  });

  test("a timer that is started anew when it is due already comes only then", async () => {
    const reactor = reactorOf();
    const order: string[] = [];
    let armedMs = 0;
    reactor.timer(0, () => {
      order.push("first");
      armedMs = systemKernel.nowMs();
      second.start(15);
    });
    const second = reactor.timer(0, () => {
      order.push("second");
      expect(systemKernel.nowMs() - armedMs).toBeGreaterThanOrEqual(15);
    });
    busyFor(1);
    expect(await go(reactor, way)).toBe("empty");
    expect(order).toEqual(["first", "second"]);
  });

  test("a timer that is stopped when it is due already does not come (B44)", async () => {
    const reactor = reactorOf();
    reactor.timer(0, () => second.stop());
    const second = reactor.timer(0, () => expect.unreachable());
    busyFor(1);
    expect(await go(reactor, way)).toBe("empty");
    expect(second.isActive).toBe(false);
  });

  test("start(Infinity) takes the deadline away, and it still counts for the run", async () => {
    const reactor = reactorOf();
    let calls = 0;
    const timer = reactor.timer(1, () => (calls += 1));
    timer.start(Infinity);
    reactor.stop({ afterMs: 10 });
    expect(await go(reactor, way)).toBe("stopped");
    expect({ calls, isStarted: timer.isStarted }).toEqual({ calls: 0, isStarted: true });
    timer.start(0);
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(1);
  });

  test("an unref'ed timer does not keep the run, until it is ref'ed", async () => {
    const reactor = reactorOf();
    let calls = 0;
    const timer = reactor.timer(5, () => (calls += 1)).unref();
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(0);
    timer.ref();
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(1);
  });

  test("a user event: a timer that is never started, called by hand (B10, B13)", async () => {
    const reactor = reactorOf();
    const calls: string[] = [];
    const user = reactor.timer(0, () => calls.push("user"), { start: false });
    user.activate().activate();
    expect(user.isActive).toBe(true);
    expect(await go(reactor, way)).toBe("empty");
    reactor.timer(0, () => user.activate());
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toEqual(["user", "user"]);
  });

  test("a read, a timer and two immediate calls, once each (B10)", async () => {
    const reactor = reactorOf();
    const calls: string[] = [];
    const [left] = readablePair();
    reactor.watch(left, EVENT_READ, () => calls.push("read"), { once: true });
    reactor.timer(5, () => calls.push("timer"));
    reactor.timer(0, () => calls.push("first"), { start: false }).activate();
    reactor.timer(0, () => calls.push("second"), { start: false }).activate();
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toEqual(["first", "second", "read", "timer"]);
  });

  test("a hundred repeating timers whose delays were changed: four calls each (B35)", async () => {
    const clock = { now: 1000 };
    const reactor = reactorOf({ kernel: { ...systemKernel, nowMs: () => clock.now } });
    const counts = new Array<number>(100).fill(0);
    for (const i of counts.keys()) {
      const timer = reactor.timer(
        i % 2 === 0 ? 100 : 200,
        () => {
          counts[i] = (counts[i] as number) + 1;
          if (counts[i] === 4) timer.stop();
        },
        { repeat: true },
      );
      timer.start(200).start(100);
    }
    reactor.timer(0, () => (clock.now += 50), { repeat: true }).unref();
    expect(await go(reactor, way)).toBe("empty");
    expect(counts).toEqual(counts.map(() => 4));
  });

  test("ten thousand timers from a hundred places all come (B23)", async () => {
    const reactor = reactorOf();
    let calls = 0;
    for (let i = 0; i < 100; i += 1) {
      reactor.timer(i / 100, () => {
        for (let j = 0; j < 100; j += 1) reactor.timer(3, () => (calls += 1));
      });
    }
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(10_000);
  });
});

test("what remains is never more than was asked, in a thousand tries (B31)", () => {
  const reactor = reactorOf();
  const timer = reactor.timer(Infinity, () => {});
  expect(timer.remainingMs).toBe(Infinity);
  for (let i = 0; i < 1000; i += 1) {
    timer.start(0.1);
    expect(timer.remainingMs).toBeLessThanOrEqual(0.1);
    expect(timer.remainingMs).toBeGreaterThanOrEqual(0);
  }
  timer.stop();
  expect(timer.remainingMs).toBeUndefined();
});

test("a fired timer's deadline is no reason to wait less (B9)", () => {
  const reactor = reactorOf();
  const [left] = pair();
  reactor.watch(left, EVENT_READ, () => {});
  reactor.timer(0, () => {});
  reactor.turn(5);
  const begun = performance.now();
  reactor.turn(15);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(15);
});
