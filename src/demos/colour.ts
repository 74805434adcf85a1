/**
 * Colour for the states of sockets, the same in every command: a connection that comes about is
 * yellow, one that is there green, one that is ending magenta, one that is over grey.
 *
 * Only a terminal gets it. NO_COLOR and TERM=dumb take it from there, FORCE_COLOR gives it to files
 * and pipes, too: https://no-color.org, https://force-color.org
 */
import { inspect } from "node:util";

type Colour = "cyan" | "yellow" | "green" | "magenta" | "grey" | "red";

const COLOURS: Readonly<Record<string, Colour>> = {
  LISTEN: "cyan",
  SYN_SENT: "yellow",
  SYN_RECV: "yellow",
  ESTABLISHED: "green",
  CONNECTED: "green",
  FIN_WAIT1: "magenta",
  FIN_WAIT2: "magenta",
  CLOSING: "magenta",
  TIME_WAIT: "magenta",
  CLOSE_WAIT: "magenta",
  LAST_ACK: "magenta",
  CLOSED: "grey",
};

/** What is asked of an output, `process.stdout` or `process.stderr`. */
export interface ColourOutput {
  readonly isTTY?: boolean | undefined;
  hasColors?(): boolean;
}

/** Whether an output is to have colours. */
export function isColoured(
  output: ColourOutput,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const force = env["FORCE_COLOR"];
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
  return output.isTTY === true && output.hasColors?.() === true;
}

/** A line with the state at its head in colour; what comes before it in brackets may stay. */
export function paintState(line: string): string {
  const [word = ""] = /^[A-Z_0-9]+/.exec(line) ?? [];
  const colour = Object.hasOwn(COLOURS, word) ? COLOURS[word] : undefined;
  return colour === undefined ? line : `${paint(colour, word)}${line.slice(word.length)}`;
}

function paint(colour: Colour, text: string): string {
  const [on, off] = inspect.colors[colour] ?? [0, 0];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}

/**
 * What a command's `--verbose` writes its lines with.
 *
 * @param isVerbose false: nothing is written.
 */
export function stateLog(
  isVerbose: boolean,
  output: ColourOutput & { write(text: string): unknown } = process.stdout,
): (line: string) => void {
  if (!isVerbose) return () => {};
  const painted = isColoured(output) ? paintState : (line: string) => line;
  return (line) => void output.write(`${painted(line)}\n`);
}
