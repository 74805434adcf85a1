/** The conditions as a table: RFC 9110 §13.1 and the order of §13.2.2, with what nginx answers. */
import { describe, expect, test } from "vitest";
import { checkConditions, isRangeWanted } from "../../../src/demos/http/conditions.js";
import { formatHttpDate } from "../../../src/demos/http/http-date.js";

const FILE = { etag: '"a-1"', modified: 784_111_777 };
const SAME = formatHttpDate(FILE.modified);
const EARLIER = formatHttpDate(FILE.modified - 1);
const LATER = formatHttpDate(FILE.modified + 1);

type Fields = Readonly<Record<string, string>>;
const reader = (fields: Fields) => new Map(Object.entries(fields));

describe("the conditions of a request", () => {
  test.each<[200 | 304 | 412, Fields]>([
    [200, {}],

    [304, { "if-none-match": '"a-1"' }],
    [304, { "if-none-match": 'W/"a-1"' }],
    [304, { "if-none-match": "*" }],
    [304, { "if-none-match": '"b", "a-1"' }],
    [304, { "if-none-match": '"b" ,\t"a,2", W/"a-1"' }],
    [304, { "if-none-match": ', "b", , "a-1",' }],
    [200, { "if-none-match": '"b"' }],
    [200, { "if-none-match": '"A-1"' }],
    [200, { "if-none-match": "a-1" }],
    [200, { "if-none-match": 'w/"a-1"' }],
    [200, { "if-none-match": '"b"a-1"' }],
    [200, { "if-none-match": '"b" "a-1"' }],
    [200, { "if-none-match": "" }],

    [304, { "if-modified-since": SAME }],
    [304, { "if-modified-since": LATER }],
    [200, { "if-modified-since": EARLIER }],
    [200, { "if-modified-since": "yesterday" }],
    [200, { "if-modified-since": `${SAME}, ${SAME}` }],

    [200, { "if-none-match": '"b"', "if-modified-since": LATER }],
    [304, { "if-none-match": '"a-1"', "if-modified-since": EARLIER }],

    [200, { "if-match": '"a-1"' }],
    [200, { "if-match": "*" }],
    [200, { "if-match": '"b", "a-1"' }],
    [412, { "if-match": '"b"' }],
    [412, { "if-match": 'W/"a-1"' }],
    [412, { "if-match": "a-1" }],
    [412, { "if-match": "" }],

    [200, { "if-unmodified-since": SAME }],
    [200, { "if-unmodified-since": LATER }],
    [412, { "if-unmodified-since": EARLIER }],
    [200, { "if-unmodified-since": "tomorrow" }],
    [200, { "if-match": '"a-1"', "if-unmodified-since": EARLIER }],
    [412, { "if-match": '"b"', "if-unmodified-since": LATER }],

    [412, { "if-match": '"b"', "if-none-match": '"a-1"' }],
    [304, { "if-match": '"a-1"', "if-none-match": '"a-1"' }],
    [412, { "if-unmodified-since": EARLIER, "if-modified-since": SAME }],
    [304, { "if-unmodified-since": SAME, "if-modified-since": SAME }],
  ])("%i: %j", (status, fields) => {
    expect(checkConditions(reader(fields), FILE)).toBe(status);
  });

  test("take no time worth speaking of, whatever the list", () => {
    const started = performance.now();
    for (const list of [
      '"'.repeat(16_000),
      " \t".repeat(8000),
      ",".repeat(16_000),
      '"a",'.repeat(4000),
    ]) {
      expect(checkConditions(reader({ "if-none-match": list }), FILE)).toBe(200);
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("If-Range", () => {
  test.each<[boolean, Fields]>([
    [true, {}],
    [true, { "if-range": '"a-1"' }],
    [true, { "if-range": SAME }],
    [false, { "if-range": 'W/"a-1"' }],
    [false, { "if-range": '"b"' }],
    [false, { "if-range": '"a-1", "b"' }],
    [false, { "if-range": "*" }],
    [false, { "if-range": EARLIER }],
    [false, { "if-range": LATER }],
    [false, { "if-range": "" }],
    [false, { "if-range": "a-1" }],
  ])("%s: %j", (isWanted, fields) => {
    expect(isRangeWanted(reader(fields), FILE)).toBe(isWanted);
  });
});
