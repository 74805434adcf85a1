import fc from "fast-check";
import { expect, test } from "vitest";
import { systemKernel, toFd } from "../../src/kernel/index.js";
import {
  type ControlMessage,
  decodeControl,
  encodeControl,
  rightsBytes,
} from "../../src/sockets/control-records.js";

const int = fc.integer({ min: 0, max: 0x7fffffff });

// Levels of no known message, so that it stays raw.
const raw: fc.Arbitrary<ControlMessage> = fc.record({
  type: fc.constant("raw" as const),
  level: fc.integer({ min: 1000 }),
  number: int,
  data: fc.uint8Array({ maxLength: 40 }),
});
const rights: fc.Arbitrary<ControlMessage> = fc
  .array(int, { maxLength: 10 })
  .map((fds) => ({ type: "rights", fds: fds.map(toFd) }));
const credentials: fc.Arbitrary<ControlMessage> = fc.record({
  type: fc.constant("credentials" as const),
  pid: int,
  uid: fc.integer({ min: 0, max: 0xffffffff }),
  gid: fc.integer({ min: 0, max: 0xffffffff }),
});
const numbers: fc.Arbitrary<ControlMessage> = fc.record({
  type: fc.constantFrom(
    "ttl" as const,
    "tos" as const,
    "hopLimit" as const,
    "trafficClass" as const,
  ),
  value: fc.integer({ min: 0, max: 255 }),
});

test("any messages come back from their records, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(raw, rights, credentials, numbers)), (messages) => {
      const records = encodeControl(systemKernel, messages);
      expect(records.length % 4).toBe(0);
      expect(decodeControl(systemKernel, records)).toEqual(messages);
    }),
  );
});

test("what lies behind the given length is not looked at", () => {
  const records = encodeControl(systemKernel, [{ type: "rights", fds: [toFd(3)] }]);
  const longer = new Uint8Array([...records, ...records]);
  expect(decodeControl(systemKernel, longer, records.length)).toHaveLength(1);
  expect(decodeControl(systemKernel, longer, 0)).toEqual([]);
});

test("records may lie anywhere in a buffer", () => {
  const records = encodeControl(systemKernel, [{ type: "ttl", value: 64 }]);
  const behind = new Uint8Array(records.length + 3);
  behind.set(records, 3);
  expect(decodeControl(systemKernel, behind.subarray(3))).toEqual([{ type: "ttl", value: 64 }]);
});

test("rightsBytes() is just the room that so many descriptors need", () => {
  const fds = [1, 2, 3].map(toFd);
  expect(encodeControl(systemKernel, [{ type: "rights", fds }])).toHaveLength(rightsBytes(3));
});
