/** How the options of all commands are read, and what is said of one that nobody knows. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { codeOf } from "./errors.js";
import { nearest } from "./nearest.js";
import { UsageError } from "./usage-error.js";

type Options = NonNullable<ParseArgsConfig["options"]>;

interface CommandLine<T extends Options> {
  readonly args: string[];
  readonly options: T;
  readonly allowPositionals?: boolean;
}

/** @throws UsageError that names the option, for a command line that is none. */
export function parseCommandLine<T extends Options>(
  command: string,
  { args, options, allowPositionals = false }: CommandLine<T>,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: boolean }>> {
  try {
    return parseArgs({ args, options, allowPositionals });
  } catch (error) {
    if (!codeOf(error).startsWith("ERR_PARSE_ARGS")) throw error;
    const [reason] = (error as Error).message.split(/\.?(?:\n| This command| To specify|$)/);
    const meant = suggestion(/^Unknown option '(--[^']+)'/.exec(reason ?? "")?.[1], options);
    throw new UsageError(`${reason}${meant}see socket-reactor ${command} --help`);
  }
}

function suggestion(unknown: string | undefined, options: Options): string {
  if (unknown === undefined) return "; ";
  const known = Object.keys(options).map((name) => `--${name}`);
  return didYouMean(unknown, known);
}

/** What goes between a complaint and where to look; it names the nearest of the known ones. */
export function didYouMean(unknown: string, known: readonly string[]): string {
  const meant = nearest(unknown, known);
  return meant === undefined ? "; " : `; did you mean ${meant}? `;
}

/**
 * @param name of the option, for the message.
 * @returns milliseconds.
 * @throws UsageError unless it is a number of seconds from 0 to 99999.
 */
export function parseSeconds(name: string, text: string): number {
  if (/^\d{1,5}(\.\d{1,3})?$/.test(text)) return Number(text) * 1000;
  throw new UsageError(`${name} must be a number of seconds from 0 to 99999: "${text}"`);
}

/** @throws UsageError that calls it `name`. */
export function parsePort(name: string, text: string, least = 0): number {
  if (/^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= 65535) return Number(text);
  throw new UsageError(`${name} must be an integer from ${least} to 65535: "${text}"`);
}
