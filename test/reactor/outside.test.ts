/**
 * Work from outside a turn: from a promise, an fs callback, Node's timers. It reaches the kernel
 * before Node sleeps, so each of these runs ends without anything else waking the loop up. The
 * timer at the end is only there so that a failure is not a hang.
 */
import { readFile } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE } from "../../src/index.js";
import type { Reactor } from "../../src/reactor/index.js";
import { BACKENDS, pair, reactorOf, readablePair, send, turnsOfNode } from "./support.js";

const here = fileURLToPath(import.meta.url);
const HANG_MS = 5000;

/** Ways to get a call from Node's loop, when the reactor is asleep in it. */
const PLACES: Readonly<Record<string, (fn: () => void) => void>> = {
  "a promise of an fs callback": (fn) =>
    void Promise.resolve().then(() => readFilePromise().then(fn)),
  "an fs callback": (fn) => readFile(here, fn),
  "a Node timer": (fn) => void setTimeout(fn, 1),
  setImmediate: (fn) => void setTimeout(() => setImmediate(fn), 1),
  "process.nextTick": (fn) => void setTimeout(() => process.nextTick(fn), 1),
  queueMicrotask: (fn) => void setTimeout(() => queueMicrotask(fn), 1),
};

function readFilePromise(): Promise<void> {
  return new Promise((resolve) => readFile(here, () => resolve()));
}

/** What is done there; each ends the run with the result, by way of the reactor. */
const DEEDS: Readonly<Record<string, (reactor: Reactor) => [act: () => void, result: string]>> = {
  "a change of interest": (reactor) => {
    const [left] = pair();
    const watch = reactor.watch(left, EVENT_READ, () => watch.stop());
    return [() => watch.modify(EVENT_READ | EVENT_WRITE), "empty"];
  },
  "a new watch": (reactor) => {
    const [left] = readablePair();
    const timer = reactor.timer(Infinity, () => {});
    return [() => reactor.watch(left, EVENT_READ, () => reactor.stop()) && timer.stop(), "stopped"];
  },
  "a nearer timer": (reactor) => {
    const timer = reactor.timer(60_000, () => reactor.stop());
    return [() => timer.start(2), "stopped"];
  },
  "activate()": (reactor) => {
    const [left] = pair();
    const watch = reactor.watch(left, EVENT_READ, () => watch.stop());
    return [() => watch.activate(), "empty"];
  },
  "defer()": (reactor) => {
    const timer = reactor.timer(Infinity, () => {});
    return [() => reactor.defer(() => timer.stop()), "empty"];
  },
  "stopping the last watch": (reactor) => {
    const [left] = pair();
    const watch = reactor.watch(left, EVENT_READ, () => expect.unreachable());
    return [() => watch.stop(), "empty"];
  },
  "closing the last socket": (reactor) => {
    const [left] = pair();
    reactor.watch(left, EVENT_READ, () => expect.unreachable());
    return [() => left.close(), "empty"];
  },
  "unref() of the last watch": (reactor) => {
    const [left] = pair();
    const watch = reactor.watch(left, EVENT_READ, () => expect.unreachable());
    return [() => watch.unref(), "empty"];
  },
  "stop()": (reactor) => {
    reactor.timer(Infinity, () => {});
    return [() => reactor.stop(), "stopped"];
  },
  "stop({ afterMs })": (reactor) => {
    reactor.timer(Infinity, () => {});
    return [() => reactor.stop({ afterMs: 2 }), "stopped"];
  },
  "break()": (reactor) => {
    reactor.timer(Infinity, () => {});
    return [() => reactor.break(), "broken"];
  },
  "close()": (reactor) => {
    reactor.timer(Infinity, () => {});
    return [() => reactor.close(), "empty"];
  },
};

describe.each(Object.entries(PLACES))("from %s", (_place, from) => {
  test.each(Object.entries(DEEDS))("%s reaches a sleeping run", async (_deed, prepare) => {
    const reactor = reactorOf();
    const [act, result] = prepare(reactor);
    const run = reactor.run();
    await turnsOfNode(2);
    const slept = reactor.stats().turns;
    from(act);
    let isHanging = false;
    const guard = setTimeout(() => {
      isHanging = true;
      reactor.break();
    }, HANG_MS);
    expect(await run).toBe(result);
    clearTimeout(guard);
    expect(isHanging).toBe(false);
    // Nothing but that woke it up; a backend without a queue looks again and again.
    if (reactor.isClosed || !reactor.capabilities.attachable) return;
    expect(reactor.stats().turns - slept).toBeLessThanOrEqual(3);
  });
});

test.each(BACKENDS)(
  "what was put off is told before Node sleeps, all at once: %s",
  async (backend) => {
    const reactor = reactorOf({ backend });
    const sockets = Array.from({ length: 20 }, () => pair());
    const watches = sockets.map(([left]) => reactor.watch(left, EVENT_READ, () => {}));
    const run = reactor.run();
    await turnsOfNode(2);
    const { changes } = reactor.stats();
    for (const watch of watches) watch.modify(EVENT_READ | EVENT_WRITE);
    for (const watch of watches) watch.modify(EVENT_READ);
    await turnsOfNode(2);
    expect(reactor.stats().changes).toBe(changes);
    for (const [left] of sockets) left.close();
    expect(await run).toBe("empty");
  },
);

test("a message that comes while Node is asleep is answered, again and again", async () => {
  const reactor = reactorOf();
  const [left, right] = pair();
  const watch = reactor.watch(left, EVENT_READ, () => {
    left.recv(Buffer.alloc(10));
    send(left);
  });
  const run = reactor.run();
  for (let i = 0; i < 20; i += 1) {
    send(right);
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (let turn = 0; right.recv(Buffer.alloc(10)) < 0; turn += 1) {
      expect(turn).toBeLessThan(1000);
      await turnsOfNode(1);
    }
  }
  watch.stop();
  expect(await run).toBe("empty");
});
