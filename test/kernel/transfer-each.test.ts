/** recv_each and send_each: many streams in one call. */
import { describe, expect, test } from "vitest";
import { errnoOf, MOVE_ALIGNMENT, MOVE_INTS, WOULD_BLOCK } from "../../src/kernel/index.js";
import {
  AF_UNIX,
  closeNow,
  expectMisuse,
  kernel,
  ok,
  own,
  pair,
  pipe,
  SOCK_STREAM,
  tcpPair,
  text,
  UNUSED_FD,
} from "./support.js";

const EBADF = errnoOf("EBADF");
const UNTOUCHED = -77;

interface Move {
  readonly fd: number;
  readonly offset?: number;
  readonly length?: number;
}

function moves(...list: Move[]): Int32Array {
  return Int32Array.from(
    list.flatMap(({ fd, offset = UNTOUCHED, length = 0 }) => [fd, offset, length, UNTOUCHED]),
  );
}

/** The move's four integers. */
function moveAt(all: Int32Array, i: number): number[] {
  return [...all.subarray(i * MOVE_INTS, (i + 1) * MOVE_INTS)];
}

/** A socket at which `what` waits to be received. */
function holding(what: string | Uint8Array): number {
  const [near, far] = pair();
  const bytes = typeof what === "string" ? text(what) : what;
  expect(kernel.write(far, bytes, 0, bytes.length)).toBe(bytes.length);
  return near;
}

function recvAll(all: Int32Array, size: number): { tried: number; buffer: Buffer } {
  const buffer = Buffer.alloc(size, 0xee);
  return { tried: kernel.recv_each(all, all.length / MOVE_INTS, buffer, 0, size), buffer };
}

describe("recv_each()", () => {
  test("receives from each, packed at multiples of 64, and touches nothing in between", () => {
    const sizes = [1, 64, 65, 200, 63];
    const all = moves(...sizes.map((n, i) => ({ fd: holding(new Uint8Array(n).fill(i)) })));
    const { tried, buffer } = recvAll(all, 1024);
    expect(tried).toBe(sizes.length);
    const expected = Buffer.alloc(1024, 0xee);
    let at = 0;
    sizes.forEach((n, i) => {
      expect(moveAt(all, i).slice(1)).toEqual([at, 0, n]);
      expected.fill(i, at, at + n);
      at += Math.ceil(n / MOVE_ALIGNMENT) * MOVE_ALIGNMENT;
    });
    expect(Buffer.compare(buffer, expected)).toBe(0);
  });

  test("begins at `start`, aligned or not, and stays before `end`", () => {
    const buffer = Buffer.alloc(256, 0xee);
    const all = moves({ fd: holding("ab") }, { fd: holding("x".repeat(100)) });
    expect(kernel.recv_each(all, 2, buffer, 7, 70)).toBe(2);
    expect(moveAt(all, 0).slice(1)).toEqual([7, 0, 2]);
    expect(moveAt(all, 1).slice(1)).toEqual([64, 0, 6]);
    expect(buffer.toString("latin1", 7, 9)).toBe("ab");
    expect(buffer.toString("latin1", 64, 70)).toBe("xxxxxx");
    expect([...buffer.subarray(70)]).toEqual(new Array(186).fill(0xee));
  });

  test("takes no more than the length of each; the rest waits", () => {
    const fd = holding("abcdef");
    const all = moves({ fd, length: 2 }, { fd, length: 3 }, { fd, length: -(2 ** 31) });
    const { buffer } = recvAll(all, 1024);
    expect([0, 1, 2].map((i) => moveAt(all, i).slice(1))).toEqual([
      [0, 2, 2],
      [64, 3, 3],
      [128, -(2 ** 31), 1],
    ]);
    expect(buffer[0]).toBe(0x61);
    expect(buffer.toString("latin1", 64, 67)).toBe("cde");
    expect(buffer[128]).toBe(0x66);
  });

  test("stops when the room is used up, and leaves the other moves and bytes alone", () => {
    const fds = [holding("x".repeat(64)), holding("y".repeat(100)), holding("later")];
    const all = moves(...fds.map((fd) => ({ fd })));
    expect(recvAll(all, 128).tried).toBe(2);
    expect(moveAt(all, 1).slice(1)).toEqual([64, 0, 64]);
    expect(moveAt(all, 2)).toEqual([fds[2], UNTOUCHED, 0, UNTOUCHED]);
    expect(kernel.ioctl_inq(fds[1] as number)).toBe(36);
    expect(kernel.ioctl_inq(fds[2] as number)).toBe(5);
  });

  test("alignment alone may use the room up", () => {
    const all = moves({ fd: holding("x") }, { fd: holding("y") });
    expect(recvAll(all, 64).tried).toBe(1);
  });

  test("without room, or without moves, tries none", () => {
    const all = moves({ fd: holding("x") });
    expect(recvAll(all, 0).tried).toBe(0);
    expect(kernel.recv_each(all, 1, Buffer.alloc(64), 64, 64)).toBe(0);
    expect(kernel.recv_each(all, 0, Buffer.alloc(64), 0, 64)).toBe(0);
    expect(moveAt(all, 0).slice(1)).toEqual([UNTOUCHED, 0, UNTOUCHED]);
  });

  test("one that fails, has nothing or is at its end takes no room and stops no other", () => {
    const [empty] = pair();
    const [ended, far] = pair();
    closeNow(far);
    const [readEnd] = pipe();
    const fds = [-1, UNUSED_FD, empty, ended, readEnd, holding("hello")];
    const all = moves(...fds.map((fd) => ({ fd })));
    const { tried, buffer } = recvAll(all, 64);
    expect(tried).toBe(fds.length);
    const results = fds.map((_, i) => moveAt(all, i)[3]);
    expect(results).toEqual([EBADF, EBADF, WOULD_BLOCK, 0, errnoOf("ENOTSOCK"), 5]);
    expect(fds.map((_, i) => moveAt(all, i)[1])).toEqual(new Array(fds.length).fill(0));
    expect(buffer.toString("latin1", 0, 5)).toBe("hello");
  });

  test("never waits, not on a blocking socket either", () => {
    const out = new Int32Array(2);
    ok(kernel.socketpair(AF_UNIX, SOCK_STREAM, 0, true, out));
    const fds = [...out].map(own);
    const all = moves(...fds.map((fd) => ({ fd })));
    recvAll(all, 64);
    expect([moveAt(all, 0)[3], moveAt(all, 1)[3]]).toEqual([WOULD_BLOCK, WOULD_BLOCK]);
  });

  test("reads each move once: bytes received over the list become moves, and no harm", () => {
    const all = new Int32Array(64);
    all.set([holding(new Uint8Array(240).fill(0x7f)), 0, 0, 0]);
    const over = new Uint8Array(all.buffer);
    expect(kernel.recv_each(all, 16, over, 16, over.length)).toBe(1);
    expect(moveAt(all, 0)).toEqual([all[0], 16, 0, 240]);
    expect(all[4]).toBe(0x7f7f7f7f);
  });

  test.each<[string, () => number]>([
    ["an end beyond the buffer", () => recvEach({ end: 65 })],
    ["a start beyond the end", () => recvEach({ start: 33, end: 32 })],
    ["a negative start", () => recvEach({ start: -1 })],
    ["an end beyond 2^31-1", () => recvEach({ end: 2 ** 31 })],
    ["more moves than the array holds", () => recvEach({ count: 3 })],
    ["a negative count", () => recvEach({ count: -1 })],
  ])("refuses %s", (_what, call) => expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE"));

  function recvEach({ count = 1, start = 0, end = 64 }): number {
    const all = moves({ fd: -1 }, { fd: -1 }).subarray(0, 11);
    return kernel.recv_each(all, count, Buffer.alloc(64), start, end);
  }
});

describe("send_each()", () => {
  /** What arrived at the other end. */
  function arrived(fd: number): string {
    const bytes = Buffer.alloc(256);
    const n = kernel.read(fd, bytes, 0, bytes.length);
    return n < 0 ? "" : bytes.toString("latin1", 0, n);
  }

  test("sends each its part of the buffer, parts that overlap too", () => {
    const [a, b, c] = [pair(), tcpPair(), pair()];
    const all = moves(
      { fd: a[0], offset: 0, length: 5 },
      { fd: b[0], offset: 3, length: 4 },
      { fd: c[0], offset: 7, length: 1 },
    );
    expect(kernel.send_each(all, 3, text("abcdefgh"))).toBe(3);
    expect([0, 1, 2].map((i) => moveAt(all, i)[3])).toEqual([5, 4, 1]);
    expect([arrived(a[1]), arrived(b[1]), arrived(c[1])]).toEqual(["abcde", "defg", "h"]);
  });

  test("a length of 0 makes no call", () => {
    const all = moves({ fd: -1, offset: 8 }, { fd: UNUSED_FD, offset: 0 });
    expect(kernel.send_each(all, 2, text("abcdefgh"))).toBe(2);
    expect([moveAt(all, 0)[3], moveAt(all, 1)[3]]).toEqual([0, 0]);
  });

  test("one that fails stops no other, and none raises SIGPIPE", () => {
    const [gone, far] = pair();
    closeNow(far);
    const [near, peer] = pair();
    const all = moves(...[-1, gone, near].map((fd) => ({ fd, offset: 0, length: 2 })));
    expect(kernel.send_each(all, 3, text("hi"))).toBe(3);
    expect([0, 1, 2].map((i) => moveAt(all, i)[3])).toEqual([EBADF, errnoOf("EPIPE"), 2]);
    expect(arrived(peer)).toBe("hi");
  });

  test("answers a part where the peer takes no more, then WOULD_BLOCK, also if blocking", () => {
    const out = new Int32Array(2);
    ok(kernel.socketpair(AF_UNIX, SOCK_STREAM, 0, true, out));
    const [fd] = [...out].map(own);
    const size = 4 * 1024 * 1024;
    const whole = { fd: fd as number, offset: 0, length: size };
    const all = moves(whole, whole);
    expect(kernel.send_each(all, 2, Buffer.alloc(size))).toBe(2);
    const sent = moveAt(all, 0)[3] as number;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(size);
    expect(moveAt(all, 1)[3]).toBe(WOULD_BLOCK);
  });

  test.each([
    ["offset", { offset: -1, length: 1 }],
    ["offset", { offset: 9, length: 0 }],
    ["offset", { offset: 2 ** 31 - 1, length: 2 ** 31 - 1 }],
    ["length", { offset: 8, length: 1 }],
    ["length", { offset: 0, length: 9 }],
    ["length", { offset: 4, length: -1 }],
    ["length", { offset: 1, length: 2 ** 31 - 1 }],
  ])("names the move with a bad %s, %j, and sends nothing", (what, bad) => {
    const [near, far] = pair();
    const all = moves({ fd: near, offset: 0, length: 8 }, { fd: near, ...bad });
    const call = () => kernel.send_each(all, 2, text("abcdefgh"));
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
    expect(call).toThrow(`send_each(): 'moves[1].${what}' must be inside the buffer`);
    expect(moveAt(all, 0)[3]).toBe(UNTOUCHED);
    expect(kernel.ioctl_inq(far)).toBe(0);
  });

  test("refuses more moves than the array holds", () => {
    const call = () => kernel.send_each(new Int32Array(7), 2, Buffer.alloc(1));
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
  });
});
