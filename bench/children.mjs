// Starts servers and the load generator, and sees to it that none outlives the run: every child
// is in one set until it has ended, and whatever way this process takes out empties the set.
import { spawn } from "node:child_process";

const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 2_000;
/** Of what a child prints, only the end is kept. */
const OUTPUT_MAX = 16_384;
const DEFAULT_PORT_PATTERN = /^PORT (\d+)$/m;

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/** Kills every child that is still there; synchronous, so that it also works on 'exit'. */
export function killAll() {
  for (const child of running) child.kill("SIGKILL");
}

/** Makes every way out kill the children: the end, an exception, Ctrl-C, SIGTERM. */
export function killChildrenOnExit() {
  process.once("exit", killAll);
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  process.once("SIGHUP", () => process.exit(129));
}

/**
 * @typedef {object} Server
 * @property {number} port
 * @property {number} pid
 * @property {(pattern: RegExp) => Promise<RegExpExecArray>} printed waits until the pattern is in
 *   what it printed
 * @property {(timeoutMs?: number) => Promise<string | undefined>} stop answers undefined, or what was
 *   wrong: the server had ended before, or had to be killed after that time
 *
 * Starts a server and waits until it has printed its port.
 *
 * @param {import("./contestants.mjs").Command} command
 * @param {RegExp} [portPattern]
 * @returns {Promise<Server>}
 * @throws {Error} if it ends or says nothing
 */
export async function startServer(command, portPattern = DEFAULT_PORT_PATTERN) {
  const child = start(command);
  const starting = { missing: "no port", failed: "did not start" };
  const answering = { missing: "no answer", failed: "ended" };
  const found = await waitForOutput(child, portPattern, starting).catch((error) => {
    child.process.kill("SIGKILL");
    throw error;
  });
  return {
    port: Number(found[1]),
    pid: child.process.pid,
    printed: (pattern) => waitForOutput(child, pattern, answering),
    stop: (timeoutMs = STOP_TIMEOUT_MS) => stop(child, timeoutMs),
  };
}

function waitForOutput(child, pattern, { missing, failed }) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`The server printed ${missing} within ${START_TIMEOUT_MS / 1000} s`));
    }, START_TIMEOUT_MS);
    const look = () => {
      const found = pattern.exec(child.output.stdout);
      if (found === null) return;
      clearTimeout(timer);
      child.process.stdout.off("data", look);
      resolve(found);
    };
    child.process.stdout.on("data", look);
    child.ended.then((how) => {
      clearTimeout(timer);
      reject(new Error(`The server ${failed}: ${how}${lastLine(child.output.stderr)}`));
    });
    look();
  });
}

/**
 * Runs a program to its end and answers what it printed.
 *
 * @param {import("./contestants.mjs").Command} command
 * @param {number} timeoutMs after which it is killed
 * @returns {Promise<{ stdout: string, how: string }>} `how` it ended, with its last error line
 */
export async function runToEnd(command, timeoutMs) {
  const child = start(command);
  const timer = setTimeout(() => child.process.kill("SIGKILL"), timeoutMs);
  const how = await child.ended;
  clearTimeout(timer);
  return { stdout: child.output.stdout, how: how + lastLine(child.output.stderr) };
}

function start({ file, args }) {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  running.add(child);
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8").on("data", (text) => {
      output[name] = (output[name] + text).slice(-OUTPUT_MAX);
    });
  }
  // Its stdin stays open as long as this process lives: the servers end when it closes.
  child.stdin.on("error", () => {});
  const ended = new Promise((resolve) => {
    child.once("error", (error) => {
      running.delete(child);
      resolve(`it could not be started (${error.code})`);
    });
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve(signal === null ? `it ended with code ${code}` : `it ended by ${signal}`);
    });
  });
  return { process: child, output, ended };
}

async function stop(child, timeoutMs) {
  const { exitCode, signalCode } = child.process;
  if (exitCode !== null || signalCode !== null) {
    return `The server was gone: ${await child.ended}${lastLine(child.output.stderr)}`;
  }
  let wasKilled = false;
  child.process.kill("SIGTERM");
  const timer = setTimeout(() => {
    wasKilled = true;
    child.process.kill("SIGKILL");
  }, timeoutMs);
  await child.ended;
  clearTimeout(timer);
  return wasKilled ? "The server did not end on SIGTERM" : undefined;
}

function lastLine(text) {
  const line = text.trim().split("\n").at(-1);
  return line === "" ? "" : ` (${line})`;
}
