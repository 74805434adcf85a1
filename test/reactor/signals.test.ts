/** Signals to the process, as calls in a turn. They need Node's loop. */
import { once } from "node:events";
import { expect, test } from "vitest";
import { systemKernel } from "../../src/index.js";
import { faultKernel } from "../support/fault-kernel.js";
import { errorOf, go, reactorOf } from "./support.js";

const raise = (signal: NodeJS.Signals = "SIGUSR2") => process.kill(process.pid, signal);

test("a signal is a call in a turn; one watched keeps the run", async () => {
  const reactor = reactorOf();
  const turns = { before: 0 };
  const watch = reactor.signal("SIGUSR2", (count, self) => {
    expect(self).toBe(watch);
    expect(count).toBe(1);
    expect(reactor.stats().turns).toBeGreaterThanOrEqual(turns.before);
    watch.stop();
  });
  turns.before = reactor.stats().turns;
  setImmediate(() => raise());
  expect(await go(reactor, "attached")).toBe("empty");
  expect(process.listenerCount("SIGUSR2")).toBe(0);
});

test("signals that come faster than turns are counted, in one call", async () => {
  const reactor = reactorOf();
  const counts: number[] = [];
  const watch = reactor.signal("SIGUSR2", (count) => counts.push(count));
  for (let i = 0; i < 3; i += 1) {
    // The kernel merges equal signals that are pending, so the next waits for this one.
    const arrived = once(process, "SIGUSR2");
    raise();
    await arrived;
  }
  expect(counts).toEqual([]);
  reactor.timer(1, () => watch.stop());
  expect(await go(reactor, "attached")).toBe("empty");
  expect(counts).toEqual([3]);
});

test("once: stopped before its call, and may be started again", async () => {
  const reactor = reactorOf();
  let calls = 0;
  const watch = reactor.signal(
    "SIGUSR2",
    () => {
      calls += 1;
      expect(watch.isStarted).toBe(false);
      expect(process.listenerCount("SIGUSR2")).toBe(0);
    },
    { once: true },
  );
  setImmediate(() => raise());
  expect(await go(reactor, "attached")).toBe("empty");
  watch.start();
  setImmediate(() => raise());
  expect(await go(reactor, "attached")).toBe("empty");
  expect(calls).toBe(2);
});

test("what came before a stop() is not counted after the next start()", async () => {
  const reactor = reactorOf();
  const counts: number[] = [];
  const watch = reactor.signal("SIGUSR2", (count) => counts.push(count), { once: true });
  const arrived = once(process, "SIGUSR2");
  raise();
  await arrived;
  expect(watch.isActive).toBe(true);
  watch.stop();
  watch.start();
  setImmediate(() => raise());
  expect(await go(reactor, "attached")).toBe("empty");
  expect(counts).toEqual([1]);
});

test("two reactors and process.on hear of the same signal", async () => {
  const reactors = [reactorOf(), reactorOf()];
  let calls = 0;
  const count = () => (calls += 1);
  process.once("SIGUSR2", count);
  for (const reactor of reactors) reactor.signal("SIGUSR2", count, { once: true });
  setImmediate(() => raise());
  await Promise.all(reactors.map((reactor) => go(reactor, "attached")));
  expect(calls).toBe(3);
});

test("close() gives the signal back", () => {
  const reactor = reactorOf();
  reactor.signal("SIGUSR2", () => {});
  expect(process.listenerCount("SIGUSR2")).toBe(1);
  reactor.close();
  expect(process.listenerCount("SIGUSR2")).toBe(0);
});

test("what cannot be watched is refused, and nothing is left started (B42)", () => {
  const reactor = reactorOf();
  expect(errorOf(() => reactor.signal("SIGKILL", () => {}))).toMatchObject({ code: "EINVAL" });
  expect(errorOf(() => reactor.signal("SIGUSR2", 1 as never))).toMatchObject({
    code: "ERR_INVALID_ARG_TYPE",
  });
  expect(reactor.stats().started).toBe(0);
  expect(process.listenerCount("SIGUSR2")).toBe(0);
});

test("a blocking run hears of no signal: both ways round it is refused", () => {
  const reactor = reactorOf();
  const blocking = expect.objectContaining({ code: "ERR_REACTOR_BLOCKING" });
  const watch = reactor.signal("SIGUSR2", () => {});
  expect(errorOf(() => reactor.runBlocking())).toEqual(blocking);
  expect(reactor.mode).toBe("idle");
  watch.stop();
  let refused: unknown;
  reactor.timer(0, () => {
    refused = errorOf(() => reactor.signal("SIGUSR2", () => {}));
    expect(() => reactor.assertNotBlocking("This")).toThrow(/This/);
  });
  expect(reactor.runBlocking()).toBe("empty");
  expect(refused).toEqual(blocking);
});

test("a signal that interrupts the kernel's wait is no error and no event", () => {
  const { kernel, log } = faultKernel(
    systemKernel,
    [1, 2, 3].map((nth) => ({ call: "poll", errno: "EINTR", nth }) as const),
  );
  const reactor = reactorOf({ kernel, backend: "poll" });
  let calls = 0;
  reactor.timer(3, () => (calls += 1));
  expect(reactor.runBlocking()).toBe("empty");
  expect(calls).toBe(1);
  expect(log.filter(({ isFault }) => isFault)).toHaveLength(3);
});
