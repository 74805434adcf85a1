// From the lines of newcomers.c to the tables of the newcomers bench. An invalid round never enters
// a median, and its reason is told. Pure functions.
import { judge } from "./bars.mjs";
import { median } from "./statistics.mjs";
import { formatCount, formatFigure, formatPercent, formatTable } from "./tables.mjs";

/**
 * @typedef {object} Sample
 * @property {number} p50Ms from connect to the end of the first echo
 * @property {number} p90Ms
 * @property {number} p99Ms
 * @property {number} maxMs
 * @property {number} overtakenP50 messages of the busy connections echoed meanwhile
 * @property {number} overtakenP99
 * @property {number} unanswered newcomers that were given up
 * @property {number} busyPerSecond messages
 * @property {number} serverShare of a core
 * @property {number} generatorShare
 *
 * @typedef {{ sample: Sample } | { invalid: string }} Round
 *
 * @typedef {object} Entry
 * @property {string} name
 * @property {string | undefined} skipped the reason why it did not take part
 * @property {Round[]} rounds
 */

const right = (title) => ({ title, align: "right" });

/** The order of toRow's cells. */
const COLUMNS = [
  { title: "contestant", align: "left" },
  right("p50 ms"),
  right("p90"),
  right("p99"),
  right("max"),
  right("overtaken p50"),
  right("p99"),
  right("unanswered"),
  right("busy msg/s"),
  right("server busy"),
  right("generator busy"),
];

/**
 * Reads the generator's line.
 *
 * @param {string} stdout
 * @param {string} how the generator ended, for the case that it printed nothing
 * @returns {Round}
 */
export function toNewcomersRound(stdout, how) {
  let result;
  try {
    result = JSON.parse(stdout);
  } catch {
    return { invalid: `The generator gave no result: ${how}` };
  }
  if (result.errors > 0) return { invalid: result.error };
  const { latencyUs, overtaken, unanswered, busyMessages, seconds, serverNs } = result;
  return {
    sample: {
      p50Ms: latencyUs.p50 / 1000,
      p90Ms: latencyUs.p90 / 1000,
      p99Ms: latencyUs.p99 / 1000,
      maxMs: latencyUs.max / 1000,
      overtakenP50: overtaken.p50,
      overtakenP99: overtaken.p99,
      unanswered,
      busyPerSecond: busyMessages / seconds,
      serverShare: serverNs / 1e9 / seconds,
      generatorShare: result.generatorNs / 1e9 / seconds,
    },
  };
}

/**
 * One trial's table and its notes.
 *
 * @param {import("./trials.mjs").NewcomersTrial} trial
 * @param {readonly Entry[]} entries
 * @returns {string}
 */
export function formatNewcomers(trial, entries) {
  const rows = entries.filter(({ skipped }) => skipped === undefined).map(toRow);
  const notes = entries.flatMap(toNotes);
  const table = rows.length > 0 ? formatTable(COLUMNS, rows) : "Nobody could take part.";
  const heading = `## ${trial.title} (${trial.name})`;
  return [heading, "", table, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

/**
 * @param {readonly import("./bars.mjs").Bar[]} bars
 * @param {readonly { trial: { name: string }, entries: readonly Entry[] }[]} results
 * @returns {string}
 */
export function formatNewcomersBars(bars, results) {
  const find = (trial, contestant) => {
    const entries = results.find((result) => result.trial.name === trial)?.entries;
    const samples = samplesOf(entries?.find(({ name }) => name === contestant)?.rounds ?? []);
    if (samples.length === 0) return undefined;
    const overtaken = median(samples.map(({ overtakenP99 }) => overtakenP99));
    return { figures: { overtaken }, disturbed: 0, rounds: samples.length };
  };
  const figure = { key: "overtaken", unit: "messages" };
  return ["## Bars", "", ...bars.map((bar) => `- ${judge(bar, find, figure)}`)].join("\n");
}

function samplesOf(rounds) {
  return rounds.flatMap((round) => ("sample" in round ? [round.sample] : []));
}

function toRow({ name, rounds }) {
  const samples = samplesOf(rounds);
  if (samples.length === 0) return [`${name} (invalid)`, ...COLUMNS.slice(1).map(() => "-")];
  const middle = (key) => median(samples.map((sample) => sample[key]));
  const missing = rounds.length - samples.length;
  return [
    missing > 0 ? `${name} (${missing} invalid)` : name,
    ...["p50Ms", "p90Ms", "p99Ms", "maxMs"].map((key) => formatFigure(middle(key))),
    formatCount(middle("overtakenP50")),
    formatCount(middle("overtakenP99")),
    // Not a median: nobody who waited in vain is left out.
    formatCount(samples.reduce((sum, { unanswered }) => sum + unanswered, 0)),
    formatCount(middle("busyPerSecond")),
    formatPercent(middle("serverShare")),
    formatPercent(middle("generatorShare")),
  ];
}

function toNotes({ name, skipped, rounds }) {
  if (skipped !== undefined) return [`- Skipped ${name}: ${skipped}`];
  const reasons = rounds.flatMap((round) => ("invalid" in round ? [round.invalid] : []));
  return [...new Set(reasons)].map((reason) => {
    const times = reasons.filter((other) => other === reason).length;
    return `- INVALID ${name}, ${times} of ${rounds.length} rounds: ${reason}`;
  });
}
