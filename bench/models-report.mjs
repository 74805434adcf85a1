// The models bench as Markdown and as charts. Pure functions.
import { p99Us } from "./models-summary.mjs";
import { formatMachine, toDisturbedNote } from "./report.mjs";
import { formatCount, formatFigure, formatPercent, formatTable } from "./tables.mjs";

const right = (title) => ({ title, align: "right" });

/** The order of toRow's cells. */
const COLUMNS = [
  { title: "model", align: "left" },
  right("served"),
  right("msg/s"),
  right("CPU µs/msg"),
  right("spread"),
  right("p50 µs"),
  right("p99"),
  right("threads"),
  right("memory MiB"),
  right("KiB/connection"),
  right("server busy"),
];

/**
 * @param {import("./machine.mjs").Machine} machine
 * @param {{ rounds: number, seconds: number, warmup: number }} options
 * @param {readonly import("./contestants.mjs").Contestant[]} those
 * @param {readonly string[]} argv the command line
 * @returns {string}
 */
export function formatModelsHead(machine, { rounds, seconds, warmup }, those, argv) {
  return [
    "# Bench: models",
    "",
    `- Command: npm run bench -- ${argv.join(" ")}`,
    ...formatMachine(machine),
    "- Not pinned: a server may use every core, and shares them with the load (modelload.c)",
    `- Rounds: ${rounds}, interleaved, each ${seconds} s after ${warmup} s of warm-up, each with a`,
    "  fresh server. Every figure is the median of the valid rounds, each column by itself.",
    "- Each client connects, keeps one message of 64 B in flight, and never leaves. Who has no answer",
    "  and no refusal when the server has been idle for 2 s is taken to wait for ever.",
    "- CPU µs/msg: user and system time of the server, all its threads, per echoed message.",
    "- p99: of the answers; never, if more than one client in a hundred waits for ever.",
    "- Threads and memory (RssAnon: heaps and stacks, not the text of node): with all clients",
    "  connected, one message each, before the load. KiB/connection: that memory without what the",
    "  idle server had, per client that is not refused; of 1 or 10 it is mostly what the first needs.",
    "",
    ...those.map(({ name, label }) => `- ${name}: ${label}`),
  ].join("\n");
}

/**
 * One trial's table and its notes.
 *
 * @param {import("./rounds.mjs").TrialResult} result with summaries of models-summary.mjs
 * @returns {string}
 */
export function formatModels({ trial, entries }) {
  const rows = entries.filter(({ skipped }) => skipped === undefined).map(toRow);
  const disturbed = entries.filter(({ summary }) => summary.disturbed > 0);
  const notes = [
    ...entries.flatMap(toNotes),
    ...(disturbed.length > 0 ? [toDisturbedNote(disturbed)] : []),
  ];
  const table = rows.length > 0 ? formatTable(COLUMNS, rows) : "Nobody could take part.";
  return [`## ${trial.title}`, "", table, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

function toRow({ name, summary }) {
  const { extent, figures, spread, invalid } = summary;
  if (extent === undefined) return [`${name} (invalid)`, ...COLUMNS.slice(1).map(() => "-")];
  const { served, waiting, refused, lost } = extent;
  const p99 = p99Us(summary);
  const figure = (key, format) => (figures === undefined ? "-" : format(figures[key]));
  return [
    invalid.length > 0 ? `${name} (${invalid.length} invalid)` : name,
    `${formatCount(served)} of ${formatCount(served + waiting + refused + lost)}`,
    figure("messagesPerSecond", formatCount),
    figure("cpuUs", formatFigure),
    spread === undefined ? "-" : formatPercent(spread),
    figure("p50Us", formatFigure),
    p99 === Infinity ? "never" : formatFigure(p99),
    formatCount(extent.threads),
    extent.mib.toFixed(1),
    formatKib(extent.kibPerConnection),
    figure("serverShare", formatPercent),
  ];
}

/** Below zero, where pages went back to the system meanwhile, it is nothing. */
function formatKib(kib) {
  return kib <= 0 ? "0" : formatFigure(kib);
}

/** Nobody who was turned away or left waiting is left out silently. */
function toNotes({ name, skipped, summary }) {
  if (skipped !== undefined) return [`- Skipped ${name}: ${skipped}`];
  const { extent, invalid, rounds } = summary;
  const reasons = [...new Set(invalid)].map((reason) => {
    const times = invalid.filter((other) => other === reason).length;
    return `- INVALID ${name}, ${times} of ${rounds} rounds: ${reason}`;
  });
  if (extent === undefined) return reasons;
  const { waiting, refused, lost, refusal } = extent;
  const said = refusal === "" ? "" : ` ("${refusal}")`;
  return [
    ...reasons,
    ...(waiting > 0 ? [`- ${name}: ${formatCount(waiting)} never had an answer`] : []),
    ...(refused > 0 ? [`- ${name}: ${formatCount(refused)} refused${said}`] : []),
    ...(lost > 0 ? [`- ${name}: ${formatCount(lost)} lost after their first answer${said}`] : []),
  ];
}

/** What stands between them in a page is the bench's. */
const BEGIN = "<!-- figures of npm run bench -- models: begin -->";
const END = "<!-- figures: end -->";

/**
 * @param {string} page
 * @param {string} figures the report; its headings go down a level
 * @returns {string} the page with these figures
 * @throws {RangeError} if it has no place for them
 */
export function replaceFigures(page, figures) {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new RangeError(`The page needs the lines ${BEGIN} and ${END}`);
  const lowered = figures.replaceAll(/^#/gm, "##");
  return `${page.slice(0, from)}${BEGIN}\n\n${lowered}\n\n${page.slice(to)}`;
}

const CHARTS = [
  ["served", "Clients that are served", "clients with an answer", ({ extent }) => extent.served],
  ["threads", "Threads of the server", "threads", ({ extent }) => extent.threads],
  ["memory", "Memory of the server", "MiB", ({ extent }) => extent.mib],
  ["cpu", "CPU time of a message", "µs of CPU time", ({ figures }) => figures?.cpuUs],
  ["rate", "Messages a second", "messages/s", ({ figures }) => figures?.messagesPerSecond],
  ["latency", "Waiting for an answer, 99th percentile", "ms", (all) => p99Us(all) / 1000],
];

/**
 * A hollow mark: not everybody was served, and the figure is of those who were.
 *
 * @param {readonly import("./rounds.mjs").TrialResult[]} results
 * @returns {{ name: string, chart: import("./plot.mjs").Chart }[]}
 */
export function toModelCharts(results) {
  const names = [...new Set(results.flatMap(({ entries }) => entries.map(({ name }) => name)))];
  return CHARTS.map(([name, title, yLabel, pick]) => {
    const series = names.map((label, style) => ({
      label,
      style: style % STYLE_COUNT,
      points: results.flatMap((result) => toPoint(result, label, pick)),
    }));
    const drawn = series.filter(({ points }) => points.length > 0);
    return { name, chart: { title, xLabel: "clients that are connected", yLabel, series: drawn } };
  }).filter(({ chart }) => chart.series.length > 0);
}

const STYLE_COUNT = 8;

function toPoint({ trial, entries }, name, pick) {
  const summary = entries.find((entry) => entry.name === name)?.summary;
  if (summary?.extent === undefined) return [];
  const y = pick(summary);
  const isPartial = summary.extent.served < trial.connections;
  // A logarithmic axis has no place for 0.
  return y > 0 ? [[trial.connections, y, isPartial]] : [];
}
