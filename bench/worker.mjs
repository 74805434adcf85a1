// Runs one of the programs in workers/ to its end and reads its answer.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError } from "./arguments.mjs";
import { runToEnd } from "./children.mjs";
import { pin } from "./machine.mjs";

/** The library as its users get it; the workers import it by the same path. */
export const LIBRARY = new URL("../dist/index.js", import.meta.url);

/** @throws {UsageError} if there is nothing to measure */
export function checkBuilt() {
  if (existsSync(LIBRARY)) return;
  throw new UsageError("The bench cannot run here: the project is not built: run npm run build");
}

/**
 * @param {string} name of the program in workers/
 * @param {object} request its argument, as JSON
 * @param {number | undefined} core
 * @param {number} timeoutMs after which it is killed
 * @returns {Promise<Record<string, unknown>>} what it printed, or `{ invalid: reason }`
 */
export async function askWorker(name, request, core, timeoutMs) {
  const program = fileURLToPath(new URL(`workers/${name}`, import.meta.url));
  const command = { file: process.execPath, args: [program, JSON.stringify(request)] };
  const { stdout, how } = await runToEnd(pin(command, core), timeoutMs);
  try {
    return JSON.parse(stdout);
  } catch {
    return { invalid: `The worker gave no result: ${how}` };
  }
}
