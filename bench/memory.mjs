// `npm run bench -- memory`: what a connection that does nothing takes in the server's memory. The
// servers are those of the benches echo and http; those in JavaScript are asked through a probe
// that collects the garbage first (servers/memory-probe.mjs). The connections' other ends are in
// this process.
import { readFileSync } from "node:fs";
import { memoryBars } from "./bars.mjs";
import { startServer } from "./children.mjs";
import { echoContestants } from "./contestants.mjs";
import { Crowd, echoExchange } from "./crowd.mjs";
import { httpContestants } from "./http-contestants.mjs";
import { httpRequests } from "./http-requests.mjs";
import { describeMachine } from "./machine.mjs";
import { formatMemory, judgeMemory } from "./memory-report.mjs";
import { fileOptions, Output } from "./output.mjs";
import { formatMachine } from "./report.mjs";

/** Opened, used and closed before the first reading, so that code and tables are there. */
const WARMUP_CONNECTIONS = 200;
/** Descriptors that both processes need besides the connections. */
const DESCRIPTORS_SPARE = 100;
/** The trial that a server which has several is started for. */
const GREETING = { kind: "greeting" };
const PROBE = new URL("servers/memory-probe.mjs", import.meta.url);

const NAMES = ["c-epoll", "c-libuv", "c-bufferevent", "reactor", "stream", "stream-iteration"];
const HTTP_NAMES = ["http", "node-http"];

/** The answer has its body last, and nothing else in it looks like that. */
const httpExchange = {
  message: httpRequests.minimal("/"),
  isAnswered: (answer) => answer.endsWith("\r\n\r\nHello, World!"),
};

const contestants = [
  ...choose(echoContestants, [...NAMES, "node-net"], echoExchange),
  ...choose(httpContestants, HTTP_NAMES, httpExchange),
];

function choose(those, names, exchange) {
  return those
    .filter(({ name }) => names.includes(name))
    .map((contestant) => ({ ...contestant, exchange }));
}

export const memorySuite = {
  summary: "memory that an idle connection takes in the server",
  options: {
    contestants: {
      kind: "names",
      allowed: contestants.map(({ name }) => name),
      help: "who takes part",
    },
    connections: {
      ...{ kind: "numbers", fallback: [1000, 8000], min: 1, max: 50_000, isWhole: true },
      help: "that are open",
    },
    rounds: {
      ...{ kind: "number", fallback: 1, min: 1, max: 20, isWhole: true },
      help: "rounds of each point, each a server of its own",
    },
    ...fileOptions,
  },
  run,
};

/** @returns {Promise<boolean>} whether every round was valid */
async function run(options) {
  const machine = describeMachine();
  const output = new Output();
  const those = contestants.filter(({ name }) => options.contestants.includes(name));
  output.tell(formatHead(machine, options, those));
  const points = [];
  for (const connections of options.connections) {
    for (const contestant of those) {
      const point = { name: contestant.name, connections, rounds: [] };
      points.push({ ...point, leftOut: reasonToLeaveOut(contestant, connections) });
    }
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const { name, connections, leftOut, rounds } of points) {
      if (leftOut !== undefined) continue;
      output.progress(`round ${round + 1} of ${options.rounds}: ${name}, ${connections}`);
      const contestant = those.find((one) => one.name === name);
      rounds.push(await runOnce(contestant, connections));
    }
  }
  output.tell(formatMemory(points));
  const verdicts = memoryBars.map((bar) => `- ${judgeMemory(bar, points)}`);
  output.tell(["## Bars", "", ...verdicts].join("\n"));
  output.write(options, { suite: options.suite, rounds: options.rounds, machine, points });
  return !points.some(({ rounds }) => rounds.some((round) => "invalid" in round));
}

function reasonToLeaveOut(contestant, connections) {
  const available = contestant.available();
  if (available !== true) return available;
  if (connections + DESCRIPTORS_SPARE <= descriptorsMax()) return undefined;
  return "more open files than RLIMIT_NOFILE allows (ulimit -Hn)";
}

/** The hard limit: node and the servers in C raise the soft one to it. */
function descriptorsMax() {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files +\S+ +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}

/** @returns {Promise<import("./memory-report.mjs").Round>} */
async function runOnce(contestant, connections) {
  let server;
  let crowd;
  try {
    server = await startServer(withProbe(contestant.command(GREETING)), contestant.portPattern);
    crowd = new Crowd(server.port, contestant.exchange);
    const read = createReader(server, contestant);
    await crowd.open(WARMUP_CONNECTIONS);
    await crowd.talk();
    await crowd.close();
    const empty = await read();
    await crowd.open(connections);
    const idle = await read();
    await crowd.talk();
    const used = await read();
    await crowd.close();
    const complaint = await server.stop();
    return complaint === undefined ? { empty, idle, used } : { invalid: complaint };
  } catch (error) {
    crowd?.destroy();
    await server?.stop();
    return { invalid: error.message };
  }
}

/** @param {import("./contestants.mjs").Command} command */
function withProbe({ file, args }) {
  if (file !== process.execPath) return { file, args };
  return { file, args: ["--expose-gc", "--import", PROBE.href, ...args] };
}

/** @returns {() => Promise<import("./memory-report.mjs").Reading>} */
function createReader({ pid, printed }, contestant) {
  if (contestant.command(GREETING).file !== process.execPath)
    return async () => ({ rss: readRss(pid) });
  let count = 0;
  return async () => {
    count += 1;
    process.kill(pid, "SIGUSR2");
    const [, json] = await printed(new RegExp(`^MEMORY ${count} (\\{.*\\})$`, "m"));
    const { rss, heapUsed, external } = JSON.parse(json);
    return { rss, heapUsed, external };
  };
}

/** @returns {number} bytes, from proc(5) */
function readRss(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}

function formatHead(machine, { suite, rounds, connections }, those) {
  return [
    `# Bench: ${suite}`,
    "",
    ...formatMachine(machine),
    `- Connections: ${connections.join(", ")}; rounds: ${rounds}, each point with a fresh server`,
    `- Bytes per connection: what the server has more than before, when ${WARMUP_CONNECTIONS} others`,
    "  had come and gone. Heap and external: process.memoryUsage() without garbage. RSS, in pages,",
    "  moves with the heap's own reserves too, but only there is what is outside the heap by malloc:",
    "  all of the servers in C, and node:net's handles. The kernel's part is in no column.",
    "- Idle: accepted, no message yet. After a message: each had 64 B echoed, or a GET answered.",
    "",
    ...those.map(({ name, label }) => `- ${name}: ${label}`),
  ].join("\n");
}
