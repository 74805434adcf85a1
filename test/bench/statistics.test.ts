import { describe, expect, it } from "vitest";
import { median, spread } from "../../bench/statistics.mjs";

describe("median()", () => {
  it("takes the middle of an odd number of values, in any order", () => {
    expect(median([9, 1, 10, 2, 3])).toBe(3);
  });

  it("takes the mean of the two middle values of an even number", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it("orders values as numbers, not as text", () => {
    expect(median([100, 9, 20])).toBe(20);
  });

  it("leaves its argument as it was", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it("refuses to answer without values", () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe("spread()", () => {
  it("is the range as a share of the median", () => {
    expect(spread([9, 10, 12])).toBeCloseTo(0.3);
  });

  it("is 0 for one value, for equal values and for zeros", () => {
    expect(spread([5])).toBe(0);
    expect(spread([5, 5])).toBe(0);
    expect(spread([0, 0])).toBe(0);
  });

  it("refuses to answer without values", () => {
    expect(() => spread([])).toThrow(RangeError);
  });
});
