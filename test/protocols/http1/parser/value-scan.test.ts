// The words by which a field value is skipped say the same as the table of single bytes.
import { expect, test } from "vitest";
import { FIELD_VALUE } from "../../../../src/protocols/http1/parser/byte-classes.js";
import { valueEnd } from "../../../../src/protocols/http1/parser/value-scan.js";

const CR = 0x0d;
const VIEWED_BYTES_MAX = 512 * 1024;

/** Byte by byte. */
function expectedEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && FIELD_VALUE[bytes[at] ?? 0] === 1) at += 1;
  return at;
}

test("every byte at every place of a value is taken or refused as the table says", () => {
  const bytes = new Uint8Array(40);
  for (const other of [0x20, 0x61, 0x7e, 0x80, 0xff]) {
    for (let byte = 0; byte < 256; byte += 1) {
      for (let at = 0; at < 24; at += 1) {
        bytes.fill(other).fill(CR, 32);
        bytes[at] = byte;
        const end = valueEnd(bytes, 0, 40);
        if (end !== expectedEnd(bytes, 0, 40)) expect.fail(`${byte} at ${at}: ${end}`);
      }
    }
  }
});

test("two bytes of one word that are neighbours do not hide each other", () => {
  const bytes = new Uint8Array(12).fill(0x61);
  for (let first = 0; first < 256; first += 1) {
    for (let second = 0; second < 256; second += 1) {
      bytes[1] = first;
      bytes[2] = second;
      const end = valueEnd(bytes, 0, 12);
      if (end !== expectedEnd(bytes, 0, 12)) expect.fail(`${first}, ${second}: ${end}`);
    }
  }
});

test("no byte outside of the range is looked at, wherever it starts and ends", () => {
  const memory = new Uint8Array(64).fill(CR);
  for (let start = 16; start < 32; start += 1) {
    for (let end = start; end < 48; end += 1) {
      memory.fill(CR).fill(0x61, start, end);
      expect(valueEnd(memory, start, end)).toBe(end);
      expect(valueEnd(memory, start, 64)).toBe(end);
      // As part of a larger piece of memory.
      expect(valueEnd(memory.subarray(3), start - 3, 61)).toBe(end - 3);
    }
  }
});

test("memory too large to be held is scanned, too", () => {
  const bytes = new Uint8Array(VIEWED_BYTES_MAX + 1).fill(0x61);
  bytes[100] = CR;
  expect(valueEnd(bytes, 0, bytes.length)).toBe(100);
  bytes[90] = 0x7f;
  expect(valueEnd(bytes, 3, bytes.length)).toBe(90);
  expect(valueEnd(bytes, 3, 80)).toBe(80);
});
