/** What is in a folder: as data, and as a plain page. Names are anybody's, so they are escaped. */
import { opendirSync } from "node:fs";
import type { FileRoot } from "./file-root.js";

/** Entries of one list. Each is looked at, and the server does nothing else meanwhile. */
export const LIST_MAX = 500;

export interface FolderEntry {
  readonly name: string;
  /** Relative to the folder. */
  readonly url: string;
  /** In bytes; undefined: a folder. */
  readonly size: number | undefined;
}

/** What can be asked for in the folder, by name; not more than `LIST_MAX`. */
export function listFolder(root: FileRoot, names: readonly string[]): FolderEntry[] {
  const entries: FolderEntry[] = [];
  for (const name of namesIn(root, names)) {
    const found = isServable(name) ? root.look([...names, name]) : undefined;
    if (found === undefined) continue;
    const isFolder = found.stats.isDirectory();
    entries.push({
      name,
      url: `./${encodeURIComponent(name)}${isFolder ? "/" : ""}`,
      size: isFolder ? undefined : Number(found.stats.size),
    });
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** As a page without any script. */
export function folderPage(names: readonly string[], entries: readonly FolderEntry[]): string {
  const title = escapeHtml(`Files in /${names.map((name) => `${name}/`).join("")}`);
  const rows = entries.map(({ name, url, size }) => {
    const label = escapeHtml(size === undefined ? `${name}/` : name);
    return `<tr><td><a href="${escapeHtml(url)}">${label}</a></td><td>${size ?? ""}</td></tr>`;
  });
  const note = entries.length < LIST_MAX ? "" : `<p>Only ${LIST_MAX} are shown.</p>\n`;
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

function namesIn(root: FileRoot, names: readonly string[]): string[] {
  const path = root.look(names)?.path;
  if (path === undefined) return [];
  const folder = opendirSync(path);
  try {
    const found: string[] = [];
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      if (found.push(entry.name) === LIST_MAX) break;
    }
    return found;
  } finally {
    folder.closeSync();
  }
}

/** A name that is no UTF-8 comes with U+FFFD in it, and could not be asked for. */
function isServable(name: string): boolean {
  return !name.startsWith(".") && !/[\\\ufffd]/.test(name);
}
