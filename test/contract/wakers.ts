/** Wakers: a wait that is ended from outside, by this thread before it or by others at any time. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, Waker } from "../../src/index.js";
import { read, send } from "../support/raw.js";
import { announcingKernel, sharedWord, startThread } from "../support/thread.js";
import { type Contract, elapsedMs, expectCode, LONG_MS, WAIT_MS } from "./contract.js";

export function wakersContract(contract: Contract): void {
  describe("a waker", () => sameThread(contract));
  describe("a waker in another thread", () => otherThreads(contract));
  describe("a waker's end", () => closing(contract));
}

function sameThread(contract: Contract): void {
  test("woken before a wait ends that wait, and no other", () => {
    const selector = contract.open();
    selector.waker.wake();
    expect(elapsedMs(() => expect(selector.select(LONG_MS)).toEqual([]))).toBeLessThan(LONG_MS);
    expect(selector.stats().wakeups).toBe(1);
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    expect(selector.stats().wakeups).toBe(1);
  });

  test("ends select(), dispatch() and an endless wait alike", () => {
    const selector = contract.open();
    const { waker } = selector;
    waker.wake();
    expect(selector.select()).toEqual([]);
    waker.wake();
    expect(selector.dispatch(null, () => {})).toBe(0);
    waker.wake();
    expect(selector.select(0)).toEqual([]);
    expect(selector.stats()).toMatchObject({ wakeups: 3, events: 0, stale: 0 });
  });

  test("woken a thousand times ends one wait", () => {
    const selector = contract.open();
    for (let i = 0; i < 1000; i++) selector.waker.wake();
    expect(selector.select(LONG_MS)).toEqual([]);
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    expect(selector.stats().wakeups).toBe(1);
  });

  test("does not hide what is ready at the same time", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    send(right.fileno());
    selector.waker.wake();
    expect(selector.select(LONG_MS)).toHaveLength(1);
    expect(selector.stats()).toMatchObject({ wakeups: 1, events: 1 });
  });

  test("is always the same, is not in the map, and disturbs no one who never asked for it", () => {
    const selector = contract.open();
    expect(selector.waker).toBe(selector.waker);
    expect(selector.map.size).toBe(0);
    expect(selector.map.has(selector.waker.handle.fd)).toBe(false);
    expectCode(() => selector.getKey(selector.waker.handle.fd), "ERR_NOT_REGISTERED");
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
  });

  test("its descriptor and a registration of a former number do not collide (libevent 56)", () => {
    const selector = contract.open<string>();
    const [left] = contract.rawPair();
    selector.register(left, EVENT_WRITE, "former");
    contract.closeRaw(left);
    selector.unregister(left);
    // The lowest free number is the one just closed.
    expect(selector.waker.handle.fd).toBe(left);
    selector.waker.wake();
    expect(selector.select(LONG_MS)).toEqual([]);
    expect(selector.stats().wakeups).toBe(1);
  });

  test("woken inside a batch, ends the next wait", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    send(right.fileno());
    const woken = () =>
      selector.dispatch(LONG_MS, () => {
        read(left.fileno());
        selector.waker.wake();
      });
    expect(woken()).toBe(1);
    expect(selector.select(LONG_MS)).toEqual([]);
    expect(selector.stats().wakeups).toBe(1);
  });

  test("woken after a handler threw, ends the next wait, though a wake was pending then", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    const { waker } = selector;
    send(right);
    waker.wake();
    const failing = () =>
      selector.dispatch(LONG_MS, () => {
        throw new Error("from the handler");
      });
    expect(failing).toThrow("from the handler");
    read(left);
    waker.wake();
    expect(elapsedMs(() => expect(selector.select(LONG_MS)).toEqual([]))).toBeLessThan(LONG_MS);
    expect(selector.stats().wakeups).toBeGreaterThanOrEqual(1);
  });

  test("ends a ready(), before it and during it, once", async () => {
    const selector = contract.open();
    const { waker } = selector;
    waker.wake();
    await selector.ready(LONG_MS);
    expect(selector.select(0)).toEqual([]);
    const ready = selector.ready(LONG_MS);
    await nextTurn();
    waker.wake();
    await ready;
    expect(selector.select(0)).toEqual([]);
    expect(selector.stats().wakeups).toBe(2);
    expect(await selector.ready(WAIT_MS)).toBe(false);
  });

  test("survives a rebuild and many registrations beside it", () => {
    const selector = contract.open();
    const { waker } = selector;
    for (let i = 0; i < 50; i++) selector.register(contract.pair()[0], EVENT_READ);
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    contract.dup(left);
    contract.closeRaw(left);
    send(right);
    selector.unregister(left);
    for (let i = 0; i < 40; i++) selector.select(0);
    waker.wake();
    expect(selector.select(LONG_MS)).toEqual([]);
    expect(selector.stats().wakeups).toBe(1);
  });
}

function otherThreads(contract: Contract): void {
  test.each([1, 3])("ends a wait that has lasted %s slices", async (slices) => {
    const { kernel, waits } = announcingKernel();
    const selector = contract.open(kernel);
    const { handle } = selector.waker;
    const task = { task: "wake", handle, waits, after: slices, times: 1 } as const;
    const thread = await startThread(task);
    expect(selector.select()).toEqual([]);
    await thread.ended;
    expect(selector.stats().wakeups).toBe(1);
    expect(selector.stats().waits).toBeGreaterThanOrEqual(slices);
  });

  test("a thousand wakes from two threads: every one after a wait is seen by a later one", async () => {
    const { kernel, waits } = announcingKernel();
    const selector = contract.open(kernel);
    const { handle } = selector.waker;
    const task = { task: "wake", handle, waits, after: 1, times: 500 } as const;
    const threads = await Promise.all([startThread(task), startThread(task)]);
    expect(selector.select(LONG_MS)).toEqual([]);
    await Promise.all(threads.map(({ ended }) => ended));
    const { wakeups } = selector.stats();
    expect(wakeups).toBe(1);
    // At most one wake is left, that which came after the wait had ended.
    selector.select(0);
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
  });

  test("before the wait: the wake is not lost", async () => {
    const selector = contract.open();
    const begun = sharedWord();
    begun[0] = 1;
    const { handle } = selector.waker;
    const task = { task: "wake", handle, waits: begun, after: 1, times: 1 } as const;
    await (await startThread(task)).ended;
    expect(selector.select()).toEqual([]);
    expect(selector.stats().wakeups).toBe(1);
  });

  test("during a ready()", async () => {
    const selector = contract.open();
    const begun = sharedWord();
    const { handle } = selector.waker;
    const task = { task: "wake", handle, waits: begun, after: 1, times: 1 } as const;
    const thread = await startThread(task);
    const ready = selector.ready();
    begun[0] = 1;
    Atomics.notify(begun, 0);
    await ready;
    expect(selector.select(0)).toEqual([]);
    await thread.ended;
    expect(selector.stats().wakeups).toBe(1);
  });
}

function closing(contract: Contract): void {
  test("its handle is plain data that can be cloned", () => {
    const selector = contract.open();
    const { handle } = selector.waker;
    const copy = structuredClone(handle);
    const waker = contract.keep(Waker.fromHandle(copy));
    waker.wake();
    expect(selector.select()).toEqual([]);
  });

  test("wake() after the selector closed does nothing, at either end", () => {
    const selector = contract.open();
    const { waker } = selector;
    const other = contract.keep(Waker.fromHandle(waker.handle));
    selector.close();
    waker.wake();
    other.wake();
    other.wake();
  });

  test("wake() after the selector closed does not reach whoever has the number now", () => {
    const selector = contract.open();
    const { waker } = selector;
    const other = contract.keep(Waker.fromHandle(waker.handle));
    selector.close();
    const next = contract.open();
    next.waker;
    waker.wake();
    other.wake();
    const took = elapsedMs(() => expect(next.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    expect(next.stats().wakeups).toBe(0);
  });

  test("fromHandle() of a closed selector's handle fails", () => {
    const selector = contract.open();
    const { handle } = selector.waker;
    selector.close();
    expectCode(() => Waker.fromHandle(handle), "ERR_SELECTOR_CLOSED");
  });

  test("a copy that is closed wakes no more, and the others still do", () => {
    const selector = contract.open();
    const copy = Waker.fromHandle(selector.waker.handle);
    copy.close();
    copy.close();
    copy.wake();
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    selector.waker.wake();
    expect(selector.select()).toEqual([]);
  });
}
