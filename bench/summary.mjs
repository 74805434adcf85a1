// From the generator's figures to a contestant's row: one sample a round, then medians. An
// invalid round never enters a median, and its reason is kept. Pure functions.
import { median, spread } from "./statistics.mjs";

/** Other work, or time taken by the host, beyond this share of a core marks a round. */
const DISTURBED_PERCENT = 5;

/**
 * @typedef {Record<(typeof FIGURES)[number], number>} Sample
 * @typedef {{ sample: Sample } | { invalid: string }} Round
 *
 * @typedef {object} Summary
 * @property {number} rounds
 * @property {string[]} invalid the reasons, one for each invalid round
 * @property {number} disturbed how many of the valid rounds were disturbed by other work
 * @property {Sample | undefined} figures the medians; undefined if no round was valid
 * @property {number | undefined} spread of the CPU time per message; one round has none
 */

const FIGURES = /** @type {const} */ ([
  "cpuUs",
  "userUs",
  "systemUs",
  "messagesPerSecond",
  "p50Us",
  "p99Us",
  "p999Us",
  "serverShare",
  "generatorShare",
  "rssMiB",
  "fairness",
  "disturbedPercent",
]);

/**
 * Reads the generator's line.
 *
 * @param {string} stdout
 * @param {string} how the generator ended, for the case that it printed nothing
 * @returns {Round}
 */
export function toRound(stdout, how) {
  let result;
  try {
    result = JSON.parse(stdout);
  } catch {
    return { invalid: `The generator gave no result: ${how}` };
  }
  if (result.errors > 0) return { invalid: result.error };
  if (result.messages === 0) return { invalid: "No message came back in the measuring window" };
  return { sample: toSample(result) };
}

function toSample(result) {
  const { messages, seconds, latencyUs, server, perConnection } = result;
  const cpuUs = server.cpuNs / 1000 / messages;
  // The ticks are too coarse to be a time of their own; they only divide the total.
  const ticks = server.userTicks + server.systemTicks;
  const userUs = ticks === 0 ? 0 : (cpuUs * server.userTicks) / ticks;
  return {
    cpuUs,
    userUs,
    systemUs: cpuUs - userUs,
    messagesPerSecond: messages / seconds,
    p50Us: latencyUs.p50,
    p99Us: latencyUs.p99,
    p999Us: latencyUs.p999,
    serverShare: server.cpuNs / 1e9 / seconds,
    generatorShare: result.generatorPercent / 100,
    rssMiB: server.rssBytes / 2 ** 20,
    fairness: perConnection.min / perConnection.max,
    disturbedPercent: result.othersPercent + result.stolenPercent,
  };
}

/**
 * @param {readonly Round[]} rounds
 * @returns {Summary}
 */
export function summarize(rounds) {
  const samples = rounds.flatMap((round) => ("sample" in round ? [round.sample] : []));
  const invalid = rounds.flatMap((round) => ("invalid" in round ? [round.invalid] : []));
  const column = (name) => samples.map((sample) => sample[name]);
  const hasFigures = samples.length > 0;
  return {
    rounds: rounds.length,
    invalid,
    disturbed: column("disturbedPercent").filter((percent) => percent > DISTURBED_PERCENT).length,
    figures: hasFigures
      ? Object.fromEntries(FIGURES.map((name) => [name, median(column(name))]))
      : undefined,
    spread: samples.length > 1 ? spread(column("cpuUs")) : undefined,
  };
}
