/** ready(): the wait in Node's own loop, which goes on working beside it. */
import { readFile } from "node:fs/promises";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, systemKernel } from "../../src/index.js";
import { read, send } from "../support/raw.js";
import { type Contract, expectRejection, LONG_MS, WAIT_MS } from "./contract.js";

export function readyContract(contract: Contract): void {
  describe("ready()", () => outcomes(contract));
  describe("ready(), while it waits", () => beside(contract));
  describe("ready(), interest changed meanwhile", () => changes(contract));
}

function outcomes(contract: Contract): void {
  test("answers true when there is data, before and after it began", async () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    send(right);
    expect(await selector.ready()).toBe(true);
    expect(selector.select(0)).toHaveLength(1);
    read(left);
    const ready = selector.ready(LONG_MS);
    send(right);
    expect(await ready).toBe(true);
    expect(selector.select(0)).toHaveLength(1);
  });

  test.each([0, -1, 0.5, WAIT_MS])("answers false after %s ms, not earlier", async (timeoutMs) => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    const start = systemKernel.nowMs();
    expect(await selector.ready(timeoutMs)).toBe(false);
    expect(systemKernel.nowMs() - start).toBeGreaterThanOrEqual(timeoutMs);
    expect(selector.select(0)).toEqual([]);
  });

  test("ready(0) answers true when something is ready", async () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE);
    expect(await selector.ready(0)).toBe(true);
    expect(selector.select(0)).toHaveLength(1);
  });

  test("what is consumed before select() is not reported by it", async () => {
    for (const timeoutMs of [0, LONG_MS]) {
      const selector = contract.open();
      const [left, right] = contract.rawPair();
      selector.register(left, EVENT_READ);
      send(right);
      expect(await selector.ready(timeoutMs)).toBe(true);
      read(left);
      expect(selector.select(0)).toEqual([]);
    }
  });

  test.each([2 ** 31, 1e30, Number.POSITIVE_INFINITY, null, undefined])(
    "ready(%s) waits, and ends with the data",
    async (timeoutMs) => {
      const selector = contract.open();
      const [left, right] = contract.rawPair();
      selector.register(left, EVENT_READ);
      const ready = selector.ready(timeoutMs);
      await nextTurn();
      send(right);
      expect(await ready).toBe(true);
    },
  );

  test("refuses what is no timeout", async () => {
    const selector = contract.open();
    await expectRejection(selector.ready(Number.NaN), "ERR_OUT_OF_RANGE");
    await expectRejection(selector.ready("10" as unknown as number), "ERR_INVALID_ARG_TYPE");
  });

  test("rejects with the signal's reason, and can be called again", async () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    const controller = new AbortController();
    const ready = selector.ready(LONG_MS, { signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(ready).rejects.toBe(reason);
    send(right);
    expect(await selector.ready(LONG_MS)).toBe(true);
  });

  test("rejects at once when the signal was aborted before", async () => {
    const selector = contract.open();
    const reason = new Error("too late");
    const ready = selector.ready(LONG_MS, { signal: AbortSignal.abort(reason) });
    await expect(ready).rejects.toBe(reason);
    expect(await selector.ready(0)).toBe(false);
  });

  test("a signal aborted afterwards changes nothing", async () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE);
    const controller = new AbortController();
    expect(await selector.ready(LONG_MS, { signal: controller.signal })).toBe(true);
    const next = selector.ready(LONG_MS);
    controller.abort();
    expect(await next).toBe(true);
  });

  test("rejects when the selector is closed meanwhile", async () => {
    const selector = contract.open();
    const ready = selector.ready(LONG_MS);
    selector.close();
    await expectRejection(ready, "ERR_SELECTOR_CLOSED");
  });

  test("two at once: the second is refused, the first goes on", async () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    const first = selector.ready(LONG_MS);
    await expectRejection(selector.ready(0), "ERR_SELECTOR_BUSY");
    send(right);
    expect(await first).toBe(true);
  });

  test("misuse is reported by a rejection, never by throwing", () => {
    const selector = contract.open();
    selector.close();
    const promise = selector.ready();
    promise.catch(() => {});
    expect(promise).toBeInstanceOf(Promise);
  });

  test("a thousand in a row", async () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    for (let i = 0; i < 1000; i++) {
      send(right);
      expect(await selector.ready(LONG_MS)).toBe(true);
      expect(selector.dispatch(0, (key) => void read(key.fd))).toBe(1);
    }
    expect(await selector.ready(0)).toBe(false);
  });
}

function beside(contract: Contract): void {
  test("timers, promises and files go on", async () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    const ready = selector.ready(LONG_MS);
    let ticks = 0;
    const interval = setInterval(() => {
      ticks += 1;
    }, 1);
    await delay(5);
    expect((await readFile(new URL(import.meta.url))).length).toBeGreaterThan(0);
    await nextTurn();
    clearInterval(interval);
    expect(ticks).toBeGreaterThan(0);
    send(right);
    expect(await ready).toBe(true);
  });

  test("handlers of signals run", async () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    const ready = selector.ready(LONG_MS);
    const received = new Promise((resolve) => process.once("SIGUSR2", resolve));
    process.kill(process.pid, "SIGUSR2");
    await received;
    send(right);
    expect(await ready).toBe(true);
  });

  test("two selectors wait side by side", async () => {
    const first = contract.open();
    const second = contract.open();
    const [left, right] = contract.rawPair();
    first.register(left, EVENT_READ);
    second.register(right, EVENT_READ);
    const both = [first.ready(LONG_MS), second.ready(LONG_MS)] as const;
    send(right);
    expect(await both[0]).toBe(true);
    send(left);
    expect(await both[1]).toBe(true);
  });

  test("select(0) and dispatch(0) may be called, and take what is there", async () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    const ready = selector.ready(LONG_MS);
    send(right);
    expect(selector.select(0)).toHaveLength(1);
    expect(selector.dispatch(0, (key) => void read(key.fd))).toBe(1);
    send(right);
    expect(await ready).toBe(true);
    expect(selector.select(0)).toHaveLength(1);
  });
}

function changes(contract: Contract): void {
  test("register() of what is ready ends it", async () => {
    const selector = contract.open();
    const [left] = contract.pair();
    const ready = selector.ready(LONG_MS);
    await nextTurn();
    selector.register(left, EVENT_WRITE);
    expect(await ready).toBe(true);
    expect(selector.select(0)).toHaveLength(1);
  });

  test("modify() to an interest that is ready ends it", async () => {
    for (const make of [() => contract.pair(), () => contract.rawPair()]) {
      const selector = contract.open();
      const [left] = make();
      selector.register(left, EVENT_READ);
      const ready = selector.ready(LONG_MS);
      await nextTurn();
      selector.modify(left, EVENT_READ | EVENT_WRITE);
      expect(await ready).toBe(true);
      expect(selector.select(0)).toHaveLength(1);
    }
  });

  test("resume() of what is ready ends it", async () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE);
    selector.pause(left);
    const ready = selector.ready(LONG_MS);
    await nextTurn();
    selector.resume(left);
    expect(await ready).toBe(true);
  });

  test.each(["unregister", "pause", "modify", "close"] as const)(
    "%s takes the interest away: what comes then does not end it",
    async (how) => {
      const selector = contract.open();
      const [left, right] = contract.pair();
      selector.register(left, EVENT_READ);
      const start = systemKernel.nowMs();
      const ready = selector.ready(WAIT_MS);
      await nextTurn();
      if (how === "modify") {
        while (left.send(new Uint8Array(65_536)) > 0);
        selector.modify(left, EVENT_WRITE);
      } else if (how === "close") {
        contract.dup(left.fileno());
        left.close();
      } else {
        selector[how](left);
      }
      send(right.fileno());
      expect(await ready).toBe(false);
      expect(systemKernel.nowMs() - start).toBeGreaterThanOrEqual(WAIT_MS);
    },
  );

  test("a change put off before ready() reaches the kernel with it", async () => {
    const selector = contract.open();
    const [left] = contract.pair();
    const [removed] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.register(removed, EVENT_WRITE);
    selector.unregister(removed);
    expect(await selector.ready(WAIT_MS)).toBe(false);
    selector.modify(left, EVENT_WRITE);
    expect(await selector.ready(LONG_MS)).toBe(true);
  });

  test("a waker taken meanwhile ends it", async () => {
    const selector = contract.open();
    const ready = selector.ready(LONG_MS);
    await nextTurn();
    selector.waker.wake();
    await ready;
    expect(selector.select(0)).toEqual([]);
    expect(selector.stats().wakeups).toBe(1);
  });
}
