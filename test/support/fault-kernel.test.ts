import { expect, test } from "vitest";
import {
  createSelector,
  EVENT_READ,
  errnoOf,
  type Kernel,
  Socket,
  systemKernel,
  toFd,
  WOULD_BLOCK,
} from "../../src/index.js";
import { openDescriptors } from "./descriptors.js";
import { faultKernel } from "./fault-kernel.js";

const byte = new Uint8Array(1);

test("without a plan it is the kernel that it wraps, and notes each call", () => {
  const { kernel, log } = faultKernel();
  expect(kernel.constants).toBe(systemKernel.constants);
  expect(kernel.nowMs()).toBeGreaterThan(0);
  const fd = kernel.eventfd();
  expect(kernel.recv(fd, byte, 0, 1, 0)).toBe(errnoOf("ENOTSOCK"));
  expect(kernel.close(fd)).toBe(0);
  expect(log).toEqual([
    { name: "eventfd", args: [], result: fd, isFault: false },
    { name: "recv", args: [fd, byte, 0, 1, 0], result: errnoOf("ENOTSOCK"), isFault: false },
    { name: "close", args: [fd], result: 0, isFault: false },
  ]);
});

test("every call of a name fails, until the fault is lifted", () => {
  const faulty = faultKernel();
  const lift = faulty.fail({ call: "dup", errno: "ENFILE" });
  for (let n = 0; n < 3; n += 1) expect(faulty.kernel.dup(0)).toBe(errnoOf("ENFILE"));
  lift();
  const copy = faulty.kernel.dup(0);
  expect(copy).toBeGreaterThan(0);
  systemKernel.close(copy);
  expect(faulty.calls("dup").map(({ isFault }) => isFault)).toEqual([true, true, true, false]);
});

test("the nth call fails, counted from when it is planned, and only that", () => {
  const [a, b] = Socket.pair();
  const { kernel } = faultKernel(systemKernel, [{ call: "recv", errno: "ECONNRESET", nth: 3 }]);
  const results = [1, 2, 3, 4].map(() => kernel.recv(a.fileno(), byte, 0, 1, 0));
  expect(results).toEqual([WOULD_BLOCK, WOULD_BLOCK, errnoOf("ECONNRESET"), WOULD_BLOCK]);
  for (const socket of [a, b]) socket.close();
});

test("only the calls of one descriptor fail, or those with such arguments", () => {
  const [a, b] = Socket.pair();
  const { kernel } = faultKernel(systemKernel, [
    { call: "send", errno: "EPIPE", fd: a.fileno() },
    { call: "recv", errno: "EIO", when: (_fd, _buffer, _offset, length) => length > 1, nth: 2 },
  ]);
  expect(kernel.send(a.fileno(), byte, 0, 1, 0)).toBe(errnoOf("EPIPE"));
  expect(kernel.send(b.fileno(), byte, 0, 1, 0)).toBe(1);
  const two = new Uint8Array(2);
  const lengths = [2, 1, 1, 2, 2];
  const results = lengths.map((length) => kernel.recv(b.fileno(), two, 0, length, 0));
  expect(results).toEqual([WOULD_BLOCK, WOULD_BLOCK, WOULD_BLOCK, errnoOf("EIO"), WOULD_BLOCK]);
  for (const socket of [a, b]) socket.close();
});

test("of two faults the first planned answers, and the other counts all the same", () => {
  const { kernel } = faultKernel(systemKernel, [
    { call: "eventfd", errno: "EMFILE", nth: 1 },
    { call: "eventfd", errno: "ENFILE", nth: 2 },
  ]);
  expect([kernel.eventfd(), kernel.eventfd()]).toEqual([errnoOf("EMFILE"), errnoOf("ENFILE")]);
});

test("a close that fails has closed", () => {
  const before = openDescriptors().size;
  const { kernel } = faultKernel(systemKernel, [{ call: "close", errno: "EIO" }]);
  expect(kernel.close(kernel.eventfd())).toBe(errnoOf("EIO"));
  expect(openDescriptors().size).toBe(before);
});

test("sockets and selectors run over it, and their calls can be counted", () => {
  const faulty = faultKernel();
  const [a, b] = Socket.pair({ kernel: faulty.kernel });
  const selector = createSelector({ kernel: faulty.kernel });
  selector.register(b, EVENT_READ);
  faulty.clear();
  a.send(byte);
  expect(selector.select()).toHaveLength(1);
  b.recv(byte);
  expect(faulty.count("send")).toBe(1);
  expect(faulty.count()).toBe(3);
  for (const open of [selector, a, b]) open.close();
});

test("a kernel that is an instance of a class keeps its this", () => {
  class Tiny {
    readonly #answer = 7;
    eventfd(): number {
      return this.#answer;
    }
    nowMs(): number {
      return this.#answer;
    }
  }
  const { kernel } = faultKernel(new Tiny() as unknown as Kernel);
  expect([kernel.eventfd(), kernel.nowMs()]).toEqual([7, 7]);
});

test("a fault of the 0th call is refused, for it would never come", () => {
  const zeroth = { call: "dup", errno: "EMFILE", fd: toFd(1), nth: 0 } as const;
  expect(() => faultKernel(systemKernel, [zeroth])).toThrow(RangeError);
});
