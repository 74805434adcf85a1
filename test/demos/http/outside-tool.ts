/** Programs of others that are asked for what they think of us, where they are installed. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

export interface ToolResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** For the name of a suite and its `skipIf`; undefined: it is there. */
export function whyMissing(
  command: string,
  versionFlag: string,
  packageName: string,
): string | undefined {
  const { error } = spawnSync(command, [versionFlag]);
  return error === undefined ? undefined : `${command} is missing: apt-get install ${packageName}`;
}

/** `name`, with the reason why it is skipped. */
export function named(name: string, reason: string | undefined): string {
  return reason === undefined ? name : `${name} (${reason})`;
}

/** Runs it to its end; the text is Latin-1, so that each character is a byte. */
export async function runTool(
  command: string,
  args: readonly string[],
  input = "",
): Promise<ToolResult> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => {}).end(input);
  const [[status], stdout, stderr] = await Promise.all([
    once(child, "close") as Promise<[number | null]>,
    text(child.stdout.setEncoding("latin1")),
    text(child.stderr.setEncoding("latin1")),
  ]);
  return { status, stdout, stderr };
}
