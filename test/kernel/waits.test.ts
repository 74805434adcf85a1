/** epoll, poll and select, below the selectors. */
import { describe, expect, test } from "vitest";
import { send } from "../support/raw.js";
import { announcingKernel, sharedWord, startThread } from "../support/thread.js";
import {
  closeNow,
  expectErrno,
  expectMisuse,
  kernel,
  ok,
  own,
  pair,
  pipe,
  UNUSED_FD,
} from "./support.js";

const { constants } = kernel;
const { POLLIN, POLLOUT, POLLNVAL, POLLHUP, FD_SETSIZE, EPOLL_INTS } = constants;
const { EPOLL_CTL_ADD = 0, EPOLL_CTL_MOD = 0, EPOLL_CTL_DEL = 0 } = constants;
const { EPOLLIN = 0, EPOLLOUT = 0, EPOLLET = 0 } = constants;
const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
const FRACTIONS = [0.001, 0.25, 1, 1.5, 2.75, 10.1];

function triples(events: Int32Array, count: number): number[][] {
  return Array.from({ length: count }, (_, i) => [...events.subarray(3 * i, 3 * i + 3)]);
}

/** Each call waits at least as long as it was asked to, on the clock of the kernel. */
function expectNeverEarly(wait: (timeoutMs: number) => number): void {
  for (const timeoutMs of FRACTIONS) {
    for (let round = 0; round < 5; round++) {
      const before = kernel.nowMs();
      expect(wait(timeoutMs)).toBe(0);
      expect(kernel.nowMs() - before).toBeGreaterThanOrEqual(timeoutMs);
    }
  }
}

/** A signal, sent by another thread once the wait has begun, ends it with -EINTR. */
async function expectInterrupted(
  wait: (counted: typeof kernel, timeoutMs: number) => number,
): Promise<void> {
  const { kernel: counted, waits } = announcingKernel();
  const stop = sharedWord();
  const onSignal = () => {};
  process.on("SIGUSR2", onSignal);
  try {
    const thread = await startThread({ task: "signal", signal: "SIGUSR2", waits, stop });
    const result = wait(counted, 10_000);
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    await thread.ended;
    expectErrno(result, "EINTR");
  } finally {
    process.off("SIGUSR2", onSignal);
  }
}

const timeouts = (wait: (timeoutMs: never) => number) => {
  expectMisuse(() => wait(Number.NaN as never), RangeError, "ERR_OUT_OF_RANGE");
  for (const wrong of ["1", null, undefined, {}, 1n]) {
    expectMisuse(() => wait(wrong as never), TypeError, "ERR_INVALID_ARG_TYPE");
  }
};

describe.skipIf(EPOLL_CTL_ADD === 0)("epoll (Linux only)", () => {
  const events = new Int32Array(EPOLL_INTS * 16);
  const open = () => own(kernel.epoll_create1());
  const add = (epfd: number, fd: number, bits: number, slot = 0, generation = 0) =>
    kernel.epoll_ctl(epfd, EPOLL_CTL_ADD, fd, bits, slot, generation);

  test.each([
    [0, 0],
    [1, -1],
    [INT_MAX, INT_MIN],
    [INT_MIN, INT_MAX],
    [-1, -1],
    [123456789, -987654321],
  ])("slot %d and generation %d come back with the event", (slot, generation) => {
    const epfd = open();
    ok(add(epfd, pair()[0], EPOLLOUT, slot, generation));
    expect(kernel.epoll_wait(epfd, events, 0)).toBe(1);
    expect(triples(events, 1)).toEqual([[slot, generation, EPOLLOUT]]);
  });

  test("adds, changes and deletes; the kernel's refusals are answered", () => {
    const epfd = open();
    const [left] = pair();
    ok(add(epfd, left, EPOLLIN));
    expectErrno(add(epfd, left, EPOLLIN), "EEXIST");
    expect(kernel.epoll_wait(epfd, events, 0)).toBe(0);
    ok(kernel.epoll_ctl(epfd, EPOLL_CTL_MOD, left, EPOLLOUT, 5, 6));
    expect(kernel.epoll_wait(epfd, events, 0)).toBe(1);
    expect(triples(events, 1)).toEqual([[5, 6, EPOLLOUT]]);
    ok(kernel.epoll_ctl(epfd, EPOLL_CTL_DEL, left, 0, 0, 0));
    expectErrno(kernel.epoll_ctl(epfd, EPOLL_CTL_DEL, left, 0, 0, 0), "ENOENT");
    expectErrno(kernel.epoll_ctl(epfd, 99, left, 0, 0, 0), "EINVAL");
    expectErrno(add(epfd, UNUSED_FD, EPOLLIN), "EBADF");
    expectErrno(add(left, epfd, EPOLLIN), "EINVAL");
    expectErrno(kernel.epoll_wait(left, events, 0), "EINVAL");
    expectErrno(kernel.epoll_wait(UNUSED_FD, events, 0), "EBADF");
  });

  test("event bits are unsigned; more than 32 of them are a RangeError", () => {
    const epfd = open();
    const [left] = pair();
    expect(EPOLLET >>> 0).toBe(2 ** 31);
    ok(add(epfd, left, (EPOLLET | EPOLLOUT) >>> 0));
    expect(kernel.epoll_wait(epfd, events, 0)).toBe(1);
    expect(kernel.epoll_wait(epfd, events, 0)).toBe(0);
    expectMisuse(() => add(epfd, left, 2 ** 32), RangeError, "ERR_OUT_OF_RANGE");
    expectMisuse(() => add(epfd, left, -1), RangeError, "ERR_OUT_OF_RANGE");
    expectMisuse(() => add(epfd, left, 1, 2 ** 31), RangeError, "ERR_OUT_OF_RANGE");
  });

  test("room for fewer than are ready gives all of them in turn", () => {
    const epfd = open();
    for (let slot = 0; slot < 10; slot++) ok(add(epfd, pair()[0], EPOLLOUT, slot, -slot));
    const seen = new Map<number, number>();
    const backing = new Int32Array(EPOLL_INTS * 3 + 2).fill(-7);
    const few = backing.subarray(1, 1 + EPOLL_INTS * 3);
    for (let round = 0; round < 4; round++) {
      expect(kernel.epoll_wait(epfd, few, 0)).toBe(3);
      for (const [slot, generation] of triples(few, 3))
        seen.set(slot as number, generation as number);
    }
    expect([backing[0], backing.at(-1)]).toEqual([-7, -7]);
    expect([...seen].sort(([a], [b]) => a - b)).toEqual(
      Array.from({ length: 10 }, (_, slot) => [slot, 0 - slot]),
    );
  });

  test("an array without room for one event is a RangeError", () => {
    const epfd = open();
    const call = () => kernel.epoll_wait(epfd, new Int32Array(EPOLL_INTS - 1), 0);
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
  });

  test("waits are never early, and timeouts are numbers", () => {
    const epfd = open();
    expectNeverEarly((timeoutMs) => kernel.epoll_wait(epfd, events, timeoutMs));
    timeouts((timeoutMs) => kernel.epoll_wait(epfd, events, timeoutMs));
  });

  test("a signal ends a wait, whole or fractional", async () => {
    const epfd = open();
    await expectInterrupted((counted, ms) => counted.epoll_wait(epfd, events, ms));
    await expectInterrupted((counted, ms) => counted.epoll_wait(epfd, events, ms + 0.5));
  });
});

/** What poll and select have in common. */
function listContract(
  call: typeof kernel.poll,
  { readBit, writeBit }: { readBit: number; writeBit: number },
): void {
  const events = new Int32Array(64);

  test("report the tokens of what is ready, in the list's order", () => {
    const [a, b] = pair();
    const [c] = pair();
    send(b);
    const list = Int32Array.of(
      ...[a, readBit | writeBit, INT_MAX, INT_MIN],
      ...[c, readBit, 3, 4],
      ...[c, writeBit, -1, -1],
      ...[b, 0, 5, 6],
    );
    expect(call(list, 4, events, 0)).toBe(2);
    expect(triples(events, 2)).toEqual([
      [INT_MAX, INT_MIN, readBit | writeBit],
      [-1, -1, writeBit],
    ]);
    expect(call(list, 0, events, 0)).toBe(0);
    expect(call(new Int32Array(0), 0, new Int32Array(0), 0)).toBe(0);
  });

  test.each([
    ["a count beyond the list", 16, 4, 64],
    ["room for fewer events than entries", 8, 2, 5],
    ["a negative count", 4, -1, 64],
    ["a huge count", 4, INT_MAX, 64],
  ])("%s is a RangeError", (_what, length, count, room) => {
    const list = new Int32Array(length - (count === 4 ? 1 : 0)).fill(-1);
    const attempt = () => call(list, count, new Int32Array(room), 0);
    expectMisuse(attempt, RangeError, "ERR_OUT_OF_RANGE");
  });

  test("waits are never early, and timeouts are numbers", () => {
    const list = Int32Array.of(pair()[0], readBit, 0, 0);
    expectNeverEarly((timeoutMs) => call(list, 1, events, timeoutMs));
    timeouts((timeoutMs) => call(list, 1, events, timeoutMs));
  });
}

describe("poll()", () => {
  const events = new Int32Array(64);
  listContract(kernel.poll, { readBit: POLLIN, writeBit: POLLOUT });

  test("a closed number is POLLNVAL, a negative one skipped, a gone writer POLLHUP", () => {
    const [reader, writer] = pipe();
    closeNow(writer);
    const [gone] = pair();
    closeNow(gone);
    const list = Int32Array.of(gone, POLLIN, 1, 0, -5, POLLIN, 2, 0, reader, 0, 3, 0);
    expect(kernel.poll(list, 3, events, 0)).toBe(2);
    expect(triples(events, 2)).toEqual([
      [1, 0, POLLNVAL],
      [3, 0, POLLHUP],
    ]);
  });

  test("a signal ends a wait", async () => {
    const list = Int32Array.of(pair()[0], POLLIN, 0, 0);
    await expectInterrupted((counted, ms) => counted.poll(list, 1, events, ms));
  });
});

describe("select()", () => {
  const events = new Int32Array(64);
  listContract(kernel.select, { readBit: 1, writeBit: 2 });

  test("a closed number is EBADF", () => {
    const [gone] = pair();
    closeNow(gone);
    expectErrno(kernel.select(Int32Array.of(gone, 1, 0, 0), 1, events, 0), "EBADF");
  });

  test.each([-1, FD_SETSIZE, INT_MAX, INT_MIN])("descriptor %d is a RangeError", (fd) => {
    const call = () => kernel.select(Int32Array.of(fd, 1, 0, 0), 1, events, 0);
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
  });

  test("a signal ends a wait", async () => {
    const list = Int32Array.of(pair()[0], 1, 0, 0);
    await expectInterrupted((counted, ms) => counted.select(list, 1, events, ms));
  });
});

describe.skipIf(constants.EV_ADD !== undefined)("kqueue, where there is none", () => {
  test("answers ENOSYS", () => {
    expectErrno(kernel.kqueue(), "ENOSYS");
    expectErrno(kernel.kevent(0x7ffffff0, new Int32Array(5), 1, new Int32Array(16), 0), "ENOSYS");
  });
});
