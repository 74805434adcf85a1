// The bars the project has set itself, as data, and how a result is judged by them. A bar
// compares two contestants of the same run, by CPU time per message; figures of different runs
// are never compared.
import { formatFigure } from "./tables.mjs";

/**
 * @typedef {object} Bar
 * @property {string} contestant
 * @property {string} against
 * @property {string} trial
 * @property {number} [atMost] the allowed multiple of `against`
 * @property {number} [atLeast] the wanted multiple of `against`
 */

/** @type {readonly Bar[]} */
export const echoBars = [
  { contestant: "selector-epoll", against: "c-epoll", trial: "c64", atMost: 1.1 },
  { contestant: "selector-epoll", against: "c-epoll", trial: "c1000", atMost: 1.1 },
  { contestant: "node-net", against: "selector-epoll", trial: "c64", atLeast: 1.45 },
];

/**
 * Judges one bar.
 *
 * @param {Bar} bar
 * @param {(trial: string, contestant: string) => number | undefined} cpuUs the median CPU
 *   microseconds per message, undefined if there is no valid figure
 * @returns {string} one line
 */
export function judge(bar, cpuUs) {
  const { contestant, against, trial } = bar;
  const wanted = bar.atMost === undefined ? `>= ${bar.atLeast}` : `<= ${bar.atMost}`;
  const rule = `${contestant} ${wanted} × ${against} (${trial})`;
  const own = cpuUs(trial, contestant);
  const other = cpuUs(trial, against);
  if (own === undefined || other === undefined) {
    const missing = [own === undefined && contestant, other === undefined && against];
    return `bar not judged: ${rule}: no figure of ${missing.filter(Boolean).join(", ")}`;
  }
  const ratio = own / other;
  const isMet = ratio <= (bar.atMost ?? Infinity) && ratio >= (bar.atLeast ?? 0);
  const figures = `${formatFigure(own)} / ${formatFigure(other)} µs`;
  return `bar ${isMet ? "met" : "not met"}: ${rule}: ${ratio.toFixed(2)} (${figures})`;
}
