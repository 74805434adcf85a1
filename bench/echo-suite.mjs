// `npm run bench -- echo`: its options, and the run from the first trial to the written files.
import { UsageError } from "./arguments.mjs";
import { echoBars } from "./bars.mjs";
import { canCompile, compile } from "./build.mjs";
import { echoContestants } from "./contestants.mjs";
import { choosePinning, describeMachine } from "./machine.mjs";
import { fileOptions, Output } from "./output.mjs";
import { formatBars, formatHead, formatTrial } from "./report.mjs";
import { areValid, roundOptions, runTrial } from "./rounds.mjs";
import { echoTrials } from "./trials.mjs";

/** @type {import("./report.mjs").Words} */
const WORDS = { short: "msg", done: "echoed message" };

export const echoSuite = {
  summary: "echo servers, by CPU time per message, one at a time on one core, the load on another",
  options: {
    trials: { kind: "names", allowed: echoTrials.map(({ name }) => name), help: "what is asked" },
    contestants: {
      kind: "names",
      allowed: echoContestants.map(({ name }) => name),
      help: "who takes part",
    },
    ...roundOptions,
    ...fileOptions,
  },
  run,
};

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
  output.tell(formatHead(machine, pinning, options, contestants, WORDS));
  const generator = (trial, server) => generatorCommand(trial, server, options);
  const setting = { ...options, pinning, progress: output.progress, generator };
  const results = [];
  for (const trial of trials) {
    const result = await runTrial(trial, contestants, setting);
    results.push(result);
    output.tell(formatTrial(result, WORDS));
  }
  output.tell(formatBars(echoBars, results));
  const { suite, rounds, seconds, warmup } = options;
  output.write(options, { suite, rounds, seconds, warmup, machine, pinning, results });
  return areValid(results);
}

function generatorCommand(trial, server, { warmup, seconds }) {
  const { connections, size, depth } = trial;
  const numbers = [server.port, connections, size, depth, warmup, seconds, server.pid];
  return { file: compile("loadgen.c"), args: ["127.0.0.1", ...numbers.map(String)] };
}
