/** select() once took the numbers it had checked from the caller's list a second time. */
import { expect, test } from "vitest";
import { kernel, pair } from "./support.js";

test("select() survives an event list that lies over its interest list", () => {
  const count = 64;
  const WRITE = 2;
  const [fd] = pair();
  const list = new Int32Array(count * 4 + 4 + count * 3);
  // The slot of entry 0 is written where the descriptor of entry 1 stands, and so on.
  for (let i = 0; i < count; i++) list.set([fd, WRITE, 0x70000000, 0x70000001], i * 4);
  expect(kernel.select(list, count, list.subarray(4), 0)).toBe(count);
  expect([...list.subarray(4, 7)]).toEqual([0x70000000, 0x70000001, WRITE]);
});
