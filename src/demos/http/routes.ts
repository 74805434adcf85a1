/**
 * The routes of the demo, apart from the server that has them: server.ts puts them at its root, the
 * demo of all servers below a prefix. They are relative to it, as is all that the page asks for.
 */
import { fileURLToPath } from "node:url";
import type { Reactor } from "socket-reactor";
import {
  fetchHandler,
  type HttpHandler,
  type HttpServerStats,
  methods,
} from "socket-reactor/protocols/http1";
import { EventStreams } from "./events.js";
import { FileRoot } from "./file-root.js";
import { listFolder } from "./folder-list.js";
import { jsonEcho } from "./json-echo.js";
import { MADE_NOW } from "./made-now.js";
import { slow } from "./slow.js";
import { staticFiles } from "./static-files.js";

/** The page that is there where the root has none. It is no code: src/ is in the package, too. */
const PAGE = fileURLToPath(new URL("../../../src/demos/http/page/", import.meta.url));

/** A page runs its own scripts and nothing else, whatever it shows. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
};

export interface RoutesOptions {
  readonly reactor: Reactor;
  readonly serverStats: () => HttpServerStats;
  /** What their paths begin with; it ends in a slash. @defaultValue "/" */
  readonly prefix?: string | undefined;
  /** A folder whose files are served. @defaultValue only the demo's own page is */
  readonly root?: string | undefined;
  /** Show what is in folders without an index.html. @defaultValue false */
  readonly list?: boolean | undefined;
  /** Between two events. */
  readonly beatMs?: number | undefined;
  /** Between two lines of `slow`. */
  readonly paceMs?: number | undefined;
}

export class HttpRoutes {
  /** For paths that begin with the prefix. It throws Refusals, see answer.ts. */
  readonly handler: HttpHandler;
  readonly #events: EventStreams;

  /** @throws the system's error if there is no such root. */
  constructor(options: RoutesOptions) {
    const { reactor, serverStats, prefix = "/", root, list = false, beatMs, paceMs } = options;
    const page = new FileRoot(PAGE, PAGE_HEADERS);
    const roots = root === undefined ? [page] : [new FileRoot(root), page];
    const shown = list && root !== undefined ? roots[0] : undefined; // the page is nobody's file
    const files = methods({ GET: staticFiles({ roots, list, prefix }) });
    this.#events = new EventStreams({ reactor, serverStats, beatMs });
    const routes = new Map<string, HttpHandler>([
      [`${prefix}api/echo`, methods({ POST: jsonEcho })],
      [`${prefix}api/files`, methods({ GET: fetchHandler(() => rootList(shown)) })],
      [`${prefix}events`, methods({ GET: this.#events.handler })],
      [`${prefix}slow`, methods({ GET: slow(paceMs) })],
    ]);
    this.handler = (request, response) => (routes.get(request.path) ?? files)(request, response);
  }

  /** Ends what would never be finished: the event streams. */
  close(): void {
    this.#events.close();
  }
}

/** What is in the root, as data, if that is to be shown. */
function rootList(root: FileRoot | undefined): Response {
  const list = root === undefined ? { entries: [], isWhole: true } : listFolder(root, []);
  return Response.json({ list: root !== undefined, ...list }, { headers: MADE_NOW });
}
