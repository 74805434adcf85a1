// `npm run bench -- dispatch`: what an event costs while other descriptors are idle, for every
// backend of this library (libevent's dispatch bench; workers/dispatch.mjs measures one point).
// The backends take turns at each point, so that a slow minute of the machine falls on all alike.
import { writeFileSync } from "node:fs";
import { formatDispatch, formatLeftOut, toChart } from "./dispatch-report.mjs";
import { choosePinning, describeMachine } from "./machine.mjs";
import { fileOptions, Output } from "./output.mjs";
import { lineChart } from "./plot.mjs";
import { formatWorkerHead } from "./report.mjs";
import { askWorker, checkBuilt, LIBRARY } from "./worker.mjs";

/** poll(2) over thousands of descriptors: five rounds and a warm-up take their time. */
const WORKER_TIMEOUT_MS = 120_000;

/**
 * @typedef {object} Point
 * @property {string} backend
 * @property {number} descriptors that are registered
 * @property {number} active of them
 * @property {import("./sampling.mjs").Figures} [figures] of the rounds, per event
 * @property {number} [turns] of a round
 * @property {string} [leftOut] the reason why it was not measured
 * @property {string} [invalid] the reason why there is no figure
 */

export const dispatchSuite = {
  summary: "what an event costs beside idle descriptors, over every backend of the library",
  options: {
    backends: {
      kind: "names",
      allowed: ["select", "poll", "epoll", "kqueue"],
      help: "which, as far as they are present",
    },
    descriptors: {
      ...{ kind: "numbers", fallback: [100, 200, 400, 1000, 2000, 4000, 8000] },
      ...{ min: 1, max: 100_000, isWhole: true, help: "registered" },
    },
    active: {
      ...{ kind: "numbers", fallback: [1, 100], min: 1, max: 100_000, isWhole: true },
      help: "bytes on their way at a time",
    },
    writes: {
      ...{ kind: "number", fallback: 100, min: 1, max: 100_000, isWhole: true },
      help: "bytes sent on in a round",
    },
    seconds: {
      ...{ kind: "number", fallback: 0.5, min: 0.01, max: 30, isWhole: false },
      help: "of rounds for each point",
    },
    ...fileOptions,
    svg: { kind: "file", help: "writes the plot" },
  },
  run,
};

/** @returns {Promise<boolean>} whether every point that was measured has a figure */
async function run(options) {
  checkBuilt();
  const { supportedBackends } = await import(LIBRARY);
  const present = supportedBackends();
  const backends = options.backends.filter((backend) => present.includes(backend));
  const machine = describeMachine();
  const core = choosePinning().server;
  const output = new Output();
  output.tell(formatHead(machine, core, options));
  const points = [];
  for (const active of options.active) {
    for (const descriptors of options.descriptors) {
      for (const backend of backends) {
        output.progress(`${backend}: ${active} active of ${descriptors}`);
        points.push(await measure({ backend, descriptors, active }, options, core));
      }
    }
    output.tell(formatDispatch(points, active, backends));
  }
  const absent = options.backends.filter((backend) => !present.includes(backend));
  output.tell(formatLeftOut(points, absent));
  output.write(options, { suite: options.suite, machine, core, points });
  const chart = toChart(points);
  if (options.svg && chart !== undefined) writeFileSync(options.svg, lineChart(chart));
  return !points.some(({ invalid }) => invalid !== undefined);
}

/** @returns {Promise<Point>} */
async function measure(point, { writes, seconds }, core) {
  if (point.active > point.descriptors) {
    return { ...point, leftOut: `no ${point.active} that could be active` };
  }
  const request = { ...point, writes, seconds };
  const answer = await askWorker("dispatch.mjs", request, core, WORKER_TIMEOUT_MS);
  return { ...point, ...answer };
}

function formatHead(machine, core, { writes, seconds }) {
  return [
    ...formatWorkerHead(machine, core, process.argv.slice(2)),
    "- n socket pairs in a ring, all reading ends registered. A round puts a byte into each of the",
    `  active pairs; whoever is called reads it and sends one to the next, ${writes} times in all.`,
    "- Turns do not wait (dispatch(0)). Cells: µs of CPU time per event (its share of the turn, recv",
    "  and send), median and, in brackets, 95th percentile of the rounds that fit into",
    `  ${seconds} s after a warm-up, at least 5.`,
  ].join("\n");
}
