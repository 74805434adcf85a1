import { describe, expect, it } from "vitest";
import {
  formatDispatch,
  formatLeftOut,
  type Point,
  toChart,
} from "../../bench/dispatch-report.mjs";
import { formatMicro } from "../../bench/micro.mjs";
import { sample, toFigures } from "../../bench/sampling.mjs";

const figures = (median: number) => ({ median, p5: median / 2, p95: median * 2, count: 9 });

const points: Point[] = [
  { backend: "select", descriptors: 100, active: 1, figures: figures(15_000) },
  { backend: "epoll", descriptors: 100, active: 1, figures: figures(4_000) },
  { backend: "select", descriptors: 1000, active: 1, leftOut: "it takes 1023" },
  { backend: "epoll", descriptors: 1000, active: 1, figures: figures(5_000) },
  { backend: "select", descriptors: 2000, active: 1, leftOut: "it takes 1023" },
  { backend: "epoll", descriptors: 2000, active: 1, invalid: "gone" },
  { backend: "epoll", descriptors: 100, active: 100, figures: figures(2_000) },
];

describe("formatDispatch()", () => {
  it("has a row for each number of descriptors, in µs, and a dash where nothing was measured", () => {
    expect(formatDispatch(points, 1, ["select", "epoll"]).split("\n")).toEqual([
      "## 1 active, µs per event",
      "",
      "| descriptors |      select |       epoll |",
      "| ----------: | ----------: | ----------: |",
      "|         100 | 15.0 (30.0) | 4.00 (8.00) |",
      "|       1,000 |           - | 5.00 (10.0) |",
      "|       2,000 |           - |     invalid |",
    ]);
  });
});

describe("formatLeftOut()", () => {
  it("tells what is missing, once for each reason", () => {
    expect(formatLeftOut(points, ["kqueue"]).split("\n").slice(2)).toEqual([
      "- kqueue: not on this system",
      "- select: it takes 1023: 1,000, 2,000 descriptors",
      "- epoll: INVALID, gone: 2,000 descriptors",
    ]);
  });

  it("says so when nothing is", () => {
    expect(formatLeftOut(points.slice(0, 2), [])).toBe("## Left out\n\nNothing.");
  });
});

describe("toChart()", () => {
  it("has a line for each backend and level, dashed beyond the first level", () => {
    const series = toChart(points)?.series ?? [];
    expect(series.map(({ label, isDashed, points }) => [label, isDashed, points])).toEqual([
      ["select, 1 active", false, [[100, 15]]],
      [
        "epoll, 1 active",
        false,
        [
          [100, 4],
          [1000, 5],
        ],
      ],
      ["epoll, 100 active", true, [[100, 2]]],
    ]);
    expect(series[1]?.style).toBe(series[2]?.style);
    expect(series[0]?.style).not.toBe(series[1]?.style);
  });

  it("is none without figures", () => {
    expect(toChart(points.filter((point) => point.figures === undefined))).toBe(undefined);
  });
});

describe("formatMicro()", () => {
  it("lists what was measured and notes what was not", () => {
    const text = formatMicro([
      { name: "now", unit: "call", figures: figures(50) },
      { name: "far", unit: "call", leftOut: "not on this system" },
      { name: "bad", unit: "call", invalid: "gone" },
    ]);
    expect(text.split("\n").slice(2)).toEqual([
      "| now  | 50.0 | 25.0 | 100 | call    |",
      "",
      "- Left out far: not on this system",
      "- INVALID bad: gone",
    ]);
  });
});

describe("sample()", () => {
  it("repeats in batches of one size and tells at least five", () => {
    const batches: number[] = [];
    const samples = sample(
      (times) => {
        batches.push(times);
        const end = performance.now() + times / 100;
        while (performance.now() < end);
      },
      { warmupSeconds: 0, seconds: 0 },
    );
    expect(samples).toHaveLength(5);
    expect(new Set(batches.slice(-5)).size).toBe(1);
    for (const ns of samples) expect(ns).toBeGreaterThan(0);
    expect(toFigures(samples)).toMatchObject({ count: 5 });
  });
});
