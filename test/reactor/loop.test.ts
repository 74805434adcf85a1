/** How a run begins and ends, what a turn does, and in which order. libevent: event_base_loop */
import { describe, expect, test } from "vitest";
import { EVENT_READ } from "../../src/index.js";
import { busyFor, errorOf, go, reactorOf, readablePair, receive, send, WAYS } from "./support.js";

test("what is asked for right after run() belongs to the run", async () => {
  const reactor = reactorOf();
  const running = reactor.run();
  let isCalled = false;
  reactor.timer(1, () => {
    isCalled = true;
  });
  expect(await running).toBe("empty");
  expect(isCalled).toBe(true);
});

test("a run that is closed before it begins is empty", async () => {
  const reactor = reactorOf();
  const running = reactor.run();
  reactor.close();
  expect(await running).toBe("empty");
});

describe.each(WAYS)("%s", (way) => {
  test("a run with nothing to do is over at once: empty (B1)", async () => {
    const reactor = reactorOf();
    expect(await go(reactor, way)).toBe("empty");
    expect(reactor.stats().waits).toBe(0);
  });

  test("untilStopped goes on with nothing to do (B1)", async () => {
    const reactor = reactorOf({ untilStopped: true });
    const timer = reactor.timer(5, () => reactor.timer(5, () => reactor.stop()).unref()).unref();
    expect(await go(reactor, way)).toBe("stopped");
    expect(timer.isStarted).toBe(false);
  });

  test("a run within a callback is refused, and the outer one goes on (B5)", async () => {
    const reactor = reactorOf();
    const codes: unknown[] = [];
    reactor.timer(0, () => {
      codes.push(errorOf(() => reactor.runBlocking()));
      codes.push(errorOf(() => reactor.turn()));
      reactor.run().catch((error) => codes.push(error));
      reactor.timer(1, () => codes.push("went on"));
    });
    expect(await go(reactor, way)).toBe("empty");
    const refused = { code: "ERR_REACTOR_RUNNING" };
    expect(codes).toHaveLength(4);
    expect(codes).toEqual(expect.arrayContaining([expect.objectContaining(refused), "went on"]));
  });

  test("stop({ afterMs }) ends a run that has a day to go (B6, B9)", async () => {
    const reactor = reactorOf();
    reactor.timer(24 * 3600 * 1000, () => expect.unreachable());
    const begun = performance.now();
    reactor.stop({ afterMs: 30 });
    expect(await go(reactor, way)).toBe("stopped");
    expect(performance.now() - begun).toBeGreaterThanOrEqual(30);
  });

  test.each([
    [10, 5000],
    [5000, 10],
  ])("of stop after %s and %s ms the earlier counts (B7)", async (first, second) => {
    const reactor = reactorOf();
    reactor.timer(24 * 3600 * 1000, () => expect.unreachable());
    reactor.stop({ afterMs: first });
    reactor.stop({ afterMs: second });
    expect(await go(reactor, way)).toBe("stopped");
  });

  test("the time of a stop that was not needed does not end the next run", async () => {
    const reactor = reactorOf();
    reactor.stop({ afterMs: 5 });
    expect(await go(reactor, way)).toBe("empty");
    reactor.timer(30, () => {});
    expect(await go(reactor, way)).toBe("empty");
  });

  test("break() ends the run after the callback that is running (B8)", async () => {
    const reactor = reactorOf();
    const calls: string[] = [];
    reactor.timer(0, () => {
      calls.push("first");
      reactor.break();
    });
    reactor.timer(0, () => calls.push("second"));
    busyFor(1);
    expect(await go(reactor, way)).toBe("broken");
    expect(calls).toEqual(["first"]);
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toEqual(["first", "second"]);
  });

  test("break() in a deferred call leaves the other deferred calls to the next run", async () => {
    const reactor = reactorOf();
    const calls: string[] = [];
    reactor.defer(() => {
      calls.push("first");
      reactor.break();
    });
    reactor.defer(() => calls.push("second"));
    expect(await go(reactor, way)).toBe("broken");
    expect(calls).toEqual(["first"]);
    reactor.defer(() => calls.push("third"));
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toEqual(["first", "second", "third"]);
  });

  test("break() before a run ends that run at once, and only that", async () => {
    const reactor = reactorOf();
    let calls = 0;
    reactor.timer(0, () => (calls += 1));
    reactor.break();
    expect(await go(reactor, way)).toBe("broken");
    expect(calls).toBe(0);
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(1);
  });

  test("stop() before a run lets it call what is active, and takes nothing new", async () => {
    const reactor = reactorOf();
    const calls: string[] = [];
    const [left] = readablePair();
    reactor.watch(left, EVENT_READ, () => calls.push("ready"));
    reactor.timer(0, () => calls.push("due"));
    reactor.timer(5, () => calls.push("active"), { start: false }).activate();
    reactor.stop();
    expect(await go(reactor, way)).toBe("stopped");
    expect(calls).toEqual(["active"]);
    reactor.stop({ afterMs: 5 });
    calls.length = 0;
    expect(await go(reactor, way)).toBe("stopped");
    expect(calls).toContain("ready");
    expect(calls).toContain("due");
  });

  test("stop() in a callback lets all that is active run, in all priorities", async () => {
    const reactor = reactorOf({ priorities: 3 });
    const calls: number[] = [];
    for (const priority of [2, 1, 0]) {
      const again = reactor.timer(0, () => {}, { priority, start: false });
      reactor.timer(
        0,
        () => {
          calls.push(priority);
          reactor.stop();
          again.activate();
        },
        { priority },
      );
    }
    busyFor(1);
    expect(await go(reactor, way)).toBe("stopped");
    expect(calls).toEqual([0, 1, 2]);
  });

  test("a stopped run ends though a better priority is busy for ever", async () => {
    const reactor = reactorOf({ priorities: 2 });
    const calls: string[] = [];
    const busy = reactor.timer(0, () => busy.activate(), { priority: 0, start: false });
    reactor.timer(0, () => calls.push("low"), { priority: 1, start: false }).activate();
    busy.activate();
    reactor.stop();
    expect(await go(reactor, way)).toBe("stopped");
    expect(calls).toEqual(["low"]);
  });

  test("close() ends the run; what was active or deferred is not called (B11)", async () => {
    const reactor = reactorOf({ priorities: 2 });
    const [left] = readablePair();
    const late = () => expect.unreachable();
    reactor.timer(0, () => reactor.close(), { priority: 0 });
    reactor.timer(0, late, { priority: 0 });
    reactor.timer(0, late, { priority: 1 });
    reactor.timer(1000, late);
    reactor.watch(left, EVENT_READ, late, { priority: 1 });
    reactor.timer(1, late, { start: false, priority: 1 }).activate();
    reactor.defer(() => reactor.timer(0, late, { priority: 0 }));
    busyFor(1);
    expect(await go(reactor, way).catch((error) => error)).toBe("empty");
    expect(left.isClosed).toBe(false);
  });

  test("close() in a deferred call keeps the others from being called", async () => {
    const reactor = reactorOf();
    reactor.defer(() => reactor.close());
    reactor.defer(() => expect.unreachable());
    expect(await go(reactor, way)).toBe("empty");
  });

  test("a turn: what is ready, what is due, what is deferred, in this order", async () => {
    const reactor = reactorOf();
    const calls: string[] = [];
    const [left] = readablePair();
    reactor.defer(() => calls.push("deferred"));
    reactor.timer(0, () => calls.push("due"));
    reactor.watch(left, EVENT_READ, () => calls.push("ready"), { once: true });
    busyFor(1);
    if (way === "blocking") expect(reactor.turn()).toBe(2);
    else expect(await reactor.run()).toBe("empty");
    expect(calls.filter((call) => call !== "deferred")).toEqual(["ready", "due"]);
    if (way === "blocking") expect(calls.at(-1)).toBe("deferred");
  });

  test("what callbacks schedule joins the next turn, and starves nobody (B12)", async () => {
    const reactor = reactorOf();
    const [left, right] = readablePair();
    const counts = { a: 0, b: 0, read: 0, deferred: 0 };
    const a = reactor.timer(0, () => {
      counts.a += 1;
      b.activate();
    });
    const b = reactor.timer(0, () => {
      counts.b += 1;
      a.activate();
    });
    const again = (): void => {
      counts.deferred += 1;
      reactor.defer(again);
    };
    reactor.defer(again);
    reactor.watch(left, EVENT_READ, () => {
      receive(left);
      send(right);
      counts.read += 1;
      if (counts.read === 100) reactor.break();
    });
    const before = reactor.stats();
    expect(await go(reactor, way)).toBe("broken");
    const turns = reactor.stats().turns - before.turns;
    for (const count of [counts.a, counts.b, counts.deferred]) {
      expect(count).toBeGreaterThan(40);
      expect(count).toBeLessThanOrEqual(2 * turns + 2);
    }
  });
});
