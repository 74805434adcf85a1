/**
 * Where a Chrome trace is written: a file of its own, or a stream of somebody else's. Of the JSON
 * array only the closing bracket may be missing if the process dies; the viewers do not mind.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { wrongType } from "../kernel/index.js";

export interface TraceSink {
  /** True if `write` has written when it returns, at any time; else only Node's loop does. */
  readonly isImmediate: boolean;
  /** False while it takes nothing. */
  readonly isReady: boolean;
  write(text: string): void;
  /** Writes the last piece. @throws what went wrong, then or before. */
  end(text: string): Promise<void>;
}

/** @throws TypeError ERR_INVALID_ARG_TYPE; Error of node:fs: ENOENT, EACCES ... */
export function openSink(target: string | Writable): TraceSink {
  if (typeof target === "string") return new FileSink(target);
  if (typeof target?.write === "function") return new StreamSink(target);
  throw wrongType("target", "a path or a Writable", target);
}

class FileSink implements TraceSink {
  readonly isImmediate = true;
  readonly isReady = true;
  readonly #fd: number;
  #error: unknown;

  constructor(path: string) {
    this.#fd = openSync(path, "w");
  }

  /** A full disk must not end the process that is traced: `end` tells of it. */
  write(text: string): void {
    if (this.#error !== undefined) return;
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      this.#error = error;
    }
  }

  async end(text: string): Promise<void> {
    this.write(text);
    closeSync(this.#fd);
    if (this.#error !== undefined) throw this.#error;
  }
}

/** It stays open, for it is its owner's; so are its errors. */
class StreamSink implements TraceSink {
  readonly isImmediate = false;
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  get isReady(): boolean {
    return !this.#stream.writableNeedDrain;
  }

  write(text: string): void {
    this.#stream.write(text);
  }

  end(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }
}
