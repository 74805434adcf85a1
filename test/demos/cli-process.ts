/** The built `socket-reactor` command in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type SpeakingChild, spawnLimitable } from "../support/fd-limit.js";
import { LineLog } from "./echo-peers.js";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));
export const cli: string = fileURLToPath(new URL("../../dist/demos/cli.js", import.meta.url));

/** What every server says when it is ready. */
const LISTENING = /^[A-Z]\S* .*, Ctrl-C ends it$/;

export interface CliOptions {
  /** Another user, if we are root. */
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Run instead of "node dist/demos/cli.js". */
  readonly command?: readonly [string, ...string[]];
}

export interface CliResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end. */
export async function runCli(args: readonly string[], options?: CliOptions): Promise<CliResult> {
  const child = start(args, options);
  const [[status, signal], stdout, stderr] = await Promise.all([
    once(child, "close"),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { status, signal, stdout, stderr };
}

export interface RunningCli {
  readonly child: ChildProcess;
  /** Where it listens. */
  readonly port: number;
  /** Its standard output, line by line. */
  readonly log: LineLog;
  /** When it has ended; `stdout` is not kept, see `log`. */
  readonly ended: Promise<CliResult>;
}

/** Starts "echo" on a free port, and answers when it listens; it ends with the test. */
export function startEcho(args: readonly string[], options?: CliOptions): Promise<RunningCli> {
  return listening(start(["echo", "--port", "0", ...args], options));
}

/** The same with "http". */
export function startHttp(args: readonly string[], options?: CliOptions): Promise<RunningCli> {
  return listening(start(["http", "--port", "0", ...args], options));
}

/** As {@link startEcho}; from then on it cannot open `descriptorsMax` and the numbers above. */
export async function startLimitedEcho(
  args: readonly string[],
  descriptorsMax: number,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningCli> {
  const { child, limit } = spawnLimitable(
    [process.execPath, builtCli(), "echo", "--port", "0", ...args],
    { descriptorsMax, cwd: root, env: { ...process.env, ...env } },
  );
  const running = await listening(child);
  await limit();
  return running;
}

/** When it listens; it ends with the test. */
export async function listening(child: SpeakingChild): Promise<RunningCli> {
  const log = new LineLog();
  createInterface(child.stdout).on("line", (line) => log.add(line));
  const ended = Promise.all([once(child, "close"), text(child.stderr)]).then(
    ([[status, signal], stderr]) => ({ status, signal, stdout: "", stderr }),
  );
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  await Promise.race([log.said(LISTENING), ended.then(failedToStart)]);
  const ready = log.lines.find((line) => LISTENING.test(line)) ?? "";
  return { child, log, ended, port: Number(/:(\d+)\/?,/.exec(ready)?.[1]) };
}

function failedToStart({ status, stderr }: CliResult): never {
  throw new Error(`The server ended with ${status} before it listened: ${stderr}`);
}

/** Starts it, with nothing on its standard input. */
export function start(
  args: readonly string[],
  { uid, env, command = [process.execPath, builtCli()] }: CliOptions = {},
): SpeakingChild {
  return spawn(command[0], [...command.slice(1), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}

/** Its path, once it is there. */
export function builtCli(): string {
  if (existsSync(cli)) return cli;
  throw new Error("These tests run the built command and there is none: npm run build:ts");
}
