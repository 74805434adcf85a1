// Servers in turn, for the benches echo, http and models: for each trial several rounds, in each round
// every contestant once, so that a slow minute of the machine falls on all of them alike.
import { runToEnd, startServer } from "./children.mjs";
import { pin } from "./machine.mjs";
import { summarize, toRound } from "./summary.mjs";

/** What the generator may take beyond its warm-up and window: 20 s greeting, 3 s drain. */
const GENERATOR_EXTRA_MS = 30_000;

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {string | undefined} skipped the reason why it did not take part
 * @property {import("./summary.mjs").Round[]} rounds
 * @property {import("./summary.mjs").Summary} summary
 *
 * @typedef {object} TrialResult
 * @property {import("./trials.mjs").Trial | import("./trials.mjs").HttpTrial} trial
 * @property {Entry[]} entries
 *
 * @typedef {object} Setting
 * @property {number} rounds
 * @property {number} seconds
 * @property {number} warmup
 * @property {import("./machine.mjs").Pinning} pinning
 * @property {(line: string) => void} progress
 * @property {(trial: object, server: import("./children.mjs").Server) =>
 *   import("./contestants.mjs").Command} generator the load for one server
 * @property {(stdout: string, how: string) => import("./summary.mjs").Round} [read] the generator's
 *   line, if it says more than usual
 * @property {(rounds: readonly import("./summary.mjs").Round[]) => object} [summarizeRounds]
 * @property {number} [extraMs] what the generator may take beyond its warm-up and window
 * @property {number} [stopMs] what a server may take to end
 */

/** What these suites let one choose; loadgen.h has bounds of its own, wider ones. */
export const roundOptions = {
  rounds: number(5, 1, 50, true, "rounds of each trial"),
  seconds: number(1.5, 0.05, 30, false, "measuring time of a round"),
  warmup: number(0.5, 0, 10, false, "seconds before it"),
};

function number(fallback, min, max, isWhole, help) {
  return { kind: "number", fallback, min, max, isWhole, help };
}

/**
 * Runs one trial with all contestants.
 *
 * @param {import("./trials.mjs").Trial} trial
 * @param {readonly import("./contestants.mjs").Contestant[]} contestants
 * @param {Setting} setting
 * @returns {Promise<TrialResult>}
 */
export async function runTrial(trial, contestants, setting) {
  const entries = contestants.map((contestant) => ({
    contestant,
    skipped: reasonToSkip(contestant, trial),
    rounds: [],
  }));
  const active = entries.filter((entry) => entry.skipped === undefined);
  for (let round = 0; round < setting.rounds; round++) {
    for (let i = 0; i < active.length; i++) {
      // Each round starts one further: nobody always runs after the same neighbour.
      const { contestant, rounds } = active[(i + round) % active.length];
      setting.progress(
        `${trial.name}: round ${round + 1} of ${setting.rounds}: ${contestant.name}`,
      );
      rounds.push(await runOnce(contestant, trial, setting));
    }
  }
  return {
    trial,
    entries: entries.map(({ contestant, skipped, rounds }) => ({
      name: contestant.name,
      skipped,
      rounds,
      summary: (setting.summarizeRounds ?? summarize)(rounds),
    })),
  };
}

/** @param {readonly TrialResult[]} results @returns {boolean} */
export function areValid(results) {
  return results.every(({ entries }) =>
    entries.every(({ summary }) => summary.invalid.length === 0),
  );
}

function reasonToSkip(contestant, trial) {
  const available = contestant.available();
  if (available !== true) return available;
  if (!(contestant.serves?.includes(trial.kind) ?? true)) return `it serves no ${trial.kind}`;
  if (trial.connections <= (contestant.connectionsMax ?? Infinity)) return undefined;
  return `it takes at most ${contestant.connectionsMax} connections`;
}

/** One server, one generator, one sample: a fresh process each time, so no run warms the next. */
async function runOnce(contestant, trial, setting) {
  let server;
  try {
    const command = pin(contestant.command(trial), setting.pinning.server);
    server = await startServer(command, contestant.portPattern);
  } catch (error) {
    return { invalid: error.message };
  }
  const { stdout, how } = await runToEnd(
    pin(setting.generator(trial, server), setting.pinning.generator),
    (setting.warmup + setting.seconds) * 1000 + (setting.extraMs ?? GENERATOR_EXTRA_MS),
  );
  const round = (setting.read ?? toRound)(stdout, how);
  const complaint = await server.stop(setting.stopMs);
  if (complaint === undefined) return round;
  return { invalid: "invalid" in round ? `${round.invalid}; ${complaint}` : complaint };
}
