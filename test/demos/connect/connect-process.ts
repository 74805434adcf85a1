/**
 * The built `socket-reactor connect` in a process of its own, with an input and an output that the
 * test holds, and the lines that it says on standard error.
 */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { builtCli, root } from "../cli-process.js";
import { LineLog } from "../echo-peers.js";

export interface ConnectResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningConnect {
  readonly child: ChildProcess;
  /** Its standard input, if that is a pipe. */
  readonly input: Writable;
  /** Its standard output, if that is a pipe; nobody reads it before the test does. */
  readonly output: Readable;
  /** Its standard error, line by line. */
  readonly log: LineLog;
  readonly ended: Promise<ConnectResult>;
}

export interface ConnectStdio {
  /** A descriptor to read from. @defaultValue a pipe */
  readonly stdin?: number | "ignore";
  /** A descriptor to write to. @defaultValue a pipe */
  readonly stdout?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts it; it ends with the test. */
export function startConnect(
  args: readonly string[],
  { stdin, stdout, env }: ConnectStdio = {},
): RunningConnect {
  const stdio: StdioOptions = [stdin ?? "pipe", stdout ?? "pipe", "pipe"];
  const child = spawn(process.execPath, [builtCli(), "connect", ...args], {
    ...{ cwd: root, stdio },
    env: { ...process.env, ...env },
  });
  const log = new LineLog();
  createInterface(child.stderr as Readable).on("line", (line) => log.add(line));
  child.stdin?.on("error", () => {}); // it may end first
  const ended = once(child, "close").then(([status, signal]) => ({ status, signal }));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    child.stdout?.destroy();
    await ended;
  });
  return {
    ...{ child, log, ended },
    input: child.stdin as Writable,
    output: child.stdout as Readable,
  };
}

/** Starts `--listen`, and answers when it does, with the port (0: of a unix socket). */
export async function startListen(
  args: readonly string[],
  stdio?: ConnectStdio,
): Promise<RunningConnect & { readonly port: number }> {
  const running = startConnect(["--listen", ...args], stdio);
  await Promise.race([
    running.log.said(/^Listening on /),
    running.ended.then(() => Promise.reject(new Error(running.log.lines.join("\n")))),
  ]);
  const line = running.log.lines.find((said) => said.startsWith("Listening on ")) ?? "";
  return { ...running, port: Number(/:(\d+)[ ,]/.exec(line)?.[1] ?? 0) };
}

/**
 * Everything that it prints, once it has ended in order. To be called before it can have ended: what
 * a child has printed and nobody listens for Node drops when the child exits.
 */
export async function outputOf({ output, ended, log }: RunningConnect): Promise<Buffer> {
  const [bytes, { status, signal }] = await Promise.all([buffer(output), ended]);
  if (status === 0) return bytes;
  throw new Error(`Ended with ${status ?? signal}: ${log.lines.join("\n")}`);
}

/** The states it has said, in order, without their addresses. */
export function statesOf({ log }: RunningConnect): string[] {
  return log.lines.flatMap((line) => /^[A-Z][A-Z_0-9]+(?= )/.exec(line)?.[0] ?? []);
}
