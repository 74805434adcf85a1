/** The open descriptors of this process, by number, and what a test file left behind. */
import { fstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";

/** What is behind each open descriptor: "socket:[123]", "anon_inode:[eventpoll]", a path. */
export type Descriptors = ReadonlyMap<number, string>;

/** How long closings that are under way (uv handles, child processes, threads) may take. */
const SETTLE_MS = 5000;

// Linux says what is behind a descriptor; elsewhere only its kind is to be had.
const directory = process.platform === "linux" ? "/proc/self/fd" : "/dev/fd";

/** Looks at the process as it is now. The descriptor that lists the directory is left out. */
export function openDescriptors(): Descriptors {
  const open = new Map<number, string>();
  for (const name of readdirSync(directory)) {
    const target = describe(Number(name));
    if (target !== undefined && canBeOurs(target)) open.set(Number(name), target);
  }
  return open;
}

/** One line for each descriptor of `after` that is not in `before`, and for each that is gone. */
export function differences(before: Descriptors, after: Descriptors): string[] {
  const lines: string[] = [];
  for (const [fd, target] of after) {
    if (before.get(fd) !== target) lines.push(`left open: ${fd} -> ${target}`);
  }
  for (const [fd, target] of before) {
    if (!after.has(fd)) lines.push(`closed, but not by its owner: ${fd} -> ${target}`);
  }
  return lines;
}

/**
 * As {@link differences}, once closings that are under way are over: uv_close closes in a later
 * turn of the loop, and a thread that was terminated when the system lets it run.
 */
export async function settledDifferences(before: Descriptors): Promise<string[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    const left = differences(before, openDescriptors());
    if (left.length === 0 || performance.now() > deadline) return left;
    await delay(10);
  }
}

/**
 * False for what Node, its libraries and the test runner open when they like: devices, the kernel's
 * pseudo files and source files. Sockets, pipes, event queues and data files count.
 */
export function canBeOurs(target: string): boolean {
  if (!target.startsWith("/")) return true;
  if (target.startsWith("/dev/shm/")) return true;
  return !/^\/(dev|proc|sys|etc)\//.test(target) && !target.includes("/node_modules/");
}

function describe(fd: number): string | undefined {
  try {
    if (process.platform === "linux") return readlinkSync(`${directory}/${fd}`);
    return kindOf(fstatSync(fd));
  } catch {
    return undefined; // Closed by now: it was the listing's own.
  }
}

function kindOf(stats: Stats): string {
  if (stats.isSocket()) return "socket";
  if (stats.isFIFO()) return "pipe";
  if (stats.isCharacterDevice()) return "/dev/";
  return stats.isFile() || stats.isDirectory() ? `file:[${stats.ino}]` : "queue";
}
