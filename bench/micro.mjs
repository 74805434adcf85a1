// `npm run bench -- micro`: what single operations cost. micro-cases.mjs says which,
// workers/micro.mjs measures one of them.
import { microBars } from "./bars.mjs";
import { choosePinning, describeMachine } from "./machine.mjs";
import { microCases } from "./micro-cases.mjs";
import { fileOptions, Output } from "./output.mjs";
import { formatWorkerHead } from "./report.mjs";
import { formatFigure, formatTable } from "./tables.mjs";
import { askWorker, checkBuilt } from "./worker.mjs";

const WORKER_EXTRA_MS = 60_000;

export const microSuite = {
  summary: "what single operations cost: binding calls, turns, timers, byte queues, HTTP",
  options: {
    groups: {
      kind: "names",
      allowed: [...new Set(microCases.map(({ group }) => group))],
      help: "of cases",
    },
    seconds: {
      ...{ kind: "number", fallback: 0.5, min: 0.01, max: 30, isWhole: false },
      help: "measuring time of a case",
    },
    warmup: {
      ...{ kind: "number", fallback: 0.2, min: 0, max: 10, isWhole: false },
      help: "seconds before it",
    },
    ...fileOptions,
  },
  run,
};

/** @returns {Promise<boolean>} whether every case that was measured has a figure */
async function run(options) {
  checkBuilt();
  const machine = describeMachine();
  const core = choosePinning().server;
  const output = new Output();
  output.tell(formatHead(machine, core, options));
  const results = [];
  for (const { name, group, unit } of microCases) {
    if (!options.groups.includes(group)) continue;
    output.progress(name);
    const request = { name, warmupSeconds: options.warmup, seconds: options.seconds };
    const timeoutMs = (options.warmup + options.seconds) * 10_000 + WORKER_EXTRA_MS;
    results.push({
      name,
      group,
      unit,
      ...(await askWorker("micro.mjs", request, core, timeoutMs)),
    });
  }
  output.tell(formatMicro(results));
  output.tell(formatMicroBars(microBars, results));
  output.write(options, { suite: options.suite, machine, core, results });
  return !results.some(({ invalid }) => invalid !== undefined);
}

function formatHead(machine, core, { seconds, warmup }) {
  return [
    ...formatWorkerHead(machine, core, process.argv.slice(2)),
    `- ns of CPU time, all threads: batches of 2 ms and more for ${seconds} s, after ${warmup} s of`,
    "  warm-up. Median of the batches, and between which values 90 % of them lie.",
  ].join("\n");
}

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {string} unit
 * @property {import("./sampling.mjs").Figures} [figures]
 * @property {string} [leftOut] the reason why it was not measured
 * @property {string} [invalid] the reason why there is no figure
 *
 * @param {readonly Result[]} results
 * @returns {string} the table, and what is not in it
 */
export function formatMicro(results) {
  const columns = [
    { title: "case", align: "left" },
    { title: "ns", align: "right" },
    { title: "from", align: "right" },
    { title: "to", align: "right" },
    { title: "for one", align: "left" },
  ];
  const rows = results.flatMap(({ name, unit, figures }) => {
    if (figures === undefined) return [];
    const { median, p5, p95 } = figures;
    return [[name, ...[median, p5, p95].map(formatFigure), unit]];
  });
  const notes = results.flatMap(({ name, leftOut, invalid }) => {
    if (invalid !== undefined) return [`- INVALID ${name}: ${invalid}`];
    return leftOut === undefined ? [] : [`- Left out ${name}: ${leftOut}`];
  });
  return [formatTable(columns, rows), ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

/**
 * By the median. A case that was not asked for is not judged.
 *
 * @param {readonly import("./bars.mjs").MicroBar[]} bars
 * @param {readonly Result[]} results
 * @returns {string}
 */
export function formatMicroBars(bars, results) {
  const lines = bars.map(({ name, nsMax }) => {
    const rule = `${name} <= ${formatFigure(nsMax)} ns`;
    const { figures } = results.find((result) => result.name === name) ?? {};
    if (figures === undefined) return `- bar not judged: ${rule}: no figure`;
    const isMet = figures.median <= nsMax;
    return `- bar ${isMet ? "met" : "not met"}: ${rule}: ${formatFigure(figures.median)} ns`;
  });
  return ["## Bars", "", ...lines].join("\n");
}
