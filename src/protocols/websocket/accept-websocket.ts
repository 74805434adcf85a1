/**
 * The server's door: a request to an HTTP server becomes a connection, or gets its refusal. What is
 * decided stands in handshake.ts.
 */
import type { HttpRequest, HttpResponse } from "../http1/index.js";
import { judge, type Refusal } from "./handshake.js";
import { WebSocketConnection, type WebSocketHandler } from "./websocket-connection.js";
import { readSettings, type WebSocketOptions } from "./websocket-options.js";

export interface AcceptWebSocketOptions extends WebSocketOptions {
  /**
   * Whether a page of this origin may connect; undefined: no browser asks, or none that tells. If
   * not, the answer is 403. A server that knows its users by cookies must look. RFC 6455 §10.2
   *
   * @defaultValue all may
   */
  readonly checkOrigin?:
    | ((origin: string | undefined, request: HttpRequest) => boolean)
    | undefined;
  /** For the answer 101, beside those of the handshake. */
  readonly headers?: Iterable<readonly [name: string, value: string]> | undefined;
}

/**
 * Answers a request for a WebSocket: with 101, and the connection is open; or with 400, 403, 405 or
 * 426, as RFC 6455 §4.2 has it.
 *
 * @param request that has not been answered.
 * @returns undefined if it was refused, or the peer has gone meanwhile.
 * @throws for wrong options.
 *
 * @example
 * ```ts
 * import { Reactor } from "socket-reactor";
 * import { HttpServer } from "socket-reactor/protocols/http1";
 * import { acceptWebSocket } from "socket-reactor/protocols/websocket";
 * const reactor = new Reactor();
 * HttpServer.listen(reactor, { host: "127.0.0.1", port: 8080 }, (request, response) => {
 *   acceptWebSocket(request, response, {
 *     onMessage: (socket, data) => void socket.send(data), // an echo
 *     onClose: (_, code) => console.log(`closed: ${code}`),
 *   });
 * });
 * await reactor.run();
 * ```
 */
export function acceptWebSocket(
  request: HttpRequest,
  response: HttpResponse,
  handler: WebSocketHandler,
  options: AcceptWebSocketOptions = {},
): WebSocketConnection | undefined {
  const verdict = judge(request, readSettings(options, true));
  if ("status" in verdict) return refuse(response, verdict);
  if (options.checkOrigin?.(request.get("origin"), request) === false) {
    return refuse(response, { status: 403, message: "The origin is not allowed", headers: [] });
  }
  if (response.isAborted) return undefined;
  if (request.signal.aborted) {
    response.destroy(); // it has ended its side: there is nobody to talk to
    return undefined;
  }
  const headers = [...verdict.headers, ...(options.headers ?? [])];
  return new WebSocketConnection(
    response.upgrade("websocket", headers),
    handler,
    verdict.agreement,
  );
}

function refuse(response: HttpResponse, { status, message, headers }: Refusal): undefined {
  response.status = status;
  for (const [name, value] of headers) response.setHeader(name, value);
  response.setHeader("Content-Type", "text/plain");
  response.end(`${message}\n`);
}
