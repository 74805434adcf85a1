// The bars the project has set itself, as data, and how a result is judged by them. A bar
// compares two contestants of the same run, by CPU time per message or, for newcomers, by whom
// overtook them; figures of different runs are never compared. Memory is compared with a number.
import { formatFigure } from "./tables.mjs";

/**
 * @typedef {object} Bar
 * @property {string} contestant
 * @property {string} against
 * @property {string} trial
 * @property {number} [atMost] the allowed multiple of `against`
 * @property {number} [atLeast] the wanted multiple of `against`
 */

/** @type {readonly Bar[]} */
export const echoBars = [
  { contestant: "selector-epoll", against: "c-epoll", trial: "c64", atMost: 1.1 },
  { contestant: "selector-epoll", against: "c-epoll", trial: "c1000", atMost: 1.1 },
  { contestant: "node-net", against: "selector-epoll", trial: "c64", atLeast: 1.45 },
  { contestant: "reactor", against: "c-epoll", trial: "c64", atMost: 1.12 },
  { contestant: "stream", against: "c-epoll", trial: "c64", atMost: 1.15 },
  { contestant: "node-net", against: "stream", trial: "c1000", atLeast: 1.5 },
  { contestant: "node-net", against: "stream", trial: "16k", atLeast: 2 },
  { contestant: "node-net", against: "stream", trial: "bulk", atLeast: 2 },
];

/** @type {readonly Bar[]} */
export const httpBars = [
  { contestant: "http", against: "node-http", trial: "hello", atMost: 0.4 },
  { contestant: "http", against: "c-canned", trial: "pipelined", atMost: 5 },
];

/**
 * By the 99th percentile of the messages that overtook a newcomer: a count, which a busy machine
 * moves far less than it moves the times.
 *
 * @type {readonly Bar[]}
 */
export const newcomersBars = [
  { contestant: "reactor", against: "c-epoll", trial: "burst500", atMost: 3 },
  { contestant: "stream", against: "c-epoll", trial: "burst500", atMost: 3 },
  { contestant: "node-net", against: "stream", trial: "burst500", atLeast: 3 },
];

/**
 * @typedef {object} MemoryBar
 * @property {string} contestant
 * @property {number} connections that are open
 * @property {"idle" | "used"} state used: each had a message echoed
 * @property {number} bytesMax of heap and what it holds outside, per connection
 */

/** @type {readonly MemoryBar[]} */
export const memoryBars = [
  { contestant: "stream", connections: 8000, state: "idle", bytesMax: 1536 },
  { contestant: "stream", connections: 8000, state: "used", bytesMax: 1536 },
  { contestant: "http", connections: 8000, state: "idle", bytesMax: 2560 },
  { contestant: "http", connections: 8000, state: "used", bytesMax: 2560 },
];

/**
 * @typedef {object} MicroBar
 * @property {string} name of the case
 * @property {number} nsMax
 */

/** @type {readonly MicroBar[]} */
export const microBars = [
  { name: "http-minimal", nsMax: 150 },
  { name: "http-browser", nsMax: 1500 },
];

/**
 * Judges one bar. A verdict from a disturbed run says so: it is a reading, not a finding.
 *
 * @param {Bar} bar
 * @param {(trial: string, contestant: string) => Summary | undefined} find
 * @param {{ key: string, unit: string }} [figure] the one to compare
 * @returns {string} one line
 *
 * @typedef {Pick<import("./summary.mjs").Summary, "figures" | "disturbed" | "rounds">} Summary
 */
export function judge(bar, find, figure = { key: "cpuUs", unit: "µs" }) {
  const { contestant, against, trial } = bar;
  const wanted = bar.atMost === undefined ? `>= ${bar.atLeast}` : `<= ${bar.atMost}`;
  const rule = `${contestant} ${wanted} × ${against} (${trial})`;
  const summaries = [find(trial, contestant), find(trial, against)];
  const [own, other] = summaries.map((summary) => summary?.figures?.[figure.key]);
  if (own === undefined || other === undefined) {
    const missing = [own === undefined && contestant, other === undefined && against];
    return `bar not judged: ${rule}: no figure of ${missing.filter(Boolean).join(", ")}`;
  }
  const ratio = own / other;
  const isMet = ratio <= (bar.atMost ?? Infinity) && ratio >= (bar.atLeast ?? 0);
  const figures = `${formatFigure(own)} / ${formatFigure(other)} ${figure.unit}`;
  const isDisturbed = summaries.some(({ disturbed, rounds }) => disturbed * 2 > rounds);
  const doubt = isDisturbed ? "; most rounds were disturbed, measure again" : "";
  return `bar ${isMet ? "met" : "not met"}: ${rule}: ${ratio.toFixed(3)} (${figures})${doubt}`;
}
