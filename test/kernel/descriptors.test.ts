/** Descriptors of any kind: close, ownership, dup, O_NONBLOCK, pipes, eventfd, read and write. */
import { fstatSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { openDescriptors } from "../support/descriptors.js";
import {
  closeNow,
  expectErrno,
  expectMisuse,
  kernel,
  ok,
  own,
  pair,
  pipe,
  text,
  UNUSED_FD,
} from "./support.js";

const bytes = new Uint8Array(64);
const isLinux = process.platform === "linux";

/** O_NONBLOCK and FD_CLOEXEC, as Linux's fdinfo tells them. */
function flagsOf(fd: number): { isNonBlocking: boolean; isCloseOnExec: boolean } {
  const [, octal] = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")) ?? [];
  const flags = Number.parseInt(octal as string, 8);
  return { isNonBlocking: (flags & 0o4000) !== 0, isCloseOnExec: (flags & 0o2000000) !== 0 };
}

describe("close()", () => {
  test("closes a descriptor once; the second time it is not ours", () => {
    const [left] = pair();
    closeNow(left);
    expectErrno(kernel.close(left), "EBADF");
    expect(() => fstatSync(left)).toThrow("EBADF");
  });

  test("leaves a descriptor alone that this environment does not own", () => {
    const fd = openSync(fileURLToPath(import.meta.url), "r");
    expectErrno(kernel.close(fd), "EBADF");
    expect(fstatSync(fd).isFile()).toBe(true);
    expect(kernel.adopt(fd)).toBe(0);
    expect(kernel.close(fd)).toBe(0);
    expect(() => fstatSync(fd)).toThrow("EBADF");
  });

  test("refuses a number that no descriptor can have", () => {
    expectErrno(kernel.close(UNUSED_FD), "EBADF");
    expectMisuse(() => kernel.close(-1), RangeError, "ERR_OUT_OF_RANGE");
    expectMisuse(() => kernel.close(2 ** 31), RangeError, "ERR_OUT_OF_RANGE");
    expectMisuse(() => kernel.close(1.5), RangeError, "ERR_OUT_OF_RANGE");
    expectMisuse(() => kernel.close("3" as never), TypeError, "ERR_INVALID_ARG_TYPE");
  });
});

describe("adopt() and disown()", () => {
  test("a disowned descriptor stays open and cannot be closed until it is adopted", () => {
    const [left] = pair();
    expect(kernel.disown(left)).toBe(0);
    expectErrno(kernel.close(left), "EBADF");
    expect(fstatSync(left).isSocket()).toBe(true);
    expect(kernel.adopt(left)).toBe(0);
    expect(kernel.adopt(left)).toBe(0);
    closeNow(left);
  });

  test("only what is owned can be disowned, only what is open adopted", () => {
    const [left] = pair();
    closeNow(left);
    expectErrno(kernel.disown(left), "EBADF");
    expectErrno(kernel.disown(UNUSED_FD), "EBADF");
    expectErrno(kernel.adopt(UNUSED_FD), "EBADF");
    expectErrno(kernel.adopt(left), "EBADF");
  });

  test("a number that the kernel hands out again is owned again", () => {
    const [first] = pipe();
    closeNow(first);
    const [second] = pipe();
    expect(second).toBe(first);
    closeNow(second);
    expectErrno(kernel.close(second), "EBADF");
  });
});

describe("dup()", () => {
  test("makes an owned copy of the same open file, close-on-exec", () => {
    const [left, right] = pair();
    const copy = own(kernel.dup(left));
    expect(copy).not.toBe(left);
    closeNow(left);
    ok(kernel.write(copy, text("copy"), 0, 4));
    expect(kernel.read(right, bytes, 0, 64)).toBe(4);
    if (isLinux) expect(flagsOf(copy).isCloseOnExec).toBe(true);
  });

  test("answers EBADF for what is not open", () => expectErrno(kernel.dup(UNUSED_FD), "EBADF"));
});

describe("what is made is close-on-exec and non-blocking unless asked", () => {
  test.skipIf(!isLinux)(
    "sockets, pairs, pipes, eventfd, epoll (their flags stand in /proc)",
    () => {
      const { AF_UNIX, SOCK_STREAM } = kernel.constants;
      for (const blocking of [false, true]) {
        const out = new Int32Array(2);
        ok(kernel.pipe2(blocking, out));
        const made = [...out];
        ok(kernel.socketpair(AF_UNIX, SOCK_STREAM, 0, blocking, out));
        made.push(...out, kernel.socket(AF_UNIX, SOCK_STREAM, 0, blocking));
        for (const fd of made.map(own)) {
          expect(flagsOf(fd)).toEqual({ isNonBlocking: !blocking, isCloseOnExec: true });
        }
      }
      expect(flagsOf(own(kernel.eventfd()))).toEqual({ isNonBlocking: true, isCloseOnExec: true });
      expect(flagsOf(own(kernel.epoll_create1())).isCloseOnExec).toBe(true);
    },
  );

  test.skipIf(!isLinux)("fcntl_nonblock() turns it on and off (seen in /proc)", () => {
    const [left] = pair();
    for (const on of [false, false, true, true]) {
      expect(kernel.fcntl_nonblock(left, on)).toBe(0);
      expect(flagsOf(left).isNonBlocking).toBe(on);
    }
    expectErrno(kernel.fcntl_nonblock(UNUSED_FD, true), "EBADF");
    expectMisuse(() => kernel.fcntl_nonblock(left, 1 as never), TypeError, "ERR_INVALID_ARG_TYPE");
  });
});

describe("pipe2(), read() and write()", () => {
  test("carry bytes one way, at the offset and of the length that was said", () => {
    const [reader, writer] = pipe();
    expectErrno(kernel.read(reader, bytes, 0, 64), "EAGAIN");
    expect(kernel.write(writer, text("0123456789"), 3, 4)).toBe(4);
    const into = new Uint8Array(10).fill(0x2e);
    expect(kernel.read(reader, into, 2, 8)).toBe(4);
    expect(Buffer.from(into).toString()).toBe("..3456....");
    expectErrno(kernel.write(reader, bytes, 0, 1), "EBADF");
    expectErrno(kernel.read(writer, bytes, 0, 1), "EBADF");
    closeNow(writer);
    expect(kernel.read(reader, bytes, 0, 64)).toBe(0);
  });

  test("writing to a pipe that nobody reads is EPIPE, not a signal", () => {
    const [reader, writer] = pipe();
    closeNow(reader);
    expectErrno(kernel.write(writer, bytes, 0, 1), "EPIPE");
  });

  test("zero bytes are zero bytes, also at the end of the buffer", () => {
    const [reader, writer] = pipe();
    expect(kernel.write(writer, bytes, 64, 0)).toBe(0);
    expect(kernel.read(reader, new Uint8Array(0), 0, 0)).toBe(0);
  });

  test.each([
    [65, 0],
    [0, 65],
    [64, 1],
    [2 ** 32, 0],
    [0, 2 ** 32],
    [2 ** 53 - 1, 2 ** 53 - 1],
  ])("offset %d, length %d of 64 bytes is a RangeError", (offset, length) => {
    const [reader] = pipe();
    expectMisuse(() => kernel.read(reader, bytes, offset, length), RangeError, "ERR_OUT_OF_RANGE");
  });

  test("an out array that is too short opens nothing", () => {
    const before = openDescriptors();
    expectMisuse(() => kernel.pipe2(false, new Int32Array(1)), RangeError, "ERR_OUT_OF_RANGE");
    expect(openDescriptors()).toEqual(before);
  });
});

test.skipIf(!isLinux)("eventfd() counts what is written and gives it once (Linux only)", () => {
  const fd = own(kernel.eventfd());
  expectErrno(kernel.read(fd, bytes, 0, 8), "EAGAIN");
  for (const n of [2n, 3n]) {
    expect(kernel.write(fd, new Uint8Array(new BigUint64Array([n]).buffer), 0, 8)).toBe(8);
  }
  const sum = new Uint8Array(8);
  expect(kernel.read(fd, sum, 0, 8)).toBe(8);
  expect(new BigUint64Array(sum.buffer)[0]).toBe(5n);
});

test("a descriptor refused for want of numbers is EMFILE or ENFILE, and nothing leaks", () => {
  const made: number[] = [];
  onTestFinished(() => {
    for (const fd of made) kernel.close(fd);
  });
  const [left] = pair();
  let result = kernel.dup(left);
  while (result >= 0 && made.length < 100_000) {
    made.push(result);
    result = kernel.dup(left);
  }
  if (made.length === 100_000) return; // No limit that a test could reach.
  expectErrno(result, "EMFILE");
  const out = new Int32Array(2);
  expectErrno(kernel.pipe2(false, out), "EMFILE");
  const { AF_UNIX, SOCK_STREAM } = kernel.constants;
  expectErrno(kernel.socketpair(AF_UNIX, SOCK_STREAM, 0, false, out), "EMFILE");
  // One number is left: a pair must not keep it.
  kernel.close(made.pop() as number);
  expectErrno(kernel.pipe2(false, out), "EMFILE");
  made.push(ok(kernel.dup(left)));
  expect([...out]).toEqual([0, 0]);
});

test("nowMs() is monotonic, in milliseconds with fractions", () => {
  const before = performance.now();
  const times = Array.from({ length: 1000 }, () => kernel.nowMs());
  const after = performance.now();
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times.some((ms) => !Number.isInteger(ms))).toBe(true);
  expect((times.at(-1) as number) - (times[0] as number)).toBeLessThanOrEqual(after - before + 1);
});
