/**
 * Echo, chat and HTTP in one process on one reactor, and a page that shows it: which paths belong to
 * whom, and how all of them end. What is shown is live-feed.ts's, how it is run command.ts's.
 */
import { fileURLToPath } from "node:url";
import {
  type Address,
  type Backend,
  formatAddress,
  isUnixAddress,
  type Listener,
  Reactor,
  type SocketStream,
} from "socket-reactor";
import {
  type HttpHandler,
  HttpServer,
  type HttpServerStats,
  methods,
} from "socket-reactor/protocols/http1";
import { ChatServer } from "../chat/server.js";
import { reasonOf } from "../errors.js";
import { answering } from "../http/answer.js";
import { FileRoot } from "../http/file-root.js";
import { BODY_BYTES_MAX } from "../http/json-echo.js";
import { HttpRoutes, PAGE_HEADERS } from "../http/routes.js";
import { guarded, PIPELINED_MAX } from "../http/server.js";
import { redirect, staticFiles } from "../http/static-files.js";
import { runUntilAborted } from "../run-until-aborted.js";
import { ConnectionBook } from "./connection-book.js";
import { CLOSE_WAIT_MS, EchoService } from "./echo-service.js";
import { LiveFeed } from "./live-feed.js";
import { reportHandler } from "./report-route.js";

/** It is no code: src/ is in the package, too. */
const PAGE = fileURLToPath(new URL("../../../src/demos/demo/page/", import.meta.url));

/** Of each service. Further ones wait in its listener's backlog. */
export const CONNECTIONS_MAX = 10_000;

/** select(2) takes low descriptors only. So many may be no connections. */
const DESCRIPTORS_RESERVED = 64;

/**
 * How long the HTTP server waits for a peer's end after its own: long enough for FIN_WAIT2 to be
 * read on the page.
 */
export const FIN_WAIT_MS = 5000;

export interface DemoServerOptions {
  /** A numeric address. */
  readonly host: string;
  /** The name it was looked up of. */
  readonly hostName?: string | undefined;
  readonly echoPort: number;
  readonly chatPort: number;
  readonly httpPort: number;
  readonly backend?: Backend | undefined;
  /** Told of each answer and each failure. */
  readonly log: (line: string) => void;
  /** Between two beats of the page. */
  readonly beatMs?: number | undefined;
  /** How long the echo service leaves a connection in CLOSE_WAIT. */
  readonly closeWaitMs?: number | undefined;
}

export class DemoServer {
  readonly reactor: Reactor;
  readonly echo: EchoService;
  readonly chat: ChatServer;
  readonly http: HttpServer;
  readonly live: LiveFeed;
  readonly #book: ConnectionBook;
  readonly #routes: HttpRoutes;
  /** By the name of their service. */
  readonly #listeners = new Map<string, Listener>();
  /** What is open, to be closed in reverse. */
  readonly #opened: { close(): void }[] = [];

  /** @throws the system's error if an address cannot be had; nothing stays open then. */
  constructor(options: DemoServerOptions) {
    const { host, hostName, backend, closeWaitMs = CLOSE_WAIT_MS, beatMs, log } = options;
    const reactor = this.#open(new Reactor({ backend }));
    const connectionsMax = connectionsMaxOf(reactor);
    this.reactor = reactor;
    this.#book = this.#open(
      new ConnectionBook({ reactor, serviceOf: (port) => this.#serviceOf(port) }),
    );
    try {
      this.live = new LiveFeed({
        ...{ reactor, book: this.#book, listeners: this.#listeners, beatMs },
        about: { closeWaitMs, finWaitMs: FIN_WAIT_MS, backend: reactor.capabilities.backend },
      });
      const onChange = (stream: SocketStream): void => this.#book.changed(stream);
      const echo = { host, port: options.echoPort, connectionsMax, closeWaitMs, onChange };
      this.echo = this.#listen("echo", new EchoService(reactor, echo));
      const chat = { host, hostName, port: options.chatPort, webPrefix: "/chat/", log };
      this.chat = this.#listen(
        "chat",
        new ChatServer(reactor, { ...chat, limits: { connectionsMax } }),
      );
      const serverStats = (): HttpServerStats => this.http.stats();
      this.#routes = new HttpRoutes({ reactor, serverStats, prefix: "/http/" });
      this.http = this.#listen("http", this.#openHttp(options, connectionsMax));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Where a service listens. */
  addressOf(service: "echo" | "chat" | "http"): string {
    return formatAddress(this.#listeners.get(service)?.address as Address);
  }

  /** Serves until `signal` aborts, then sends what is under way, for `drainMs` at most. */
  async run(signal: AbortSignal, drainMs: number): Promise<void> {
    try {
      await runUntilAborted(this.reactor, signal, () => this.#drain(drainMs));
    } finally {
      this.close();
    }
  }

  /** Ends everything now. Idempotent. */
  close(): void {
    for (const one of this.#opened.splice(0).reverse()) one.close();
  }

  async #drain(deadlineMs: number): Promise<void> {
    this.live.close(); // event streams would never be finished
    this.#routes.close();
    await Promise.all([
      this.echo.drain(deadlineMs),
      this.chat.drain(undefined, deadlineMs),
      this.http.drain(deadlineMs),
    ]);
    this.reactor.stop();
  }

  #open<T extends { close(): void }>(one: T): T {
    this.#opened.push(one);
    return one;
  }

  #listen<T extends { close(): void; readonly listener: Listener }>(service: string, one: T): T {
    this.#listeners.set(service, one.listener);
    return this.#open(one);
  }

  #openHttp({ host, hostName, httpPort, log }: DemoServerOptions, max: number): HttpServer {
    const own = answering(guarded(this.#route(), { address: host, name: hostName }), log);
    const handler: HttpHandler = (request, response) => {
      if (!request.path.startsWith("/chat/")) return own(request, response);
      if (request.upgrade !== undefined) this.#book.handOver(request.stream, "chat");
      return this.chat.webHandler(request, response); // which checks Host and logs by itself
    };
    return HttpServer.listen(this.reactor, { host, port: httpPort }, handler, {
      bodyBytesMax: BODY_BYTES_MAX,
      connectionsMax: max,
      pipelinedMax: PIPELINED_MAX,
      lingerMs: FIN_WAIT_MS,
      onError: (error, request) => log(`${request?.target ?? "listener"}: ${reasonOf(error)}`),
    });
  }

  #route(): HttpHandler {
    const page = methods({ GET: staticFiles({ roots: [new FileRoot(PAGE, PAGE_HEADERS)] }) });
    const routes = new Map<string, HttpHandler>([
      ["/live", methods({ GET: this.live.handler })],
      ["/api/report", methods({ GET: reportHandler(this.reactor, this.#book) })],
      ["/chat", (request, response) => redirect("/chat/", request, response)],
      ["/http", (request, response) => redirect("/http/", request, response)],
    ]);
    return (request, response) => {
      const isHttp = request.path.startsWith("/http/");
      return (isHttp ? this.#routes.handler : (routes.get(request.path) ?? page))(
        request,
        response,
      );
    };
  }

  #serviceOf(port: number): string | undefined {
    for (const [service, { address }] of this.#listeners) {
      if (address !== undefined && !isUnixAddress(address) && address.port === port) return service;
    }
    return undefined;
  }
}

/** Descriptors for all three; select(2) has numbers for a thousand. */
function connectionsMaxOf(reactor: Reactor): number {
  const { maxFd } = reactor.capabilities;
  return Math.min(CONNECTIONS_MAX, Math.floor((maxFd - DESCRIPTORS_RESERVED) / 3));
}
