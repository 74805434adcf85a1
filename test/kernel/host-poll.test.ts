/** Waiting for a descriptor in Node's loop. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type HostPoll, systemHostLoop } from "../../src/kernel/index.js";
import { openDescriptors } from "../support/descriptors.js";
import { send } from "../support/raw.js";
import { closeNow, expectMisuse, pair, pipe, UNUSED_FD } from "./support.js";

function hostPoll(fd: number, onReadable: () => void): HostPoll {
  const poll = systemHostLoop.poll(fd, onReadable);
  onTestFinished(() => poll.close());
  return poll;
}

test("calls back once each time it is armed, for as long as the descriptor is readable", async () => {
  const [left, right] = pair();
  let calls = 0;
  let called = () => {};
  const poll = hostPoll(left, () => {
    calls += 1;
    called();
  });
  send(right);
  const next = () => new Promise<void>((resolve) => (called = resolve));
  for (let round = 1; round <= 3; round++) {
    const reported = next();
    poll.arm();
    poll.arm();
    await reported;
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    expect(calls).toBe(round);
  }
});

test("stays silent when it was never armed, disarmed, or closed", async () => {
  const [left, right] = pair();
  const never = hostPoll(left, () => expect.unreachable());
  const disarmed = hostPoll(left, () => expect.unreachable());
  const closed = hostPoll(left, () => expect.unreachable());
  send(right);
  for (const poll of [disarmed, closed]) poll.arm();
  disarmed.disarm();
  disarmed.disarm();
  closed.close();
  closed.close();
  closed.disarm();
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  expect(() => closed.arm()).toThrow(expect.objectContaining({ code: "EBADF" }));
  never.disarm();
});

test("may be closed by its own callback; promises run right after it", async () => {
  const [left, right] = pair();
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    const poll = hostPoll(left, () => {
      poll.close();
      order.push("callback");
      process.nextTick(() => order.push("tick"));
      void Promise.resolve().then(() => order.push("promise"));
      setImmediate(resolve);
    });
    poll.arm();
    send(right);
  });
  expect(order).toEqual(["callback", "tick", "promise"]);
});

test("an exception of the callback is an uncaught one", async () => {
  const [left, right] = pair();
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  onTestFinished(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of before) process.on("uncaughtException", listener);
  });
  const caught = new Promise((resolve) => process.once("uncaughtException", resolve));
  const poll = hostPoll(left, () => {
    throw new RangeError("from the callback");
  });
  poll.arm();
  send(right);
  expect(await caught).toMatchObject({ message: "from the callback" });
});

test("a descriptor closed under an armed poll does not abort the process", async () => {
  const poll = hostPoll(closedUnder(), () => {});
  function closedUnder(): number {
    const [left] = pair();
    const early = hostPoll(left, () => {});
    early.arm();
    closeNow(left); // The loop has not seen it yet.
    return pipe()[0]; // Most likely the same number.
  }
  poll.arm();
  for (let turn = 0; turn < 5; turn++) await nextTurn();
});

test("two polls may watch one descriptor, and closing them leaves none open", () => {
  const [left] = pair();
  const before = openDescriptors();
  const polls = [hostPoll(left, () => {}), hostPoll(left, () => {})];
  for (const poll of polls) poll.close();
  expect(openDescriptors()).toEqual(before);
});

test("refuses what is no open descriptor, and what is no function", () => {
  const open = (fd: unknown, callback: unknown = () => {}) =>
    systemHostLoop.poll(fd as number, callback as () => void);
  expect(() => open(UNUSED_FD)).toThrow(expect.objectContaining({ code: "EBADF" }));
  expectMisuse(() => open(-1), RangeError, "ERR_OUT_OF_RANGE");
  expectMisuse(() => open("3"), TypeError, "ERR_INVALID_ARG_TYPE");
  const [left] = pair();
  expectMisuse(() => open(left, "callback"), TypeError, "ERR_INVALID_ARG_TYPE");
});
