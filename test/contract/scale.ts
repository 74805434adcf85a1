/** Many descriptors, and large descriptor numbers. */
import { describe, expect, type TestContext, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, type Selector, systemKernel } from "../../src/index.js";
import { send } from "../support/raw.js";
import { type Contract, expectCode, LONG_MS } from "./contract.js";

/** Left for Node, the test runner and the selector under test. */
const SPARE_FDS = 64;

const MANY = 9000;

const { FD_SETSIZE } = systemKernel.constants;

export function scaleContract(contract: Contract): void {
  describe("many descriptors", () => many(contract));
  describe("large descriptor numbers", () => largeNumbers(contract));
}

/** `wanted` registrable pairs, or the reason why there are not so many. */
function pairs(contract: Contract, wanted: number, context: TestContext): [number, number][] {
  const made: [number, number][] = [];
  const out = new Int32Array(2);
  const { AF_UNIX, SOCK_STREAM } = systemKernel.constants;
  while (made.length < wanted) {
    const result = systemKernel.socketpair(AF_UNIX, SOCK_STREAM, 0, false, out);
    if (result < 0) {
      contract.cleanUp();
      context.skip(`only ${2 * made.length} descriptors to be had here (ulimit -n)`);
    }
    made.push([contract.keepRaw(out[0] as number), contract.keepRaw(out[1] as number)]);
  }
  return made;
}

/** As many pairs as `wanted`, or as the backend has numbers for. */
function fittingPairs(
  contract: Contract,
  selector: Selector,
  wanted: number,
  context: TestContext,
) {
  const room = Math.floor((selector.capabilities.maxFd + 1 - SPARE_FDS) / 2);
  return pairs(contract, Math.min(wanted, room), context);
}

function many(contract: Contract): void {
  test(`${MANY} registered, every other one ready: one select() tells exactly these`, (context) => {
    const selector = contract.open();
    const ends = fittingPairs(contract, selector, MANY, context);
    const expected = new Set<number>();
    for (const [i, [left, right]] of ends.entries()) {
      selector.register(left, EVENT_READ);
      if (i % 2 === 0) {
        send(right);
        expected.add(left);
      }
    }
    expect(selector.map.size).toBe(ends.length);
    const ready = selector.select(LONG_MS);
    expect(ready).toHaveLength(expected.size);
    expect(new Set(ready.map(({ key }) => key.fd))).toEqual(expected);
    expect(selector.stats().waits).toBe(1);
    expect(selector.dispatch(0, () => {})).toBe(expected.size);
  });

  test("all that the limits allow: exactly the writers, exactly half (T34)", (context) => {
    const selector = contract.open();
    const wanted = contract.backend === "select" ? FD_SETSIZE : MANY + 500;
    const ends = fittingPairs(contract, selector, wanted, context);
    for (const [left, right] of ends) {
      selector.register(left, EVENT_READ);
      selector.register(right, EVENT_WRITE);
    }
    const ready = selector.select(LONG_MS);
    expect(ready).toHaveLength(ends.length);
    expect(ready.every(({ events }) => events === EVENT_WRITE)).toBe(true);
  });

  test("more than 1024 ready both ways come in one call", (context) => {
    const selector = contract.open();
    const ends = fittingPairs(contract, selector, 1500, context);
    for (const [left, right] of ends) {
      selector.register(left, EVENT_READ | EVENT_WRITE);
      send(right);
    }
    const ready = selector.select(LONG_MS);
    expect(ready).toHaveLength(ends.length);
    expect(ready.every(({ events }) => events === (EVENT_READ | EVENT_WRITE))).toBe(true);
    expect(selector.stats().waits).toBe(1);
  });

  test("growing and shrinking by the hundreds keeps the table right", (context) => {
    const selector = contract.open();
    const ends = fittingPairs(contract, selector, 800, context);
    const live = new Set<number>();
    for (let round = 0; round < 6; round++) {
      for (const [i, [left]] of ends.entries()) {
        const isWanted = (i * 7 + round) % 3 !== 0;
        if (isWanted === live.has(left)) continue;
        if (isWanted) {
          selector.register(left, EVENT_WRITE);
          live.add(left);
        } else {
          selector.unregister(left);
          live.delete(left);
        }
      }
      expect(new Set(selector.select(0).map(({ key }) => key.fd))).toEqual(live);
      expect(selector.map.size).toBe(live.size);
    }
  });
}

function largeNumbers(contract: Contract): void {
  /** A descriptor of FD_SETSIZE or more, and its peer. */
  function largePair(context: TestContext): [number, number] {
    for (let i = 0; i <= FD_SETSIZE / 2; i++) {
      const [pair] = pairs(contract, 1, context) as [[number, number]];
      if (Math.min(...pair) >= FD_SETSIZE) return pair;
    }
    throw new Error("No descriptor number grew to FD_SETSIZE");
  }

  test.runIf(contract.backend === "select")(
    "register() refuses FD_SETSIZE and more and names the limit, as select(2) has one",
    (context) => {
      const selector = contract.open();
      expect(selector.capabilities.maxFd).toBe(FD_SETSIZE - 1);
      const [large] = largePair(context);
      const error = expectCode(() => selector.register(large, EVENT_WRITE), "ERR_OUT_OF_RANGE");
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain(String(FD_SETSIZE - 1));
      expect(selector.map.size).toBe(0);
      const [small] = contract.pair();
      expect(small.fileno()).toBeGreaterThanOrEqual(FD_SETSIZE);
      expectCode(() => selector.register(small, EVENT_WRITE), "ERR_OUT_OF_RANGE");
      expect(selector.select(0)).toEqual([]);
    },
  );

  test.runIf(contract.backend === "select")(
    "a waker that would get a number above FD_SETSIZE is refused, for select(2) cannot watch it",
    (context) => {
      const selector = contract.open();
      const [small] = contract.rawPair();
      selector.register(small, EVENT_WRITE);
      largePair(context);
      const error = expectCode(() => selector.waker, "ERR_OUT_OF_RANGE");
      expect(error.message).toContain(String(FD_SETSIZE - 1));
      expect(selector.select(0)).toHaveLength(1);
    },
  );

  test.runIf(contract.backend === "select")(
    "the largest number that select(2) takes works",
    (context) => {
      const selector = contract.open();
      largePair(context);
      selector.register(FD_SETSIZE - 1, EVENT_WRITE);
      expect(selector.select(0)).toMatchObject([{ key: { fd: FD_SETSIZE - 1 } }]);
    },
  );

  test.runIf(contract.backend !== "select")(
    "are as good as small ones, where select(2) sets no limit",
    (context) => {
      const selector = contract.open();
      const [large, peer] = largePair(context);
      selector.register(large, EVENT_READ);
      send(peer);
      selector.waker.wake();
      expect(selector.select(LONG_MS)).toMatchObject([{ key: { fd: large } }]);
      expect(selector.stats().wakeups).toBe(1);
    },
  );
}
