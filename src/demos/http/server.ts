/**
 * The server of the demo: which route a path belongs to, what a refusal looks like, and how it
 * ends. Connections, messages and their limits are HttpServer's.
 */

import { fileURLToPath } from "node:url";
import {
  type Address,
  type Backend,
  formatAddress,
  Reactor,
  type SystemError,
} from "socket-reactor";
import {
  fetchHandler,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  HttpServer,
  methods,
} from "socket-reactor/protocols/http1";
import { EventStreams } from "./events.js";
import { FileRoot } from "./file-root.js";
import { listFolder } from "./folder-list.js";
import { hostCheck } from "./host-check.js";
import { BODY_BYTES_MAX, jsonEcho } from "./json-echo.js";
import { Refusal } from "./refusal.js";
import { slow } from "./slow.js";
import { staticFiles } from "./static-files.js";

/** The page that is there where the root has none. It is no code: src/ is in the package, too. */
const PAGE = fileURLToPath(new URL("../../../src/demos/http/page/", import.meta.url));

/** The page runs its own script and nothing else, whatever it shows. */
const PAGE_HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
};

/**
 * Requests of one connection that are begun before the first is answered. Each may hold a file open,
 * and browsers send no second one.
 */
export const PIPELINED_MAX = 8;

export interface HttpDemoOptions {
  /** A numeric address. */
  readonly host: string;
  /** The name it was looked up of: requests to it are answered on a loopback address, too. */
  readonly hostName?: string | undefined;
  readonly port: number;
  readonly backend?: Backend | undefined;
  /** A folder whose files are served. @defaultValue only the demo's own page is */
  readonly root?: string | undefined;
  /** Show what is in folders without an index.html. @defaultValue false */
  readonly list?: boolean | undefined;
  /** Told of each answer and each failure. */
  readonly log: (line: string) => void;
  /** Between two events. */
  readonly beatMs?: number | undefined;
  /** Between two lines of `/slow`. */
  readonly paceMs?: number | undefined;
}

export class HttpDemo {
  readonly reactor: Reactor;
  readonly server: HttpServer;
  readonly #events: EventStreams;
  readonly #log: (line: string) => void;

  /** @throws the system's error if there is no such root, or the address cannot be had. */
  constructor(options: HttpDemoOptions) {
    const { host, port, backend, root, log, beatMs } = options;
    const page = new FileRoot(PAGE, PAGE_HEADERS);
    const roots = root === undefined ? [page] : [new FileRoot(root), page];
    this.#log = log;
    this.reactor = new Reactor({ backend });
    this.#events = new EventStreams({
      ...{ reactor: this.reactor, beatMs },
      serverStats: () => this.server.stats(),
    });
    const handler = this.#route(roots, options);
    try {
      this.server = HttpServer.listen(this.reactor, { host, port }, handler, {
        bodyBytesMax: BODY_BYTES_MAX,
        pipelinedMax: PIPELINED_MAX,
        onError: (error, request) => log(`${request?.target ?? "listener"}: ${reasonOf(error)}`),
      });
    } catch (error) {
      this.reactor.close();
      throw error;
    }
  }

  get address(): string {
    return formatAddress(this.server.address as Address);
  }

  /** Serves until `signal` aborts, then finishes what is under way, for `drainMs` at most. */
  async run(signal: AbortSignal, drainMs?: number): Promise<void> {
    const drain = async (): Promise<void> => {
      this.#events.close(); // they would never be finished
      await this.server.drain(drainMs);
      this.reactor.stop();
    };
    const running = this.reactor.run();
    const drained = new Promise<void>((resolve, reject) => {
      const start = () => drain().then(resolve, reject);
      if (signal.aborted) start();
      else signal.addEventListener("abort", start, { once: true });
    });
    try {
      await Promise.race([running, drained]);
      await running;
    } finally {
      this.server.close();
      this.reactor.close();
    }
  }

  #route(roots: readonly FileRoot[], options: HttpDemoOptions): HttpHandler {
    const { host, hostName, root, list = false, paceMs } = options;
    const shown = list && root !== undefined ? roots[0] : undefined; // the page is nobody's file
    const isForUs = hostCheck({ address: host, name: hostName });
    const files = methods({ GET: staticFiles({ roots, list }) });
    const routes: Readonly<Record<string, HttpHandler>> = {
      "/api/echo": methods({ POST: jsonEcho }),
      "/api/files": methods({ GET: fetchHandler(() => rootList(shown)) }),
      "/events": methods({ GET: this.#events.handler }),
      "/slow": methods({ GET: slow(paceMs) }),
    };
    return (request, response) => {
      const route = Object.hasOwn(routes, request.path) ? routes[request.path] : undefined;
      const answer = isForUs(request.host) ? (route ?? files) : misdirected;
      return this.#answer(answer, request, response);
    };
  }

  #answer(route: HttpHandler, request: HttpRequest, response: HttpResponse): void | Promise<void> {
    const asked = `${request.method} ${request.target}`; // the head may be gone afterwards
    const done = (): void => this.#log(`${asked} ${response.status}`);
    const failed = (error: unknown): void => {
      if (!(error instanceof Refusal) || response.isHeadSent) throw error;
      refuse(response, error);
      done();
    };
    try {
      const answering = route(request, response);
      if (answering !== undefined) return answering.then(done, failed);
      done();
    } catch (error) {
      failed(error);
    }
  }
}

/** What is in the root, as data, if that is to be shown. */
function rootList(root: FileRoot | undefined): Response {
  const list = root === undefined ? { entries: [], isWhole: true } : listFolder(root, []);
  const headers = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };
  return Response.json({ list: root !== undefined, ...list }, { headers });
}

/** RFC 9110 §15.5.20 */
const misdirected: HttpHandler = () => {
  throw new Refusal(421, "On this address only its number, localhost and --host are answered");
};

/** What may have been said of a file that is not sent now. */
const OF_A_FILE = ["Content-Length", "Content-Range", "Content-Encoding", "ETag", "Last-Modified"];

function refuse(response: HttpResponse, { status, message, headers }: Refusal): void {
  for (const name of OF_A_FILE) response.removeHeader(name);
  response.status = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.setHeader("X-Content-Type-Options", "nosniff");
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(`${message}\n`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error
    ? ((error as Partial<SystemError>).code ?? error.message)
    : String(error);
}
