/**
 * An HTTP/1.1 server over a listener's streams: RFC 9112, and of RFC 9110 what is not the
 * application's. It takes options, counts, and ends; server-state.ts is what its connections share.
 */
import { outOfRange } from "../../../kernel/index.js";
import type { Reactor, Timer } from "../../../reactor/index.js";
import {
  type Address,
  type ListenTcpOptions,
  type ListenUnixOptions,
  Socket,
} from "../../../sockets/index.js";
import { Listener, type SocketStream } from "../../../streams/index.js";
import { Connection } from "./connection.js";
import type { HttpHandler } from "./handler.js";
import { DRAIN_GRACE_MS } from "./limits.js";
import { type HttpServerOptions, readOptions } from "./options.js";
import { ServerState } from "./server-state.js";
import type { HttpServerStats } from "./stats.js";

/** With `overload: "refuse"`, so many may be told at a time; others wait. */
const REFUSED_MAX = 64;

/** Where to listen. */
export type HttpServerAddress =
  | Omit<ListenTcpOptions, "kernel" | "blocking">
  | Omit<ListenUnixOptions, "kernel" | "blocking" | "type">;

/**
 * @example
 * ```ts
 * import { Reactor } from "socket-reactor";
 * import { HttpServer } from "socket-reactor/protocols/http1";
 * const reactor = new Reactor();
 * const server = HttpServer.listen(reactor, { port: 0 }, (request, response) => {
 *   response.end(`You asked for ${request.path}\n`);
 * });
 * console.log("listening on", server.address);
 * void server.drain();
 * await reactor.run();
 * ```
 */
export class HttpServer implements Disposable {
  readonly listener: Listener;
  readonly #state: ServerState;
  readonly #timers: Timer[] = [];
  #draining: Promise<void> | undefined;

  /**
   * Takes a listening socket over.
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for an option.
   */
  constructor(
    reactor: Reactor,
    socket: Socket,
    handler: HttpHandler,
    options: HttpServerOptions = {},
  ) {
    const settings = readOptions(options);
    const state = new ServerState(reactor, handler, settings);
    const { connectionsMax, overload, onError } = settings;
    const isRefusing = overload === "refuse";
    this.#state = state;
    this.listener = new Listener(reactor, socket, (stream) => this.#onStream(stream), {
      connectionsMax: connectionsMax + (isRefusing ? REFUSED_MAX : 0),
      stream: { allowHalfOpen: true, readMarks: { high: state.unreadBytesMax } },
      onError: onError && ((error) => state.report(error, undefined)),
    });
  }

  /** Listens on TCP or on a unix path. @throws as `Socket.listenTcp`, and as the constructor. */
  static listen(
    reactor: Reactor,
    where: HttpServerAddress,
    handler: HttpHandler,
    options: HttpServerOptions = {},
  ): HttpServer {
    const { kernel } = reactor;
    const socket =
      "path" in where
        ? Socket.listenUnix({ ...where, kernel })
        : Socket.listenTcp({ ...where, kernel });
    try {
      return new HttpServer(reactor, socket, handler, options);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  get address(): Address | undefined {
    return this.listener.address;
  }

  /** Counters since the server was made. O(connections) */
  stats(): HttpServerStats {
    const open = { bytesRead: 0, bytesWritten: 0 };
    this.#state.each((one) => {
      open.bytesRead += one.bytesRead;
      open.bytesWritten += one.bytesWritten;
    });
    return this.#state.counters.snapshot(open);
  }

  /**
   * Ends in order: accepts what waits in the kernel's queue and nothing more, closes idle
   * connections, lets requests that are under way be answered with "Connection: close". A connection
   * that had no request yet has {@link DRAIN_GRACE_MS} for it. Idempotent.
   *
   * @param deadlineMs then what is left is destroyed. @defaultValue the option `drainMs`
   * @returns resolves when no connection is left but upgraded ones, which are not the server's any
   *   more. In a blocking run it resolves after that.
   * @throws RangeError ERR_OUT_OF_RANGE
   */
  drain(deadlineMs: number = this.#state.settings.drainMs): Promise<void> {
    if (!(deadlineMs >= 0)) throw outOfRange("deadlineMs", "0 milliseconds or more", deadlineMs);
    this.#draining ??= new Promise((resolve) => this.#drain(deadlineMs, resolve));
    return this.#draining;
  }

  /** Ends now: every connection is destroyed, but for upgraded ones. Idempotent. */
  close(): void {
    this.listener.close();
    this.#state.each((one) => one.destroy());
    this.#ended();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #onStream(stream: SocketStream): void {
    const { settings, turnedAway } = this.#state;
    const connection = new Connection(this.#state, stream);
    const isOver = this.listener.streams.size - turnedAway > settings.connectionsMax;
    if (isOver && settings.overload === "refuse") connection.turnAway();
  }

  #drain(deadlineMs: number, resolve: () => void): void {
    const state = this.#state;
    this.#acceptWaiting();
    this.listener.close();
    state.isDraining = true;
    state.onEmpty = () => {
      this.#ended();
      resolve();
    };
    if (state.isEmpty) {
      state.onEmpty();
      return;
    }
    // What has come already is read first: in the next turn, and delivered by the one after it.
    this.#after(0, () => this.#after(0, () => state.each((one) => one.drain(false))));
    this.#after(DRAIN_GRACE_MS, () => state.each((one) => one.drain(true)));
    this.#after(deadlineMs, () => state.each((one) => one.destroy()));
  }

  /** Who has connected may have sent a request: closing the listener would reset it. */
  #acceptWaiting(): void {
    const { listener } = this;
    if (listener.isClosed) return;
    for (let before = -1; listener.stats().accepted > before; ) {
      before = listener.stats().accepted;
      listener.onReady();
    }
  }

  #after(delayMs: number, fn: () => void): void {
    const { reactor } = this.#state;
    if (!reactor.isClosed) this.#timers.push(reactor.timer(delayMs, fn).unref());
  }

  #ended(): void {
    for (const timer of this.#timers.splice(0)) timer.stop();
    this.#state.dates.stop();
  }
}
