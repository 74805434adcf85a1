/** Lines out of bytes, however these are cut; what is no line; nothing that a peer sends throws. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  LINE,
  LINE_BAD_BYTE,
  LINE_BYTES_MAX,
  LINE_TOO_LONG,
  LineParser,
  NEED_DATA,
} from "../../../../src/protocols/lines/index.js";
import { ByteQueue } from "../../../../src/streams/index.js";

const EVENTS: Readonly<Record<number, string>> = {
  [LINE_TOO_LONG]: "too long",
  [LINE_BAD_BYTE]: "bad byte",
};

/** What comes of the pieces: lines in quotes, and events by name. */
function parse(pieces: readonly (string | Uint8Array)[], bytesMax?: number): string[] {
  const parser = new LineParser(bytesMax);
  const queue = new ByteQueue();
  const found: string[] = [];
  for (const piece of pieces) {
    const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
    queue.appendReference(bytes); // a chunk of its own
    for (let event = parser.next(queue); event !== NEED_DATA; event = parser.next(queue)) {
      found.push(event === LINE ? JSON.stringify(parser.line) : (EVENTS[event] ?? "?"));
    }
  }
  return found;
}

const CASES: readonly [name: string, input: string | Uint8Array, ...found: string[]][] = [
  ["CR LF", "one\r\ntwo\r\n", '"one"', '"two"'],
  ["LF alone", "one\ntwo\n", '"one"', '"two"'],
  ["both", "one\ntwo\r\nthree\n", '"one"', '"two"', '"three"'],
  ["empty lines", "\r\n\n\r\n", '""', '""', '""'],
  ["a rest is no line", "one\ntwo", '"one"'],
  ["spaces stay", " one \t\n", '" one \\t"'],
  ["UTF-8", "für 5 € 🙂\r\n", '"für 5 € 🙂"'],
  ["what is no UTF-8", Uint8Array.of(0x61, 0xff, 0xc3, 0x0a), '"a\ufffd\ufffd"'],
  ["an overlong encoding of LF", Uint8Array.of(0xc0, 0x8a, 0x0a), '"\ufffd\ufffd"'],
  ["NUL", "a\0b\nc\n", "bad byte", '"c"'],
  ["CR in a line", "a\rb\nc\n", "bad byte", '"c"'],
  ["two CR", "a\r\r\nc\n", "bad byte", '"c"'],
  ["as long as may be", "12345678\r\n12345678\n", '"12345678"', '"12345678"'],
  ["longer by one", "123456789\r\nc\r\n", "too long", '"c"'],
  ["longer by one, LF", "123456789\nc\n", "too long", '"c"'],
  ["much longer", `${"x".repeat(1000)}\r\nc\r\n`, "too long", '"c"'],
  ["too long, twice", `${"x".repeat(20)}\n${"y".repeat(20)}\nc\n`, "too long", "too long", '"c"'],
  ["too long, without an end", "x".repeat(50), "too long"],
  ["bytes count, not characters", "€€€\n€€\n", "too long", '"€€"'],
];

describe.each(CASES)("%s", (_name, input, ...found) => {
  const bytes = Buffer.from(input as Uint8Array);

  test("in one piece, byte by byte, and cut in two at every place", () => {
    const max = bytes.includes("fü") ? 100 : 8;
    expect(parse([bytes], max)).toEqual(found);
    expect(
      parse(
        [...bytes].map((byte) => Uint8Array.of(byte)),
        max,
      ),
    ).toEqual(found);
    for (let at = 1; at < bytes.length; at += 1) {
      expect(parse([bytes.subarray(0, at), bytes.subarray(at)], max), `cut at ${at}`).toEqual(
        found,
      );
    }
  });
});

test("a line that is too long is told at once, before its end has come, and once", () => {
  expect(parse(["x".repeat(9)], 8)).toEqual([]); // a CR may be the last of them
  expect(parse(["x".repeat(10)], 8)).toEqual(["too long"]);
  expect(parse(["x".repeat(10), "x".repeat(10), "x\n", "c\n"], 8)).toEqual(["too long", '"c"']);
});

test("nothing of a line that is too long is kept", () => {
  const parser = new LineParser(8);
  const queue = new ByteQueue();
  for (let i = 0; i < 100; i += 1) {
    queue.append("x".repeat(1000));
    parser.next(queue);
    expect(queue.length).toBe(0);
  }
});

test("the default limit", () => {
  expect(parse([`${"x".repeat(LINE_BYTES_MAX)}\r\n`])).toHaveLength(1);
  expect(parse([`${"x".repeat(LINE_BYTES_MAX + 1)}\r\n`])).toEqual(["too long"]);
});

test("a long line in single bytes costs one look at each", () => {
  const looks: number[] = [];
  class Counting extends ByteQueue {
    override indexOf(needle: number, from = 0, end = this.length): number {
      looks.push(end - from);
      return super.indexOf(needle, from, end);
    }
  }
  const queue = new Counting();
  const parser = new LineParser(1000);
  for (let i = 0; i < 1000; i += 1) {
    queue.append("x");
    expect(parser.next(queue)).toBe(NEED_DATA);
  }
  expect(looks.reduce((sum, n) => sum + n, 0)).toBe(1000);
});

test("between two lines somebody else may read", () => {
  const parser = new LineParser();
  const queue = new ByteQueue();
  queue.append("one\nraw bytes");
  expect([parser.next(queue), parser.line]).toEqual([LINE, "one"]);
  expect(parser.next(queue)).toBe(NEED_DATA);
  expect(String(queue.take())).toBe("raw bytes");
  queue.append("two\n");
  expect([parser.next(queue), parser.line]).toEqual([LINE, "two"]);
});

/** The same over all the bytes at once. */
function model(bytes: Buffer, max: number): string[] {
  const parts = bytes.toString("latin1").split("\n");
  const rest = parts.pop() ?? "";
  const found = parts.map((part) => {
    const line = Buffer.from(part.replace(/\r$/, ""), "latin1");
    if (line.length > max) return "too long";
    const text = line.toString("utf8");
    return /[\r\0]/.test(text) ? "bad byte" : JSON.stringify(text);
  });
  return rest.length >= max + 2 ? [...found, "too long"] : found;
}

test("at random: bytes of any kind, cut anywhere", () => {
  const byte = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(10, 13, 0, 0x61, 0xe2, 0x82, 0xac) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
  );
  const pieces = fc.array(fc.array(byte, { maxLength: 12 }), { maxLength: 20 });
  const property = fc.property(pieces, fc.integer({ min: 1, max: 12 }), (bytes, max) => {
    const parts = bytes.map((part) => Uint8Array.from(part));
    expect(parse(parts, max)).toEqual(model(Buffer.concat(parts), max));
  });
  fc.assert(property, { numRuns: 3000, seed: Date.now() });
});
