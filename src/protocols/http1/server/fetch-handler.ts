/**
 * Handlers in the style of the web: a function from Request to Response, Node's own. fetch-request.ts
 * makes the one, fetch-response.ts sends the other.
 */
import { misuse, wrongType } from "../../../kernel/index.js";
import { webRequestOf } from "./fetch-request.js";
import { sendWebResponse } from "./fetch-response.js";
import type { HttpHandler } from "./handler.js";

/**
 * A handler that answers with a web `Response`.
 *
 * Bodies stream both ways, no faster than they are read. `request.signal` is aborted when the client
 * has gone; a response's body is cancelled then. (`fetch(url, request)` goes by that signal, too,
 * `fetch(request)` does not.) What the function throws is answered with 500 and
 * told to `onError` alone. Requests that no `Request` can be made of are answered without it: the
 * method TRACK with 501, `OPTIONS *` with 204, a Host that is none of a URL with 400.
 *
 * @example
 * ```ts
 * import { Reactor } from "socket-reactor";
 * import { fetchHandler, HttpServer } from "socket-reactor/protocols/http1";
 * const reactor = new Reactor();
 * const handler = fetchHandler(async (request) => Response.json({ got: await request.text() }));
 * const server = HttpServer.listen(reactor, { host: "127.0.0.1", port: 0 }, handler);
 * server.close();
 * await reactor.run();
 * ```
 */
export function fetchHandler(
  handler: (request: Request) => Response | Promise<Response>,
): HttpHandler {
  if (typeof handler !== "function") throw wrongType("handler", "a function", handler);
  return async (request, response) => {
    const webRequest = webRequestOf(request);
    if (typeof webRequest === "number") {
      response.status = webRequest;
      response.end();
      return;
    }
    const answer: unknown = await handler(webRequest);
    if (!(answer instanceof Response)) {
      const message = "A fetch handler must return a Response";
      throw misuse(TypeError, "ERR_INVALID_RETURN_VALUE", message);
    }
    await sendWebResponse(answer, request, response);
  };
}
