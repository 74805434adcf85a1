/** recvmmsg and sendmmsg. */
import { describe, expect, test } from "vitest";
import { BATCH_MAX } from "../../src/kernel/index.js";
import {
  closeNow,
  expectErrno,
  expectMisuse,
  kernel,
  pair,
  record,
  SOCK_DGRAM,
  UNUSED_FD,
  udp,
} from "./support.js";

const SLOT = 16;

/** Slots that hold their own number, with as many bytes as that. */
function numbered(count: number): { buffer: Uint8Array; lengths: Int32Array } {
  const buffer = new Uint8Array(count * SLOT);
  const lengths = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    buffer.fill(i, i * SLOT, (i + 1) * SLOT);
    lengths[i] = i % SLOT;
  }
  return { buffer, lengths };
}

function repeated(address: Uint8Array, count: number): Uint8Array {
  return Buffer.concat(new Array<Uint8Array>(count).fill(address));
}

describe("sendmmsg() and recvmmsg()", () => {
  test.each([1, 7, BATCH_MAX])("carry %d datagrams, each with its length and sender", (count) => {
    const [a, b] = [udp(), udp()];
    const { buffer, lengths } = numbered(count);
    const sent = kernel.sendmmsg(a.fd, buffer, SLOT, count, 0, lengths, repeated(b.address, count));
    expect(sent).toBe(count);
    const into = new Uint8Array(count * SLOT).fill(0xee);
    const got = new Int32Array(count).fill(-1);
    const senders = new Uint8Array(count * 120);
    expect(kernel.recvmmsg(b.fd, into, SLOT, count, 0, got, senders)).toBe(count);
    expect(got).toEqual(lengths);
    expect(Buffer.compare(senders, repeated(a.address, count))).toBe(0);
    for (let i = 0; i < count; i++) {
      const slot = into.subarray(i * SLOT, (i + 1) * SLOT);
      expect([...slot]).toEqual(Array.from(slot, (_, at) => (at < (got[i] as number) ? i : 0xee)));
    }
  });

  test("a connected pair needs no addresses; what there is, is answered", () => {
    const [left, right] = pair(SOCK_DGRAM);
    const { buffer, lengths } = numbered(3);
    expect(kernel.sendmmsg(left, buffer, SLOT, 3, 0, lengths, undefined)).toBe(3);
    const into = new Uint8Array(10 * SLOT);
    const got = new Int32Array(10).fill(-1);
    expect(kernel.recvmmsg(right, into, SLOT, 10, 0, got, undefined)).toBe(3);
    expect([...got]).toEqual([0, 1, 2, ...new Array(7).fill(-1)]);
    expectErrno(kernel.recvmmsg(right, into, SLOT, 10, 0, got, undefined), "EAGAIN");
  });

  test("a full peer takes a part of the batch", () => {
    const [left] = pair(SOCK_DGRAM);
    const lengths = new Int32Array(64).fill(1024);
    const buffer = new Uint8Array(64 * 1024);
    const send = () => kernel.sendmmsg(left, buffer, 1024, 64, 0, lengths, undefined);
    let total = 0;
    let sent = send();
    for (; sent > 0; sent = send()) total += sent;
    expectErrno(sent, "EAGAIN");
    expect(total).toBeGreaterThan(0);
  });

  test("a batch of none is none", () => {
    const [left] = pair(SOCK_DGRAM);
    const none = new Int32Array(0);
    expect(kernel.sendmmsg(left, new Uint8Array(0), SLOT, 0, 0, none, undefined)).toBe(0);
  });

  test("a peer that is gone is an error", () => {
    const [left, right] = pair(SOCK_DGRAM);
    closeNow(right);
    const { buffer, lengths } = numbered(2);
    expect(kernel.sendmmsg(left, buffer, SLOT, 2, 0, lengths, undefined)).toBeLessThan(0);
  });
});

describe("a batch is refused", () => {
  const good = numbered(4);

  test.each<[string, () => number]>([
    ["of more than 64", () => batch({ count: 65, lengths: new Int32Array(65) })],
    ["whose slots do not fit into the buffer", () => batch({ slotBytes: SLOT + 1 })],
    ["whose slots are huge", () => batch({ slotBytes: 2 ** 31 - 1 })],
    ["with fewer lengths than datagrams", () => batch({ lengths: new Int32Array(3) })],
    ["with fewer records than datagrams", () => batch({ addresses: new Uint8Array(479) })],
    ["with a negative length", () => batch({ lengths: new Int32Array([1, -1, 1, 1]) })],
    ["with a length beyond its slot", () => batch({ lengths: new Int32Array([1, 17, 1, 1]) })],
    ["with a malformed record", () => batch({ addresses: repeated(record(999, 0, []), 4) })],
  ])("%s", (_what, call) => {
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
  });

  function batch(part: {
    slotBytes?: number;
    count?: number;
    lengths?: Int32Array;
    addresses?: Uint8Array;
  }): number {
    const { slotBytes = SLOT, count = 4, lengths = good.lengths, addresses } = part;
    return kernel.sendmmsg(UNUSED_FD, good.buffer, slotBytes, count, 0, lengths, addresses);
  }

  test("but for that it reaches the kernel", () => {
    expectErrno(batch({}), "EBADF");
  });
});
