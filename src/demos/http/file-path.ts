/**
 * The path of a URL as the names of folders and a file. Pure; file-root.ts goes on from here.
 *
 * The rule of this file: split first, decode after, once, and refuse every name that could be more
 * than a name. So nothing that is joined from the result can leave the folder it is joined to, and
 * nothing that is put together from it again can name another host.
 */
import { Refusal } from "./refusal.js";

export interface FilePath {
  /** Decoded; none is empty, begins with a dot or has a slash in it. */
  readonly names: readonly string[];
  /** The path ends in a slash. */
  readonly isFolder: boolean;
}

/**
 * @param path of the request, as it came: percent-encoded, without the query.
 * @throws Refusal 400 for escapes that are none and NUL, 404 for names that are never served:
 *   hidden files, `..`, empty names (`//host`), slashes and backslashes behind an escape.
 */
export function parseFilePath(path: string): FilePath {
  if (!path.startsWith("/")) throw new Refusal(400, "A path begins with a slash");
  const names = path.slice(1).split("/").map(decodeName);
  const isFolder = names.at(-1) === "";
  if (isFolder) names.pop();
  if (!names.every(isPlain)) throw new Refusal(404, "There is no such file");
  return { names, isFolder };
}

/** The same as a path of a URL again, with a slash at its end. */
export function folderUrl(names: readonly string[]): string {
  return ["", ...names.map(encodeURIComponent), ""].join("/");
}

function decodeName(escaped: string): string {
  try {
    const name = decodeURIComponent(escaped);
    if (!name.includes("\0")) return name;
  } catch {} // an escape that is none, or no UTF-8
  throw new Refusal(400, "The path has an escape that stands for nothing");
}

function isPlain(name: string): boolean {
  return name !== "" && !name.startsWith(".") && !/[/\\]/.test(name);
}
