import { describe, expect, test } from "vitest";
import { formatHttpDate, parseHttpDate } from "../../../src/demos/http/http-date.js";

/** The date of RFC 9110's examples. */
const SECONDS = 784_111_777;

describe("an HTTP date", () => {
  test.each([
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
  ])("is read in each of its three forms: %s", (text) => {
    expect(parseHttpDate(text)).toBe(SECONDS);
  });

  test("is written in the first form, which is read back", () => {
    expect(formatHttpDate(SECONDS)).toBe("Sun, 06 Nov 1994 08:49:37 GMT");
    for (const seconds of [0, 951_782_400, 4_102_444_799]) {
      expect(parseHttpDate(formatHttpDate(seconds))).toBe(seconds);
    }
  });

  test("may have a leap second", () => {
    expect(parseHttpDate("Sat, 31 Dec 2016 23:59:60 GMT")).toBe(Date.UTC(2017, 0, 1) / 1000);
  });

  test("with a year of two digits is within 50 years from now", () => {
    const now = new Date().getUTCFullYear();
    const read = (year: number): number => {
      const digits = String(year % 100).padStart(2, "0");
      const seconds = parseHttpDate(`Monday, 01-Jun-${digits} 00:00:00 GMT`) ?? Number.NaN;
      return new Date(seconds * 1000).getUTCFullYear();
    };
    for (const year of [now - 49, now, now + 1, now + 50]) expect(read(year)).toBe(year);
    expect(read(now + 51)).toBe(now - 49);
  });

  test.each([
    "",
    "0",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "sun, 06 nov 1994 08:49:37 gmt",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Thu, 30 Feb 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
  ])("is nothing else: %j", (text) => {
    expect(parseHttpDate(text)).toBeUndefined();
  });
});
