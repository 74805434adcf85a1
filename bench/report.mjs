// The report as Markdown: machine, a table for each trial, what was skipped, invalid or
// disturbed, and the bars. Pure functions from results to text.
import { judge } from "./bars.mjs";
import { formatCount, formatFigure, formatPercent, formatTable } from "./tables.mjs";

const left = (title) => ({ title, align: "left" });
const right = (title) => ({ title, align: "right" });

/**
 * @typedef {object} Words
 * @property {string} short what a figure is the cost of, as in "µs/msg"
 * @property {string} done the same in full, as in "per echoed message"
 */

/** The order of toRow's cells. @param {Words} words */
const columns = ({ short }) => [
  left("contestant"),
  right(`CPU µs/${short}`),
  right("user"),
  right("system"),
  right("spread"),
  right("ratio"),
  right(`${short}/s`),
  right("p50 µs"),
  right("p99"),
  right("p99.9"),
  right("server busy"),
  right("generator busy"),
  right("RSS MiB"),
  right("fairness"),
];

/**
 * @param {import("./machine.mjs").Machine} machine
 * @param {import("./machine.mjs").Pinning} pinning
 * @param {import("./arguments.mjs").BenchOptions} options
 * @param {readonly import("./contestants.mjs").Contestant[]} contestants
 * @param {Words} words
 * @param {readonly string[]} [notes] lines of the suite's own
 * @returns {string}
 */
export function formatHead(machine, pinning, options, contestants, words, notes = []) {
  const { rounds, seconds, warmup } = options;
  return [
    `# Bench: ${options.suite}`,
    "",
    ...formatMachine(machine),
    `- ${pinning.note}`,
    `- Rounds: ${rounds}, interleaved, each ${seconds} s after ${warmup} s of warm-up`,
    `- CPU µs/${words.short}: the server's user and system time, all its threads, per ${words.done}.`,
    "  Every figure is the median of the valid rounds, each column by itself.",
    `- Spread: (max - min) / median of CPU µs/${words.short}. Ratio: to the first row.`,
    "- Fairness: fewest / most of them on any connection, 1.00 is even.",
    ...notes,
    "",
    ...contestants.map(({ name, label }) => `- ${name}: ${label}`),
  ].join("\n");
}

/**
 * The two lines about the machine that every report has.
 *
 * @param {import("./machine.mjs").Machine} machine
 * @returns {string[]}
 */
export function formatMachine(machine) {
  const { cpu, cores, memoryGiB, kernel, node, congestionControl, load } = machine;
  return [
    `- Machine: ${cpu}, ${cores} cores, ${memoryGiB} GiB, load ${load.toFixed(2)} at the start`,
    `- System: ${kernel}, Node ${node}, TCP congestion control ${congestionControl}`,
  ];
}

/**
 * The head of a suite that runs one worker at a time.
 *
 * @param {import("./machine.mjs").Machine} machine
 * @param {number | undefined} core the workers are pinned to
 * @param {readonly string[]} argv the command line
 * @returns {string[]}
 */
export function formatWorkerHead(machine, core, argv) {
  const where = core === undefined ? "not pinned to a core" : `pinned to core ${core}`;
  return [
    `# Bench: ${argv[0]}`,
    "",
    `- Command: npm run bench -- ${argv.join(" ")}`,
    ...formatMachine(machine),
    `- Every figure comes from a process of its own, ${where}`,
  ];
}

/**
 * One trial's table and its notes.
 *
 * @param {import("./rounds.mjs").TrialResult} result
 * @param {Words} words
 * @returns {string}
 */
export function formatTrial({ trial, entries }, words) {
  const active = entries.filter(({ skipped }) => skipped === undefined);
  const rows = active.map((entry) => toRow(entry, active[0].summary.figures?.cpuUs));
  const notes = toNotes(entries);
  const heading = `## ${trial.title} (${trial.name})`;
  const table = rows.length > 0 ? formatTable(columns(words), rows) : "Nobody could take part.";
  return [heading, "", table, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

const CELLS = columns({ short: "", done: "" }).length;

function toRow({ name, summary }, base) {
  const { figures, invalid } = summary;
  if (figures === undefined) return [`${name} (invalid)`, ...Array(CELLS - 1).fill("-")];
  return [
    invalid.length > 0 ? `${name} (${invalid.length} invalid)` : name,
    formatFigure(figures.cpuUs),
    formatFigure(figures.userUs),
    formatFigure(figures.systemUs),
    summary.spread === undefined ? "-" : formatPercent(summary.spread),
    base === undefined ? "-" : (figures.cpuUs / base).toFixed(2),
    formatCount(figures.messagesPerSecond),
    formatFigure(figures.p50Us),
    formatFigure(figures.p99Us),
    formatFigure(figures.p999Us),
    formatPercent(figures.serverShare),
    formatPercent(figures.generatorShare),
    figures.rssMiB.toFixed(1),
    figures.fairness.toFixed(2),
  ];
}

/** Everything a reader must know before believing the table; nothing is left out silently. */
function toNotes(entries) {
  const skipped = new Map();
  for (const { name, skipped: reason } of entries) {
    if (reason !== undefined) skipped.set(reason, [...(skipped.get(reason) ?? []), name]);
  }
  const disturbed = entries.filter(({ summary }) => summary.disturbed > 0);
  return [
    ...entries.flatMap(toInvalidNotes),
    ...[...skipped].map(([reason, names]) => `- Skipped ${names.join(", ")}: ${reason}`),
    ...(disturbed.length > 0 ? [toDisturbedNote(disturbed)] : []),
  ];
}

function toInvalidNotes({ name, summary: { rounds, invalid } }) {
  return [...new Set(invalid)].map((reason) => {
    const times = invalid.filter((other) => other === reason).length;
    return `- INVALID ${name}, ${times} of ${rounds} rounds: ${reason}`;
  });
}

/**
 * @param {readonly { name: string, summary: import("./summary.mjs").Summary }[]} entries who had such
 *   rounds
 * @returns {string}
 */
export function toDisturbedNote(entries) {
  const parts = entries.map(({ name, summary: { disturbed, rounds, figures } }) => {
    const share = formatPercent(figures.disturbedPercent / 100);
    return `${name} ${disturbed} of ${rounds} (${share})`;
  });
  return `- Rounds disturbed by other work on the machine or its host (median, of a core): ${parts.join(", ")}`;
}

/**
 * @param {readonly import("./bars.mjs").Bar[]} bars
 * @param {readonly import("./rounds.mjs").TrialResult[]} results
 * @returns {string}
 */
export function formatBars(bars, results) {
  const find = (trial, contestant) =>
    results
      .find((result) => result.trial.name === trial)
      ?.entries.find(({ name }) => name === contestant)?.summary;
  return ["## Bars", "", ...bars.map((bar) => `- ${judge(bar, find)}`)].join("\n");
}
