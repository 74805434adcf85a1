// From readings of a server's memory to what one connection takes, as a table and judged by the
// bars. Pure functions.
import { median } from "./statistics.mjs";
import { formatCount, formatTable } from "./tables.mjs";

/**
 * @typedef {object} Reading
 * @property {number} rss bytes
 * @property {number} [heapUsed] after a collection; of servers in JavaScript only
 * @property {number} [external]
 *
 * @typedef {{ empty: Reading, idle: Reading, used: Reading } | { invalid: string }} Round
 *
 * @typedef {object} Point
 * @property {string} name of the contestant
 * @property {number} connections
 * @property {string | undefined} leftOut the reason why it was not measured
 * @property {Round[]} rounds
 */

const KINDS = ["heapUsed", "external", "rss"];

const COLUMNS = [
  { title: "contestant", align: "left" },
  ...["connections", "idle: heap B", "external", "RSS", "after a message: heap B", "external"].map(
    (title) => ({ title, align: "right" }),
  ),
  { title: "RSS", align: "right" },
];

/**
 * What one connection takes.
 *
 * @param {Reading} empty without connections
 * @param {Reading} full with them
 * @param {number} connections
 * @returns {Partial<Reading>} bytes, negative if the server shrank meanwhile
 */
export function perConnection(empty, full, connections) {
  const entries = KINDS.filter((kind) => empty[kind] !== undefined).map((kind) => [
    kind,
    (full[kind] - empty[kind]) / connections,
  ]);
  return Object.fromEntries(entries);
}

/**
 * @param {readonly Point[]} points
 * @returns {string} the table and what is not in it
 */
export function formatMemory(points) {
  const rows = points.filter(({ leftOut }) => leftOut === undefined).map(toRow);
  const notes = points.flatMap(({ name, connections, leftOut, rounds }) => {
    const where = `${name}, ${formatCount(connections)} connections`;
    if (leftOut !== undefined) return [`- Left out ${where}: ${leftOut}`];
    const reasons = rounds.flatMap((round) => ("invalid" in round ? [round.invalid] : []));
    return [...new Set(reasons)].map((reason) => `- INVALID ${where}: ${reason}`);
  });
  return [formatTable(COLUMNS, rows), ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

function toRow(point) {
  const count = formatCount(point.connections);
  const cells = ["idle", "used"].flatMap((state) =>
    KINDS.map((kind) => formatBytes(medianOf(point, state, kind))),
  );
  return [point.name, count, ...cells];
}

/** Below zero, where a megabyte of the heap went back to the system meanwhile, it is said so. */
function formatBytes(bytes) {
  return bytes === undefined ? "-" : formatCount(bytes);
}

/** @returns {number | undefined} of the valid rounds, per connection */
function medianOf({ connections, rounds }, state, kind) {
  const values = rounds.flatMap((round) => {
    if ("invalid" in round) return [];
    const value = perConnection(round.empty, round[state], connections)[kind];
    return value === undefined ? [] : [value];
  });
  return values.length === 0 ? undefined : median(values);
}

/**
 * Judges one bar by the heap and what it holds outside (heapUsed + external).
 *
 * @param {import("./bars.mjs").MemoryBar} bar
 * @param {readonly Point[]} points
 * @returns {string} one line
 */
export function judgeMemory({ contestant, connections, state, bytesMax }, points) {
  const what = state === "idle" ? "idle connection" : "connection after a message";
  const rule = `${contestant} <= ${formatCount(bytesMax)} B of heap per ${what}`;
  const where = `${rule} (${formatCount(connections)})`;
  const point = points.find((p) => p.name === contestant && p.connections === connections);
  const heap = point && medianOf(point, state, "heapUsed");
  if (heap === undefined) return `bar not judged: ${where}: no figure`;
  const bytes = heap + medianOf(point, state, "external");
  return `bar ${bytes <= bytesMax ? "met" : "not met"}: ${where}: ${formatCount(bytes)} B`;
}
