/**
 * The listener of the models whose main thread only accepts: thread-per-connection.ts,
 * thread-pool.ts, and multi-reactor.ts when it hands out. It is that of reactor.ts: a bounded number
 * of connections in a turn, none while there is no room, and a pause when the system has none.
 */
import * as net from "socket-reactor";
import { codeOf, nameOf } from "./server.js";
import { assertConnection } from "./worker-thread.js";

/** Connections taken in one turn, so that a flood cannot keep the reactor. */
const ACCEPTS_PER_TURN = 64;
/** How long the listener is left alone when the system has no descriptor or memory left. */
const ACCEPT_PAUSE_MS = 1000;

export interface AcceptorOptions {
  readonly hasRoom: () => boolean;
  /** Owns the socket from now on, unless it throws. */
  readonly serve: (socket: net.Socket) => void;
  /** Throws a SystemError if a connection cannot be served now: it is left in the backlog. */
  readonly assertRoom?: () => void;
  readonly log: (line: string) => void;
}

export class Acceptor {
  readonly address: string;
  readonly #reactor: net.Reactor;
  readonly #listener: net.Socket;
  readonly #options: AcceptorOptions;
  readonly #watch: net.Watch;
  readonly #later: net.Timer;

  /** Owns the listener from now on. */
  constructor(reactor: net.Reactor, listener: net.Socket, options: AcceptorOptions) {
    this.#reactor = reactor;
    this.#listener = listener;
    this.#options = options;
    this.address = nameOf(listener.localAddress);
    this.#watch = reactor.watch(listener, net.EVENT_READ, () => this.#accept());
    this.#later = reactor.timer(ACCEPT_PAUSE_MS, () => this.update(), { start: false });
    reactor.hold(); // without room it watches nothing, and runs on
    options.log(`${listener.state} ${this.address}`);
  }

  /** To be called when there may be room again. */
  update(): void {
    if (this.#listener.isClosed || !this.#options.hasRoom()) return;
    try {
      this.#watch.start();
    } catch (error) {
      this.pause(codeOf(error));
    }
  }

  /** EMFILE and its like: the listener stays ready, so to look again at once would spin. */
  pause(code: string): void {
    this.#options.log(`accept: ${code}, trying again in ${ACCEPT_PAUSE_MS} ms`);
    this.#watch.stop();
    this.#later.start();
  }

  close(): void {
    this.#later.stop();
    this.#listener.close(); // ends the watch, too
    this.#reactor.release();
  }

  #accept(): void {
    const { hasRoom, serve, assertRoom } = this.#options;
    for (let n = 0; n < ACCEPTS_PER_TURN && hasRoom(); n += 1) {
      let socket: net.Socket | undefined;
      try {
        assertConnection(this.#listener.kernel);
        assertRoom?.();
        socket = this.#listener.accept();
        if (socket === undefined) return;
        serve(socket);
      } catch (error) {
        socket?.close();
        this.pause(codeOf(error));
        return;
      }
    }
    if (!hasRoom()) this.#watch.stop();
  }
}
