/**
 * Programs that people chat with, each in a folder of its own, so that nothing of this machine's
 * configuration counts and nothing of it is changed. They talk to 127.0.0.1 alone.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { whyMissing } from "../http/outside-tool.js";

/** OpenBSD's, which has -N; others have other ways to end their side. */
export function whyNoNetcat(): string | undefined {
  const { error, stderr, stdout } = spawnSync("nc", ["-h"], { encoding: "utf8" });
  const isOpenBsd = error === undefined && /\bOpenBSD\b/.test(stderr + stdout);
  return isOpenBsd ? undefined : "OpenBSD's nc is missing: apt-get install netcat-openbsd";
}
