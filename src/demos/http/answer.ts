/**
 * What happens around every route: the answer is logged when it begins, and a refusal becomes one.
 * server.ts uses it, and whoever else serves these routes.
 */
import type { HttpHandler, HttpResponse } from "socket-reactor/protocols/http1";
import { Refusal } from "./refusal.js";

/** @param log told of each answer. What is thrown and no Refusal goes on to the server. */
export function answering(route: HttpHandler, log: (line: string) => void): HttpHandler {
  return (request, response): void | Promise<void> => {
    const asked = `${request.method} ${request.target}`; // the head may be gone afterwards
    const done = (): void => log(`${asked} ${response.status}`);
    const failed = (error: unknown): void => {
      if (!(error instanceof Refusal) || response.isHeadSent) throw error;
      refuse(response, error);
      done();
    };
    try {
      const answer = route(request, response);
      if (answer !== undefined) return answer.then(done, failed);
      done();
    } catch (error) {
      failed(error);
    }
  };
}

/** For a request whose Host is not ours. RFC 9110 §15.5.20 */
export const misdirected: HttpHandler = () => {
  throw new Refusal(421, "On this address only its number, localhost and --host are answered");
};

/** What may have been said of a file that is not sent now. */
const OF_A_FILE = ["Content-Length", "Content-Range", "Content-Encoding", "ETag", "Last-Modified"];

function refuse(response: HttpResponse, { status, message, headers }: Refusal): void {
  for (const name of OF_A_FILE) response.removeHeader(name);
  response.status = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.setHeader("X-Content-Type-Options", "nosniff");
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(`${message}\n`);
}
