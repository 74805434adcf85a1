/** What the two exchanges, of streams and of datagrams, share: the ends on this side. */
import type { Readable, Writable } from "node:stream";

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

/** Resolves when the output has taken everything, or is gone. */
export function flushed({ output, signal }: Terminals): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
    output.write("", () => resolve());
  });
}

/** Whoever read the output has enough (`| head -1`): a reason to end, and no error. */
export function isEnough(error: Error | undefined): boolean {
  return error !== undefined && "code" in error && error.code === "EPIPE";
}
