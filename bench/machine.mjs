// Facts about the machine, and the pinning of server and generator to a core each.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";

/**
 * @typedef {object} Pinning
 * @property {number | undefined} server the core the server runs on
 * @property {number | undefined} generator
 * @property {string} note one line for the report
 *
 * @typedef {object} Machine
 * @property {string} cpu
 * @property {number} cores
 * @property {number} memoryGiB
 * @property {string} kernel
 * @property {string} node
 * @property {string} congestionControl
 * @property {number} load the load average of the last minute, at the start
 */

/** @returns {Machine} */
export function describeMachine() {
  const list = cpus();
  return {
    cpu: list[0]?.model.trim() ?? "unknown",
    cores: list.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
    congestionControl: read("/proc/sys/net/ipv4/tcp_congestion_control"),
    load: loadavg()[0],
  };
}

/**
 * Chooses the cores: the first two this process may use. Without taskset, or with one core, the
 * run goes on unpinned, and the report says so.
 *
 * @returns {Pinning}
 */
export function choosePinning() {
  const unpinned = { server: undefined, generator: undefined };
  const cores = allowedCores();
  if (cores.length < 2) {
    return { ...unpinned, note: "Unpinned: one core only, server and generator share it" };
  }
  if (spawnSync("taskset", ["--version"]).status !== 0) {
    return { ...unpinned, note: "Unpinned: taskset is not in the PATH" };
  }
  const [server, generator] = cores;
  return { server, generator, note: `Server on core ${server}, generator on core ${generator}` };
}

/**
 * Puts a command on a core. taskset(1) executes the program in its own place, so the process id
 * is the program's.
 *
 * @param {import("./contestants.mjs").Command} command
 * @param {number | undefined} core
 * @returns {import("./contestants.mjs").Command}
 */
export function pin(command, core) {
  if (core === undefined) return command;
  return { file: "taskset", args: ["-c", String(core), command.file, ...command.args] };
}

/** A container may own less than the machine: "0-1,4" of /proc/self/status is what counts. */
function allowedCores() {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(read("/proc/self/status"))?.[1];
  if (list === undefined) return [];
  return list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** @param {string} file @returns {string} */
function read(file) {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "unknown";
  }
}
