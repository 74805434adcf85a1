// `npm run bench -- echo`: the entry. It reads the command line, runs the trials, prints each
// table when it is complete, and exits with 1 for a wrong command line or an invalid round.
import { statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArguments, UsageError } from "./arguments.mjs";
import { echoBars } from "./bars.mjs";
import { canCompile, compile } from "./build.mjs";
import { killChildrenOnExit } from "./children.mjs";
import { echoContestants } from "./contestants.mjs";
import { runTrial } from "./echo.mjs";
import { choosePinning, describeMachine } from "./machine.mjs";
import { formatBars, formatHead, formatTrial } from "./report.mjs";
import { echoTrials } from "./trials.mjs";

const known = {
  suites: ["echo"],
  trials: echoTrials.map(({ name }) => name),
  contestants: echoContestants.map(({ name }) => name),
};

const HELP = `Usage: npm run bench -- echo [options]

Measures echo servers on this machine by CPU time per message, one server at a time on one core,
the load generator on another.

  --trials a,b        ${known.trials.join(", ")} (default: all)
  --contestants a,b   ${known.contestants.join(", ")} (default: all)
  --rounds n          rounds of each trial, 1 to 50 (default 5)
  --seconds n         measuring time of a round, 0.05 to 30 (default 1.5)
  --warmup n          seconds before it, 0 to 10 (default 0.5)
  --json file         writes every round's figures
  --markdown file     writes the report
  --help              shows this text`;

async function main() {
  const options = parseArguments(process.argv.slice(2), known);
  if (options === "help") return console.log(HELP);
  for (const file of [options.json, options.markdown]) checkWritable(file);
  const possible = canCompile();
  if (possible !== true) throw new UsageError(`The bench cannot run here: ${possible}`);
  killChildrenOnExit();
  compile("loadgen.c");
  await runEcho(options);
}

/** Before minutes of work, not after them. */
function checkWritable(file) {
  if (file === undefined) return;
  if (!statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`Cannot write "${file}": its directory does not exist`);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`Cannot write "${file}": it is a directory`);
  }
}

async function runEcho(options) {
  const contestants = echoContestants.filter(({ name }) => options.contestants.includes(name));
  const trials = echoTrials.filter(({ name }) => options.trials.includes(name));
  const machine = describeMachine();
  const pinning = choosePinning();
  const report = [];
  const tell = (text) => {
    report.push(text);
    console.log(`${text}\n`);
  };
  tell(formatHead(machine, pinning, options, contestants));
  const results = [];
  for (const trial of trials) {
    const result = await runTrial(trial, contestants, { ...options, pinning, progress });
    results.push(result);
    tell(formatTrial(result, contestants[0].name));
  }
  tell(formatBars(echoBars, results));
  if (options.markdown) writeFileSync(options.markdown, `${report.join("\n\n")}\n`);
  if (options.json) writeFileSync(options.json, toJson({ machine, pinning, options, results }));
  process.exitCode = results.some(isInvalid) ? 1 : 0;
}

/** On a terminal one line that rewrites itself; nothing where the output is kept. */
function progress(line) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}\r`);
}

function isInvalid({ entries }) {
  return entries.some(({ summary }) => summary.invalid.length > 0);
}

function toJson({ machine, pinning, options, results }) {
  const { suite, rounds, seconds, warmup } = options;
  const date = new Date().toISOString();
  const content = { date, suite, rounds, seconds, warmup, machine, pinning, results };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\nTry: npm run bench -- --help`);
  process.exitCode = 1;
}
