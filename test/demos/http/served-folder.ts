/** A folder to serve, and beside it what must never be served. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** In each file that must not be had. */
export const SECRET = "nobody may read this";

/** When its files were modified, in seconds: long ago, so that nothing depends on the clock. */
export const MODIFIED = 784_111_777;

export interface ServedFolder {
  readonly path: string;
  /** Writes a file below it; its time is `MODIFIED` if nothing else is said. */
  write(name: string, content: string | Uint8Array, modified?: number): void;
  /** @param target as it is to stand in the link. */
  link(name: string, target: string): void;
}

/** Gone after the test: `root` with `beside/secret.txt` and `root-secret/secret.txt` next to it. */
export function servedFolder(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): ServedFolder {
  const around = mkdtempSync(join(tmpdir(), "socket-reactor-http-"));
  onTestFinished(() => rmSync(around, { recursive: true }));
  const path = join(around, "root");
  const place = (name: string): string => {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  };
  const folder: ServedFolder = {
    path,
    write(name, content, modified = MODIFIED) {
      writeFileSync(place(name), content);
      utimesSync(place(name), modified, modified);
    },
    link: (name, target) => symlinkSync(target, place(name)),
  };
  mkdirSync(path);
  // The name of the second begins as the root's does.
  folder.write("../beside/secret.txt", SECRET);
  folder.write("../root-secret/secret.txt", SECRET);
  for (const [name, content] of Object.entries(files)) folder.write(name, content);
  return folder;
}

/** How many files below a path this process has open. Only Linux tells: elsewhere none. */
export function openFilesBelow(path: string): number {
  const table = "/proc/self/fd";
  if (!existsSync(table)) return 0;
  const places = readdirSync(table).map((fd) => {
    try {
      return readlinkSync(join(table, fd));
    } catch {
      return ""; // that of the list itself
    }
  });
  return places.filter((place) => place.startsWith(`${path}/`)).length;
}
