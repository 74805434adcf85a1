/** The client of one origin: its face. client-pool.ts has the connections, exchange.ts one request. */
import { wrongType } from "../../../kernel/index.js";
import type { Reactor } from "../../../reactor/index.js";
import type { SocketStream } from "../../../streams/index.js";
import { isToken } from "../field-syntax.js";
import {
  type ClientSettings,
  type HttpClientOptions,
  type HttpOrigin,
  readSettings,
} from "./client-options.js";
import { ClientPool, closedError, type HttpClientStats } from "./client-pool.js";
import type { HttpClientResponse } from "./client-response.js";
import { Exchange, type Outcome } from "./exchange.js";
import { invalid } from "./outgoing-fields.js";
import {
  type HttpRequestOptions,
  type HttpUpgradeOptions,
  type OutgoingRequest,
  outgoingRequest,
} from "./outgoing-request.js";
import { dropBody } from "./upload.js";

export interface HttpUpgrade {
  /** The 101. */
  readonly response: HttpClientResponse;
  /**
   * Paused, with what came behind the head in `input`, and no longer the client's: set its handler
   * and `resume()`, or iterate.
   */
  readonly stream: SocketStream;
}

/**
 * Requests to one origin over HTTP/1.1, on connections that are kept and used again.
 *
 * A request that was sent on a kept connection which turns out to be closed, and of which no byte
 * was answered, is sent once more if it may be: its method is idempotent, its body no iterable
 * (RFC 9110 §9.2.2). Redirects, cookies, compression and proxies are the caller's.
 *
 * @example
 * ```ts
 * import { Reactor } from "socket-reactor";
 * import { HttpClient } from "socket-reactor/protocols/http1";
 * const reactor = new Reactor();
 * const running = reactor.run();
 * const client = new HttpClient(reactor, { host: "127.0.0.1", port: 8080 });
 * try {
 *   const response = await client.request({ path: "/notes", method: "POST", body: "hello" });
 *   console.log(response.status, await response.text());
 * } catch (error) {
 *   console.error(String(error)); // HttpClientError: No connection to 127.0.0.1:8080
 * }
 * client.close();
 * await running;
 * ```
 */
export class HttpClient implements Disposable {
  readonly #reactor: Reactor;
  readonly #settings: ClientSettings;
  readonly #pool: ClientPool;
  readonly #unhook: () => void;
  #isClosed = false;

  /**
   * Connects to nobody yet.
   *
   * @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, RangeError ERR_OUT_OF_RANGE,
   *   Error ERR_REACTOR_CLOSED.
   */
  constructor(reactor: Reactor, origin: HttpOrigin, options: HttpClientOptions = {}) {
    this.#reactor = reactor;
    this.#settings = readSettings(origin, options);
    this.#pool = new ClientPool(reactor, this.#settings);
    this.#unhook = reactor.onClose(() => this.close());
  }

  stats(): HttpClientStats {
    return this.#pool.stats();
  }

  /**
   * Sends a request; resolves with the response's head, its body may still be coming.
   *
   * @throws TypeError for a method, path, field or body that cannot be sent; HttpClientError, see
   *   its codes; the reason of `signal`; Error ERR_REACTOR_BLOCKING during a blocking run.
   */
  async request(options: HttpRequestOptions = {}): Promise<HttpClientResponse> {
    const request = outgoingRequest(options, this.#settings.host);
    const { response } = await this.#run(request, options.signal);
    return response;
  }

  /**
   * Asks for another protocol on the connection, RFC 9110 §7.8.
   *
   * @throws HttpClientError ERR_HTTP_UPGRADE_REFUSED with the `response`, whose body is to be read
   *   or dropped; else as `request`.
   */
  async upgrade(options: HttpUpgradeOptions): Promise<HttpUpgrade> {
    const { protocol } = options;
    if (typeof protocol !== "string") throw wrongType("protocol", "a string", protocol);
    const parts = protocol.split("/");
    if (parts.length > 2 || !parts.every(isToken)) throw invalid("protocol", "a token", protocol);
    const { method, path, headers, signal, onInformation } = options;
    const plain = { method, path, headers, onInformation };
    const request = outgoingRequest(plain, this.#settings.host, protocol);
    const { response, stream } = await this.#run(request, signal);
    return { response, stream: stream as SocketStream };
  }

  /** Ends every connection; what is under way fails with ERR_HTTP_CLIENT_CLOSED. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unhook();
    this.#pool.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #run(request: OutgoingRequest, signal: AbortSignal | undefined): Promise<Outcome> {
    try {
      this.#reactor.assertNotBlocking("A promise");
      signal?.throwIfAborted();
      if (this.#isClosed) throw closedError();
    } catch (error) {
      dropBody(request.body);
      throw error;
    }
    const { totalTimeoutMs } = this.#settings;
    const exchange = new Exchange(this.#reactor, request, { signal, totalTimeoutMs });
    this.#pool.submit(exchange);
    return exchange.promise;
  }
}
