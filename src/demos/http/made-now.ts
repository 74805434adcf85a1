/** The head of an answer that is made for one request: nobody guesses its type, nobody keeps it. */
import type { HttpResponse } from "socket-reactor/protocols/http1";

/** As fields for a `Response`, too. */
export const MADE_NOW = { "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store" };

export function madeNow(response: HttpResponse, type: string): void {
  response.setHeader("Content-Type", type);
  for (const [name, value] of Object.entries(MADE_NOW)) response.setHeader(name, value);
}
