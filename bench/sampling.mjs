// Samples of an operation's cost, taken inside a worker: warm-up, then batches long enough for
// the clock. The clock is the process's CPU time, for the operations never wait: what other
// processes do meanwhile is not counted. The collector's and the compiler's threads are.
import { cpuUsage } from "node:process";
import { median, percentile } from "./statistics.mjs";

/** The CPU clock counts microseconds: a batch of two milliseconds is off by a thousandth. */
const BATCH_MS = 2;
const SAMPLES_MIN = 5;

/**
 * The CPU time of this process, all its threads.
 *
 * @returns {number} ms
 */
export function cpuMs() {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

/**
 * Measures an operation in batches.
 *
 * @param {(times: number) => void} repeat runs the operation so many times
 * @param {{ warmupSeconds: number, seconds: number }} lengths of CPU time
 * @returns {number[]} ns for one time, a value for each batch; at least five
 */
export function sample(repeat, { warmupSeconds, seconds }) {
  const warmTimes = findBatch(repeat);
  const warmEnd = cpuMs() + warmupSeconds * 1000;
  while (cpuMs() < warmEnd) repeat(warmTimes);
  // Once more: what was compiled meanwhile takes less time.
  const times = findBatch(repeat);
  const samples = [];
  let start = cpuMs();
  for (const end = start + seconds * 1000; samples.length < SAMPLES_MIN || start < end; ) {
    repeat(times);
    const now = cpuMs();
    samples.push(((now - start) * 1e6) / times);
    start = now;
  }
  return samples;
}

/**
 * What a worker tells of its samples.
 *
 * @typedef {object} Figures
 * @property {number} median ns, like the others
 * @property {number} p5
 * @property {number} p95
 * @property {number} count
 *
 * @param {readonly number[]} samples at least one
 * @returns {Figures}
 */
export function toFigures(samples) {
  return {
    median: median(samples),
    p5: percentile(samples, 0.05),
    p95: percentile(samples, 0.95),
    count: samples.length,
  };
}

/** Twice as many times until a batch is long enough, three times in a row: one may be unlucky. */
function findBatch(repeat) {
  for (let times = 1; ; times *= 2) {
    const lengths = [0, 0, 0].map(() => {
      const start = cpuMs();
      repeat(times);
      return cpuMs() - start;
    });
    if (Math.min(...lengths) >= BATCH_MS) return times;
  }
}
