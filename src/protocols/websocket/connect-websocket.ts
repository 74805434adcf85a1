/**
 * The client's door: connects, asks for the upgrade through HttpClient, and makes the stream that it
 * hands over a connection. What is asked and believed stands in client-handshake.ts.
 */
import { randomBytes } from "node:crypto";
import { misuse, wrongType } from "../../kernel/index.js";
import { checkDelay, type Reactor } from "../../reactor/index.js";
import type { Lookup } from "../../streams/index.js";
import {
  HttpClient,
  type HttpOrigin,
  type HttpUpgrade,
  type OutgoingFields,
} from "../http1/index.js";
import { readResponse, requestHeaders } from "./client-handshake.js";
import { WebSocketConnection, type WebSocketHandler } from "./websocket-connection.js";
import { readSettings, type Settings, type WebSocketOptions } from "./websocket-options.js";

/** From the look-up of the name to the server's answer. */
export const HANDSHAKE_TIMEOUT_MS: number = 30_000;

export interface ConnectWebSocketOptions extends WebSocketOptions {
  /** Milliseconds; Infinity: none. @defaultValue {@link HANDSHAKE_TIMEOUT_MS} */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Sent beside those of the handshake: Origin, Cookie, Authorization. */
  readonly headers?: OutgoingFields | undefined;
  /** A unix path or abstract name to connect to, in place of the URL's host and port. */
  readonly socketPath?: string | undefined;
  /** Gives up the handshake. */
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue that of node:dns */
  readonly lookup?: Lookup | undefined;
}

/**
 * Opens a WebSocket to a server.
 *
 * @param url "ws://host:port/path?query"; there is no TLS, and so no wss.
 * @throws TypeError for a URL or options that cannot be; HttpClientError if there is no connection,
 *   or another answer than 101 (ERR_HTTP_UPGRADE_REFUSED, with `response.status`), or none in time;
 *   Error ERR_WEBSOCKET_HANDSHAKE for an answer that is not to be trusted; the reason of `signal`;
 *   Error ERR_REACTOR_BLOCKING during a blocking run.
 *
 * @example
 * ```ts
 * import { Reactor } from "socket-reactor";
 * import { connectWebSocket } from "socket-reactor/protocols/websocket";
 * const reactor = new Reactor();
 * const opening = connectWebSocket(reactor, "ws://127.0.0.1:8080/", {
 *   onMessage(self, data) {
 *     console.log(data); // hello
 *     self.close();
 *   },
 * });
 * const running = reactor.run(); // when there is something to do
 * const socket = await opening;
 * socket.send("hello");
 * await running;
 * ```
 */
export async function connectWebSocket(
  reactor: Reactor,
  url: string,
  handler: WebSocketHandler,
  options: ConnectWebSocketOptions = {},
): Promise<WebSocketConnection> {
  const { host, origin, path } = readUrl(url, options.socketPath);
  const settings = readSettings(options, false);
  const key = randomBytes(16).toString("base64");
  const headers = [...pairs(options.headers), ...requestHeaders(key, settings)];
  if (!headers.some(([name]) => name.toLowerCase() === "host")) headers.push(["Host", host]);
  const { signal, lookup, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
  const totalTimeoutMs = checkDelay("handshakeTimeoutMs", handshakeTimeoutMs);
  const client = new HttpClient(reactor, origin, { connectionsMax: 1, lookup, totalTimeoutMs });
  try {
    const upgrade = await client.upgrade({ protocol: "websocket", path, headers, signal });
    return open(upgrade, handler, key, settings);
  } finally {
    client.close();
  }
}

function open(
  { response, stream }: HttpUpgrade,
  handler: WebSocketHandler,
  key: string,
  settings: Settings,
): WebSocketConnection {
  try {
    return new WebSocketConnection(stream, handler, readResponse(response.headers, key, settings));
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

interface Place {
  readonly origin: HttpOrigin;
  /** For the Host field. */
  readonly host: string;
  readonly path: string;
}

/** RFC 6455 §3 */
function readUrl(url: string, socketPath: string | undefined): Place {
  if (typeof url !== "string") throw wrongType("url", "a string", url);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isPlain = parsed?.protocol === "ws:" && parsed.username === "" && parsed.password === "";
  if (parsed === undefined || !isPlain || url.includes("#")) {
    throw misuse(
      TypeError,
      "ERR_INVALID_URL",
      `The "url" argument must be "ws://host:port/path", without user and fragment: ${url}`,
    );
  }
  const port = parsed.port === "" ? 80 : Number(parsed.port);
  const name = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const origin = socketPath === undefined ? { host: name, port } : { path: socketPath };
  return { origin, host: parsed.host, path: parsed.pathname + parsed.search };
}

function pairs(fields: OutgoingFields | undefined): (readonly [string, string])[] {
  if (fields === undefined) return [];
  return Symbol.iterator in fields ? [...fields] : Object.entries(fields);
}
