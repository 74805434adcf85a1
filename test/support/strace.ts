/**
 * Counts the system calls of a Node process from outside, with strace(1), libuv's own among them.
 * The program marks where counting begins and ends by writing to standard output: BEGIN and END.
 *
 * The rule of this file: only the main thread is counted, and of its calls not those by which V8
 * gets memory and talks to its helpers, which come when it collects garbage.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ENGINE = /^(futex|madvise|mmap|munmap|mprotect|brk|sched_yield|restart_syscall|rt_sig\w+)$/;

/** The reason why nothing can be traced here; undefined: it can. */
export function whyNoStrace(): string | undefined {
  if (process.env["LD_PRELOAD"]?.includes("asan")) return "sanitizers make calls of their own";
  const { status, error, stderr } = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"], {
    encoding: "utf8",
  });
  if (error !== undefined) return "no strace(1)";
  return status === 0 ? undefined : `strace: ${stderr.trim()}`;
}

/** One call as strace prints it, the first argument apart: most often a descriptor. */
export interface TracedCall {
  readonly name: string;
  readonly first: string;
}

/**
 * Runs an ES module, which may import "socket-reactor".
 *
 * @returns its calls between the marks, and all that it printed.
 */
export function traceCalls(source: string): { calls: TracedCall[]; stdout: string } {
  const folder = mkdtempSync(join(tmpdir(), "strace-"));
  const output = join(folder, "calls");
  try {
    // V8's helper threads would wake the loop when they are done with something.
    const flags = ["--single-threaded", "--input-type=module"];
    const node = [process.execPath, ...flags, "--eval", source];
    // The main thread alone, hence without -f.
    const { status, stdout, stderr } = spawnSync("strace", ["-qq", "-o", output, ...node], {
      cwd: root,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`The traced program ended with ${status}: ${stderr}`);
    return { calls: betweenMarks(readFileSync(output, "utf8").split("\n")), stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function betweenMarks(lines: readonly string[]): TracedCall[] {
  const mark = (word: string): number => {
    const at = lines.findIndex((line) => line.startsWith(`write(1, "${word}`));
    if (at < 0) throw new Error(`The trace has no ${word}`);
    return at;
  };
  return lines
    .slice(mark("BEGIN") + 1, mark("END"))
    .map((line) => /^(\w+)\(([^,)]*)/.exec(line))
    .filter((match) => match !== null)
    .map(([, name = "", first = ""]) => ({ name, first }))
    .filter(({ name }) => !ENGINE.test(name));
}
