// `npm run bench -- newcomers`: how long those wait who connect while others keep the server busy.
// newcomers.c is both, the busy and the new; a server that accepts one connection in a turn of its
// loop lets them wait for as many turns as there are of them.
import { UsageError } from "./arguments.mjs";
import { newcomersBars } from "./bars.mjs";
import { canCompile, compile } from "./build.mjs";
import { runToEnd, startServer } from "./children.mjs";
import { echoContestants } from "./contestants.mjs";
import { choosePinning, describeMachine, pin } from "./machine.mjs";
import { formatNewcomers, formatNewcomersBars, toNewcomersRound } from "./newcomers-report.mjs";
import { fileOptions, Output } from "./output.mjs";
import { formatMachine } from "./report.mjs";
import { newcomersTrials } from "./trials.mjs";

/** More than newcomers.h allows for a run. */
const GENERATOR_TIMEOUT_MS = 60_000;

const NAMES = ["c-epoll", "c-libuv", "selector-epoll", "reactor", "stream", "node-net"];
const contestants = echoContestants.filter(({ name }) => NAMES.includes(name));

export const newcomersSuite = {
  summary: "how long new connections wait for their first echo at a busy server",
  options: {
    trials: {
      kind: "names",
      allowed: newcomersTrials.map(({ name }) => name),
      help: "what is asked",
    },
    contestants: {
      kind: "names",
      allowed: contestants.map(({ name }) => name),
      help: "who takes part",
    },
    rounds: {
      ...{ kind: "number", fallback: 3, min: 1, max: 20, isWhole: true },
      help: "rounds of each trial",
    },
    bursts: {
      ...{ kind: "number", fallback: 1, min: 0.01, max: 5, isWhole: false },
      help: "times the bursts of each trial",
    },
    ...fileOptions,
  },
  run,
};

/** @returns {Promise<boolean>} whether every round was valid */
async function run(options) {
  const possible = canCompile();
  if (possible !== true) throw new UsageError(`The bench cannot run here: ${possible}`);
  compile("newcomers.c");
  const machine = describeMachine();
  const pinning = choosePinning();
  const output = new Output();
  const those = contestants.filter(({ name }) => options.contestants.includes(name));
  output.tell(formatHead(machine, pinning, options, those));
  const results = [];
  for (const trial of newcomersTrials) {
    if (!options.trials.includes(trial.name)) continue;
    const setting = { ...options, pinning, progress: output.progress };
    const entries = await runTrial(trial, those, setting);
    results.push({ trial, entries });
    output.tell(formatNewcomers(trial, entries));
  }
  output.tell(formatNewcomersBars(newcomersBars, results));
  const { suite, rounds } = options;
  output.write(options, { suite, rounds, machine, pinning, results });
  return !results.some(({ entries }) =>
    entries.some(({ rounds }) => rounds.some((round) => "invalid" in round)),
  );
}

/** Everybody once in each round, and each round starts one further. */
async function runTrial(trial, those, setting) {
  const entries = those.map((contestant) => {
    const available = contestant.available();
    const skipped = available === true ? undefined : available;
    return { name: contestant.name, skipped, rounds: [], contestant };
  });
  const active = entries.filter(({ skipped }) => skipped === undefined);
  for (let round = 0; round < setting.rounds; round++) {
    for (let i = 0; i < active.length; i++) {
      const { name, rounds, contestant } = active[(i + round) % active.length];
      setting.progress(`${trial.name}: round ${round + 1} of ${setting.rounds}: ${name}`);
      rounds.push(await runOnce(contestant, trial, setting));
    }
  }
  return entries.map(({ name, skipped, rounds }) => ({ name, skipped, rounds }));
}

/** @returns {Promise<import("./newcomers-report.mjs").Round>} */
async function runOnce(contestant, trial, setting) {
  let server;
  try {
    const command = pin(contestant.command(), setting.pinning.server);
    server = await startServer(command, contestant.portPattern);
  } catch (error) {
    return { invalid: error.message };
  }
  const { busy, depth, burst } = trial;
  const bursts = Math.max(1, Math.round(trial.bursts * setting.bursts));
  const numbers = [server.port, busy, depth, burst, bursts, server.pid];
  const generator = {
    file: compile("newcomers.c"),
    args: ["127.0.0.1", ...numbers.map(String)],
  };
  const { stdout, how } = await runToEnd(
    pin(generator, setting.pinning.generator),
    GENERATOR_TIMEOUT_MS,
  );
  const round = toNewcomersRound(stdout, how);
  const complaint = await server.stop();
  if (complaint === undefined) return round;
  return { invalid: "invalid" in round ? `${round.invalid}; ${complaint}` : complaint };
}

function formatHead(machine, pinning, { suite, rounds }, those) {
  return [
    `# Bench: ${suite}`,
    "",
    ...formatMachine(machine),
    `- ${pinning.note}`,
    `- Rounds: ${rounds}, interleaved. Every figure is the median of the valid rounds, each column`,
    "  by itself; only the unanswered are added up.",
    "- A newcomer connects, sends 64 B, waits for the echo and leaves; its time runs from connect",
    "  to the end of the echo. Who has no answer after 5 s is given up, counted with that time.",
    "- Overtaken: messages of the busy connections that were echoed while a newcomer waited. A",
    "  busy machine moves it far less than the times.",
    "",
    ...those.map(({ name, label }) => `- ${name}: ${label}`),
  ].join("\n");
}
