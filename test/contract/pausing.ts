/** pause() and resume(): registered, but silent. */
import { expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE } from "../../src/index.js";
import { send } from "../support/raw.js";
import { type Contract, elapsedMs, expectCode, readyBits, WAIT_MS } from "./contract.js";

const BOTH = EVENT_READ | EVENT_WRITE;

export function pausingContract(contract: Contract): void {
  test.each(contract.facts.modes)("a paused %s registration reports after resume()", (mode) => {
    for (const make of [() => contract.pair(), () => contract.rawPair()]) {
      const selector = contract.open<string>();
      const [left, right] = make();
      const key = selector.register(left, EVENT_READ, "data", { mode });
      selector.pause(left);
      send(typeof right === "number" ? right : right.fileno());
      expect(selector.select(0)).toEqual([]);
      selector.resume(left);
      expect(selector.getKey(left)).toEqual(key);
      expect(readyBits(selector).get(key.fd)).toBe(EVENT_READ);
    }
  });

  test("a paused registration stays in the map, with no interest", () => {
    const selector = contract.open<string>();
    const [left] = contract.pair();
    const key = selector.register(left, BOTH, "data");
    selector.pause(left);
    expect(selector.getKey(left)).toEqual({ ...key, events: 0 });
    expect(selector.map.get(left.fileno())?.events).toBe(0);
    expect(selector.map.size).toBe(1);
    expectCode(() => selector.register(left, BOTH, "again"), "ERR_ALREADY_REGISTERED");
  });

  test("errors and hang-ups stay silent too, without a spin (libevent 58)", () => {
    for (const make of [() => contract.pair(), () => contract.rawPair()]) {
      const selector = contract.open();
      const [left, right] = make();
      const key = selector.register(left, EVENT_READ);
      selector.pause(left);
      if (typeof right === "number") contract.closeRaw(right);
      else right.close();
      const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
      expect(took).toBeGreaterThanOrEqual(WAIT_MS);
      expect(selector.stats().waits).toBeLessThanOrEqual(2);
      selector.resume(left);
      expect(readyBits(selector).get(key.fd)).toBe(EVENT_READ);
    }
  });

  test("each may be repeated, and resume() without pause() does nothing", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE);
    selector.resume(left);
    expect(selector.select(0)).toHaveLength(1);
    selector.pause(left);
    selector.pause(left);
    expect(selector.select(0)).toEqual([]);
    selector.resume(left);
    selector.resume(left);
    expect(selector.select(0)).toHaveLength(1);
  });

  test("a paused registration may be unregistered, and registered again", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE);
    selector.pause(left);
    expect(selector.unregister(left).fd).toBe(left.fileno());
    selector.register(left, EVENT_WRITE);
    expect(selector.select(0)).toHaveLength(1);
  });

  test("modify() sets the interest of a paused registration", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.pause(left);
    expect(selector.modify(left, EVENT_WRITE).events).toBe(EVENT_WRITE);
    expect(selector.select(0)).toHaveLength(1);
  });

  test("of an unknown descriptor fails", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    expectCode(() => selector.pause(left), "ERR_NOT_REGISTERED");
    expectCode(() => selector.resume(left), "ERR_NOT_REGISTERED");
  });
}
