// `npm run bench -- models`: the echo demo in the server models of the field, each at a growing number
// of connections, as far as it can. The load is modelload.c, which counts who is refused or never
// answered where the other benches would call the round invalid.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "./arguments.mjs";
import { canCompile, compile } from "./build.mjs";
import { describeMachine } from "./machine.mjs";
import { formatModels, formatModelsHead, replaceFigures, toModelCharts } from "./models-report.mjs";
import { summarizeModel, toModelRound } from "./models-summary.mjs";
import { fileOptions, Output } from "./output.mjs";
import { lineChart } from "./plot.mjs";
import { areValid, roundOptions, runTrial } from "./rounds.mjs";
import { formatCount } from "./tables.mjs";

const DEMO = fileURLToPath(new URL("../dist/demos/cli.js", import.meta.url));
/** More than its default, to show what a hundred cost; a thousand would take ten gigabytes. */
const THREADS_MAX = 256;
/** Hundreds of threads end one after the other. */
const STOP_MS = 30_000;
/** They begin so as well: modelload.h has 10 s to settle, 120 s to open. */
const EXTRA_MS = 140_000;

/**
 * All on all cores: several threads on one would show nothing, and the load is beside them.
 *
 * @type {readonly import("./contestants.mjs").Contestant[]}
 */
const models = [
  model("thread-per-connection", `a thread with a blocking socket for each, up to ${THREADS_MAX}`, {
    more: ["--workers", String(THREADS_MAX)],
  }),
  model("thread-pool", "8 such threads, and a queue"),
  model("selector", "one thread, a selector loop"),
  model("reactor", "one thread, callbacks of a reactor"),
  model("stream", "the same with the library's buffered streams"),
  model("multi-reactor", "a reactor in each of several threads, the kernel hands out (reuse-port)"),
  model("multi-reactor-hand-out", "the same, where one thread accepts and hands out", {
    model: "multi-reactor",
    more: ["--accept", "hand-out"],
  }),
];

export const modelsSuite = {
  summary: "the echo demo's server models, from 1 connection to as many as each can serve",
  options: {
    models: { kind: "names", allowed: models.map(({ name }) => name), help: "which" },
    connections: {
      ...{ kind: "numbers", fallback: [1, 10, 100, 1000], min: 1, max: 10_000, isWhole: true },
      help: "clients that send",
    },
    ...roundOptions,
    rounds: { ...roundOptions.rounds, fallback: 3 },
    ...fileOptions,
    chapter: { kind: "file", help: "a page whose figures are replaced, the plots beside it" },
  },
  run,
};

/** @returns {Promise<boolean>} whether every round was valid */
async function run(options) {
  const possible = canCompile();
  if (possible !== true) throw new UsageError(`The bench cannot run here: ${possible}`);
  const chapter = options.chapter && readFileSync(options.chapter, "utf8");
  // Before minutes of work, not after them.
  if (chapter) replaceFigures(chapter, "");
  const file = compile("modelload.c");
  const those = models.filter(({ name }) => options.models.includes(name));
  const machine = describeMachine();
  const output = new Output();
  output.tell(formatModelsHead(machine, options, those, process.argv.slice(2)));
  const results = [];
  for (const connections of options.connections) {
    const trial = toTrial(connections);
    results.push(await runTrial(trial, those, toSetting(file, options, output)));
    output.tell(formatModels(results.at(-1)));
  }
  const { suite, rounds, seconds, warmup } = options;
  output.write(options, { suite, rounds, seconds, warmup, machine, results });
  if (chapter) writeChapter(options, chapter, output.text, results);
  return areValid(results);
}

function toTrial(connections) {
  const count = `${formatCount(connections)} connection${connections === 1 ? "" : "s"}`;
  return { name: `c${connections}`, title: count, connections };
}

/** @returns {import("./rounds.mjs").Setting} */
function toSetting(file, options, { progress }) {
  const { warmup, seconds } = options;
  return {
    ...options,
    pinning: { server: undefined, generator: undefined, note: "" },
    progress,
    generator({ connections }, { port, pid }) {
      const numbers = [port, connections, warmup, seconds, pid];
      return { file, args: ["127.0.0.1", ...numbers.map(String)] };
    },
    read: toModelRound,
    summarizeRounds: summarizeModel,
    extraMs: EXTRA_MS,
    stopMs: STOP_MS,
  };
}

function writeChapter({ chapter: file }, text, figures, results) {
  writeFileSync(file, replaceFigures(text, figures));
  for (const { name, chart } of toModelCharts(results)) {
    writeFileSync(join(dirname(file), `models-${name}.svg`), lineChart(chart));
  }
}

/**
 * @param {string} name
 * @param {string} label
 * @param {{ model?: string, more?: readonly string[] }} [command] its --model, if that is not the
 *   name, and further arguments
 * @returns {import("./contestants.mjs").Contestant}
 */
function model(name, label, { model: value = name, more = [] } = {}) {
  return {
    name,
    label,
    available: () => hasModel(value),
    command: () => ({
      file: process.execPath,
      args: [DEMO, "echo", "--port", "0", "--model", value, ...more],
    }),
    portPattern: /127\.0\.0\.1:(\d+)/,
  };
}

/** @type {string | undefined} */
let help;

/** @returns {true | string} or the reason why it cannot take part */
function hasModel(value) {
  if (!existsSync(DEMO)) return "the project is not built: run npm run build";
  help ??= spawnSync(process.execPath, [DEMO, "echo", "--help"], { encoding: "utf8" }).stdout;
  const section = /^ {2}--model (.*?)^ {2}--/ms.exec(help)?.[1] ?? "";
  const isListed = section.split(/[\s,]+/).includes(value);
  return isListed || "the echo demo that is built has no such model";
}
