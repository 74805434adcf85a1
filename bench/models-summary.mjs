// From the lines of modelload.c to a model's row: who was served, what that took, and how large the
// server was. An invalid round never enters a median. Pure functions.
import { median } from "./statistics.mjs";
import { summarize, toRound } from "./summary.mjs";

/** Of the connections that may wait for ever and the 99th percentile still be a time. */
const WAITING_SHARE_MAX = 0.01;

/**
 * @typedef {object} Fates of the connections, at the end of a round
 * @property {number} served had an answer, and were not lost
 * @property {number} waiting never had one
 * @property {number} refused were closed before they had one
 * @property {number} lost were closed after it
 *
 * @typedef {Fates & { refusal: string, threads: number, idleThreads: number, mib: number,
 *   kibPerConnection: number }} Extent
 *
 * @typedef {import("./summary.mjs").Round & { extent?: Extent }} ModelRound
 */

/**
 * Reads the generator's line. A server that answered nobody is a finding, not a mistake.
 *
 * @param {string} stdout
 * @param {string} how the generator ended, for the case that it printed nothing
 * @returns {ModelRound}
 */
export function toModelRound(stdout, how) {
  const round = toRound(stdout, how);
  let result;
  try {
    result = JSON.parse(stdout);
  } catch {
    return round;
  }
  if (result.errors > 0) return round;
  const extent = toExtent(result);
  // "No message came back", but nobody was to be served.
  return "invalid" in round ? { extent } : { ...round, extent };
}

function toExtent(result) {
  const { served, waiting, refused, lost, refusal, idle, open } = result;
  const grown = (open.ownBytes - idle.ownBytes) / 1024;
  return {
    ...{ served, waiting, refused, lost, refusal },
    threads: open.threads,
    idleThreads: idle.threads,
    mib: open.ownBytes / 2 ** 20,
    // Who was refused takes nothing.
    kibPerConnection: grown / Math.max(1, served + waiting + lost),
  };
}

/**
 * @param {readonly ModelRound[]} rounds
 * @returns {import("./summary.mjs").Summary & { extent?: Extent }} medians; the refusal is the first
 *   one's
 */
export function summarizeModel(rounds) {
  const summary = summarize(rounds);
  const extents = rounds.flatMap(({ extent }) => (extent === undefined ? [] : [extent]));
  if (extents.length === 0) return summary;
  const names = Object.keys(extents[0]).filter((name) => name !== "refusal");
  const medians = names.map((name) => [name, median(extents.map((extent) => extent[name]))]);
  const refusal = extents.find((extent) => extent.refusal !== "")?.refusal ?? "";
  return { ...summary, extent: { ...Object.fromEntries(medians), refusal } };
}

/**
 * The 99th percentile as the clients have it. That of the answers alone would praise a server for
 * those it never answers: if more than one in a hundred waits for ever, so does the 99th.
 *
 * @param {{ extent: Extent, figures?: { p99Us: number } }} summary
 * @returns {number} µs, or Infinity
 */
export function p99Us({ extent, figures }) {
  const { served, waiting } = extent;
  if (figures === undefined || waiting > WAITING_SHARE_MAX * (served + waiting)) return Infinity;
  return figures.p99Us;
}
