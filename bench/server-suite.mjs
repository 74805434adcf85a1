// What the suites of servers have in common: options, and the run from the first trial to the written
// files. echo-suite.mjs and http-suite.mjs say whom they ask for what.
import { UsageError } from "./arguments.mjs";
import { canCompile, compile } from "./build.mjs";
import { choosePinning, describeMachine } from "./machine.mjs";
import { fileOptions, Output } from "./output.mjs";
import { formatBars, formatHead, formatTrial } from "./report.mjs";
import { areValid, roundOptions, runTrial } from "./rounds.mjs";

/**
 * @typedef {object} ServerSuite
 * @property {string} summary for --help
 * @property {readonly { name: string }[]} trials
 * @property {readonly import("./contestants.mjs").Contestant[]} contestants
 * @property {readonly object[]} bars
 * @property {import("./report.mjs").Words} words
 * @property {readonly string[]} [notes] lines of the report's head
 * @property {string} program the load generator's source
 * @property {(trial, server, options) => string[]} argumentsFor of the load generator
 */

/** @param {ServerSuite} suite */
export function serverSuite(suite) {
  const names = (list) => list.map(({ name }) => name);
  return {
    summary: suite.summary,
    options: {
      trials: { kind: "names", allowed: names(suite.trials), help: "what is asked" },
      contestants: { kind: "names", allowed: names(suite.contestants), help: "who takes part" },
      ...roundOptions,
      ...fileOptions,
    },
    run: (options) => run(suite, options),
  };
}

/** @returns {Promise<boolean>} whether every round was valid */
async function run({ trials, contestants, bars, words, notes, program, argumentsFor }, options) {
  const possible = canCompile();
  if (possible !== true) throw new UsageError(`The bench cannot run here: ${possible}`);
  const file = compile(program);
  const chosen = contestants.filter(({ name }) => options.contestants.includes(name));
  const machine = describeMachine();
  const pinning = choosePinning();
  const output = new Output();
  output.tell(formatHead(machine, pinning, options, chosen, words, notes));
  const generator = (trial, server) => ({ file, args: argumentsFor(trial, server, options) });
  const setting = { ...options, pinning, progress: output.progress, generator };
  const results = [];
  for (const trial of trials.filter(({ name }) => options.trials.includes(name))) {
    const result = await runTrial(trial, chosen, setting);
    results.push(result);
    output.tell(formatTrial(result, words));
  }
  output.tell(formatBars(bars, results));
  const { suite, rounds, seconds, warmup } = options;
  output.write(options, { suite, rounds, seconds, warmup, machine, pinning, results });
  return areValid(results);
}
