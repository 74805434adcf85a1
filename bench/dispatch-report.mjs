// The points of the dispatch bench as tables, as notes on what is missing, and as a chart. Pure
// functions.
import { formatCount, formatFigure, formatTable } from "./tables.mjs";

/** @typedef {import("./dispatch.mjs").Point} Point */

const STYLES = ["epoll", "poll", "select", "kqueue"];

/**
 * A table of one level of activity: a row for each number of descriptors.
 *
 * @param {readonly Point[]} points
 * @param {number} active
 * @param {readonly string[]} backends the columns
 * @returns {string}
 */
export function formatDispatch(points, active, backends) {
  const own = points.filter((point) => point.active === active);
  const counts = [...new Set(own.map(({ descriptors }) => descriptors))];
  const columns = ["descriptors", ...backends].map((title) => ({ title, align: "right" }));
  const rows = counts.map((descriptors) => [
    formatCount(descriptors),
    ...backends.map((backend) => {
      return toCell(own.find((p) => p.descriptors === descriptors && p.backend === backend));
    }),
  ]);
  return [`## ${formatCount(active)} active, µs per event`, "", formatTable(columns, rows)].join(
    "\n",
  );
}

function toCell(point) {
  if (point?.invalid !== undefined) return "invalid";
  if (point?.figures === undefined) return "-";
  const { median, p95 } = point.figures;
  return `${formatFigure(median / 1000)} (${formatFigure(p95 / 1000)})`;
}

/**
 * What is not in the tables and why: nothing is left out silently.
 *
 * @param {readonly Point[]} points
 * @param {readonly string[]} absent backends
 * @returns {string}
 */
export function formatLeftOut(points, absent) {
  const counts = new Map();
  for (const { backend, descriptors, leftOut, invalid } of points) {
    const reason = invalid === undefined ? leftOut : `INVALID, ${invalid}`;
    if (reason === undefined) continue;
    const key = `${backend}: ${reason}`;
    counts.set(key, (counts.get(key) ?? new Set()).add(formatCount(descriptors)));
  }
  const lines = [
    ...absent.map((backend) => `- ${backend}: not on this system`),
    ...[...counts].map(([key, those]) => `- ${key}: ${[...those].join(", ")} descriptors`),
  ];
  return ["## Left out", "", ...(lines.length > 0 ? lines : ["Nothing."])].join("\n");
}

/**
 * @param {readonly Point[]} points
 * @returns {import("./plot.mjs").Chart | undefined} undefined if no point has a figure
 */
export function toChart(points) {
  const measured = points.filter(({ figures }) => figures !== undefined);
  if (measured.length === 0) return undefined;
  const levels = [...new Set(measured.map(({ active }) => active))];
  const backends = [...new Set(measured.map(({ backend }) => backend))];
  const series = levels.flatMap((active, i) =>
    backends.map((backend) => ({
      label: `${backend}, ${formatCount(active)} active`,
      points: measured
        .filter((point) => point.active === active && point.backend === backend)
        .map(({ descriptors, figures }) => [descriptors, figures.median / 1000]),
      style: STYLES.indexOf(backend),
      isDashed: i > 0,
    })),
  );
  return {
    title: "Cost of an event beside idle descriptors",
    xLabel: "registered descriptors",
    yLabel: "µs of CPU time per event",
    series: series.filter((line) => line.points.length > 0),
  };
}
