// From the lines of chatload.c to the tables of the chat bench. An invalid round never enters a median,
// and its reason is told. Pure functions.
import { formatMachine } from "./report.mjs";
import { median } from "./statistics.mjs";
import { formatCount, formatFigure, formatPercent, formatTable } from "./tables.mjs";

/** Other work, or time taken by the host, beyond this share of a core marks a round. */
const DISTURBED_PERCENT = 5;

/**
 * @typedef {object} Window
 * @property {number} senders
 * @property {boolean} isStalled whether one client did not read
 * @property {number} waitingKib what the server's kernel kept for that one; -1: it was given up
 * @property {number} cpuUs of the server, per delivered line
 * @property {number} userShare of that
 * @property {number} linesPerSecond delivered
 * @property {number} linesPerReceipt of a client, so many as a server sends together, or more
 * @property {number} lastP50Ms from the sender's write to the last client's receipt
 * @property {number} lastP99Ms
 * @property {number} eachP50Ms to any client's receipt
 * @property {number} serverShare of a core
 * @property {number} generatorShare
 * @property {number} disturbedPercent
 *
 * @typedef {{ enteringSeconds: number, rssMiB: number, windows: Window[] } | { invalid: string }} Round
 *
 * @typedef {object} Entry
 * @property {string} name
 * @property {string | undefined} skipped the reason why it did not take part
 * @property {Round[]} rounds
 */

/**
 * Reads the generator's line.
 *
 * @param {string} stdout
 * @param {string} how the generator ended, for the case that it printed nothing
 * @returns {Round}
 */
export function toChatRound(stdout, how) {
  let result;
  try {
    result = JSON.parse(stdout);
  } catch {
    return { invalid: `The generator gave no result: ${how}` };
  }
  if (result.errors > 0) return { invalid: result.error };
  const { enteringSeconds, windows } = result;
  const rssMiB = windows[0].server.rssBytes / 2 ** 20;
  return { enteringSeconds, rssMiB, windows: windows.map(toWindow) };
}

function toWindow({ senders, stalled, stalledWaiting, delivered, receipts, seconds, ...rest }) {
  const { server, latencyUs, eachUs, generatorPercent, othersPercent, stolenPercent } = rest;
  const ticks = server.userTicks + server.systemTicks;
  return {
    senders,
    isStalled: stalled === 1,
    waitingKib: stalledWaiting < 0 ? -1 : stalledWaiting / 1024,
    cpuUs: server.cpuNs / 1000 / delivered,
    userShare: ticks === 0 ? 0 : server.userTicks / ticks,
    linesPerSecond: delivered / seconds,
    linesPerReceipt: delivered / receipts,
    lastP50Ms: latencyUs.p50 / 1000,
    lastP99Ms: latencyUs.p99 / 1000,
    eachP50Ms: eachUs.p50 / 1000,
    serverShare: server.cpuNs / 1e9 / seconds,
    generatorShare: generatorPercent / 100,
    disturbedPercent: othersPercent + stolenPercent,
  };
}

const left = (title) => ({ title, align: "left" });
const right = (title) => ({ title, align: "right" });

/** The order of toRow's cells. */
const COLUMNS = [
  left("contestant"),
  right("CPU µs/line"),
  right("user"),
  right("system"),
  right("ratio"),
  right("lines/s"),
  right("lines/recv"),
  right("last: p50 ms"),
  right("p99"),
  right("each: p50"),
  right("server busy"),
  right("generator busy"),
  right("all joined s"),
  right("RSS MiB"),
];

/**
 * @param {number} senders
 * @param {readonly Entry[]} entries
 * @returns {string} the table with everybody reading, and its notes
 */
export function formatChat(senders, entries) {
  const active = entries.filter(({ skipped }) => skipped === undefined);
  const base = figuresOf(active[0]?.rounds ?? [], senders, false)?.cpuUs;
  const rows = active.map((entry) => toRow(entry, senders, base));
  const notes = [...entries.flatMap(toNotes), ...toDisturbedNotes(active, senders)];
  const table = rows.length > 0 ? formatTable(COLUMNS, rows) : "Nobody could take part.";
  const heading = `## ${formatCount(senders)} ${senders === 1 ? "sender" : "senders"}`;
  return [heading, "", table, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

function toRow({ name, rounds }, senders, base) {
  const figures = figuresOf(rounds, senders, false);
  if (figures === undefined) return [`${name} (invalid)`, ...COLUMNS.slice(1).map(() => "-")];
  const missing = rounds.filter((round) => "invalid" in round).length;
  return [
    missing > 0 ? `${name} (${missing} invalid)` : name,
    formatFigure(figures.cpuUs),
    formatFigure(figures.cpuUs * figures.userShare),
    formatFigure(figures.cpuUs * (1 - figures.userShare)),
    base === undefined ? "-" : (figures.cpuUs / base).toFixed(2),
    formatCount(figures.linesPerSecond),
    formatFigure(figures.linesPerReceipt),
    ...[figures.lastP50Ms, figures.lastP99Ms, figures.eachP50Ms].map(formatFigure),
    formatPercent(figures.serverShare),
    formatPercent(figures.generatorShare),
    formatFigure(figures.enteringSeconds),
    figures.rssMiB.toFixed(1),
  ];
}

/** Medians of the valid rounds, each figure by itself; undefined if there are none. */
function figuresOf(rounds, senders, isStalled) {
  const windows = rounds.flatMap((round) => {
    if ("invalid" in round) return [];
    const { enteringSeconds, rssMiB } = round;
    const window = round.windows.find((w) => w.senders === senders && w.isStalled === isStalled);
    return window === undefined ? [] : [{ ...window, enteringSeconds, rssMiB }];
  });
  if (windows.length === 0) return undefined;
  const names = Object.keys(windows[0]).filter((name) => name !== "isStalled");
  return Object.fromEntries(names.map((name) => [name, median(windows.map((w) => w[name]))]));
}

const STALLED_COLUMNS = [
  left("contestant"),
  right("p50 ms"),
  right("with one stalled"),
  right("p99"),
  right("with one stalled"),
  right("CPU µs/line"),
  right("with one stalled"),
  right("kept for it"),
];

/**
 * @param {number} senders
 * @param {readonly Entry[]} entries
 * @returns {string} what it does to the others that one client does not read
 */
export function formatStalled(senders, entries) {
  const rows = entries.flatMap(({ name, rounds }) => {
    const all = figuresOf(rounds, senders, false);
    const some = figuresOf(rounds, senders, true);
    if (all === undefined || some === undefined) return [];
    const pairs = ["lastP50Ms", "lastP99Ms", "cpuUs"].flatMap((key) => [all[key], some[key]]);
    const kept = some.waitingKib < 0 ? "given up" : `${formatFigure(some.waitingKib)} KiB`;
    return [[name, ...pairs.map(formatFigure), kept]];
  });
  const heading = `## ${formatCount(senders)} ${senders === 1 ? "sender" : "senders"}, one client stalled`;
  return [heading, "", rows.length > 0 ? formatTable(STALLED_COLUMNS, rows) : "Nobody."].join("\n");
}

function toNotes({ name, skipped, rounds }) {
  if (skipped !== undefined) return [`- Skipped ${name}: ${skipped}`];
  const reasons = rounds.flatMap((round) => ("invalid" in round ? [round.invalid] : []));
  return [...new Set(reasons)].map((reason) => {
    const times = reasons.filter((other) => other === reason).length;
    return `- INVALID ${name}, ${times} of ${rounds.length} rounds: ${reason}`;
  });
}

function toDisturbedNotes(entries, senders) {
  const disturbed = entries.flatMap(({ name, rounds }) => {
    const figures = figuresOf(rounds, senders, false);
    if (figures === undefined || figures.disturbedPercent <= DISTURBED_PERCENT) return [];
    return [`${name} (${formatPercent(figures.disturbedPercent / 100)})`];
  });
  const what = "- Disturbed by other work on the machine or its host (median, of a core)";
  return disturbed.length > 0 ? [`${what}: ${disturbed.join(", ")}`] : [];
}

/**
 * @param {import("./machine.mjs").Machine} machine
 * @param {import("./machine.mjs").Pinning} pinning
 * @param {{ rounds: number, seconds: number, warmup: number, clients: number }} options
 * @param {readonly import("./chat-contestants.mjs").ChatContestant[]} those
 * @param {readonly string[]} argv the command line
 * @returns {string}
 */
export function formatChatHead(machine, pinning, options, those, argv) {
  const { rounds, seconds, warmup, clients } = options;
  return [
    "# Bench: chat",
    "",
    `- Command: npm run bench -- ${argv.join(" ")}`,
    ...formatMachine(machine),
    `- ${pinning.note}`,
    `- ${formatCount(clients)} clients in one room. Rounds: ${rounds}, interleaved, each with a fresh`,
    `  server that everybody joins, and ${seconds} s after ${warmup} s of warm-up for each trial.`,
    "- A sender says 64 characters, and the next when the last of the others has them. Every line that",
    "  comes is checked. CPU µs/line: the server's, per line that a client received.",
    "- Lines/recv: how many a client finds at a time, which is what a server sends together, or more.",
    "- Last: from the sender's write until the last client has the line; each: until any has it.",
    "- Stalled: one client has small buffers, is sent 170 KiB beforehand and reads nothing. Kept for it:",
    "  what waits in the server's kernel, by /proc/net/tcp; more waits in the server.",
    "",
    ...those.map(({ name, label }) => `- ${name}: ${label}`),
  ].join("\n");
}
