// `npm run bench -- http`: its options, and the run from the first trial to the written files.
import { UsageError } from "./arguments.mjs";
import { httpBars } from "./bars.mjs";
import { canCompile, compile } from "./build.mjs";
import { httpContestants } from "./http-contestants.mjs";
import { httpRequests } from "./http-requests.mjs";
import { choosePinning, describeMachine } from "./machine.mjs";
import { fileOptions, Output } from "./output.mjs";
import { formatBars, formatHead, formatTrial } from "./report.mjs";
import { areValid, roundOptions, runTrial } from "./rounds.mjs";
import { httpTrials } from "./trials.mjs";

/** @type {import("./report.mjs").Words} */
const WORDS = { short: "req", done: "answered request" };

const NOTES = [
  "- A request counts when the status is 200, Content-Length right and the body of that length.",
  "  Of a body over 16 KiB the bytes are counted, not copied, or the generator would be the limit.",
  "- Date, limits and deadlines of every server are on; only c-canned has none of them.",
];

export const httpSuite = {
  summary: "HTTP servers, by CPU time per request, one at a time on one core, the load on another",
  options: {
    trials: { kind: "names", allowed: httpTrials.map(({ name }) => name), help: "what is asked" },
    contestants: {
      kind: "names",
      allowed: httpContestants.map(({ name }) => name),
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
  compile("httpload.c");
  const contestants = httpContestants.filter(({ name }) => options.contestants.includes(name));
  const trials = httpTrials.filter(({ name }) => options.trials.includes(name));
  const machine = describeMachine();
  const pinning = choosePinning();
  const output = new Output();
  output.tell(formatHead(machine, pinning, options, contestants, WORDS, NOTES));
  const generator = (trial, server) => generatorCommand(trial, server, options);
  const setting = { ...options, pinning, progress: output.progress, generator };
  const results = [];
  for (const trial of trials) {
    const result = await runTrial(trial, contestants, setting);
    results.push(result);
    output.tell(formatTrial(result, WORDS));
  }
  output.tell(formatBars(httpBars, results));
  const { suite, rounds, seconds, warmup } = options;
  output.write(options, { suite, rounds, seconds, warmup, machine, pinning, results });
  return areValid(results);
}

function generatorCommand(trial, server, { warmup, seconds }) {
  const { connections, bodyBytes, depth, request, path } = trial;
  const numbers = [server.port, connections, bodyBytes, depth, warmup, seconds, server.pid];
  const args = ["127.0.0.1", ...numbers.map(String), httpRequests[request](path)];
  return { file: compile("httpload.c"), args };
}
