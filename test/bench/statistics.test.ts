import { describe, expect, it } from "vitest";
import { median, percentile, spread } from "../../bench/statistics.mjs";

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

describe("percentile()", () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);

  it("is the value that so large a share does not exceed", () => {
    expect([0, 0.05, 0.5, 0.95, 1].map((share) => percentile(values, share))).toEqual([
      1, 5, 50, 95, 100,
    ]);
  });

  it("takes a value that is there, however few", () => {
    expect([0, 0.5, 0.51, 1].map((share) => percentile([7, 3], share))).toEqual([3, 3, 7, 7]);
    expect(percentile([7], 0.95)).toBe(7);
  });

  it("refuses to answer without values", () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });
});
