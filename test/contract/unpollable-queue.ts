/**
 * KqueueSelector over a queue that cannot be polled, as a library's may be: `ready()` looks by
 * waiting for nothing, and what that look takes from the kernel must come with the next wait. The
 * queue is any kqueue; the kernel given to the selector only denies that it is readable.
 */
import { afterEach, describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, type Kernel, systemKernel } from "../../src/index.js";
import { read, send } from "../support/raw.js";
import { Contract, LONG_MS, readyBits, WAIT_MS } from "./contract.js";

const BOTH = EVENT_READ | EVENT_WRITE;

export function unpollableContract(): void {
  describe("kqueue: a queue that cannot be polled", () => {
    const contract = new Contract("kqueue");
    afterEach(() => contract.cleanUp());
    outcomes(contract);
    describe.each(["edge", "oneshot"] as const)("an %s event that ready() saw", (mode) =>
      kept(contract, mode),
    );
  });
}

/** A kernel of its own for each selector, so that each asks whether its queue can be polled. */
function denyingKernel(): Kernel {
  return { ...systemKernel, kqueue: () => systemKernel.kqueue(), poll: () => 0 };
}

function outcomes(contract: Contract): void {
  test("is noticed: the selector is not attachable", () => {
    expect(contract.open(denyingKernel()).capabilities.attachable).toBe(false);
  });

  test("ready() ends with the data, and with the time", async () => {
    const selector = contract.open(denyingKernel());
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    const ready = selector.ready(LONG_MS);
    send(right);
    expect(await ready).toBe(true);
    expect(readyBits(selector)).toEqual(new Map([[left, EVENT_READ]]));
    read(left);
    expect(await selector.ready(WAIT_MS)).toBe(false);
  });

  test("a level event that was consumed after ready() is not reported", async () => {
    const selector = contract.open(denyingKernel());
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    send(right);
    expect(await selector.ready(0)).toBe(true);
    read(left);
    expect(selector.select(0)).toEqual([]);
  });
}

function kept(contract: Contract, mode: "edge" | "oneshot"): void {
  /** A selector that has seen, and not reported, that `left` is writable. */
  async function seen(interest: number = EVENT_WRITE) {
    const selector = contract.open<string>(denyingKernel());
    const [left, right] = contract.rawPair();
    selector.register(left, interest, "kept", { mode });
    expect(await selector.ready(0)).toBe(true);
    return { selector, left, right };
  }

  test("is reported by the next wait, once", async () => {
    const { selector, left } = await seen();
    expect(readyBits(selector, LONG_MS)).toEqual(new Map([[left, EVENT_WRITE]]));
    expect(selector.select(0)).toEqual([]);
    expect(await selector.ready(WAIT_MS)).toBe(false);
  });

  test("is seen again by the next ready(), however often", async () => {
    const { selector, left } = await seen();
    for (const timeoutMs of [0, LONG_MS, 0]) expect(await selector.ready(timeoutMs)).toBe(true);
    expect(readyBits(selector)).toEqual(new Map([[left, EVENT_WRITE]]));
    expect(selector.select(0)).toEqual([]);
  });

  test("is one event with what came after it", async () => {
    const { selector, left, right } = await seen(BOTH);
    send(right);
    expect(readyBits(selector)).toEqual(new Map([[left, BOTH]]));
    expect(selector.select(0)).toEqual([]);
  });

  test("comes beside the events of others", async () => {
    const { selector, left } = await seen();
    const [other] = contract.rawPair();
    selector.register(other, EVENT_WRITE, "other");
    const both = [left, other].map((fd) => [fd, EVENT_WRITE] as const);
    expect(readyBits(selector)).toEqual(new Map(both));
    expect(readyBits(selector)).toEqual(new Map(both.slice(1)));
  });

  test("is dropped with its registration, also if its number is registered anew", async () => {
    const { selector, left } = await seen();
    selector.unregister(left);
    expect(selector.select(0)).toEqual([]);
    selector.register(left, EVENT_READ, "anew", { mode });
    expect(selector.select(0)).toEqual([]);
    expect(selector.stats().stale).toBe(0);
  });

  test("is dropped if its direction is no longer wanted, or paused", async () => {
    const { selector, left } = await seen();
    selector.modify(left, EVENT_READ);
    expect(selector.select(0)).toEqual([]);
    selector.modify(left, EVENT_WRITE);
    expect(await selector.ready(0)).toBe(true);
    selector.pause(left);
    expect(selector.select(0)).toEqual([]);
    expect(selector.stats().stale).toBe(0);
    selector.resume(left);
    expect(readyBits(selector)).toEqual(new Map([[left, EVENT_WRITE]]));
  });
}
