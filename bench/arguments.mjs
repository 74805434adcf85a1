// Reads the command line of `npm run bench` by the options that the suites declare, and writes
// the help from the same declarations. Every refusal names what is allowed. Pure: it prints
// nothing and touches no file.
import { parseArgs } from "node:util";

/**
 * @typedef {object} Option
 * @property {"names" | "number" | "numbers" | "file"} kind what it takes; "names" and "numbers"
 *   are lists with commas
 * @property {string} help
 * @property {readonly string[]} [allowed] of "names"; all of them are the default
 * @property {number | readonly number[]} [fallback] the default of "number" and "numbers"
 * @property {number} [min] the bounds keep every run finite
 * @property {number} [max]
 * @property {boolean} [isWhole]
 *
 * @typedef {object} Suite
 * @property {string} summary
 * @property {Readonly<Record<string, Option>>} options
 *
 * @typedef {Readonly<Record<string, Suite>>} Suites
 */

/** A mistake in the command line; its message is meant for the user. */
export class UsageError extends Error {}

/**
 * @param {readonly string[]} argv without node and the script
 * @param {Suites} suites
 * @returns {"help" | { suite: string } & Record<string, unknown>} the suite and each of its options
 * @throws {UsageError}
 */
export function parseArguments(argv, suites) {
  const declared = Object.assign({}, ...Object.values(suites).map(({ options }) => options));
  const strings = Object.keys(declared).map((name) => [name, { type: "string" }]);
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { ...Object.fromEntries(strings), help: { type: "boolean", short: "h" } },
    strict: false,
    allowPositionals: true,
  });
  const own = Object.hasOwn(suites, positionals[0]) ? suites[positionals[0]].options : declared;
  checkOptions(values, own);
  if (values.help) return "help";
  const suite = readSuite(positionals, Object.keys(suites));
  const entries = Object.entries(suites[suite].options);
  const read = entries.map(([name, option]) => [name, READERS[option.kind](name, values, option)]);
  return { suite, ...Object.fromEntries(read) };
}

function checkOptions(values, options) {
  for (const [name, value] of Object.entries(values)) {
    if (name === "help" || name === "h") continue;
    if (!Object.hasOwn(options, name)) {
      const allowed = [...Object.keys(options), "help"].map((option) => `--${option}`).join(", ");
      const written = name.length > 1 ? `--${name}` : `-${name}`;
      throw new UsageError(`Unknown option "${written}": the options are ${allowed}`);
    }
    if (typeof value !== "string" || value === "") {
      throw new UsageError(
        `Option --${name} needs a value, as in --${name} ${example(options[name])}`,
      );
    }
  }
}

function example({ kind, fallback }) {
  if (kind === "names") return "a,b";
  return kind === "file" ? "file" : String(fallback);
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

/** By the kind of the option: its value from the command line, or its default. */
const READERS = {
  file: (name, values) => values[name],
  names: (name, values, { allowed }) => readNames(name, values[name], allowed),
  number: (name, values, option) =>
    values[name] === undefined ? option.fallback : readNumber(name, values[name], option),
  numbers: (name, values, option) =>
    values[name]?.split(",").map((text) => readNumber(name, text, option)) ?? [...option.fallback],
};

/** Keeps the order of the table, not of the command line: the first row is the reference. */
function readNames(name, text, allowed) {
  if (text === undefined) return [...allowed];
  const names = text.split(",").map((part) => part.trim());
  for (const part of names) {
    if (allowed.includes(part)) continue;
    throw new UsageError(`Unknown name "${part}" in --${name}: it takes ${allowed.join(", ")}`);
  }
  return allowed.filter((part) => names.includes(part));
}

function readNumber(name, text, { min, max, isWhole, kind }) {
  const value = Number(text);
  const isAllowed = text.trim() !== "" && value >= min && value <= max;
  if (isAllowed && (!isWhole || Number.isInteger(value))) return value;
  const what = `${isWhole ? "whole number" : "number"}${kind === "numbers" ? "s" : ""}`;
  const wanted = kind === "numbers" ? what : `a ${what}`;
  throw new UsageError(`Option --${name} takes ${wanted} from ${min} to ${max}, not "${text}"`);
}

/**
 * The help of all suites.
 *
 * @param {Suites} suites
 * @returns {string}
 */
export function formatHelp(suites) {
  const parts = Object.entries(suites).map(([name, { summary, options }]) =>
    [`${name}: ${summary}`, "", ...Object.entries(options).map(formatOption)].join("\n"),
  );
  const usage = `Usage: npm run bench -- ${Object.keys(suites).join("|")} [options]`;
  return [usage, ...parts, "--help shows this text"].join("\n\n");
}

function formatOption([name, option]) {
  const { kind, help, allowed, fallback, min, max } = option;
  const value = { names: "a,b", number: "n", numbers: "n,n", file: "file" }[kind];
  const bounds = `${min} to ${max} (default ${fallback})`;
  const details = { names: `: ${allowed?.join(", ")} (default: all)`, file: "" };
  return `  ${`--${name} ${value}`.padEnd(18)}  ${help}${details[kind] ?? `, ${bounds}`}`;
}
