/** Nobody is put off for ever, and no error goes astray: found by reading, each was a bug. */
import { expect, test } from "vitest";
import { EVENT_READ, Socket } from "../../src/index.js";
import { Reactor } from "../../src/reactor/index.js";
import { differences, openDescriptors } from "../support/descriptors.js";

test.each(["poll", "select"] as const)(
  "work from outside does not put the look at the kernel off: %s",
  async (backend) => {
    const reactor = new Reactor({ backend });
    const [a, b] = Socket.pair();
    let touches = 0;
    const idle = reactor.timer(60_000, () => {}).unref();
    const busy = setInterval(() => {
      touches += 1;
      if (touches === 3) b.send(Buffer.from("x"));
      if (touches === 500) reactor.stop(); // only a guard
      idle.start();
    }, 1);
    let isRead = false;
    reactor.watch(a, EVENT_READ, () => {
      isRead = true;
      reactor.stop();
    });
    await reactor.run();
    clearInterval(busy);
    expect(isRead).toBe(true);
    for (const open of [reactor, a, b]) open.close();
  },
);

test("stop({ afterMs }) is not put off by a busy better priority", () => {
  const reactor = new Reactor({ priorities: 3 });
  let calls = 0;
  const busy = reactor.timer(
    0,
    () => {
      calls += 1;
      if (calls < 10_000_000) busy.activate();
    },
    { priority: 0 },
  );
  reactor.stop({ afterMs: 5 });
  expect(reactor.runBlocking()).toBe("stopped");
  expect(calls).toBeLessThan(10_000_000);
  reactor.close();
});

test("an error of an idle reactor is the next run's, not a later one's", async () => {
  const reactor = new Reactor();
  const meant = new Error("Meant to happen");
  const caught: unknown[] = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.once("uncaughtException", (error) => caught.push(error));
  reactor.fail(meant);
  reactor.timer(1, () => {});
  await reactor.run();
  for (const listener of listeners) process.on("uncaughtException", listener);
  expect(caught).toEqual([meant]);
  expect(reactor.turn()).toBe(0);
  reactor.close();
});

test("break() before 300,000 deferred calls keeps them all", () => {
  const reactor = new Reactor();
  let calls = 0;
  reactor.deferPlain(() => reactor.break());
  for (let i = 0; i < 300_000; i += 1) {
    reactor.deferPlain(() => {
      calls += 1;
    });
  }
  expect(reactor.runBlocking()).toBe("broken");
  expect(reactor.runBlocking()).toBe("empty");
  expect(calls).toBe(300_000);
  reactor.close();
});

test("closing a reactor closes its wakers", () => {
  const before = openDescriptors();
  for (let i = 0; i < 5; i += 1) {
    const reactor = new Reactor();
    const waker = reactor.waker(() => {});
    reactor.close();
    waker.close();
  }
  expect(differences(before, openDescriptors())).toEqual([]);
});

test("slow handlers end a turn when its time is over, not after 16 of them", () => {
  const reactor = new Reactor({ turnMs: 1 });
  const timers = Array.from({ length: 16 }, () =>
    reactor.timer(0, () => {
      const until = reactor.kernel.nowMs() + 2;
      while (reactor.kernel.nowMs() < until);
    }),
  );
  expect(reactor.turn()).toBe(1);
  for (const timer of timers) timer.stop();
  reactor.close();
});

test("turn() is refused beside a watched signal, as runBlocking() is", () => {
  const reactor = new Reactor();
  const watch = reactor.signal("SIGUSR2", () => {});
  expect(() => reactor.turn()).toThrow(expect.objectContaining({ code: "ERR_REACTOR_BLOCKING" }));
  watch.stop();
  expect(reactor.turn()).toBe(0);
  reactor.close();
});

test("an onClose hook that throws keeps neither the others nor the run from their end", async () => {
  const errors: unknown[] = [];
  const reactor = new Reactor({ onError: (error) => errors.push((error as Error).message) });
  let isTold = false;
  reactor.onClose(() => {
    throw new Error("Meant to happen");
  });
  reactor.onClose(() => {
    isTold = true;
  });
  reactor.timer(60_000, () => {});
  const running = reactor.run();
  reactor.close();
  expect(await running).toBe("empty");
  expect([errors, isTold]).toEqual([["Meant to happen"], true]);
});
