// `npm run bench -- chat`: what it costs to tell a room. A thousand clients are in it (chatload.c), a
// few of them talk, and each line goes to all of the others. Every server is started once a round;
// the clients join, then come the trials, one after the other, over the same connections.
import { UsageError } from "./arguments.mjs";
import { canCompile, compile } from "./build.mjs";
import { chatContestants } from "./chat-contestants.mjs";
import { formatChat, formatChatHead, formatStalled, toChatRound } from "./chat-report.mjs";
import { runToEnd, startServer } from "./children.mjs";
import { choosePinning, describeMachine, pin } from "./machine.mjs";
import { fileOptions, Output } from "./output.mjs";
import { roundOptions } from "./rounds.mjs";

/** What the load may take beyond the measuring: chatload.h. */
const ENTERING_MS = 95_000;
const FINISHING_MS = 25_000;
/** A thousand connections end with a line to all the others each. */
const STOP_MS = 20_000;

export const chatSuite = {
  summary: "a room of a chat server: CPU time per delivered line, and how long the last one waits",
  options: {
    contestants: {
      kind: "names",
      allowed: chatContestants.map(({ name }) => name),
      help: "who takes part",
    },
    clients: {
      ...{ kind: "number", fallback: 1000, min: 4, max: 10_000, isWhole: true },
      help: "in the room",
    },
    senders: {
      ...{ kind: "numbers", fallback: [1, 10], min: 1, max: 1000, isWhole: true },
      help: "of them that talk",
    },
    ...roundOptions,
    rounds: { ...roundOptions.rounds, fallback: 3 },
    ...fileOptions,
  },
  run,
};

/** @returns {Promise<boolean>} whether every round was valid */
async function run(options) {
  const possible = canCompile();
  if (possible !== true) throw new UsageError(`The bench cannot run here: ${possible}`);
  const tooMany = options.senders.find((senders) => senders > options.clients - 2);
  if (tooMany !== undefined) {
    throw new UsageError(`Option --senders takes up to ${options.clients - 2} of the --clients`);
  }
  compile("chatload.c");
  const machine = describeMachine();
  const pinning = choosePinning();
  const output = new Output();
  const those = chatContestants.filter(({ name }) => options.contestants.includes(name));
  output.tell(formatChatHead(machine, pinning, options, those, process.argv.slice(2)));
  const entries = await runRounds(those, { ...options, pinning, progress: output.progress });
  for (const senders of options.senders) output.tell(formatChat(senders, entries));
  for (const senders of options.senders) output.tell(formatStalled(senders, entries));
  const { suite, rounds, seconds, warmup, clients } = options;
  const content = { suite, rounds, seconds, warmup, clients, machine, pinning };
  output.write(options, { ...content, entries });
  return !entries.some((entry) => entry.rounds.some((round) => "invalid" in round));
}

/** Everybody once in each round, and each round starts one further. */
async function runRounds(those, setting) {
  const entries = those.map((contestant) => {
    const available = contestant.available();
    const skipped = available === true ? undefined : available;
    return { name: contestant.name, skipped, rounds: [], contestant };
  });
  const active = entries.filter(({ skipped }) => skipped === undefined);
  for (let round = 0; round < setting.rounds; round++) {
    for (let i = 0; i < active.length; i++) {
      const { name, rounds, contestant } = active[(i + round) % active.length];
      setting.progress(`round ${round + 1} of ${setting.rounds}: ${name}`);
      rounds.push(await runOnce(contestant, setting));
    }
  }
  return entries.map(({ name, skipped, rounds }) => ({ name, skipped, rounds }));
}

/** @returns {Promise<import("./chat-report.mjs").Round>} */
async function runOnce(contestant, setting) {
  let server;
  try {
    const command = pin(contestant.command(), setting.pinning.server);
    server = await startServer(command, contestant.portPattern);
  } catch (error) {
    return { invalid: error.message };
  }
  const { senders, clients, warmup, seconds, pinning } = setting;
  const windows = [...senders, ...senders.map((number) => `${number}s`)];
  const args = [
    "127.0.0.1",
    server.port,
    contestant.protocol,
    clients,
    warmup,
    seconds,
    server.pid,
  ];
  const generator = { file: compile("chatload.c"), args: [...args, ...windows].map(String) };
  const { stdout, how } = await runToEnd(
    pin(generator, pinning.generator),
    ENTERING_MS + windows.length * ((warmup + seconds) * 1000 + FINISHING_MS),
  );
  const round = toChatRound(stdout, how);
  const complaint = await server.stop(STOP_MS);
  if (complaint === undefined) return round;
  return { invalid: "invalid" in round ? `${round.invalid}; ${complaint}` : complaint };
}
