/** `GET /api/report`: `reactor.report()` as it is, for who wants to see what the library itself says. */
import type { Reactor } from "socket-reactor";
import type { HttpHandler } from "socket-reactor/protocols/http1";
import { madeNow } from "../http/made-now.js";
import { Refusal } from "../http/refusal.js";
import type { ConnectionBook } from "./connection-book.js";

/** It asks the kernel about each, and the reactor does nothing else meanwhile: a few milliseconds. */
export const REPORT_CONNECTIONS_MAX = 1000;

export function reportHandler(reactor: Reactor, book: ConnectionBook): HttpHandler {
  return (_, response) => {
    if (book.size > REPORT_CONNECTIONS_MAX) {
      throw new Refusal(503, "There are too many connections to ask about each", {
        "Retry-After": "60",
      });
    }
    madeNow(response, "application/json");
    response.end(`${JSON.stringify(reactor.report(), null, 2)}\n`);
  };
}
