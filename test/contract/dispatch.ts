/** One batch and what its handlers do to it: remove, replace, close, throw, wait again. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, type Selector, type Socket } from "../../src/index.js";
import { send } from "../support/raw.js";
import { type Contract, elapsedMs, expectCode, LONG_MS, noTest, WAIT_MS } from "./contract.js";

/** `count` sockets that are registered for READ and readable; the data is their index. */
function readers(contract: Contract, selector: Selector<number>, count: number): Socket[] {
  return Array.from({ length: count }, (_, i) => {
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ, i);
    send(right.fileno());
    return left;
  });
}

export function dispatchContract(contract: Contract): void {
  describe("dispatch()", () => delivery(contract));
  describe("a handler in the middle of a batch", () => removal(contract));
  describe("a handler that throws", () => throwing(contract));
}

function delivery(contract: Contract): void {
  test("calls once for each ready registration and answers how many", () => {
    const selector = contract.open<number>();
    const sockets = readers(contract, selector, 5);
    const seen: number[] = [];
    const count = selector.dispatch(0, (key, events, flags) => {
      expect(key).toBe(selector.getKey(sockets[key.data] as Socket));
      expect([events, flags]).toEqual([EVENT_READ, 0]);
      seen.push(key.data);
    });
    expect(count).toBe(5);
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4]);
    expect(selector.stats().events).toBe(5);
  });

  test.each(["select", "dispatch"] as const)(
    "a nested %s() is refused, the batch goes on",
    (name) => {
      const selector = contract.open<number>();
      readers(contract, selector, 3);
      const count = selector.dispatch(0, () => {
        const nested = () =>
          name === "select" ? selector.select(0) : selector.dispatch(0, () => {});
        expectCode(nested, "ERR_SELECTOR_BUSY");
      });
      expect(count).toBe(3);
      expect(selector.select(0)).toHaveLength(3);
    },
  );

  test("another selector may wait inside it", () => {
    const outer = contract.open<number>();
    const inner = contract.open<number>();
    readers(contract, outer, 1);
    readers(contract, inner, 2);
    expect(outer.dispatch(0, () => expect(inner.select(0)).toHaveLength(2))).toBe(1);
  });

  test("what is registered inside it is reported by the next one", () => {
    const selector = contract.open<number>();
    readers(contract, selector, 1);
    const [fresh] = contract.pair();
    const seen: number[] = [];
    selector.dispatch(0, (key) => {
      seen.push(key.data);
      selector.register(fresh, EVENT_WRITE, 99);
    });
    expect(seen).toEqual([0]);
    expect(selector.select(0).map(({ key }) => key.data)).toContain(99);
  });

  test("registering hundreds inside it loses nothing of the batch", () => {
    const selector = contract.open<number>();
    readers(contract, selector, 40);
    const seen = new Set<number>();
    let next = 1000;
    selector.dispatch(0, (key) => {
      seen.add(key.data);
      for (let i = 0; i < 10; i++) {
        const [idle] = contract.pair();
        if (idle.fileno() <= selector.capabilities.maxFd) selector.register(idle, EVENT_READ, next);
        next += 1;
      }
    });
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(selector.select(0)).toHaveLength(40);
  });
}

function removal(contract: Contract): void {
  const actions: readonly [string, (selector: Selector<number>, socket: Socket) => void][] = [
    ["unregisters the others", (selector, socket) => selector.unregister(socket)],
    [
      "unregisters the others by number",
      (selector, socket) => selector.unregister(socket.fileno()),
    ],
    ["pauses the others", (selector, socket) => selector.pause(socket)],
    [
      "modifies away the others' readiness",
      (selector, socket) => selector.modify(socket, EVENT_WRITE),
    ],
    ["closes the other sockets", (_selector, socket) => socket.close()],
    [
      "replaces the others' registrations",
      (selector, socket) => {
        selector.unregister(socket);
        selector.register(socket, EVENT_READ, 99);
      },
    ],
    [
      "replaces the others' registrations by their numbers",
      (selector, socket) => {
        selector.unregister(socket);
        selector.register(socket.fileno(), EVENT_READ, 99);
      },
    ],
  ];

  test.each(actions)("that %s: they receive no READ of it", (_name, action) => {
    const selector = contract.open<number>();
    const sockets = readers(contract, selector, 4);
    const seen: number[] = [];
    selector.dispatch(0, (key, events) => {
      if ((events & EVENT_READ) !== 0) seen.push(key.data);
      if (seen.length > 1) return;
      for (const [i, socket] of sockets.entries()) if (i !== key.data) action(selector, socket);
    });
    expect(seen).toHaveLength(1);
  });

  test("that replaces a registration: the next batch reports the new one", () => {
    const selector = contract.open<number>();
    const [socket] = readers(contract, selector, 1) as [Socket];
    selector.dispatch(0, () => {
      selector.unregister(socket);
      selector.register(socket, EVENT_READ, 99);
    });
    expect(selector.select(0).map(({ key }) => key.data)).toEqual([99]);
  });

  test("that closes a socket and gives its number to a new one: the new one hears nothing", () => {
    const selector = contract.open<number>();
    const sockets = readers(contract, selector, 2);
    const seen: number[] = [];
    selector.dispatch(0, (key) => {
      seen.push(key.data);
      if (seen.length > 1) return;
      const other = sockets[1 - key.data] as Socket;
      const fd = other.fileno();
      other.close();
      const [idle] = contract.pair();
      if (idle.fileno() !== fd) contract.dupTo(idle.fileno(), fd);
      selector.register(fd, EVENT_READ, 99);
    });
    expect(seen).toHaveLength(1);
    expect(selector.select(0).map(({ key }) => key.data)).toEqual(seen);
  });

  test("that unregisters itself: the others are still delivered", () => {
    const selector = contract.open<number>();
    readers(contract, selector, 6);
    const count = selector.dispatch(0, (key) => void selector.unregister(key.fd));
    expect(count).toBe(6);
    expect(selector.map.size).toBe(0);
  });

  test("that closes the selector: nothing more is delivered", () => {
    const selector = contract.open<number>();
    readers(contract, selector, 4);
    let calls = 0;
    const count = selector.dispatch(LONG_MS, () => {
      calls += 1;
      selector.close();
    });
    expect([count, calls]).toEqual([1, 1]);
    expectCode(() => selector.select(0), "ERR_SELECTOR_CLOSED");
  });

  test("a loop over select()'s answer may do all of that too", () => {
    const selector = contract.open<number>();
    const sockets = readers(contract, selector, 4);
    for (const { key } of selector.select(0)) {
      if (selector.map.get(key.fd) !== key) continue;
      for (const socket of sockets) if (socket.fileno() !== key.fd) socket.close();
    }
    expect(selector.map.size).toBe(1);
    expect(selector.select(0)).toHaveLength(1);
  });
}

function throwing(contract: Contract): void {
  /** Delivers until the `nth` call, which throws; answers what was seen. */
  function failAt(selector: Selector<number>, nth: number): number[] {
    const seen: number[] = [];
    const failing = () =>
      selector.dispatch(0, (key) => {
        seen.push(key.data);
        if (seen.length === nth) throw new Error("from the handler");
      });
    expect(failing).toThrow("from the handler");
    return seen;
  }

  test("keeps the rest of the batch for the next call", () => {
    const selector = contract.open<number>();
    readers(contract, selector, 5);
    const seen = failAt(selector, 2);
    const rest: number[] = [];
    expect(selector.dispatch(0, (key) => void rest.push(key.data))).toBe(3);
    expect([...seen, ...rest].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(selector.select(0)).toHaveLength(5);
  });

  test("keeps it for select() as well, and through several exceptions", () => {
    const selector = contract.open<number>();
    readers(contract, selector, 5);
    const seen = [...failAt(selector, 1), ...failAt(selector, 1)];
    const rest = selector.select(0).map(({ key }) => key.data);
    expect([...seen, ...rest].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  test("what is removed between the calls is not delivered", () => {
    const selector = contract.open<number>();
    const sockets = readers(contract, selector, 5);
    const [first] = failAt(selector, 1) as [number];
    const removed = (first + 1) % 5;
    selector.unregister(sockets[removed] as Socket);
    const rest = selector.select(0).map(({ key }) => key.data);
    expect(rest).toHaveLength(3);
    expect(rest).not.toContain(removed);
  });

  test("a rest of which nothing is left does not end the next wait early", () => {
    const selector = contract.open<number>();
    readers(contract, selector, 3);
    failAt(selector, 1);
    for (const fd of [...selector.map.keys()]) selector.unregister(fd);
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
  });

  test("ready() knows of the rest, and does not wait for it", async () => {
    const selector = contract.open<number>();
    readers(contract, selector, 3);
    failAt(selector, 1);
    expect(await selector.ready(0)).toBe(true);
    expect(selector.select(0)).toHaveLength(2);
  });

  test("may throw anything, undefined too", () => {
    const selector = contract.open<number>();
    readers(contract, selector, 2);
    let calls = 0;
    const failing = () =>
      selector.dispatch(0, () => {
        calls += 1;
        throw undefined;
      });
    expect(failing).toThrow();
    expect(calls).toBe(1);
    expect(selector.select(0)).toHaveLength(1);
  });

  const edgeTest = contract.facts.modes.includes("edge") ? test : noTest;
  edgeTest("loses no edge, and the rest needs no wait", () => {
    const selector = contract.open<number>();
    for (let i = 0; i < 4; i++) {
      const [left, right] = contract.pair();
      selector.register(left, EVENT_READ, i, { mode: "edge" });
      send(right.fileno());
    }
    const seen = failAt(selector, 2);
    selector.dispatch(undefined, (key) => void seen.push(key.data));
    expect(seen.sort()).toEqual([0, 1, 2, 3]);
    expect(selector.select(0)).toEqual([]);
  });
}
