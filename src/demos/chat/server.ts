/**
 * The chat server: IRC over TCP, the same over WebSocket with a page that speaks it, and one
 * network for both. What is said is network/'s, how it travels the peers'; here connections come
 * in, are looked after, and go.
 */
import {
  type Address,
  formatAddress,
  Listener,
  type Reactor,
  type SystemError,
} from "socket-reactor";
import { type HttpHandler, HttpServer } from "socket-reactor/protocols/http1";
import { GOING_DOWN, Hub, type HubStats } from "./hub.js";
import { type ChatLimits, DRAIN_MS, UNREAD_BYTES_MAX } from "./limits.js";
import type { ChatNetwork, NetworkOptions, NetworkStats } from "./network/chat-network.js";
import { webHandler } from "./web-handler.js";

/** Above the limit so many connections may be told at a time that there is no room. */
const REFUSED_MAX = 64;

export interface ChatServerOptions {
  /** A numeric address, for IRC and for the web. */
  readonly host: string;
  /** Of IRC; 0: a free one. */
  readonly port: number;
  /** The name that `host` was looked up of: web requests to it are answered, too. */
  readonly hostName?: string | undefined;
  /** What the paths of `webHandler` begin with; it ends in a slash. @defaultValue "/" */
  readonly webPrefix?: string | undefined;
  readonly network?: NetworkOptions | undefined;
  readonly limits?: Partial<ChatLimits> | undefined;
  /** False: everybody may speak as fast as they like. @defaultValue true */
  readonly floodLimits?: boolean | undefined;
  /** Told of connections that come and go, and of web answers. */
  readonly log?: ((line: string) => void) | undefined;
}

export type ChatServerStats = NetworkStats & HubStats;

export class ChatServer {
  readonly network: ChatNetwork;
  /** The page and its WebSocket, below the prefix: for `listenWeb`, or for another web server. */
  readonly webHandler: HttpHandler;
  readonly #hub: Hub;
  readonly #listener: Listener;
  #web: HttpServer | undefined;

  /** Listens for IRC. @throws the system's error if the address cannot be had. */
  constructor(reactor: Reactor, options: ChatServerOptions) {
    const hub = new Hub(reactor, options);
    const { host, port, hostName, webPrefix = "/", log = () => {} } = options;
    this.#hub = hub;
    this.network = hub.network;
    this.webHandler = webHandler({
      ...{ prefix: webPrefix, host, hostName, log, closeTimeoutMs: hub.limits.closeMs },
      onSocket: (socket, request) => hub.serveSocket(socket, request),
    });
    this.#listener = Listener.tcp(reactor, { host, port }, (stream) => hub.serveStream(stream), {
      connectionsMax: hub.limits.connectionsMax + REFUSED_MAX,
      stream: { readMarks: { high: UNREAD_BYTES_MAX } },
      onError: (error) => this.#onError(error),
    });
  }

  /** Of IRC, for who looks at its connections. */
  get listener(): Listener {
    return this.#listener;
  }

  /** Where IRC is spoken. */
  get address(): string {
    return formatAddress(this.#listener.address as Address);
  }

  /** Where the page is, if `listenWeb` was called. */
  get webAddress(): string | undefined {
    return this.#web && formatAddress(this.#web.address as Address);
  }

  /** Serves the page on a port of its own. @throws the system's error if it cannot be had. */
  listenWeb({ host, port }: { readonly host: string; readonly port: number }): void {
    const { reactor, log } = this.#hub;
    this.#web = HttpServer.listen(reactor, { host, port }, this.webHandler, {
      connectionsMax: this.#hub.limits.connectionsMax + REFUSED_MAX,
      onError: (error) => log(`web: ${error instanceof Error ? error.message : String(error)}`),
    });
  }

  /** O(1) */
  stats(): ChatServerStats {
    return { ...this.network.stats(), ...this.#hub.stats() };
  }

  /**
   * Ends in order: nobody new, a last word for everybody, then the end of each when it has read it.
   *
   * @param deadlineMs then who is left is cut.
   */
  async drain(reason: string = GOING_DOWN, deadlineMs: number = DRAIN_MS): Promise<void> {
    this.#listener.close();
    const webDrained = this.#web?.drain(deadlineMs);
    await this.#hub.sayGoodbye(reason, deadlineMs);
    await webDrained;
    this.close(reason);
  }

  /** Ends now: everybody is told why, as far as the kernel takes it at once. Idempotent. */
  close(reason: string = GOING_DOWN): void {
    this.#listener.close();
    this.#hub.close(reason);
    for (const stream of this.#listener.streams) stream.destroy(); // who was refused
    this.#web?.close();
  }

  /** EMFILE and its like: the listener pauses by itself. After any other it is closed. */
  #onError(error: SystemError): void {
    if (this.#listener.isClosed) this.#hub.reactor.fail(error);
    else this.#hub.log(`accept: ${error.code}, trying again soon`);
  }
}
