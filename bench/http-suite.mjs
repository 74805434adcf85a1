// `npm run bench -- http`: who takes part, what is asked, and how the load generator is called.
import { httpBars } from "./bars.mjs";
import { httpContestants } from "./http-contestants.mjs";
import { httpRequests } from "./http-requests.mjs";
import { serverSuite } from "./server-suite.mjs";
import { httpTrials } from "./trials.mjs";

export const httpSuite = serverSuite({
  summary: "HTTP servers, by CPU time per request, one at a time on one core, the load on another",
  trials: httpTrials,
  contestants: httpContestants,
  bars: httpBars,
  words: { short: "req", done: "answered request" },
  notes: [
    "- A request counts when the status is 200, Content-Length right and the body of that length.",
    "  Of a body over 16 KiB the bytes are counted, not copied, or the generator would be the limit.",
    "- Date, limits and deadlines of every server are on; only c-canned has none of them.",
  ],
  program: "httpload.c",
  argumentsFor(trial, server, { warmup, seconds }) {
    const { connections, bodyBytes, depth, request, path } = trial;
    const numbers = [server.port, connections, bodyBytes, depth, warmup, seconds, server.pid];
    return ["127.0.0.1", ...numbers.map(String), httpRequests[request](path)];
  },
});
