import { expect, test } from "vitest";
import { errnoOf, pollOnce } from "../../src/kernel/index.js";
import { closeNow, kernel, ok, pair, text } from "./support.js";

const { POLLIN, POLLOUT } = kernel.constants;

test("ready for what was asked: true, else false once the time has passed", () => {
  const [a, b] = pair();
  expect(pollOnce(kernel, a, POLLOUT, 0)).toBe(true);
  expect(pollOnce(kernel, a, POLLIN, 0)).toBe(false);
  const start = kernel.nowMs();
  expect(pollOnce(kernel, a, POLLIN, 1.5)).toBe(false);
  expect(kernel.nowMs() - start).toBeGreaterThanOrEqual(1.5);
  ok(kernel.send(b, text("x"), 0, 1, 0));
  expect(pollOnce(kernel, a, POLLIN, -1)).toBe(true);
});

test("broken is ready, whatever was asked", () => {
  const [a, b] = pair();
  closeNow(b);
  expect(pollOnce(kernel, a, 0, -1)).toBe(true);
});

test("a signal ends the wait: false; what else the kernel says is thrown", () => {
  const [a] = pair();
  const answering = (errno: number) => ({ ...kernel, poll: () => errno });
  expect(pollOnce(answering(errnoOf("EINTR")), a, POLLIN, -1)).toBe(false);
  expect(() => pollOnce(answering(errnoOf("ENOMEM")), a, POLLIN, -1)).toThrow(
    expect.objectContaining({ code: "ENOMEM", syscall: "poll" }),
  );
});
