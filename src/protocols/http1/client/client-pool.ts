/**
 * The connections of a client: those that rest, those that serve, those that are being made, and
 * the requests that wait for one. Each request has a connection of its own while it runs; a new one
 * is made if none rests and there may be more, else the request waits its turn.
 *
 * The rule of the file: a place in the count is taken when a connection is begun and given back
 * when it is gone; whoever gives one back serves who waits.
 */
import type { Reactor } from "../../../reactor/index.js";
import type { Socket } from "../../../sockets/index.js";
import { type Dialing, dial } from "../../../streams/index.js";
import { ClientConnection, type ConnectionOwner } from "./client-connection.js";
import { HttpClientError } from "./client-errors.js";
import type { ClientSettings } from "./client-options.js";
import type { Exchange, ExchangeHolder } from "./exchange.js";

export interface HttpClientStats {
  /** Open, serving or resting. */
  readonly connections: number;
  /** Of these, resting. */
  readonly idle: number;
  /** Being made. */
  readonly connecting: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
  /** Connections made since the beginning. */
  readonly connected: number;
}

export class ClientPool implements ConnectionOwner, ExchangeHolder {
  readonly #reactor: Reactor;
  readonly #settings: ClientSettings;
  readonly #connections = new Set<ClientConnection>();
  /** The last one is used first: what is not needed grows old, and goes. */
  readonly #resting: ClientConnection[] = [];
  readonly #dialings = new Map<Exchange, Dialing>();
  /** In order of arrival. */
  readonly #waiting = new Set<Exchange>();
  #connected = 0;
  #isClosed = false;

  constructor(reactor: Reactor, settings: ClientSettings) {
    this.#reactor = reactor;
    this.#settings = settings;
  }

  stats(): HttpClientStats {
    return {
      connections: this.#connections.size,
      idle: this.#resting.length,
      connecting: this.#dialings.size,
      waiting: this.#waiting.size,
      connected: this.#connected,
    };
  }

  submit(exchange: Exchange): void {
    const { waitingMax } = this.#settings;
    const resting = this.#takeResting();
    if (resting !== undefined) resting.start(exchange);
    else if (this.#hasRoom) this.#dial(exchange);
    else if (this.#waiting.size < waitingMax) {
      exchange.holder = this;
      this.#waiting.add(exchange);
    } else {
      const message = `${waitingMax} requests wait for a connection already`;
      exchange.fail(new HttpClientError("ERR_HTTP_CLIENT_BUSY", message));
    }
  }

  /** Everything fails. */
  close(): void {
    this.#isClosed = true;
    for (const exchange of [...this.#waiting, ...this.#dialings.keys()]) {
      exchange.fail(closedError());
    }
    for (const connection of [...this.#connections]) connection.fail(closedError());
  }

  // For the exchanges that wait here.

  abandon(exchange: Exchange): void {
    this.#waiting.delete(exchange);
    const dialing = this.#dialings.get(exchange);
    if (dialing === undefined) return;
    dialing.abort();
    this.#dialings.delete(exchange);
    this.#serve();
  }

  // For the connections.

  freed(connection: ClientConnection): void {
    if (this.#waiting.size > 0 && !connection.isQuiet) {
      connection.close(); // and `closed` serves who waits
      return;
    }
    const next = this.#takeWaiting();
    if (next !== undefined) connection.start(next);
    else {
      connection.rest();
      this.#resting.push(connection);
    }
  }

  closed(connection: ClientConnection, stale: Exchange | undefined): void {
    this.#connections.delete(connection);
    const at = this.#resting.indexOf(connection);
    if (at >= 0) this.#resting.splice(at, 1);
    // A connection of its own: others that rest may be as stale.
    if (stale !== undefined) this.#dial(stale);
    this.#serve();
  }

  get #hasRoom(): boolean {
    return this.#connections.size + this.#dialings.size < this.#settings.connectionsMax;
  }

  #takeResting(): ClientConnection | undefined {
    for (;;) {
      const connection = this.#resting.pop();
      if (connection?.isQuiet !== false) return connection;
      connection.close();
    }
  }

  #takeWaiting(): Exchange | undefined {
    for (const exchange of this.#waiting) {
      this.#waiting.delete(exchange);
      return exchange;
    }
    return undefined;
  }

  #serve(): void {
    while (!this.#isClosed && this.#waiting.size > 0 && this.#hasRoom) {
      this.#dial(this.#takeWaiting() as Exchange);
    }
  }

  #dial(exchange: Exchange): void {
    const { origin, connectTimeoutMs, lookup } = this.#settings;
    exchange.holder = this;
    try {
      const options = { ...origin, timeoutMs: connectTimeoutMs, lookup };
      const dialing = dial(this.#reactor, options, (socket, error) =>
        this.#onDialed(exchange, socket, error),
      );
      this.#dialings.set(exchange, dialing);
    } catch (error) {
      exchange.fail(error); // a path that is too long, a reactor that is closed
    }
  }

  #onDialed(exchange: Exchange, socket: Socket | undefined, error: Error | undefined): void {
    this.#dialings.delete(exchange);
    const connection = socket && this.#connectionOf(exchange, socket);
    if (connection !== undefined) {
      this.#connected += 1;
      this.#connections.add(connection);
      connection.start(exchange);
    } else if (error !== undefined) exchange.fail(this.#connectError(error));
    this.#serve();
  }

  #connectionOf(exchange: Exchange, socket: Socket): ClientConnection | undefined {
    try {
      return new ClientConnection(this.#reactor, socket, this.#settings, this);
    } catch (error) {
      socket.close();
      exchange.fail(this.#connectError(error));
      return undefined;
    }
  }

  #connectError(cause: unknown): HttpClientError {
    const { origin, connectTimeoutMs } = this.#settings;
    const where = "path" in origin ? origin.path : `${origin.host}:${origin.port}`;
    if ((cause as { code?: unknown }).code === "ERR_CONNECT_TIMEOUT") {
      const message = `No connection to ${where} within ${connectTimeoutMs} ms`;
      return new HttpClientError("ERR_HTTP_CONNECT_TIMEOUT", message, cause);
    }
    return new HttpClientError("ERR_HTTP_CONNECT_FAILED", `No connection to ${where}`, cause);
  }
}

export function closedError(): HttpClientError {
  return new HttpClientError("ERR_HTTP_CLIENT_CLOSED", "The client is closed");
}
