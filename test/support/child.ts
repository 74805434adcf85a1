/** Runs a few lines of JavaScript in a Node process of their own, with the built package. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface ChildResult {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param source an ES module; it may import "socket-reactor".
 * @param onOutput called with each piece of what the child prints, and a way to signal it.
 * @param env besides the environment of this process.
 */
export function runChild(
  source: string,
  onOutput: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
  env: Readonly<Record<string, string>> = {},
): Promise<ChildResult> {
  if (!existsSync(`${root}dist/index.js`)) {
    throw new Error("Children run the built package and there is none: npm run build:ts");
  }
  const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    onOutput(text, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
