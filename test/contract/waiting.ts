/** How long select() and dispatch() wait, and what ends a wait early. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, WAIT_SLICE_MS } from "../../src/index.js";
import { openDescriptors, settledDifferences } from "../support/descriptors.js";
import { send } from "../support/raw.js";
import { announcingKernel, sharedWord, startThread } from "../support/thread.js";
import { type Contract, elapsedMs, expectCode, HANG_MS, LONG_MS, WAIT_MS } from "./contract.js";

const FOREVER: readonly [string, number | null | undefined][] = [
  ["undefined", undefined],
  ["null", null],
  ["Infinity", Number.POSITIVE_INFINITY],
];

export function waitingContract(contract: Contract): void {
  describe("select() that polls", () => polling(contract));
  describe("select() with a timeout", () => timeouts(contract));
  describe("select() for ever", () => forever(contract));
  describe("a signal", () => signals(contract));
}

function polling(contract: Contract): void {
  test.each([0, -0, -1, -1e300, Number.NEGATIVE_INFINITY])(
    "select(%s) answers at once (T27, T28, T29)",
    (timeoutMs) => {
      const empty = contract.open();
      const busy = contract.open();
      const idle = contract.open();
      const [left] = contract.pair();
      busy.register(left, EVENT_WRITE);
      idle.register(left, EVENT_READ);
      const took = elapsedMs(() => {
        expect(empty.select(timeoutMs)).toEqual([]);
        expect(busy.select(timeoutMs)).toHaveLength(1);
        expect(idle.select(timeoutMs)).toEqual([]);
        expect(idle.dispatch(timeoutMs, () => {})).toBe(0);
      });
      expect(took).toBeLessThan(HANG_MS);
      expect(idle.stats().waits).toBe(2);
    },
  );

  test("answers [] with nothing registered, again and again", () => {
    const selector = contract.open();
    for (let i = 0; i < 100; i++) expect(selector.select(0)).toEqual([]);
  });
}

function timeouts(contract: Contract): void {
  // Fractions are where rounding down would show; the smallest only bounds from below.
  test.each([0.001, 0.1, 0.9, 1, 1.5, 2.25, 10.7, WAIT_MS])(
    "an idle reader: select(%s) is not early (T30)",
    (timeoutMs) => {
      const selector = contract.open();
      const [left] = contract.pair();
      selector.register(left, EVENT_READ);
      for (let round = 0; round < 5; round++) {
        const took = elapsedMs(() => expect(selector.select(timeoutMs)).toEqual([]));
        expect(took).toBeGreaterThanOrEqual(timeoutMs);
        expect(took).toBeLessThan(HANG_MS);
      }
    },
  );

  test("nothing registered: it waits all the same (T31)", () => {
    const selector = contract.open();
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    expect(took).toBeLessThan(HANG_MS);
  });

  test("dispatch() waits as select() does", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    const took = elapsedMs(() => expect(selector.dispatch(WAIT_MS, () => {})).toBe(0));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    expect(took).toBeLessThan(HANG_MS);
  });

  test("a wait longer than one slice is not early either", () => {
    const selector = contract.open();
    const timeoutMs = WAIT_SLICE_MS * 1.5 + 0.5;
    const took = elapsedMs(() => expect(selector.select(timeoutMs)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(timeoutMs);
    expect(selector.stats().waits).toBeGreaterThanOrEqual(2);
    expect(selector.stats().waits).toBeLessThanOrEqual(4);
  });

  test("a wait sleeps in the kernel instead of spinning", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.select(WAIT_MS);
    expect(selector.stats().waits).toBeLessThanOrEqual(2);
  });

  test.each([2 ** 31 - 1, 2 ** 31, 2 ** 53, 1e30, Number.MAX_VALUE])(
    "select(%s) accepts a huge timeout, and ends with the first event",
    (timeoutMs) => {
      const selector = contract.open();
      const [left] = contract.pair();
      selector.register(left, EVENT_WRITE);
      expect(selector.select(timeoutMs)).toHaveLength(1);
    },
  );

  test("NaN is refused, and what is no number", () => {
    const selector = contract.open();
    for (const call of [
      (timeout: number) => selector.select(timeout),
      (timeout: number) => selector.dispatch(timeout, () => {}),
    ]) {
      expect(expectCode(() => call(Number.NaN), "ERR_OUT_OF_RANGE")).toBeInstanceOf(RangeError);
      for (const wrong of ["10", true, {}, 10n]) {
        const attempt = () => call(wrong as number);
        expect(expectCode(attempt, "ERR_INVALID_ARG_TYPE")).toBeInstanceOf(TypeError);
      }
    }
    expect(selector.stats().waits).toBe(0);
  });

  test("data that is there ends it at once, whatever the timeout", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    send(right.fileno());
    expect(elapsedMs(() => expect(selector.select(LONG_MS)).toHaveLength(1))).toBeLessThan(LONG_MS);
  });
}

function forever(contract: Contract): void {
  test.each(FOREVER)("select(%s) lasts until a peer sends", async (_name, timeoutMs) => {
    const { kernel, waits } = announcingKernel();
    const selector = contract.open(kernel);
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    const thread = await startThread({ task: "send", fd: right.fileno(), waits, after: 1 });
    const ready = selector.select(timeoutMs);
    await thread.ended;
    expect(ready).toMatchObject([{ key: { fd: left.fileno() }, events: EVENT_READ }]);
  });

  test("it lasts longer than one slice of the wait", async () => {
    const { kernel, waits } = announcingKernel();
    const selector = contract.open(kernel);
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    const thread = await startThread({ task: "send", fd: right.fileno(), waits, after: 3 });
    expect(selector.select()).toHaveLength(1);
    await thread.ended;
    expect(selector.stats().waits).toBeGreaterThanOrEqual(3);
  });

  test.each(["select", "ready"] as const)(
    "a thread that waits in %s() for ever can be terminated, and leaves no descriptor",
    async (how) => {
      const before = openDescriptors();
      const thread = await startThread({ task: "block", backend: contract.backend, how });
      await thread.terminate();
      await thread.ended;
      expect(await settledDifferences(before)).toEqual([]);
    },
  );
}

function signals(contract: Contract): void {
  test("ends the wait with [], and its handler runs afterwards (T32, T33, divergence H)", async () => {
    const { kernel, waits } = announcingKernel();
    const selector = contract.open(kernel);
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    let handled = 0;
    const received = new Promise<void>((resolve) => {
      process.once("SIGUSR2", () => {
        handled += 1;
        resolve();
      });
    });
    const keepAlive = () => {};
    process.on("SIGUSR2", keepAlive);
    const stop = sharedWord();
    const thread = await startThread({ task: "signal", signal: "SIGUSR2", waits, stop });
    const took = elapsedMs(() => expect(selector.select(LONG_MS)).toEqual([]));
    const handledInside = handled;
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    await Promise.all([thread.ended, received]);
    process.off("SIGUSR2", keepAlive);
    expect(took).toBeLessThan(LONG_MS);
    expect(handledInside).toBe(0);
    expect(selector.stats().interrupted).toBe(1);
  });

  test("does not disturb what comes after it", async () => {
    const { kernel, waits } = announcingKernel();
    const selector = contract.open(kernel);
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    const ignore = () => {};
    process.on("SIGUSR2", ignore);
    const stop = sharedWord();
    const thread = await startThread({ task: "signal", signal: "SIGUSR2", waits, stop });
    expect(selector.dispatch(LONG_MS, () => {})).toBe(0);
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    await thread.ended;
    process.off("SIGUSR2", ignore);
    send(right.fileno());
    expect(selector.select(LONG_MS)).toHaveLength(1);
  });
}
