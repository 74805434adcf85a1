/** One handler for each method of a resource, and the answers that follow from which there are. */
import { wrongType } from "../../../kernel/index.js";
import type { HttpHandler } from "./handler.js";
import { checkName } from "./response-head.js";

/**
 * A handler that calls the one of the request's method. HEAD is served by GET's, of whose answer the
 * body is not sent; OPTIONS is answered with 204, any other method with 405, both with Allow
 * (RFC 9110 §9.3.7, §15.5.6). A method that the server does not know it answers with 501 before.
 *
 * @param table method, as it is sent, to handler; one for HEAD or OPTIONS takes precedence.
 * @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_HTTP_TOKEN
 *
 * @example
 * ```ts
 * import { methods } from "socket-reactor/protocols/http1";
 * const notes: string[] = [];
 * const handler = methods({
 *   GET: (_, response) => response.end(notes.join("\n")),
 *   POST: async (request, response) => {
 *     notes.push(await request.text());
 *     response.status = 201;
 *     response.end();
 *   },
 * });
 * ```
 */
export function methods(table: Readonly<Record<string, HttpHandler>>): HttpHandler {
  if (typeof table !== "object" || table === null) throw wrongType("table", "an object", table);
  const handlers = new Map(Object.entries(table));
  for (const [method, handler] of handlers) {
    checkName(method);
    if (typeof handler !== "function") throw wrongType(method, "a function", handler);
  }
  const get = handlers.get("GET");
  if (get !== undefined && !handlers.has("HEAD")) handlers.set("HEAD", get);
  const allow = [...new Set([...handlers.keys(), "OPTIONS"])].join(", ");
  return (request, response) => {
    const handler = handlers.get(request.method);
    if (handler !== undefined) return handler(request, response);
    response.setHeader("Allow", allow);
    if (request.method === "OPTIONS") response.status = 204;
    else {
      response.status = 405;
      response.setHeader("Content-Type", "text/plain");
    }
    response.end(response.status === 405 ? "Method Not Allowed\n" : undefined);
  };
}
