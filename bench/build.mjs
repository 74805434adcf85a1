// Compiles the C programs of this folder on the spot, into .build/. A program's file name holds
// a hash of its sources, so a changed source is compiled again and an unchanged one is not.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const BENCH = fileURLToPath(new URL(".", import.meta.url));
const FLAGS = ["-O2", "-Wall", "-Wextra"];
const COMPILE_TIMEOUT_MS = 60_000;

/**
 * Whether the C programs can be built and run here.
 *
 * @returns {true | string} or the reason why not
 */
export function canCompile() {
  if (process.platform !== "linux") return "the C programs use epoll and /proc: Linux only";
  if (spawnSync("cc", ["--version"]).status !== 0) return "no C compiler: cc is not in the PATH";
  return true;
}

/**
 * Compiles one source file, or finds the program compiled before.
 *
 * @param {string} source relative to bench/, such as "servers/c-epoll.c"
 * @returns {string} the program's path
 * @throws {Error} with the compiler's words if it refuses
 */
export function compile(source) {
  const hash = createHash("sha256")
    .update(FLAGS.join(" "))
    .update(readFileSync(join(BENCH, source)));
  for (const name of readdirSync(BENCH).sort()) {
    if (name.endsWith(".h")) hash.update(readFileSync(join(BENCH, name)));
  }
  const name = `${basename(source, ".c")}-${hash.digest("hex").slice(0, 12)}`;
  const program = join(BENCH, ".build", name);
  if (existsSync(program)) return program;
  mkdirSync(join(BENCH, ".build"), { recursive: true });
  // Renamed when complete: another run at the same time never starts half a program.
  const unfinished = `${program}.${process.pid}`;
  execFileSync("cc", [...FLAGS, "-o", unfinished, join(BENCH, source)], {
    timeout: COMPILE_TIMEOUT_MS,
    stdio: ["ignore", "inherit", "inherit"],
  });
  renameSync(unfinished, program);
  return program;
}
