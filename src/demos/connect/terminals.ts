/** What the two exchanges, of streams and of datagrams, share: the ends on this side. */
import type { Readable, Writable } from "node:stream";
import { codeOf } from "../errors.js";
import { UsageError } from "../usage-error.js";

export interface Terminals {
  /** What is sent: standard input. */
  readonly input: Readable;
  /** Where what comes goes: standard output. */
  readonly output: Writable;
  /** What is read becomes what is sent. */
  readonly translate: (chunk: Buffer) => Buffer;
  /** Ends it at once; what the output has not taken yet is dropped. */
  readonly signal: AbortSignal;
}

/** Resolves when the output has taken everything, or is gone, or there is no time for it. */
export function flushed({ output, signal }: Terminals): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    if (signal.aborted) return done();
    signal.addEventListener("abort", done);
    output.write("", done);
  });
}

/** @throws UsageError unless it is that whoever read the output has enough (`| head -1`). */
export function checkOutput(error: Error | undefined): void {
  if (error === undefined || codeOf(error) === "EPIPE") return;
  throw new UsageError(`standard output: ${error.message}`);
}

export function inputProblem(error: Error): UsageError {
  return new UsageError(`standard input: ${error.message}`);
}
