// Reads the command line of `npm run bench`. Every refusal names what is allowed. Pure: it
// prints nothing and touches no file.
import { parseArgs } from "node:util";

/**
 * @typedef {object} Known the names a command line may use
 * @property {readonly string[]} suites
 * @property {readonly string[]} trials
 * @property {readonly string[]} contestants
 *
 * @typedef {object} BenchOptions
 * @property {string} suite
 * @property {string[]} trials
 * @property {string[]} contestants
 * @property {number} rounds
 * @property {number} seconds of the measuring window
 * @property {number} warmup seconds before it
 * @property {string | undefined} json where to write the raw figures
 * @property {string | undefined} markdown where to write the report
 */

/** A mistake in the command line; its message is meant for the user. */
export class UsageError extends Error {}

/** The bounds keep every run finite; loadgen.h has its own, wider ones. */
const NUMBERS = {
  rounds: { fallback: 5, min: 1, max: 50, isWhole: true },
  seconds: { fallback: 1.5, min: 0.05, max: 30, isWhole: false },
  warmup: { fallback: 0.5, min: 0, max: 10, isWhole: false },
};
const OPTIONS = ["trials", "contestants", "rounds", "seconds", "warmup", "json", "markdown"];

/**
 * @param {readonly string[]} argv without node and the script
 * @param {Known} known
 * @returns {BenchOptions | "help"}
 * @throws {UsageError}
 */
export function parseArguments(argv, known) {
  const options = Object.fromEntries(OPTIONS.map((name) => [name, { type: "string" }]));
  options.help = { type: "boolean", short: "h" };
  const { values, positionals } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
  });
  checkOptions(values);
  if (values.help) return "help";
  return {
    suite: readSuite(positionals, known.suites),
    trials: readNames("trials", values.trials, known.trials),
    contestants: readNames("contestants", values.contestants, known.contestants),
    rounds: readNumber("rounds", values.rounds),
    seconds: readNumber("seconds", values.seconds),
    warmup: readNumber("warmup", values.warmup),
    json: values.json,
    markdown: values.markdown,
  };
}

function checkOptions(values) {
  for (const [name, value] of Object.entries(values)) {
    if (name === "help" || name === "h") continue;
    if (!OPTIONS.includes(name)) {
      const allowed = [...OPTIONS, "help"].map((option) => `--${option}`).join(", ");
      const written = name.length > 1 ? `--${name}` : `-${name}`;
      throw new UsageError(`Unknown option "${written}": the options are ${allowed}`);
    }
    if (typeof value !== "string" || value === "") {
      throw new UsageError(`Option --${name} needs a value, as in --${name} ${example(name)}`);
    }
  }
}

function example(name) {
  if (name in NUMBERS) return NUMBERS[name].fallback;
  return name === "json" || name === "markdown" ? "file" : "a,b";
}

function readSuite(positionals, allowed) {
  const [suite, extra] = positionals;
  if (suite === undefined) throw new UsageError(`Name a bench to run: ${allowed.join(", ")}`);
  if (!allowed.includes(suite)) {
    throw new UsageError(`Unknown bench "${suite}": the benches are ${allowed.join(", ")}`);
  }
  if (extra !== undefined) throw new UsageError(`Unexpected argument "${extra}" after "${suite}"`);
  return suite;
}

/** Keeps the order of the table, not of the command line: the first row is the reference. */
function readNames(option, text, allowed) {
  if (text === undefined) return [...allowed];
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) {
    if (allowed.includes(name)) continue;
    throw new UsageError(`Unknown name "${name}" in --${option}: it takes ${allowed.join(", ")}`);
  }
  return allowed.filter((name) => names.includes(name));
}

function readNumber(option, text) {
  const { fallback, min, max, isWhole } = NUMBERS[option];
  if (text === undefined) return fallback;
  const value = Number(text);
  const isAllowed = text.trim() !== "" && value >= min && value <= max;
  if (isAllowed && (!isWhole || Number.isInteger(value))) return value;
  const kind = isWhole ? "a whole number" : "a number";
  throw new UsageError(`Option --${option} takes ${kind} from ${min} to ${max}, not "${text}"`);
}
