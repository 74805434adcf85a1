/**
 * Accepts connections, a bounded number per turn, and makes each a stream. libevent: evconnlistener
 *
 * When descriptors run out (EMFILE, ENFILE, or memory) the connection stays in the kernel's queue
 * and the listener stays readable, so that going on at once would spin. The listener pauses instead
 * and looks again after a time that doubles. Clients wait in the queue meanwhile; if it lasts, they
 * are refused one by one with the help of a spare descriptor, so that they know.
 */
import { AsyncResource } from "node:async_hooks";
import { errnoOf, SystemError } from "../kernel/index.js";
import type { Reactor, Watch, WatchTarget } from "../reactor/index.js";
import { EVENT_READ } from "../reactor/index.js";
import {
  type Address,
  type ListenTcpOptions,
  type ListenUnixOptions,
  Socket,
  TCP_NODELAY,
} from "../sockets/index.js";
import type { StreamOwner } from "./buffered-stream.js";
import {
  ACCEPTS_PER_TURN,
  CONNECTIONS_MAX,
  checkCount,
  type ListenerStats,
} from "./listener-limits.js";
import { ListenerPause } from "./listener-pause.js";
import { noteListener } from "./notes.js";
import { SocketStream } from "./socket-stream.js";
import type { StreamOptions } from "./stream-options.js";

/**
 * Errors of accept(2) that will not pass. All others do: there is no room for now, or the error is
 * that of the connection that was to be accepted (EPROTO, EHOSTUNREACH ...), see "Error handling"
 * in accept(2).
 */
const FATAL: ReadonlySet<number> = new Set(
  (["EBADF", "EINVAL", "ENOTSOCK"] as const).map((code) => errnoOf(code)),
);

export interface ListenerOptions {
  /** @defaultValue {@link ACCEPTS_PER_TURN} */
  readonly acceptsPerTurn?: number | undefined;
  /** @defaultValue {@link CONNECTIONS_MAX} */
  readonly connectionsMax?: number | undefined;
  /** TCP_NODELAY on what is accepted. @defaultValue true */
  readonly noDelay?: boolean | undefined;
  /** For the streams it makes. */
  readonly stream?: StreamOptions | undefined;
  /**
   * Hears why it pauses, once each time, and why it ended if that was an error; default: nobody of
   * a pause, and the reactor of an end.
   */
  readonly onError?: ((error: SystemError, listener: Listener) => void) | undefined;
}

/**
 * @example
 * ```ts
 * import { Listener, Reactor } from "socket-reactor";
 * const reactor = new Reactor();
 * const listener = Listener.tcp(reactor, { host: "127.0.0.1", port: 0 }, (stream) => {
 *   stream.handler = { onData: (self, input) => void self.write(input) };
 * });
 * console.log("echo on", listener.address);
 * listener.close();
 * await reactor.run();
 * ```
 */
export class Listener implements Disposable, StreamOwner, WatchTarget {
  readonly reactor: Reactor;
  readonly socket: Socket;
  /** The streams it made that are open. */
  readonly streams: Set<SocketStream> = new Set();
  readonly address: Address | undefined;
  readonly #onStream: (stream: SocketStream) => void;
  readonly #options: ListenerOptions;
  readonly #acceptsPerTurn: number;
  readonly #connectionsMax: number;
  readonly #context = new AsyncResource("SOCKET_REACTOR_LISTENER");
  readonly #watch: Watch;
  readonly #pause: ListenerPause;
  #accepted = 0;
  #isPaused = false;

  /**
   * Takes a listening socket over: it is closed with the listener.
   *
   * @param onStream gets each connection; it sets `stream.handler`, or destroys it.
   */
  constructor(
    reactor: Reactor,
    socket: Socket,
    onStream: (stream: SocketStream) => void,
    options: ListenerOptions = {},
  ) {
    this.reactor = reactor;
    this.socket = socket;
    this.address = socket.localAddress;
    this.#onStream = onStream;
    this.#options = options;
    this.#acceptsPerTurn = checkCount("acceptsPerTurn", options.acceptsPerTurn ?? ACCEPTS_PER_TURN);
    this.#connectionsMax = checkCount("connectionsMax", options.connectionsMax ?? CONNECTIONS_MAX);
    this.#pause = new ListenerPause(reactor, socket, () => {
      if (!this.#pause.isPausing) noteListener("resume", this);
      this.#update();
    });
    try {
      this.#watch = reactor.watch(socket, EVENT_READ, this).unref();
    } catch (error) {
      this.#pause.close();
      throw error;
    }
    reactor.hold();
  }

  /**
   * Listens on TCP.
   *
   * @param where a numeric host and a port, as for `Socket.listenTcp`.
   * @throws as `Socket.listenTcp`.
   */
  static tcp(
    reactor: Reactor,
    where: Omit<ListenTcpOptions, "kernel" | "blocking">,
    onStream: (stream: SocketStream) => void,
    options?: ListenerOptions,
  ): Listener {
    const socket = Socket.listenTcp({ ...where, kernel: reactor.kernel });
    return Listener.#of(reactor, socket, onStream, options);
  }

  /** Listens on a unix path or name. @throws as `Socket.listenUnix`. */
  static unix(
    reactor: Reactor,
    where: Omit<ListenUnixOptions, "kernel" | "blocking" | "type">,
    onStream: (stream: SocketStream) => void,
    options?: ListenerOptions,
  ): Listener {
    const socket = Socket.listenUnix({ ...where, kernel: reactor.kernel });
    return Listener.#of(reactor, socket, onStream, options);
  }

  static #of(
    reactor: Reactor,
    socket: Socket,
    onStream: (stream: SocketStream) => void,
    options: ListenerOptions | undefined,
  ): Listener {
    try {
      return new Listener(reactor, socket, onStream, options);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.socket.isClosed;
  }

  stats(): ListenerStats {
    const { refused, pauses } = this.#pause;
    return { accepted: this.#accepted, refused, pauses, connections: this.streams.size };
  }

  /** Accepts no more until `resume`; clients wait in the kernel's queue. */
  pause(): void {
    this.#isPaused = true;
    this.#update();
  }

  resume(): void {
    this.#isPaused = false;
    this.#update();
  }

  /** Accepts no more, for good; the streams it made live on. Idempotent. */
  close(): void {
    if (this.isClosed) return;
    this.#watch.stop();
    this.#pause.close();
    this.socket.close();
    this.reactor.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** For `reactor.report()`. */
  describe(): Record<string, unknown> {
    return { ...this.stats() };
  }

  /** For the reactor. */
  onRefused(error: SystemError): void {
    this.#wait(error);
  }

  /** For the reactor. Streams are made in the asynchronous context of who made the listener. */
  onReady(): void {
    this.#context.runInAsyncScope(this.#acceptSome, this);
  }

  #acceptSome(): void {
    for (let i = 0; i < this.#acceptsPerTurn && this.#watch.isStarted; i += 1) {
      const socket = this.#accept();
      if (socket === undefined) return;
      this.#accepted += 1;
      noteListener("accept", this);
      this.#serve(socket);
    }
  }

  /** The next connection; undefined if none waits, or for an error, which is dealt with. */
  #accept(): Socket | undefined {
    try {
      const socket = this.socket.accept();
      if (socket !== undefined) this.#pause.reset();
      return socket;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (FATAL.has(error.errno)) {
        this.close();
        this.#report(error);
      } else this.#wait(error);
      return undefined;
    }
  }

  /** Not now: to try again at once would spin. */
  #wait(error: SystemError): void {
    this.#pause.begin();
    noteListener("pause", this, error);
    this.#report(error);
  }

  #serve(socket: Socket): void {
    let stream: SocketStream;
    try {
      if (socket.type === "stream" && socket.family !== "unix") {
        socket.setOption(TCP_NODELAY, this.#options.noDelay ?? true);
      }
      stream = new SocketStream(this.reactor, socket, {}, this.#options.stream);
    } catch (error) {
      // A peer that is gone already, or a kernel that has no room for another registration.
      socket.close();
      if (!(error instanceof SystemError)) throw error;
      this.#report(error);
      return;
    }
    this.streams.add(stream);
    stream.owner = this;
    if (this.streams.size >= this.#connectionsMax) this.#update();
    try {
      this.#onStream(stream);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  /** For its streams: one is over. */
  released(stream: SocketStream): void {
    this.streams.delete(stream);
    if (this.streams.size === this.#connectionsMax - 1) this.#update();
  }

  #report(error: SystemError): void {
    const { onError } = this.#options;
    if (onError !== undefined) onError(error, this);
    else if (this.isClosed) this.reactor.fail(error);
  }

  /** It accepts while there is no reason not to. */
  #update(): void {
    if (this.isClosed || this.reactor.isClosed) return;
    const isFull = this.streams.size >= this.#connectionsMax;
    if (this.#isPaused || isFull || this.#pause.isPausing) this.#watch.stop();
    else if (!this.#watch.isStarted) this.#start();
  }

  /** A kernel that has no room for the registration is a shortage like any other. */
  #start(): void {
    try {
      this.#watch.start();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#wait(error);
    }
  }
}
