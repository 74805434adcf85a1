/**
 * Descriptors that are closed, copied or reused while a selector knows them: no event may reach a
 * former or a new owner by mistake, and none may make a wait spin.
 */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, FLAG_ERROR, Socket } from "../../src/index.js";
import { send } from "../support/raw.js";
import { type Contract, expectCode, readyBits, WAIT_MS } from "./contract.js";

export function staleContract(contract: Contract): void {
  describe("a descriptor closed while registered", () => closedNumbers(contract));
  describe("a socket closed while registered", () => closedSockets(contract));
  describe("a descriptor number used again", () => reuse(contract));
}

function closedNumbers(contract: Contract): void {
  test("can be unregistered by number (T09)", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    selector.register(right, EVENT_WRITE);
    contract.closeRaw(left);
    contract.closeRaw(right);
    selector.unregister(left);
    selector.unregister(right);
    expect(selector.map.size).toBe(0);
    expect(selector.select(0)).toEqual([]);
  });

  test("can be unregistered by number when others have the numbers now (T10)", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    const [otherLeft, otherRight] = contract.rawPair();
    selector.register(left, EVENT_READ);
    selector.register(right, EVENT_WRITE);
    contract.closeRaw(left);
    contract.dupTo(otherLeft, left);
    contract.closeRaw(right);
    contract.dupTo(otherRight, right);
    selector.unregister(left);
    selector.unregister(right);
    expect(selector.select(0)).toEqual([]);
  });

  test("can be unregistered by the object, whose fileno() is -1 now (T11)", () => {
    const selector = contract.open();
    const [left] = contract.rawPair();
    const object = { fd: left, fileno: () => object.fd };
    const key = selector.register(object, EVENT_READ);
    contract.closeRaw(left);
    object.fd = -1;
    expect(selector.getKey(object)).toBe(key);
    expect(selector.unregister(object)).toBe(key);
    expect(selector.map.size).toBe(0);
  });

  test(`is ${contract.facts.closedDescriptor} until it is unregistered (libevent 54)`, () => {
    const selector = contract.open();
    const [left] = contract.rawPair();
    const [other] = contract.rawPair();
    selector.register(left, EVENT_READ);
    selector.register(other, EVENT_WRITE);
    contract.closeRaw(left);
    for (let i = 0; i < 3; i++) {
      if (contract.facts.closedDescriptor === "EBADF") {
        expectCode(() => selector.select(0), "EBADF");
        continue;
      }
      const ready = selector.select(0).filter(({ key }) => key.fd === left);
      if (contract.facts.closedDescriptor === "silent") expect(ready).toEqual([]);
      else expect(ready).toMatchObject([{ events: EVENT_READ, flags: FLAG_ERROR }]);
    }
    selector.unregister(left);
    expect(readyBits(selector)).toEqual(new Map([[other, EVENT_WRITE]]));
  });

  test("may be modified: it works, or the registration is gone", () => {
    const selector = contract.open();
    const [left] = contract.rawPair();
    selector.register(left, EVENT_READ);
    contract.closeRaw(left);
    if (contract.facts.hasRegistry) {
      expectCode(() => selector.modify(left, EVENT_WRITE), "EBADF", "ENOENT");
      expect(selector.map.size).toBe(0);
    } else {
      selector.modify(left, EVENT_WRITE);
      selector.unregister(left);
    }
    expect(selector.select(0)).toEqual([]);
  });
}

function closedSockets(contract: Contract): void {
  test("is forgotten first: map, lookups and waits know nothing of it", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    const fd = left.fileno();
    selector.register(left, EVENT_READ);
    send(right.fileno());
    left.close();
    expect(selector.map.has(fd)).toBe(false);
    expect(selector.map.size).toBe(0);
    expectCode(() => selector.getKey(left), "ERR_NOT_REGISTERED", "ERR_OUT_OF_RANGE");
    expect(selector.select(0)).toEqual([]);
    expect(selector.stats().stale).toBe(0);
  });

  test("is forgotten also if a copy of its descriptor lives on", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    contract.dup(left.fileno());
    send(right.fileno());
    left.close();
    expect(selector.select(WAIT_MS)).toEqual([]);
    expect(selector.stats().stale).toBe(0);
  });

  test("is forgotten by every selector it is in", () => {
    const selectors = [contract.open(), contract.open(), contract.open()];
    const [left] = contract.pair();
    for (const selector of selectors) selector.register(left, EVENT_WRITE);
    left.close();
    for (const selector of selectors) {
      expect(selector.map.size).toBe(0);
      expect(selector.select(0)).toEqual([]);
    }
  });

  test("and one that is detached: its number is somebody else's business", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    send(right.fileno());
    const fd = left.detach();
    contract.keep(Socket.fromFd(fd));
    expect(selector.map.size).toBe(0);
    expect(selector.select(0)).toEqual([]);
  });

  test("whatever changes of it were put off", () => {
    const selector = contract.open();
    const [other] = contract.pair();
    selector.register(other, EVENT_WRITE);
    for (const change of ["modify", "pause", "unregister"] as const) {
      const [left] = contract.pair();
      selector.register(left, EVENT_READ);
      if (change === "modify") selector.modify(left, EVENT_READ | EVENT_WRITE);
      else selector[change](left);
      contract.dup(left.fileno());
      left.close();
      expect(selector.map.size).toBe(1);
      expect(readyBits(selector)).toEqual(new Map([[other.fileno(), EVENT_WRITE]]));
    }
    expect(selector.stats().stale).toBe(0);
  });
}

function reuse(contract: Contract): void {
  test("the new owner does not get the old owner's event (libevent 57)", () => {
    const selector = contract.open<string>();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ, "old");
    send(right.fileno());
    const fd = left.fileno();
    left.close();
    const fresh = contract.keep(socketWithNumber(contract, contract.pair()[0], fd));
    selector.register(fresh, EVENT_READ, "new");
    expect(selector.select(0)).toEqual([]);
  });

  test("a plain number that is registered is refused until it is unregistered", () => {
    const selector = contract.open<string>();
    const [left] = contract.rawPair();
    const [other] = contract.rawPair();
    selector.register(left, EVENT_READ, "old");
    contract.closeRaw(left);
    contract.dupTo(other, left);
    expectCode(() => selector.register(left, EVENT_WRITE, "new"), "ERR_ALREADY_REGISTERED");
    selector.unregister(left);
    selector.register(left, EVENT_WRITE, "new");
    expect(selector.select(0).map(({ key }) => key.data)).toEqual(["new"]);
  });

  test("modify() of a number that has a new owner: it works, or the registration is gone", () => {
    const selector = contract.open<string>();
    const [left] = contract.rawPair();
    const [other] = contract.rawPair();
    selector.register(left, EVENT_READ, "old");
    contract.closeRaw(left);
    contract.dupTo(other, left);
    let isRefused = false;
    try {
      selector.modify(left, EVENT_WRITE);
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOENT", syscall: "epoll_ctl" });
      isRefused = true;
    }
    expect(selector.map.has(left)).toBe(!isRefused);
    expect(selector.select(0)).toHaveLength(isRefused ? 0 : 1);
    if (isRefused) selector.register(left, EVENT_WRITE, "new");
    expect(selector.select(0)).toHaveLength(1);
  });

  test("a socket with the number of one that was unregistered, then closed, is watched", () => {
    const selector = contract.open<string>();
    const [left] = contract.pair();
    const fd = left.fileno();
    selector.register(left, EVENT_WRITE, "old");
    selector.select(0);
    selector.unregister(left);
    left.close();
    const fresh = contract.pair()[0];
    const socket = contract.keep(socketWithNumber(contract, fresh, fd));
    selector.register(socket, EVENT_WRITE, "new");
    expect(selector.select(0).map(({ key }) => key.data)).toEqual(["new"]);
  });

  test("a copy closed, unregistered and made again is watched anew (libevent 53)", () => {
    const selector = contract.open<string>();
    const [left] = contract.rawPair();
    selector.register(left, EVENT_READ, "original");
    const copy = contract.dup(left);
    selector.register(copy, EVENT_READ, "copy");
    contract.closeRaw(copy);
    selector.unregister(copy);
    contract.dupTo(left, copy);
    selector.register(copy, EVENT_WRITE, "second copy");
    expect(selector.select(0)).toMatchObject([
      { key: { data: "second copy" }, events: EVENT_WRITE },
    ]);
    expect(selector.getKey(left)).toMatchObject({ data: "original", events: EVENT_READ });
  });

  test("two descriptors of one open file are two registrations", () => {
    const selector = contract.open<string>();
    const [left, right] = contract.rawPair();
    const copy = contract.dup(left);
    selector.register(left, EVENT_READ, "number");
    selector.register(copy, EVENT_READ, "copy");
    send(right);
    const data = selector.select(0).map(({ key }) => key.data);
    expect(data.sort()).toEqual(["copy", "number"]);
    selector.unregister(copy);
    expect(selector.select(0).map(({ key }) => key.data)).toEqual(["number"]);
  });
}

/** A socket that is the peerless copy of `source` under the number `fd`. */
function socketWithNumber(contract: Contract, source: Socket, fd: number): Socket {
  if (source.fileno() === fd) return source;
  contract.dupTo(source.fileno(), fd);
  return Socket.fromFd(contract.release(fd));
}
