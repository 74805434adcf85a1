/**
 * `GET /slow`: a body whose length nobody knows when it begins, a line at a time, and a digest of
 * it behind it: chunked, with a trailer (RFC 9112 §7.1, RFC 9530).
 */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { HttpHandler } from "socket-reactor/protocols/http1";
import { madeNow } from "./made-now.js";

export const PACE_MS = 300;
const LINES = 10;

/** @param paceMs between two lines. */
export function slow(paceMs: number = PACE_MS): HttpHandler {
  return async (request, response) => {
    madeNow(response, "text/plain; charset=utf-8");
    if (request.minorVersion > 0) response.setHeader("Trailer", "Content-Digest");
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const digest = createHash("sha256");
    for (let n = 1; n <= LINES; n += 1) {
      const line = `Line ${n} of ${LINES}\n`;
      digest.update(line);
      await response.writeAsync(line);
      // Who goes away ends this, too: what is cut short must not look complete.
      if (!(await passed(paceMs, request.signal))) return response.destroy();
    }
    response.setTrailer("Content-Digest", `sha-256=:${digest.digest("base64")}:`);
    response.end();
  };
}

function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
