import { describe, expect, it } from "vitest";
import { formatCount, formatFigure, formatPercent, formatTable } from "../../bench/tables.mjs";

describe("formatTable()", () => {
  it("aligns columns and writes Markdown rules", () => {
    const text = formatTable(
      [
        { title: "name", align: "left" },
        { title: "µs", align: "right" },
      ],
      [
        ["a", "10.5"],
        ["longer", "3"],
      ],
    );
    expect(text.split("\n")).toEqual([
      "| name   |   µs |",
      "| ------ | ---: |",
      "| a      | 10.5 |",
      "| longer |    3 |",
    ]);
  });

  it("gives a table without rows its head", () => {
    expect(formatTable([{ title: "a", align: "left" }], [])).toBe("| a   |\n| --- |");
  });
});

describe("figures", () => {
  it("have about three significant digits", () => {
    expect([0.2312, 3.519, 41.04, 1638.2].map(formatFigure)).toEqual([
      "0.231",
      "3.52",
      "41.0",
      "1,638",
    ]);
  });

  it("set thousands apart in counts", () => {
    expect(formatCount(281_999.6)).toBe("282,000");
  });

  it("write shares as per cent", () => {
    expect(formatPercent(0.038)).toBe("3.8 %");
    expect(formatPercent(0.99)).toBe("99 %");
  });

  it("write what is not a number as a dash", () => {
    expect([formatFigure, formatCount, formatPercent].map((f) => f(Number.NaN))).toEqual([
      "-",
      "-",
      "-",
    ]);
  });
});
