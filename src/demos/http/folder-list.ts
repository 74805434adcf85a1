/** What is in a folder: as data, and as a plain page. Names are anybody's, so they are escaped. */
import { type BigIntStats, type Dir, opendirSync } from "node:fs";
import { absentOrRefused, type FileRoot } from "./file-root.js";

/** Entries of one list. Each is looked at, and the server does nothing else meanwhile. */
export const LIST_MAX = 500;

/** Names that are read for it, among them those that are not shown. */
const READ_MAX = 20 * LIST_MAX;

export interface FolderEntry {
  readonly name: string;
  /** Relative to the folder. */
  readonly url: string;
  /** In bytes; undefined: a folder. */
  readonly size: number | undefined;
}

export interface FolderList {
  /** By name. */
  readonly entries: readonly FolderEntry[];
  /** False if there may be more: it ended at a limit. */
  readonly isWhole: boolean;
}

/**
 * What can be asked for in the folder.
 *
 * @throws Refusal 403 if the system keeps the folder from us.
 */
export function listFolder(root: FileRoot, names: readonly string[]): FolderList {
  const entries: FolderEntry[] = [];
  const found = namesIn(root, names);
  for (const name of found.names) {
    const stats = statsOf(root, [...names, name]);
    if (stats === undefined) continue;
    const isFolder = stats.isDirectory();
    entries.push({
      name,
      url: `./${encodeURIComponent(name)}${isFolder ? "/" : ""}`,
      size: isFolder ? undefined : Number(stats.size),
    });
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { entries, isWhole: found.isWhole };
}

/** As a page without any script. */
export function folderPage(names: readonly string[], list: FolderList): string {
  const title = escapeHtml(`Files in /${names.map((name) => `${name}/`).join("")}`);
  const rows = list.entries.map(({ name, url, size }) => {
    const label = escapeHtml(size === undefined ? `${name}/` : name);
    return `<tr><td><a href="${escapeHtml(url)}">${label}</a></td><td>${size ?? ""}</td></tr>`;
  });
  const note = list.isWhole ? "" : `<p>Only ${list.entries.length} are shown.</p>\n`;
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/demo.css">
<main>
<div class="card">
<h1>${title}</h1>
<p><a href="../">The folder above</a></p>
<table>
<thead><tr><th scope="col">Name</th><th scope="col">Bytes</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
${note}</div>
</main>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** What cannot be looked at cannot be asked for: it is not shown, and the others are. */
function statsOf(root: FileRoot, names: readonly string[]): BigIntStats | undefined {
  try {
    return root.look(names)?.stats;
  } catch {
    return undefined;
  }
}

function namesIn(root: FileRoot, folder: readonly string[]): { names: string[]; isWhole: boolean } {
  const names: string[] = [];
  const opened = openFolder(root, folder);
  if (opened === undefined) return { names, isWhole: true };
  try {
    for (let read = 0; read < READ_MAX && names.length < LIST_MAX; read += 1) {
      const entry = opened.readSync();
      if (entry === null) return { names, isWhole: true };
      if (isServable(entry.name)) names.push(entry.name);
    }
  } finally {
    opened.closeSync();
  }
  return { names, isWhole: false };
}

function openFolder(root: FileRoot, names: readonly string[]): Dir | undefined {
  try {
    const path = root.look(names)?.path;
    return path === undefined ? undefined : opendirSync(path);
  } catch (error) {
    return absentOrRefused(error);
  }
}

/** A name that is no UTF-8 comes with U+FFFD in it, and could not be asked for. */
function isServable(name: string): boolean {
  return !name.startsWith(".") && !/[\\\ufffd]/.test(name);
}
