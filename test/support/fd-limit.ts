/**
 * Processes that have no descriptor left, for tests of EMFILE. (ENFILE, the whole system's limit,
 * would hit everybody: fault-kernel.ts answers it.)
 *
 * The rule of this file: a child's limit is lowered when it has started. Node opens the modules of
 * a package side by side, so a limit that holds from the beginning is met by the import, sooner or
 * later, as the package grows.
 *
 * prlimit(1), of util-linux, changes RLIMIT_NOFILE from outside. Where there is none, the child
 * begins with room enough and on a signal takes every number above the limit itself, see
 * take-descriptors.mjs: open(2) then finds exactly the same numbers free.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { onTestFinished } from "vitest";
import { check, errnoOf, systemKernel } from "../../src/index.js";
import { openDescriptors } from "./descriptors.js";

/** What a child may open until it takes the numbers above its limit. */
const BEGINNING_MAX = 1024;
const taker = new URL("./take-descriptors.mjs", import.meta.url).href;

/** How the limit of a running process is lowered. */
export type LimitRoad = "prlimit" | "taken";

/** What works here. */
export const LIMIT_ROAD: LimitRoad =
  spawnSync("prlimit", ["--version"]).status === 0 ? "prlimit" : "taken";

export interface LimitableOptions {
  /** Numbers from this one on cannot be opened, once limited; what is open by then stays. */
  readonly descriptorsMax: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** @defaultValue LIMIT_ROAD */
  readonly road?: LimitRoad;
}

/** A child whose output is piped to us. */
export type SpeakingChild = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

export interface LimitableChild {
  readonly child: SpeakingChild;
  /** Lowers the limit; settles when it holds. */
  limit(): Promise<void>;
}

/** Starts a Node program, whose descriptors are limited when the caller says so. */
export function spawnLimitable(
  command: readonly [string, ...string[]],
  { descriptorsMax, cwd, env = process.env, road = LIMIT_ROAD }: LimitableOptions,
): LimitableChild {
  const words =
    road === "prlimit"
      ? command
      : // Both limits, hard and soft: Node raises the soft one to the hard one.
        (["sh", "-c", `ulimit -n ${BEGINNING_MAX} && exec "$0" "$@"`, ...command] as const);
  const takerEnv = {
    NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} --import ${taker}`,
    TAKE_DESCRIPTORS_FROM: String(descriptorsMax),
  };
  const child = spawn(words[0], words.slice(1), {
    cwd,
    env: road === "prlimit" ? env : { ...env, ...takerEnv },
    stdio: ["ignore", "pipe", "pipe", ...(road === "prlimit" ? [] : ["pipe" as const])],
  }) as SpeakingChild;
  return {
    child,
    async limit() {
      if (road === "prlimit") return setSoftLimit(child.pid as number, descriptorsMax);
      child.kill("SIGUSR2");
      const [answer] = await once(child.stdio[3] as Readable, "data");
      if (String(answer) !== "taken\n") throw new Error(`Numbers cannot be taken: ${answer}`);
    },
  };
}

export interface FilledTable {
  /** Makes room for so many, at the lowest numbers that were taken. */
  free(count: number): void;
  /** Gives everything back; also done when the test ends. */
  release(): void;
}

/**
 * Takes every descriptor that this process can still open, so that the next call answers EMFILE.
 * Node needs some, too: between this and `release` nothing may be imported, started or looked up.
 *
 * O(limit): where prlimit(1) is, the soft limit is lowered to little more than what is open.
 */
export function fillDescriptors(): FilledTable {
  const limitBefore = LIMIT_ROAD === "prlimit" ? softLimit(process.pid) : undefined;
  const taken = [check("dup", systemKernel.dup(0))];
  if (limitBefore !== undefined) setSoftLimit(process.pid, lowLimit());
  for (let fd = 0; fd >= 0; ) {
    fd = systemKernel.dup(0);
    if (fd >= 0) taken.push(fd);
    else if (fd !== errnoOf("EMFILE")) check("dup", fd);
  }
  const close = (count: number): void => {
    for (const fd of taken.splice(0, count)) systemKernel.close(fd);
  };
  let isReleased = false;
  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    close(taken.length); // first: prlimit(1) cannot be started without descriptors
    if (limitBefore !== undefined) setSoftLimit(process.pid, limitBefore);
  };
  onTestFinished(release);
  return { free: close, release };
}

/** Above all that is open, with room to start a program. */
function lowLimit(): number {
  return Math.max(...openDescriptors().keys()) + 64;
}

function softLimit(pid: number): number | "unlimited" {
  const columns = ["--nofile", "--output", "SOFT", "--raw", "--noheadings"];
  const text = execFileSync("prlimit", ["--pid", String(pid), ...columns], { encoding: "utf8" });
  return text.trim() === "unlimited" ? "unlimited" : Number(text);
}

/** RLIMIT_NOFILE, the soft limit only: so it may be raised again without privileges. */
function setSoftLimit(pid: number, max: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(pid), `--nofile=${max}:`]);
}
