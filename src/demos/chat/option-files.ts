/** Options of the chat command that are files. What is wrong with one is one line for the person. */
import { readFileSync, statSync } from "node:fs";
import { codeOf } from "../errors.js";
import { UsageError } from "../usage-error.js";

/** A welcome, not a book: each connection is sent all of it. */
const MOTD_LINES_MAX = 100;
const MOTD_COLUMNS_MAX = 400;

/** Read by others than its owner. */
const READ_BY_OTHERS = 0o044;

/** @throws UsageError */
export function readMotd(path: string): string[] {
  const lines = linesOf("--motd", path);
  const isShort = lines.every((line) => Buffer.byteLength(line) <= MOTD_COLUMNS_MAX);
  if (isShort && lines.length <= MOTD_LINES_MAX) return lines;
  const allowed = `at most ${MOTD_LINES_MAX} lines of ${MOTD_COLUMNS_MAX} bytes`;
  throw new UsageError(`--motd must be a text of ${allowed}: "${path}"`);
}

/**
 * Names and passwords. They are in a file because a command line can be read by every user of the
 * machine; so the file must not be readable by all either.
 *
 * @throws UsageError
 */
export function readOperators(path: string): Map<string, string> {
  const lines = linesOf("--opers", path).filter((line) => !/^\s*(#|$)/.test(line));
  if ((statSync(path).mode & READ_BY_OTHERS) !== 0) {
    throw new UsageError(`--opers: others may read "${path}"; try chmod 600 ${path}`);
  }
  const operators = new Map<string, string>();
  for (const [at, line] of lines.entries()) {
    const [name, password] = readOperator(line, at + 1);
    // One of the two would be out of force, and nobody would know which.
    if (operators.has(name)) throw new UsageError(`--opers: "${name}" is named twice`);
    operators.set(name, password);
  }
  return operators;
}

function readOperator(line: string, number: number): [name: string, password: string] {
  const [, name, password] = /^([^:\s]+):(\S+)$/.exec(line) ?? [];
  if (name !== undefined && password !== undefined) return [name, password];
  throw new UsageError(`--opers: operator ${number} is not NAME:PASSWORD, both without blanks`);
}

function linesOf(option: string, path: string): string[] {
  try {
    // Some editors begin with a mark of their own; a tab, or another control character, would not
    // come out as it is meant.
    const text = readFileSync(path, "utf8").replace(/^\uFEFF|\s+$/g, "");
    return text.split(/\r?\n/).map((line) => line.replaceAll("\t", "  ").replace(/\p{Cc}/gu, ""));
  } catch (error) {
    const code = codeOf(error);
    if (code === "") throw error;
    throw new UsageError(`${option}: "${path}" cannot be read (${code})`);
  }
}
