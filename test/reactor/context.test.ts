/** AsyncLocalStorage: a call finds what was there when its watch, timer or deferred call was armed. */
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { EVENT_READ } from "../../src/index.js";
import { go, pair, reactorOf, readablePair, receive, send, track, WAYS } from "./support.js";

const storage = new AsyncLocalStorage<string>();
const store = () => storage.getStore();

describe.each(WAYS)("%s", (way) => {
  test("of who armed it: watch, timer, deferred call, waker", async () => {
    const reactor = reactorOf();
    const [left] = readablePair();
    const seen: Record<string, string | undefined> = {};
    const note = (name: string) => () => {
      seen[name] = store();
    };
    storage.run("watch", () => reactor.watch(left, EVENT_READ, note("watch"), { once: true }));
    storage.run("timer", () => reactor.timer(1, note("timer")));
    storage.run("defer", () => reactor.defer(note("defer")));
    const waker = storage.run("waker", () => track(reactor.waker(note("waker"))));
    waker.wake();
    await storage.run("run", () => go(reactor, way));
    expect(seen).toEqual({ watch: "watch", timer: "timer", defer: "defer", waker: "waker" });
    expect(store()).toBeUndefined();
  });

  test("of who armed it last, not of who made it", async () => {
    const reactor = reactorOf();
    const [left] = readablePair();
    const seen: (string | undefined)[] = [];
    const timer = storage.run("made", () => reactor.timer(1, () => seen.push(store())));
    const watch = storage.run("made", () =>
      reactor.watch(left, EVENT_READ, () => seen.push(store()), { once: true, start: false }),
    );
    storage.run("armed", () => {
      watch.start();
      timer.start(1);
    });
    await go(reactor, way);
    expect(seen).toEqual(["armed", "armed"]);
  });

  test("a handler that arms its own timer again passes its context on, for ever", async () => {
    const reactor = reactorOf();
    const seen: (string | undefined)[] = [];
    storage.run("first", () => {
      const timer = reactor.timer(0, () => {
        seen.push(store());
        if (seen.length < 5) timer.start();
      });
    });
    await go(reactor, way);
    expect(seen).toEqual(new Array(5).fill("first"));
  });

  test("two connections do not see each other's, call after call", async () => {
    const reactor = reactorOf();
    const seen: string[] = [];
    for (const name of ["one", "two"]) {
      const [left, right] = pair();
      storage.run(name, () =>
        reactor.watch(left, EVENT_READ, () => {
          receive(left);
          seen.push(`${name} ${store()}`);
          if (seen.length < 20) send(right);
          else left.close();
        }),
      );
      send(right);
      reactor.defer(() => {});
    }
    await go(reactor, way);
    expect(new Set(seen)).toEqual(new Set(["one one", "two two"]));
  });

  test("an object in a handler's place is called in whatever context the reactor runs in", async () => {
    const reactor = reactorOf();
    const [left] = readablePair();
    const seen: (string | undefined)[] = [];
    storage.run("armed", () => {
      reactor.watch(left, EVENT_READ, { onReady: () => seen.push(store()) }, { once: true });
      reactor.deferPlain(() => seen.push(store()));
    });
    await go(reactor, way);
    expect(seen).not.toContain("armed");
    expect(seen).toHaveLength(2);
  });
});

test("a signal's call finds the context of who watched it; a promise of a handler keeps it", async () => {
  const reactor = reactorOf();
  const seen: (string | undefined)[] = [];
  storage.run("signal", () =>
    reactor.signal("SIGUSR2", () => void Promise.resolve().then(() => seen.push(store())), {
      once: true,
    }),
  );
  setImmediate(() => process.kill(process.pid, "SIGUSR2"));
  await go(reactor, "attached");
  expect(seen).toEqual(["signal"]);
});

test("the run's own promise goes on in the context of who awaits it", async () => {
  const reactor = reactorOf();
  reactor.timer(1, () => {});
  await storage.run("waiting", async () => {
    await reactor.run();
    expect(store()).toBe("waiting");
  });
});
