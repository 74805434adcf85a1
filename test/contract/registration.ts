/** register, unregister, modify: what they answer, what they refuse, what they leave behind. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, type FileObject, Socket } from "../../src/index.js";
import { type Contract, expectCode } from "./contract.js";

const NO_SUCH_FD = 999_999;

const BAD_EVENTS: readonly [string, unknown][] = [
  ["0", 0],
  ["an unknown bit", 8],
  ["a known and an unknown bit", 9],
  ["a negative number", -1],
  ["a fraction", 1.5],
  ["NaN", Number.NaN],
  ["999999", 999_999],
  ["a string", "1"],
  ["null", null],
  ["undefined", undefined],
];

const BAD_FILE_OBJECTS: readonly [string, unknown][] = [
  ["a string", "3"],
  ["null", null],
  ["undefined", undefined],
  ["a boolean", true],
  ["an object without fileno()", {}],
  ["an object whose fileno is no function", { fileno: 3 }],
  ["an object whose fileno() answers a string", { fileno: () => "3" }],
];

const BAD_NUMBERS: readonly [string, unknown][] = [
  ["a negative number", -10],
  ["a fraction", 3.5],
  ["NaN", Number.NaN],
  ["2^31", 2 ** 31],
  ["an object whose fileno() answers -1", { fileno: () => -1 }],
];

export function registrationContract(contract: Contract): void {
  describe("register()", () => refusals(contract));
  describe("register(), unregister() and modify()", () => answers(contract));
  describe("modify()", () => modification(contract));
}

function refusals(contract: Contract): void {
  test.each(BAD_EVENTS)("refuses %s as events and registers nothing (T02)", (_name, events) => {
    const selector = contract.open();
    const [left] = contract.pair();
    const error = expectCode(
      () => selector.register(left, events as number),
      "ERR_OUT_OF_RANGE",
      "ERR_INVALID_ARG_TYPE",
    );
    const isNumber = typeof events === "number";
    if (isNumber) expect(error).toBeInstanceOf(RangeError);
    expect(selector.map.size).toBe(0);
    selector.register(left, EVENT_READ);
  });

  test.each(BAD_FILE_OBJECTS)("refuses %s with a TypeError", (_name, fileobj) => {
    const selector = contract.open();
    const register = () => selector.register(fileobj as FileObject, EVENT_READ);
    expect(expectCode(register, "ERR_INVALID_ARG_TYPE")).toBeInstanceOf(TypeError);
    expect(selector.map.size).toBe(0);
  });

  test.each(BAD_NUMBERS)("refuses %s with a RangeError (T03)", (_name, fileobj) => {
    const selector = contract.open();
    const register = () => selector.register(fileobj as FileObject, EVENT_READ);
    expect(expectCode(register, "ERR_OUT_OF_RANGE")).toBeInstanceOf(RangeError);
    expect(selector.map.size).toBe(0);
  });

  test("refuses a closed socket", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    left.close();
    expectCode(() => selector.register(left, EVENT_READ), "ERR_OUT_OF_RANGE");
    expect(selector.map.size).toBe(0);
  });

  test("refuses the same object a second time and keeps the first (T04)", () => {
    const selector = contract.open<string>();
    const [left] = contract.pair();
    const key = selector.register(left, EVENT_READ, "first");
    expectCode(() => selector.register(left, EVENT_WRITE, "second"), "ERR_ALREADY_REGISTERED");
    expect(selector.getKey(left)).toBe(key);
    expect(selector.map.size).toBe(1);
  });

  test("refuses the number of a registered object, and an object with it (T05)", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    expectCode(() => selector.register(left.fileno(), EVENT_READ), "ERR_ALREADY_REGISTERED");
    selector.register(right.fileno(), EVENT_READ);
    expectCode(() => selector.register(right, EVENT_READ), "ERR_ALREADY_REGISTERED");
  });

  test("checks the events before the file object, and that before the table", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    expectCode(() => selector.register(left, 0), "ERR_OUT_OF_RANGE");
    expectCode(() => selector.register("3" as unknown as number, 0), "ERR_OUT_OF_RANGE");
  });
}

function answers(contract: Contract): void {
  test("register() answers a key of what it was given (T01)", () => {
    const selector = contract.open<string>();
    const [left] = contract.pair();
    const key = selector.register(left, EVENT_READ, "data");
    expect(key).toEqual({ fileobj: left, fd: left.fileno(), events: EVENT_READ, data: "data" });
    expect(key.fileobj).toBe(left);
  });

  test("anything with a fileno() can be registered, and so can a number", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    const object = { fileno: () => left };
    expect(selector.register(object, EVENT_READ)).toMatchObject({ fileobj: object, fd: left });
    expect(selector.register(right, EVENT_READ)).toMatchObject({ fileobj: right, fd: right });
    expect(selector.getKey(left).fileobj).toBe(object);
  });

  test("unregister() answers the key that was removed (T06)", () => {
    const selector = contract.open<string>();
    const [left] = contract.pair();
    const key = selector.register(left, EVENT_READ, "data");
    expect(selector.unregister(left)).toBe(key);
    expect(selector.map.size).toBe(0);
  });

  test("unregister() of an object accepts its number, and of a number its object", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.register(right.fileno(), EVENT_READ);
    expect(selector.unregister(left.fileno()).fileobj).toBe(left);
    expect(selector.unregister(right).fileobj).toBe(right.fileno());
  });

  test("unregister() of an unknown number fails (T07)", () => {
    const selector = contract.open();
    expectCode(() => selector.unregister(NO_SUCH_FD), "ERR_NOT_REGISTERED");
  });

  test("unregister() a second time fails (T08)", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.unregister(left);
    expectCode(() => selector.unregister(left), "ERR_NOT_REGISTERED");
  });

  test("unregister() of a closed socket that was never registered fails", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    left.close();
    expectCode(() => selector.unregister(left), "ERR_NOT_REGISTERED", "ERR_OUT_OF_RANGE");
  });

  test("a socket can be registered again, with other interest and data", () => {
    const selector = contract.open<number>();
    const [left] = contract.pair();
    for (let round = 0; round < 5; round++) {
      selector.register(left, EVENT_WRITE, round);
      expect(selector.select(0).map(({ key }) => key.data)).toEqual([round]);
      selector.unregister(left);
      expect(selector.select(0)).toEqual([]);
      selector.register(left, EVENT_READ, round);
      expect(selector.select(0)).toEqual([]);
      selector.unregister(left);
    }
  });

  test("one socket can be in two selectors", () => {
    const first = contract.open<string>();
    const second = contract.open<string>();
    const socket = contract.keep(Socket.tcp());
    first.register(socket, EVENT_WRITE, "first");
    second.register(socket, EVENT_WRITE, "second");
    first.unregister(socket);
    expect(first.select(0)).toEqual([]);
    expect(second.select(0).map(({ key }) => key.data)).toEqual(["second"]);
  });
}

function modification(contract: Contract): void {
  test("changes the events and keeps the rest (T12)", () => {
    const selector = contract.open<string>();
    const [left] = contract.pair();
    const key = selector.register(left, EVENT_READ, "data");
    const modified = selector.modify(left, EVENT_WRITE);
    expect(modified).toEqual({ ...key, events: EVENT_WRITE });
    expect(key.events).toBe(EVENT_READ);
    expect(selector.getKey(left)).toBe(modified);
    expect(selector.map.get(left.fileno())).toBe(modified);
  });

  test("changes the data and keeps the events (T13)", () => {
    const selector = contract.open<string>();
    const [left] = contract.pair();
    const key = selector.register(left, EVENT_READ, "old");
    const modified = selector.modify(left, EVENT_READ, "new");
    expect(modified).toEqual({ ...key, data: "new" });
    expect(selector.getKey(left)).toBe(modified);
  });

  test("the next select() obeys it, in both directions", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    expect(selector.select(0)).toEqual([]);
    selector.modify(left, EVENT_READ | EVENT_WRITE);
    expect(selector.select(0)).toHaveLength(1);
    selector.modify(left, EVENT_READ);
    expect(selector.select(0)).toEqual([]);
  });

  test("of an unknown number fails (T14)", () => {
    const selector = contract.open();
    expectCode(() => selector.modify(NO_SUCH_FD, EVENT_READ), "ERR_NOT_REGISTERED");
  });

  test("answers the same key when nothing changes", () => {
    const selector = contract.open<string>();
    const [left] = contract.pair();
    const key = selector.register(left, EVENT_READ, "data");
    expect(selector.modify(left, EVENT_READ)).toBe(key);
    expect(selector.modify(left, EVENT_READ, "data")).toBe(key);
  });

  test("by number keeps the registered object", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    expect(selector.modify(left.fileno(), EVENT_WRITE).fileobj).toBe(left);
    expect(selector.getKey(left).events).toBe(EVENT_WRITE);
  });

  test("omitted data stays, an explicit undefined replaces it (divergence B)", () => {
    const selector = contract.open<string | undefined>();
    const [left] = contract.pair();
    selector.register(left, EVENT_READ, "data");
    expect(selector.modify(left, EVENT_WRITE).data).toBe("data");
    expect(selector.modify(left, EVENT_WRITE, undefined).data).toBeUndefined();
  });

  test.each(BAD_EVENTS)("refuses %s as events and changes nothing (divergence A)", (_name, bad) => {
    const selector = contract.open<string>();
    const [left] = contract.pair();
    const key = selector.register(left, EVENT_WRITE, "data");
    const modify = () => selector.modify(left, bad as number, "other");
    expectCode(modify, "ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE");
    expect(selector.getKey(left)).toBe(key);
    expect(selector.select(0).map((event) => event.key)).toEqual([key]);
  });
}
