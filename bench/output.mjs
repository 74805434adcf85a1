// Where a suite's words and figures go: to the terminal at once, and at the end into the files
// that were asked for.
import { statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "./arguments.mjs";

/** The options every suite has. */
export const fileOptions = {
  json: { kind: "file", help: "writes the raw figures" },
  markdown: { kind: "file", help: "writes the report" },
};

/**
 * Before minutes of work, not after them.
 *
 * @param {string | undefined} file
 * @throws {UsageError} if it cannot be written
 */
export function checkWritable(file) {
  if (file === undefined) return;
  if (!statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`Cannot write "${file}": its directory does not exist`);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`Cannot write "${file}": it is a directory`);
  }
}

export class Output {
  /** @type {string[]} */
  #report = [];

  /** A part of the report: printed when it is complete. @param {string} text */
  tell(text) {
    this.#report.push(text);
    console.log(`${text}\n`);
  }

  /** All that was told. @returns {string} */
  get text() {
    return this.#report.join("\n\n");
  }

  /** On a terminal one line that rewrites itself; nothing where the output is kept. */
  progress(line) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}\r`);
  }

  /**
   * @param {{ markdown?: string, json?: string }} files
   * @param {object} content of the JSON file, which has the date added
   */
  write({ markdown, json }, content) {
    if (markdown) writeFileSync(markdown, `${this.text}\n`);
    if (!json) return;
    const dated = { date: new Date().toISOString(), ...content };
    writeFileSync(json, `${JSON.stringify(dated, undefined, 2)}\n`);
  }
}
