/**
 * C that tests need: compiled on the spot into a temporary folder, once a test file, which takes it
 * away at its end. Where there is no compiler the tests that need one are skipped, with the reason.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const compiler = process.env["CC"] ?? "cc";
const STRICT = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"];

let folder: string | undefined;
const done = new Map<string, string>();

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
  done.clear();
});

/** undefined: there is a C compiler. */
export function whyNoCompiler(): string | undefined {
  return spawnSync(compiler, ["--version"]).status === 0
    ? undefined
    : `no C compiler "${compiler}"`;
}

/** The path of what the file compiles to: a program, or with "-shared" a library. */
export function compileC(source: URL, flags: readonly string[] = []): string {
  const known = done.get(source.href);
  if (known !== undefined) return known;
  folder ??= makeFolder();
  const output = join(folder, basename(source.pathname, ".c"));
  const args = [...STRICT, ...flags, "-o", output, fileURLToPath(source), "-ldl"];
  const { status, stderr } = spawnSync(compiler, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${compiler} ${args.join(" ")}: ${stderr}`);
  done.set(source.href, output);
  return output;
}

function makeFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "test-programs-"));
  chmodSync(path, 0o755); // a program of another user may load it, too
  return path;
}
