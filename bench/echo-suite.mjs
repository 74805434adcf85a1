// `npm run bench -- echo`: its options, and the run from the first trial to the written files.
import { UsageError } from "./arguments.mjs";
import { echoBars } from "./bars.mjs";
import { canCompile, compile } from "./build.mjs";
import { echoContestants } from "./contestants.mjs";
import { runTrial } from "./echo.mjs";
import { choosePinning, describeMachine } from "./machine.mjs";
import { fileOptions, Output } from "./output.mjs";
import { formatBars, formatHead, formatTrial } from "./report.mjs";
import { echoTrials } from "./trials.mjs";

/** loadgen.h has bounds of its own, wider ones. */
export const echoSuite = {
  summary: "echo servers, by CPU time per message, one at a time on one core, the load on another",
  options: {
    trials: { kind: "names", allowed: echoTrials.map(({ name }) => name), help: "what is asked" },
    contestants: {
      kind: "names",
      allowed: echoContestants.map(({ name }) => name),
      help: "who takes part",
    },
    rounds: number(5, 1, 50, true, "rounds of each trial"),
    seconds: number(1.5, 0.05, 30, false, "measuring time of a round"),
    warmup: number(0.5, 0, 10, false, "seconds before it"),
    ...fileOptions,
  },
  run,
};

function number(fallback, min, max, isWhole, help) {
  return { kind: "number", fallback, min, max, isWhole, help };
}

/** @returns {Promise<boolean>} whether every round was valid */
async function run(options) {
  const possible = canCompile();
  if (possible !== true) throw new UsageError(`The bench cannot run here: ${possible}`);
  compile("loadgen.c");
  const contestants = echoContestants.filter(({ name }) => options.contestants.includes(name));
  const trials = echoTrials.filter(({ name }) => options.trials.includes(name));
  const machine = describeMachine();
  const pinning = choosePinning();
  const output = new Output();
  output.tell(formatHead(machine, pinning, options, contestants));
  const results = [];
  for (const trial of trials) {
    const setting = { ...options, pinning, progress: output.progress };
    const result = await runTrial(trial, contestants, setting);
    results.push(result);
    output.tell(formatTrial(result, contestants[0].name));
  }
  output.tell(formatBars(echoBars, results));
  const { suite, rounds, seconds, warmup } = options;
  output.write(options, { suite, rounds, seconds, warmup, machine, pinning, results });
  return !results.some(isInvalid);
}

function isInvalid({ entries }) {
  return entries.some(({ summary }) => summary.invalid.length > 0);
}
