/**
 * Ranges of a file of 1000 bytes as a table, with what nginx answers where the RFC leaves it
 * open.
 */
import { describe, expect, test } from "vitest";
import { multipartBody } from "../../../src/demos/http/multipart.js";
import { contentRange, parseRanges, RANGES_MAX } from "../../../src/demos/http/ranges.js";

const SIZE = 1000;
/** As text, for a table that can be read. */
function show(value: string, size = SIZE): string {
  const ranges = parseRanges(value, size);
  if (ranges === undefined) return "whole";
  if (ranges.length === 0) return "416";
  return ranges.map((range) => contentRange(range, size).slice("bytes ".length)).join(" ");
}

describe("a Range field", () => {
  test.each([
    ["bytes=0-8", "0-8/1000"],
    ["bytes=0-0", "0-0/1000"],
    ["bytes=999-999", "999-999/1000"],
    ["bytes=990-", "990-999/1000"],
    ["bytes=0-", "0-999/1000"],
    ["bytes=-10", "990-999/1000"],
    ["bytes=-1000", "0-999/1000"],
    ["bytes=-1001", "0-999/1000"],
    ["bytes=990-1000", "990-999/1000"],
    ["bytes=990-99999999999999999999999999", "990-999/1000"],
    ["bytes=-99999999999999999999999999", "0-999/1000"],
    ["bytes=0000000000000000000000-0000000000000000000008", "0-8/1000"],
    ["BYTES=0-8", "0-8/1000"],
    ["bytes= 0-8 ", "0-8/1000"],
    ["bytes=,0-8,,", "0-8/1000"],
  ])("%s is one range: %s", (value, ranges) => {
    expect(show(value)).toBe(ranges);
  });

  test.each([
    ["bytes=0-10,990-", "0-10/1000 990-999/1000"],
    ["bytes=0-10 ,\t-10", "0-10/1000 990-999/1000"],
    ["bytes=990-,0-10", "990-999/1000 0-10/1000"],
    ["bytes=0-10,2000-", "0-10/1000"],
    ["bytes=0-10,-0", "0-10/1000"],
    ["bytes=0-499,500-", "0-499/1000 500-999/1000"],
  ])("%s is several: %s", (value, ranges) => {
    expect(show(value)).toBe(ranges);
  });

  test.each([
    "bytes=1000-",
    "bytes=1000-1001",
    "bytes=99999999999999999999999999-",
    "bytes=-0",
    "bytes=2000-,3000-",
  ])("%s cannot be satisfied: 416", (value) => {
    expect(show(value)).toBe("416");
  });

  test.each([
    "bytes=",
    "bytes=,",
    "bytes=-",
    "bytes=x-8",
    "bytes=0-8x",
    "bytes=0",
    "bytes=0--8",
    "bytes=+0-8",
    "bytes=0.5-8",
    "bytes=0 - 8",
    "bytes=8-0",
    "bytes=0-8;9",
    "bytes=0-8,x",
  ])("%s is not written as it should be: 416", (value) => {
    expect(show(value)).toBe("416");
  });

  test.each(["", "bytes", "bytes 0-8", "items=0-8", "none", "=0-8", "bytesx=0-8"])(
    "%j has no unit we know: the whole file",
    (value) => {
      expect(show(value)).toBe("whole");
    },
  );

  test(`of more than ${RANGES_MAX} ranges: the whole file`, () => {
    const list = (count: number): string =>
      `bytes=${Array.from({ length: count }, (_, n) => `${2 * n}-${2 * n}`).join()}`;
    expect(parseRanges(list(RANGES_MAX), SIZE)).toHaveLength(RANGES_MAX);
    expect(show(list(RANGES_MAX + 1))).toBe("whole");
  });

  test.each(["bytes=0-,0-", "bytes=0-599,400-", "bytes=-999,-2"])(
    "%s overlaps into more bytes than there are: the whole file",
    (value) => {
      expect(show(value)).toBe("whole");
    },
  );

  test.each([
    ["bytes=0-", "416"],
    ["bytes=0-0", "416"],
    ["bytes=-0", "416"],
    ["bytes=-5", "whole"],
  ])("%s of an empty file: %s", (value, expected) => {
    expect(show(value, 0)).toBe(expected);
  });
});

test("Content-Range of a 416 says the size", () => {
  expect(contentRange(undefined, SIZE)).toBe("bytes */1000");
});

test("a multipart body is as long as it says, and ends with its boundary", () => {
  const ranges = parseRanges("bytes=0-1,-3", 10) ?? [];
  const body = multipartBody(ranges, { size: 10, contentType: "text/plain" }, "XYZ");
  const file = "0123456789";
  const text =
    body.parts
      .map(({ head, range }) => head + file.slice(range.offset, range.offset + range.length))
      .join("") + body.tail;
  expect(text.split("\r\n")).toEqual([
    "",
    "--XYZ",
    "Content-Type: text/plain",
    "Content-Range: bytes 0-1/10",
    "",
    "01",
    "--XYZ",
    "Content-Type: text/plain",
    "Content-Range: bytes 7-9/10",
    "",
    "789",
    "--XYZ--",
    "",
  ]);
  expect(body.contentLength).toBe(text.length);
  expect(body.contentType).toBe("multipart/byteranges; boundary=XYZ");
});
