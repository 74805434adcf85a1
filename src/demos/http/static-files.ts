/**
 * Files by their URL: one root after the other, a folder's index.html, the smaller twins of a file
 * (`.br`, `.gz`), and lists of folders, if they are wanted.
 */
import type { HttpHandler, HttpRequest, HttpResponse } from "socket-reactor/protocols/http1";
import { ENCODINGS, preferredEncodings } from "./accept-encoding.js";
import { contentTypeOf } from "./content-type.js";
import { type FilePath, folderUrl, parseFilePath } from "./file-path.js";
import { respondWithFile } from "./file-response.js";
import type { FileRoot, FoundFile } from "./file-root.js";
import { folderPage, listFolder } from "./folder-list.js";
import { madeNow } from "./made-now.js";
import { Refusal } from "./refusal.js";

const INDEX = "index.html";

/** A list runs nothing, sends nothing and is in no frame. */
const LIST_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface StaticFilesOptions {
  /** Where a file is looked for, in this order. */
  readonly roots: readonly FileRoot[];
  /** Answer a folder without an index.html with a list. @defaultValue false */
  readonly list?: boolean | undefined;
  /** What all their URLs begin with; it ends in a slash. @defaultValue "/" */
  readonly prefix?: string | undefined;
}

/** Answers GET and HEAD of paths that begin with the prefix. @throws Refusal */
export function staticFiles({
  roots,
  list = false,
  prefix = "/",
}: StaticFilesOptions): HttpHandler {
  return (request, response) => {
    const path = parseFilePath(request.path.slice(prefix.length - 1));
    for (const root of roots) {
      const name = path.isFolder ? [...path.names, INDEX] : path.names;
      const found = root.open(name);
      if (found?.kind === "file") return respondFrom(root, name, found, request, response);
      if (found?.kind === "folder" && !path.isFolder) {
        return redirect(prefix + folderUrl(path.names).slice(1), request, response);
      }
    }
    const isListed = (root: FileRoot) => root.look(path.names)?.stats.isDirectory();
    const listed = list && path.isFolder ? roots.find(isListed) : undefined;
    if (listed === undefined) throw new Refusal(404, "There is no such file");
    return respondWithList(listed, path, response);
  };
}

function respondFrom(
  root: FileRoot,
  names: readonly string[],
  plain: FoundFile,
  request: HttpRequest,
  response: HttpResponse,
): void | Promise<void> {
  for (const [name, value] of Object.entries(root.headers)) response.setHeader(name, value);
  const contentType = contentTypeOf(names.at(-1) ?? "");
  const encodings = preferredEncodings(request.get("accept-encoding"), Object.keys(ENCODINGS));
  for (const contentEncoding of encodings) {
    const twin = openTwin(root, names, plain, contentEncoding);
    if (twin === undefined) continue;
    plain.close();
    return respondWithFile(request, response, twin, { contentType, contentEncoding });
  }
  return respondWithFile(request, response, plain, { contentType });
}

/** One that is older than the file was made of an older file; one that is refused is not needed. */
function openTwin(
  root: FileRoot,
  names: readonly string[],
  plain: FoundFile,
  encoding: string,
): FoundFile | undefined {
  try {
    const twin = root.open([...names.slice(0, -1), `${names.at(-1)}${ENCODINGS[encoding]}`]);
    if (twin?.kind !== "file") return undefined;
    if (twin.modified >= plain.modified) return twin;
    twin.close();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    plain.close();
    throw error;
  }
  return undefined;
}

/** So that what the folder's page links to is looked for inside it. */
export function redirect(url: string, request: HttpRequest, response: HttpResponse): void {
  const query = request.query === "" ? "" : `?${request.query}`;
  response.status = 301;
  response.setHeader("Location", url + query);
  response.end();
}

function respondWithList(root: FileRoot, { names }: FilePath, response: HttpResponse): void {
  madeNow(response, "text/html; charset=utf-8");
  response.setHeader("Content-Security-Policy", LIST_POLICY);
  response.end(folderPage(names, listFolder(root, names)));
}
