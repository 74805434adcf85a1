/** What a server calls for each request. */
import type { HttpRequest } from "./request.js";
import type { HttpResponse } from "./response.js";

/**
 * Answers a request, now or later. If it throws or rejects before the head was sent, the answer is
 * 500, or the 4xx or 5xx that a `status` of the error asks for; after that the connection is
 * destroyed. `onError` hears of all but 4xx.
 */
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void | Promise<void>;
