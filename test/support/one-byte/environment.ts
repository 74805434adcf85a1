/**
 * Programs whose stream sockets move one byte at a time: `oneByteEnvironment()` answers the
 * variables to run a Node program under, with one-byte.c compiled and preloaded. It works on what
 * addons do; Node's own sockets are left alone, for libuv cannot bear it (see one-byte.c).
 *
 * Edge-triggered programs must not be run with "EAGAIN": it says "would block" while there is more,
 * so no new edge ever comes.
 */
import { readFileSync } from "node:fs";
import { compileC, whyNoCompiler } from "../compile.js";

const source = new URL("./one-byte.c", import.meta.url);

export interface OneByteOptions {
  /** The most bytes of one transfer. @defaultValue 1 */
  readonly cutBytes?: number;
  /** Fails transfers so; EAGAIN only where the call may not block. @defaultValue none */
  readonly failWith?: "EINTR" | "EAGAIN";
  /** Every how many-th transfer fails, 2 or more. @defaultValue 3 */
  readonly failEvery?: number;
  /** Where the program writes its {@link OneByteReport} when it exits. */
  readonly report?: string;
}

/** What happened to the program's stream sockets. */
export interface OneByteReport {
  /** Transfers that were asked for. */
  readonly calls: number;
  /** Those that were made shorter. */
  readonly cuts: number;
  /** Those that failed by our doing. */
  readonly failures: number;
}

/** What to run a program under, besides the environment of this process. */
export function oneByteEnvironment(options: OneByteOptions = {}): Record<string, string> {
  const reason = whyNoOneByte();
  if (reason !== undefined) throw new Error(`Not one byte at a time: ${reason}`);
  const { cutBytes = 1, failWith, failEvery = 3, report } = options;
  if (failEvery < 2) throw new RangeError(`Whoever tries again must get on: 1 in ${failEvery}`);
  const { LD_PRELOAD = "", ASAN_OPTIONS } = process.env;
  return {
    // Before a sanitizer's runtime, or the calls seem to come from there.
    LD_PRELOAD: `${compileC(source, ["-shared", "-fPIC"])} ${LD_PRELOAD}`.trim(),
    ...(LD_PRELOAD.includes("asan") && {
      ASAN_OPTIONS: `${ASAN_OPTIONS ?? ""}:verify_asan_link_order=0`,
    }),
    ONE_BYTE_CUT: String(cutBytes),
    ...(failWith && { ONE_BYTE_FAIL: failWith, ONE_BYTE_FAIL_EVERY: String(failEvery) }),
    ...(report && { ONE_BYTE_REPORT: report }),
  };
}

/** What the program wrote, once it has ended. */
export function readReport(path: string): OneByteReport {
  return JSON.parse(readFileSync(path, "utf8")) as OneByteReport;
}

/** The reason why it cannot be had here; undefined: it can. */
export function whyNoOneByte(): string | undefined {
  if (process.platform !== "linux") return "LD_PRELOAD works on Linux only";
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (header.glibcVersionRuntime === undefined) return "it is written for glibc";
  return whyNoCompiler();
}
