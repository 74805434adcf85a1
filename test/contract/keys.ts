/** getKey, the live map, close: the table as its user sees it. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, type SelectorKey } from "../../src/index.js";
import { type Contract, expectCode, expectRejection } from "./contract.js";

const NO_SUCH_FD = 999_999;

export function keysContract(contract: Contract): void {
  describe("the key table", () => lookUps(contract));
  describe("close()", () => closing(contract));
  test("capabilities tell the truth about the backend", () => {
    const { capabilities } = contract.open();
    const { modes, attachable, regularFiles } = contract.facts;
    expect(capabilities).toMatchObject({ backend: contract.backend, attachable, regularFiles });
    expect([...capabilities.modes].sort()).toEqual([...modes].sort());
    expect(capabilities.maxFd).toBeGreaterThanOrEqual(1023);
  });

  test("fileno() is the kernel queue's descriptor, where there is one (T25)", () => {
    const selector = contract.open();
    if (contract.facts.hasQueue) expect(selector.fileno?.()).toBeGreaterThanOrEqual(0);
    else expect(selector.fileno).toBeUndefined();
  });
}

function lookUps(contract: Contract): void {
  test("getKey() answers what register() answered, by object and by number (T18)", () => {
    const selector = contract.open<string>();
    const [left] = contract.pair();
    const key = selector.register(left, EVENT_READ, "data");
    expect(selector.getKey(left)).toBe(key);
    expect(selector.getKey(left.fileno())).toBe(key);
    expectCode(() => selector.getKey(NO_SUCH_FD), "ERR_NOT_REGISTERED");
  });

  test("the map starts empty and holds each registration once (T19)", () => {
    const selector = contract.open<string>();
    const { map } = selector;
    const [left, right] = contract.pair();
    expect(map.size).toBe(0);
    expect([...map]).toEqual([]);
    const key = selector.register(left, EVENT_READ, "data");
    const fd = left.fileno();
    expect(map.size).toBe(1);
    expect(map.has(fd)).toBe(true);
    expect(map.get(fd)).toBe(key);
    expect([...map.keys()]).toEqual([fd]);
    expect([...map.values()]).toEqual([key]);
    expect([...map.entries()]).toEqual([[fd, key]]);
    const visited: unknown[] = [];
    map.forEach((value, number) => {
      visited.push(number, value);
    });
    expect(visited).toEqual([fd, key]);
    expect(map.get(right.fileno())).toBeUndefined();
    expect(selector.map).toBe(map);
  });

  test("the map has no unknown descriptor, and never throws for nonsense (T20)", () => {
    const { map } = contract.open();
    expect(map.has(NO_SUCH_FD)).toBe(false);
    expect(map.get(NO_SUCH_FD)).toBeUndefined();
    for (const nonsense of [undefined, null, "3", {}, Number.NaN, -1]) {
      expect(map.has(nonsense as number)).toBe(false);
      expect(map.get(nonsense as number)).toBeUndefined();
    }
  });

  test("the map cannot be changed through its view (T21)", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    const key = selector.register(left, EVENT_READ);
    const map = selector.map as Map<number, SelectorKey>;
    expect(() => map.delete(left.fileno())).toThrow(TypeError);
    expect(() => map.set(NO_SUCH_FD, key)).toThrow(TypeError);
    expect(() => map.clear()).toThrow(TypeError);
    expect(() => Map.prototype.delete.call(map, left.fileno())).toThrow(TypeError);
    expect(selector.getKey(left)).toBe(key);
  });

  test("the map may change while it is iterated", () => {
    const selector = contract.open();
    const sockets = [contract.pair(), contract.pair(), contract.pair()].flat();
    for (const socket of sockets) selector.register(socket, EVENT_READ);
    const visited: number[] = [];
    for (const [fd] of selector.map) {
      visited.push(fd);
      selector.unregister(fd);
    }
    expect(visited).toEqual(sockets.map((socket) => socket.fileno()));
    expect(selector.map.size).toBe(0);
  });

  test("keys and the capabilities cannot be confused between selectors", () => {
    const first = contract.open();
    const second = contract.open();
    const [left] = contract.pair();
    first.register(left, EVENT_READ);
    expect(second.map.size).toBe(0);
    expectCode(() => second.getKey(left), "ERR_NOT_REGISTERED");
  });
}

function closing(contract: Contract): void {
  test("makes every method throw the same error (T17, divergence C)", async () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.register(right, EVENT_READ);
    selector.close();
    const calls: readonly (() => unknown)[] = [
      () => selector.register(left, EVENT_READ),
      () => selector.unregister(left),
      () => selector.modify(left, EVENT_WRITE),
      () => selector.pause(left),
      () => selector.resume(left),
      () => selector.getKey(left),
      () => selector.getKey(right),
      () => selector.select(0),
      () => selector.select(),
      () => selector.dispatch(0, () => {}),
      () => selector.waker,
      () => selector.stats(),
    ];
    for (const call of calls) expectCode(call, "ERR_SELECTOR_CLOSED");
    if (contract.facts.hasQueue) expectCode(() => selector.fileno?.(), "ERR_SELECTOR_CLOSED");
    await expectRejection(selector.ready(0), "ERR_SELECTOR_CLOSED");
  });

  test("comes before every other complaint", () => {
    const selector = contract.open();
    selector.close();
    expectCode(() => selector.register(-1, 0), "ERR_SELECTOR_CLOSED");
    expectCode(() => selector.select(Number.NaN), "ERR_SELECTOR_CLOSED");
  });

  test("empties the map, which still answers (T17)", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    const { map } = selector;
    selector.close();
    expect(map.size).toBe(0);
    expect([...map]).toEqual([]);
    expect(map.get(left.fileno())).toBeUndefined();
    expect(map.has(left.fileno())).toBe(false);
    expect(selector.map).toBe(map);
  });

  test("is idempotent, and leaves the registered sockets open", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.close();
    selector.close();
    expect(right.send(Buffer.from("still open"))).toBe(10);
    expect(left.fileno()).toBeGreaterThanOrEqual(0);
  });

  test("a socket closed after its selector is no concern of the selector", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.close();
    expect(() => left.close()).not.toThrow();
  });

  test("happens at the end of a using block (T24)", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    selector[Symbol.dispose]();
    expectCode(() => selector.getKey(left), "ERR_SELECTOR_CLOSED");
  });
}
