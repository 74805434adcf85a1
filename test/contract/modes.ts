/** Level, edge and oneshot registrations. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, type Mode } from "../../src/index.js";
import { fill, read, send } from "../support/raw.js";
import { type Contract, elapsedMs, expectCode, readyBits, WAIT_MS } from "./contract.js";

const BOTH = EVENT_READ | EVENT_WRITE;
const MODES: readonly Mode[] = ["level", "edge", "oneshot"];

export function modesContract(contract: Contract): void {
  const has = (mode: Mode): boolean => contract.facts.modes.includes(mode);
  describe("level", () => level(contract));
  // Where a mode is lacking, that it is refused is what there is to test: below.
  if (has("edge")) describe("edge", () => edge(contract));
  if (has("oneshot")) describe("oneshot", () => oneshot(contract));
  describe("modes", () => support(contract));
}

function support(contract: Contract): void {
  const missing = MODES.filter((mode) => !contract.facts.modes.includes(mode));
  test.each([...missing, "sometimes" as Mode])(
    "a %s registration is refused, and nothing is registered",
    (mode) => {
      const selector = contract.open();
      const [left] = contract.pair();
      const register = () => selector.register(left, EVENT_WRITE, undefined, { mode });
      expectCode(register, "ERR_NOT_SUPPORTED");
      expect(selector.map.size).toBe(0);
      expect(selector.select(0)).toEqual([]);
    },
  );

  test.each(contract.facts.modes)("a %s registration reports what is ready already", (mode) => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    send(right);
    selector.register(left, EVENT_READ, undefined, { mode });
    expect(selector.select(0)).toHaveLength(1);
  });

  test.each(contract.facts.modes)("a %s registration may change its data alone", (mode) => {
    const selector = contract.open<string>();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ, "old", { mode });
    selector.modify(left, EVENT_READ, "new");
    send(right);
    expect(selector.select(0).map(({ key }) => key.data)).toEqual(["new"]);
  });
}

function level(contract: Contract): void {
  test("reports as long as it is ready, by default too (libevent 50)", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    const [other, otherPeer] = contract.rawPair();
    selector.register(left, EVENT_READ);
    selector.register(other, EVENT_READ, undefined, { mode: "level" });
    send(right, "two");
    send(otherPeer, "two");
    for (let i = 0; i < 3; i++) {
      expect(selector.select(0)).toHaveLength(2);
      read(left, 1);
    }
    expect(readyBits(selector)).toEqual(new Map([[other, EVENT_READ]]));
  });
}

function edge(contract: Contract): void {
  test("reports once what stays ready, until more comes", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ, undefined, { mode: "edge" });
    expect(selector.select(0)).toEqual([]);
    for (let i = 0; i < 2; i++) {
      send(right, "data");
      expect(readyBits(selector)).toEqual(new Map([[left, EVENT_READ]]));
      expect(selector.select(0)).toEqual([]);
    }
  });

  test("a byte read of several does not make it report again (libevent 50)", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ, undefined, { mode: "edge" });
    send(right, "several");
    expect(selector.select(0)).toHaveLength(1);
    read(left, 1);
    expect(selector.select(0)).toEqual([]);
  });

  test("a writer that was full reports when there is room again", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_WRITE, undefined, { mode: "edge" });
    expect(selector.select(0)).toHaveLength(1);
    expect(selector.select(0)).toEqual([]);
    fill(left);
    expect(selector.select(0)).toEqual([]);
    while (read(right) !== undefined);
    expect(selector.select(0)).toHaveLength(1);
    expect(selector.select(0)).toEqual([]);
  });

  test("stays edge when one direction is taken away (libevent 51)", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, BOTH, undefined, { mode: "edge" });
    expect(selector.select(0)).toHaveLength(1);
    selector.modify(left, EVENT_WRITE);
    // The change may report the present state once more; after that only the peer's close does.
    selector.select(0);
    expect(selector.select(0)).toEqual([]);
    contract.closeRaw(right);
    expect(readyBits(selector).get(left)).toBe(EVENT_WRITE);
    expect(selector.select(0)).toEqual([]);
  });

  test("and level do not mix on one descriptor (libevent 52)", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE, undefined, { mode: "edge" });
    const register = () => selector.register(left.fileno(), EVENT_READ);
    expectCode(register, "ERR_ALREADY_REGISTERED");
    expect(selector.select(0)).toHaveLength(1);
    expect(selector.select(0)).toEqual([]);
  });

  test("a removed registration does not leave its mode behind", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE, undefined, { mode: "edge" });
    selector.select(0);
    selector.unregister(left);
    selector.register(left, EVENT_WRITE);
    for (let i = 0; i < 3; i++) expect(selector.select(0)).toHaveLength(1);
  });

  test("registered anew, it reports the present state", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    for (let i = 0; i < 3; i++) {
      selector.register(left, EVENT_WRITE, undefined, { mode: "edge" });
      expect(selector.select(0)).toHaveLength(1);
      expect(selector.select(0)).toEqual([]);
      selector.unregister(left);
    }
  });
}

function oneshot(contract: Contract): void {
  test("reports once, whatever comes later", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ, undefined, { mode: "oneshot" });
    expect(selector.select(0)).toEqual([]);
    send(right);
    expect(readyBits(selector)).toEqual(new Map([[left, EVENT_READ]]));
    send(right);
    expect(selector.select(0)).toEqual([]);
    expect(selector.map.size).toBe(1);
  });

  test("is silent even if the peer goes away", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_WRITE, undefined, { mode: "oneshot" });
    expect(selector.select(0)).toHaveLength(1);
    contract.closeRaw(right);
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    expect(selector.stats().waits).toBeLessThanOrEqual(4);
  });

  test("is armed again by modify(), with the same interest or another", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ, undefined, { mode: "oneshot" });
    send(right.fileno());
    for (let i = 0; i < 3; i++) {
      expect(selector.select(0)).toHaveLength(1);
      expect(selector.select(0)).toEqual([]);
      selector.modify(left, EVENT_READ);
    }
    selector.modify(left, EVENT_WRITE);
    expect(readyBits(selector)).toEqual(new Map([[left.fileno(), EVENT_WRITE]]));
    expect(selector.select(0)).toEqual([]);
  });

  test("may be armed again by its own handler", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE, undefined, { mode: "oneshot" });
    for (let i = 0; i < 3; i++) {
      expect(selector.dispatch(0, (key) => void selector.modify(key.fd, EVENT_WRITE))).toBe(1);
    }
  });

  test("both directions count together: one report disarms both", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, BOTH, undefined, { mode: "oneshot" });
    expect(readyBits(selector)).toEqual(new Map([[left, EVENT_WRITE]]));
    send(right);
    expect(selector.select(0)).toEqual([]);
    selector.modify(left, BOTH);
    expect(readyBits(selector)).toEqual(new Map([[left, BOTH]]));
  });

  test("may be unregistered after it has reported, and registered again", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    for (let i = 0; i < 3; i++) {
      selector.register(left, EVENT_WRITE, undefined, { mode: "oneshot" });
      expect(selector.select(0)).toHaveLength(1);
      selector.unregister(left);
      expect(selector.select(0)).toEqual([]);
    }
  });
}
