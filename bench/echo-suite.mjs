// `npm run bench -- echo`: who takes part, what is asked, and how the load generator is called.
import { echoBars } from "./bars.mjs";
import { echoContestants } from "./contestants.mjs";
import { serverSuite } from "./server-suite.mjs";
import { echoTrials } from "./trials.mjs";

export const echoSuite = serverSuite({
  summary: "echo servers, by CPU time per message, one at a time on one core, the load on another",
  trials: echoTrials,
  contestants: echoContestants,
  bars: echoBars,
  words: { short: "msg", done: "echoed message" },
  program: "loadgen.c",
  argumentsFor({ connections, size, depth }, server, { warmup, seconds }) {
    const numbers = [server.port, connections, size, depth, warmup, seconds, server.pid];
    return ["127.0.0.1", ...numbers.map(String)];
  },
});
