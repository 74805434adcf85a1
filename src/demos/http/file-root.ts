/**
 * A folder whose files are served, and the way to open one of them. What the URL may say is decided
 * before, in file-path.ts; here it is about what lies on the disk, links above all.
 *
 * The rules of this file: a file is opened once, and everything that is said about it is asked of
 * its descriptor, so that a file that is replaced meanwhile is answered with its old state, whole.
 * And what a link leads to is served only if it is inside, and not hidden there.
 *
 * A shortcut: the calls block the reactor, as nginx does by default. What is in the kernel's cache
 * they answer in microseconds, less than the way to a thread and back; a disk that sleeps stops
 * everybody.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from "node:fs";
import { join, relative } from "node:path";
import { codeOf } from "../errors.js";
import type { Validators } from "./conditions.js";
import { Refusal } from "./refusal.js";

/** A pipe that nobody writes to does not stop us, and a last-moment link is not followed. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** There is nothing of that name; ENXIO is a unix socket. */
const ABSENT = ["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "ENXIO"];

export interface FoundFolder {
  readonly kind: "folder";
  readonly path: string;
}

/** Whoever gets one closes it. */
export interface FoundFile extends Validators {
  readonly kind: "file";
  readonly fd: number;
  readonly size: number;
  close(): void;
}

export class FileRoot {
  /** Without links. */
  readonly path: string;
  /** Sent with each of its files. */
  readonly headers: Readonly<Record<string, string>>;

  /** @throws the system's error if there is no such folder. */
  constructor(path: string, headers: Readonly<Record<string, string>> = {}) {
    this.path = realpathSync.native(path);
    this.headers = headers;
  }

  /**
   * @param names below the root, each checked by `parseFilePath`.
   * @returns undefined: there is no such file, or it is none that is served.
   * @throws Refusal 403 if the system keeps it from us, 503 if there are no descriptors left.
   */
  open(names: readonly string[]): FoundFile | FoundFolder | undefined {
    try {
      const found = this.look(names);
      if (found === undefined) return undefined;
      if (found.stats.isDirectory()) return { kind: "folder", path: found.path };
      return this.#hold(openSync(found.path, OPEN_FLAGS), found.path);
    } catch (error) {
      return absentOrRefused(error);
    }
  }

  /** The same without opening it. */
  look(names: readonly string[]): { path: string; stats: BigIntStats } | undefined {
    try {
      const path = realpathSync.native(join(this.path, ...names));
      if (!this.#isServed(path)) return undefined;
      const stats = statSync(path, { bigint: true });
      return stats.isFile() || stats.isDirectory() ? { path, stats } : undefined;
    } catch (error) {
      return absentOrRefused(error);
    }
  }

  #hold(fd: number, path: string): FoundFile | undefined {
    try {
      // Between look and open, a folder on the way may have become a link.
      const stats = fstatSync(fd, { bigint: true });
      if (stats.isFile() && this.#isServed(placeOf(fd, path))) return foundFile(fd, stats);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    return undefined;
  }

  /** Outside begins with `..`, which is hidden, too. */
  #isServed(path: string): boolean {
    const names = relative(this.path, path).split("/");
    return names.every((name) => !name.startsWith("."));
  }
}

/** Where an open file is. Linux knows it of the descriptor; elsewhere the path is walked again. */
function placeOf(fd: number, path: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return realpathSync.native(path);
  }
}

function foundFile(fd: number, stats: BigIntStats): FoundFile {
  const { ino, mtimeNs, size } = stats;
  const now = Math.floor(Date.now() / 1000);
  let isOpen = true;
  return {
    kind: "file",
    fd,
    size: Number(size),
    etag: `"${[ino, mtimeNs, size].map((part) => part.toString(36)).join("-")}"`,
    // What was modified in the future was modified now, RFC 9110 §8.8.2.1.
    modified: Math.min(Number(mtimeNs / 1_000_000_000n), now),
    close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

/** @returns for an error that means that there is nothing. @throws Refusal; what is a bug, as it is. */
export function absentOrRefused(error: unknown): undefined {
  const code = codeOf(error);
  if (ABSENT.includes(code)) return undefined;
  if (code === "EACCES" || code === "EPERM")
    throw new Refusal(403, "This file is not for everybody");
  if (code !== "EMFILE" && code !== "ENFILE") throw error;
  throw new Refusal(503, "Too many files are open, try again soon", { "Retry-After": "1" });
}
