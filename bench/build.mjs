// Compiles the C programs of this folder on the spot, into .build/. A program's file name holds
// a hash of its sources, so a changed source is compiled again and an unchanged one is not.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
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
 * Whether the compiler finds a header that is not ours.
 *
 * @param {string} header such as "uv.h"
 * @returns {boolean}
 */
export function hasHeader(header) {
  const input = `#include <${header}>\n`;
  return spawnSync("cc", ["-fsyntax-only", "-x", "c", "-"], { input }).status === 0;
}

/**
 * Compiles one source file, or finds the program compiled before.
 *
 * @param {string} source relative to bench/, such as "servers/c-epoll.c"
 * @param {readonly string[]} [libraries] to link with, such as "uv"
 * @returns {string} the program's path
 * @throws {Error} with the compiler's words if it refuses
 */
export function compile(source, libraries = []) {
  const links = libraries.map((library) => `-l${library}`);
  const hash = createHash("sha256")
    .update([...FLAGS, ...links].join(" "))
    .update(readFileSync(join(BENCH, source)));
  for (const folder of new Set([BENCH, join(BENCH, dirname(source))])) {
    for (const name of readdirSync(folder).sort()) {
      if (name.endsWith(".h")) hash.update(readFileSync(join(folder, name)));
    }
  }
  const name = `${basename(source, ".c")}-${hash.digest("hex").slice(0, 12)}`;
  const program = join(BENCH, ".build", name);
  if (existsSync(program)) return program;
  mkdirSync(join(BENCH, ".build"), { recursive: true });
  // Renamed when complete: another run at the same time never starts half a program.
  const unfinished = `${program}.${process.pid}`;
  execFileSync("cc", [...FLAGS, "-o", unfinished, join(BENCH, source), ...links], {
    timeout: COMPILE_TIMEOUT_MS,
    stdio: ["ignore", "inherit", "inherit"],
  });
  renameSync(unfinished, program);
  return program;
}
