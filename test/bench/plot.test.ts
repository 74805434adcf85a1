import { describe, expect, it } from "vitest";
import { lineChart, logTicks } from "../../bench/plot.mjs";

const chart = {
  title: "Cost < benefit & more",
  xLabel: "descriptors",
  yLabel: "µs",
  series: [
    { label: "epoll", style: 0, points: [[100, 4] as const, [1000, 4] as const] },
    { label: "poll", style: 1, points: [[100, 4] as const, [1000, 40] as const], isDashed: true },
  ],
};

/** The places of each line in the order of drawing; a line's sample in the legend follows later. */
function places(svg: string): number[][][] {
  return [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points]) =>
    (points as string).split(" ").map((point) => point.split(",").map(Number)),
  );
}

describe("lineChart()", () => {
  it("places equal values equally high and equal ratios equally far apart", () => {
    const series = [
      { label: "a", style: 0, points: [1, 10, 100, 1000].map((x) => [x, x] as const) },
    ];
    const [line = []] = places(lineChart({ ...chart, series }));
    const steps = line
      .slice(1)
      .map(([x = 0, y = 0], i) => [x - (line[i]?.[0] ?? 0), y - (line[i]?.[1] ?? 0)]);
    for (const [dx = 0, dy = 0] of steps) {
      expect(dx).toBeCloseTo(steps[0]?.[0] ?? 0, 0);
      expect(dy).toBeCloseTo(steps[0]?.[1] ?? 0, 0);
    }
    expect(steps[0]?.[0]).toBeGreaterThan(0);
    // SVG counts downwards: larger values stand higher.
    expect(steps[0]?.[1]).toBeLessThan(0);
    const [flat = []] = places(lineChart(chart));
    expect(flat[0]?.[1]).toBe(flat[1]?.[1]);
  });

  it("draws a marker for every point and a legend entry for every line", () => {
    const svg = lineChart(chart);
    expect(svg.match(/ scale\(/g)).toHaveLength(2 * 2 + 2 * 2);
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
    for (const text of ["epoll", "poll", "descriptors", "µs"]) expect(svg).toContain(`>${text}<`);
  });

  it("stands what never ends above the scale, and only there says so", () => {
    const series = [
      { label: "a", style: 0, points: [[1, 10] as const, [10, 1000] as const] },
      { label: "b", style: 1, points: [[1, 10] as const, [10, Infinity] as const] },
    ];
    const svg = lineChart({ ...chart, series });
    const [a = [], b = []] = places(svg);
    expect(b[1]?.[1]).toBeLessThan((a[1]?.[1] ?? 0) - 10);
    expect(svg).toContain(">never<");
    expect(lineChart(chart)).not.toContain(">never<");
  });

  it("draws the outline of a point with a reservation only", () => {
    const series = [
      { label: "a", style: 4, points: [[1, 1, true] as const, [2, 2, false] as const] },
    ];
    const svg = lineChart({ ...chart, series });
    expect(svg.match(/<path [^>]*fill="none"/g)).toHaveLength(1);
  });

  it("escapes what is written into it", () => {
    const svg = lineChart(chart);
    expect(svg).toContain("<title>Cost &lt; benefit &amp; more</title>");
    expect(svg).not.toContain("< benefit");
  });

  it("has no background and opens and closes its elements in pairs", () => {
    const svg = lineChart(chart);
    expect(svg).not.toMatch(/<rect|background/);
    for (const name of ["svg", "g", "text", "title"]) {
      const opened = svg.match(new RegExp(`<${name}[ >]`, "g"))?.length;
      expect([name, svg.match(new RegExp(`</${name}>`, "g"))?.length]).toEqual([name, opened]);
    }
  });

  it("refuses values that have no logarithm, and a chart without points", () => {
    const series = [{ label: "a", style: 0, points: [[0, 1] as const] }];
    expect(() => lineChart({ ...chart, series })).toThrow(RangeError);
    expect(() => lineChart({ ...chart, series: [] })).toThrow(RangeError);
  });
});

describe("logTicks()", () => {
  it.each([
    [
      [100, 8000],
      [100, 200, 500, 1000, 2000, 5000, 10_000],
    ],
    [
      [3.1, 41],
      [2, 5, 10, 20, 50],
    ],
    [
      [0.15, 0.2],
      [0.1, 0.2],
    ],
    [[7], [5, 10]],
    [[1], [1, 2]],
    [[1000], [1000, 2000]],
  ])("encloses %j by %j", (values, ticks) => {
    expect(logTicks(values)).toEqual(ticks);
  });
});
