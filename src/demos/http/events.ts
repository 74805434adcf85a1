/**
 * `GET /events`: server-sent events (HTML standard, §9.2), a beat a second with what the reactor
 * and the server count.
 *
 * The rule of this file: a beat is for now. While a client does not read, or waits for another
 * answer first, none is made for it; and a client that comes back says where it was, so that the
 * numbers go on and show what it missed.
 */
import type { Reactor, SocketStream, Timer } from "socket-reactor";
import type { HttpHandler, HttpResponse, HttpServerStats } from "socket-reactor/protocols/http1";
import { madeNow } from "./made-now.js";
import { Refusal } from "./refusal.js";

export const BEAT_MS = 1000;

/** Each costs a timer, and at each beat a look at all connections. */
export const LISTENERS_MAX = 100;

/** What a client waits before it comes back. */
const RETRY_MS = 2000;

export interface EventsOptions {
  readonly reactor: Reactor;
  readonly serverStats: () => HttpServerStats;
  /** @defaultValue {@link BEAT_MS} */
  readonly beatMs?: number | undefined;
}

/** The clients that listen. */
export class EventStreams {
  readonly #options: EventsOptions;
  readonly #open: Map<HttpResponse, Timer> = new Map();
  #isClosed = false;

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  readonly handler: HttpHandler = (request, response) => {
    madeNow(response, "text/event-stream");
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const last = request.get("last-event-id") ?? "";
    if (this.#isClosed) {
      response.end(`retry: ${RETRY_MS}\n\n`); // it comes back, to whoever is there then
      return;
    }
    if (this.#open.size >= LISTENERS_MAX) {
      throw new Refusal(503, "Enough others listen already", { "Retry-After": "60" });
    }
    this.#start(response, request.stream, /^\d{1,15}$/.test(last) ? Number(last) : 0);
    request.signal.addEventListener("abort", () => this.#end(response));
  };

  /** Ends them all, and whoever comes later; browsers come back by themselves. */
  close(): void {
    this.#isClosed = true;
    for (const response of this.#open.keys()) this.#end(response);
  }

  #start(response: HttpResponse, stream: SocketStream, last: number): void {
    const { reactor, beatMs = BEAT_MS } = this.#options;
    let id = last;
    const event = (): string => {
      id += 1;
      return `id: ${id}\nevent: stats\ndata: ${this.#stats()}\n\n`;
    };
    const beat = (): void => {
      const isRead = response.isFront && stream.pendingBytes === 0;
      if (isRead) response.write(event());
      else id += 1;
    };
    this.#open.set(response, reactor.timer(beatMs, beat, { repeat: true }));
    response.write(`retry: ${RETRY_MS}\n\n${event()}`); // at once, for nobody likes to wait
  }

  /** A client that has only ended its side still reads, and is told. */
  #end(response: HttpResponse): void {
    this.#open.get(response)?.stop();
    this.#open.delete(response);
    if (!response.isEnded) response.end();
  }

  #stats(): string {
    const { turns, callbacks, waitMs, dispatchMs } = this.#options.reactor.stats();
    const { connections, activeConnections, requests, bytesWritten } = this.#options.serverStats();
    return JSON.stringify({
      ...{ turns, callbacks, waitMs: Math.round(waitMs), dispatchMs: Math.round(dispatchMs) },
      ...{ connections, activeConnections, requests, bytesWritten },
      listeners: this.#open.size,
    });
  }
}
