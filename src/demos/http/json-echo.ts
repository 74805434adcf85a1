/** `POST /api/echo`: says what came, so that a client can be tried out. JSON in, JSON out. */
import type { HttpRequest, HttpResponse } from "socket-reactor/protocols/http1";
import { madeNow } from "./made-now.js";
import { Refusal } from "./refusal.js";

/** Bytes of a body; the server answers more than that with 413. Enough to try things out. */
export const BODY_BYTES_MAX: number = 64 * 1024;

/**
 * A body of up to so many bytes comes back indented. Of a longer one that would be too much: what
 * is nested is indented by the square of its depth, 6 KB of brackets into 18 MB.
 */
const INDENTED_BYTES_MAX = 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws Refusal 415 for what is said to be no JSON, 400 for what is none. */
export async function jsonEcho(request: HttpRequest, response: HttpResponse): Promise<void> {
  checkType(request);
  const bytes = await request.bytes();
  const echo = {
    method: request.method,
    target: request.target,
    version: `HTTP/1.${request.minorVersion}`,
    headers: linesOf(request.headers),
    trailers: linesOf(request.trailers ?? []),
    bodyBytes: bytes.length,
    body: parseJson(bytes),
  };
  const text = writeJson(echo, bytes.length <= INDENTED_BYTES_MAX ? 2 : 0);
  madeNow(response, "application/json");
  response.end(text);
}

function linesOf(fields: Iterable<[name: string, value: string]>): string[] {
  return Array.from(fields, ([name, value]) => `${name}: ${value}`);
}

function checkType(request: HttpRequest): void {
  const [type = ""] = (request.get("content-type") ?? "").split(";");
  if (!/^application\/(json|[\w.-]+\+json)$/i.test(type.trim())) {
    throw new Refusal(415, "Send JSON, with Content-Type: application/json", {
      Accept: "application/json",
    });
  }
  const coding = request.get("content-encoding") ?? "identity";
  if (coding.toLowerCase() === "identity") return;
  throw new Refusal(415, "Send the body as it is, without a coding", {
    "Accept-Encoding": "identity",
  });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    // The message quotes the body, which may be long and may have line ends.
    const [reason] = (error as Error).message.slice(0, 100).split("\n");
    throw new Refusal(400, `The body is no JSON: ${reason}`);
  }
}

/** What can be read may still be nested too deeply to be written. */
function writeJson(value: unknown, indent: number): string {
  try {
    return `${JSON.stringify(value, null, indent)}\n`;
  } catch {
    throw new Refusal(400, "The body is nested too deeply");
  }
}
