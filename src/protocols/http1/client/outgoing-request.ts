/**
 * What `request` was asked for, checked and written down: the head as text, the body as it is. From
 * here on nothing a caller does can change what goes over the wire, but for the bytes of an iterable.
 *
 * The framing (RFC 9112 §6): bytes and strings go with a Content-Length, an iterable in chunks
 * unless the caller gives its Content-Length; with trailers everything goes in chunks.
 */
import { AsyncResource } from "node:async_hooks";
import { wrongType } from "../../../kernel/index.js";
import { isToken } from "../field-syntax.js";
import type { Fields } from "../parser/index.js";
import {
  type FieldsText,
  invalid,
  type OutgoingFields,
  readFields,
  readTrailers,
} from "./outgoing-fields.js";

/** Bytes by and by: an async generator, a ReadableStream, a Readable, a stream of this library. */
export type OutgoingBody = string | Uint8Array | AsyncIterable<Uint8Array>;

/** A 1xx response, RFC 9110 §15.2. */
export interface HttpInformation {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Fields;
}

export interface HttpRequestOptions {
  /** Case counts. @defaultValue "GET" */
  readonly method?: string | undefined;
  /** With the query; begins with "/", or is "*" for OPTIONS. @defaultValue "/" */
  readonly path?: string | undefined;
  /** Host is set unless given; Content-Length, Transfer-Encoding and Connection by the body. */
  readonly headers?: OutgoingFields | undefined;
  /** Bytes must not change until the response is there. */
  readonly body?: OutgoingBody | undefined;
  /** Sent behind the body, which goes in chunks then; a function is asked when the body is over. */
  readonly trailers?: OutgoingFields | (() => OutgoingFields) | undefined;
  /** Gives the request up, or its response; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Sends the body when the server says 100, or is silent for `continueTimeoutMs`. */
  readonly expectContinue?: boolean | undefined;
  /** Called for every 1xx response. */
  readonly onInformation?: ((information: HttpInformation) => void) | undefined;
}

export interface HttpUpgradeOptions
  extends Omit<HttpRequestOptions, "body" | "trailers" | "expectContinue"> {
  /** For the Upgrade field: "websocket". */
  readonly protocol: string;
}

/** RFC 9110 §9.2.2: what may be sent twice without harm. */
const IDEMPOTENT: ReadonlySet<string> = new Set("GET HEAD OPTIONS PUT DELETE TRACE".split(" "));

/** They mean a body, so that an empty one is announced. RFC 9110 §8.6 */
const WITH_BODY: ReadonlySet<string> = new Set("POST PUT PATCH".split(" "));

/** RFC 9112 §3.2.1, and no byte that a server might take for the end of it. */
const PATH = /^\/[!"$-[\]-~]*$/;

export interface OutgoingRequest {
  readonly method: string;
  /** With the empty line; bytes if it is not ASCII, for fields go as Latin-1. */
  readonly head: string | Buffer;
  readonly body: OutgoingBody | undefined;
  /** -1: in chunks. */
  readonly bodyBytes: number;
  readonly trailers: (() => string) | undefined;
  readonly isRepeatable: boolean;
  readonly expectsContinue: boolean;
  /** The connection is not used again. */
  readonly closes: boolean;
  readonly upgrade: string | undefined;
  readonly onInformation: ((information: HttpInformation) => void) | undefined;
}

/** @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE */
export function outgoingRequest(
  options: HttpRequestOptions,
  host: string,
  upgrade?: string,
): OutgoingRequest {
  const { method = "GET", path = "/", body, expectContinue, onInformation } = options;
  checkTarget(method, path);
  checkBody(method, body);
  if (onInformation !== undefined && typeof onInformation !== "function") {
    throw wrongType("onInformation", "a function", onInformation);
  }
  const fields = readFields(options.headers ?? []);
  const trailers = trailersOf(options.trailers, body);
  const bodyBytes = lengthOf(body, fields, trailers !== undefined);
  const expectsContinue = expectContinue === true && body !== undefined && bodyBytes !== 0;
  let head = `${method} ${path} HTTP/1.1\r\nHost: ${fields.host ?? host}\r\n${fields.text}`;
  head += connectionOf(fields, upgrade);
  if (bodyBytes < 0) head += "Transfer-Encoding: chunked\r\n";
  else if (bodyBytes > 0 || body !== undefined || WITH_BODY.has(method)) {
    head += `Content-Length: ${bodyBytes}\r\n`;
  }
  if (trailers !== undefined && trailers.names !== "") head += `Trailer: ${trailers.names}\r\n`;
  if (expectsContinue) head += "Expect: 100-continue\r\n";
  const isReplayable = body === undefined || typeof body === "string" || isBytes(body);
  return {
    method,
    head: /[\x80-\xff]/.test(head) ? Buffer.from(`${head}\r\n`, "latin1") : `${head}\r\n`,
    body,
    bodyBytes,
    trailers: trailers?.text,
    isRepeatable: isReplayable && IDEMPOTENT.has(method),
    expectsContinue,
    closes: fields.closes,
    upgrade,
    onInformation: onInformation && AsyncResource.bind(onInformation),
  };
}

function checkTarget(method: unknown, path: unknown): void {
  if (typeof method !== "string") throw wrongType("method", "a string", method);
  if (typeof path !== "string") throw wrongType("path", "a string", path);
  if (!isToken(method)) throw invalid("method", "a token", method);
  if (method === "CONNECT") throw invalid("method", "another than that of a proxy", method);
  if (PATH.test(path) || (path === "*" && method === "OPTIONS")) return;
  throw invalid("path", 'visible ASCII that begins with "/", without "#" and backslash', path);
}

function checkBody(method: string, body: unknown): void {
  if (body === undefined) return;
  // RFC 9110 §9.3.8
  if (method === "TRACE") throw invalid("method", "one that may have a body", method);
  if (typeof body === "string" || isBytes(body)) return;
  if (typeof body === "object" && body !== null && Symbol.asyncIterator in body) return;
  throw wrongType("body", "a string, a Uint8Array or an async iterable of Uint8Array", body);
}

function isBytes(body: unknown): body is Uint8Array {
  return body instanceof Uint8Array;
}

function connectionOf(fields: FieldsText, upgrade: string | undefined): string {
  const options: string[] = [];
  if (fields.closes) options.push("close");
  if (fields.takesTrailers) options.push("TE");
  if (upgrade !== undefined) options.push("Upgrade");
  let text = options.length === 0 ? "" : `Connection: ${options.join(", ")}\r\n`;
  if (fields.takesTrailers) text += "TE: trailers\r\n";
  if (upgrade !== undefined) text += `Upgrade: ${upgrade}\r\n`;
  return text;
}

function trailersOf(
  trailers: HttpRequestOptions["trailers"],
  body: OutgoingBody | undefined,
): { names: string; text: () => string } | undefined {
  if (trailers === undefined) return undefined;
  if (body === undefined) throw invalid("trailers", "behind a body", "no body");
  if (typeof trailers === "function") {
    return { names: "", text: () => readTrailers(trailers()).text };
  }
  const { names, text } = readTrailers(trailers);
  return { names, text: () => text };
}

/** -1: in chunks. */
function lengthOf(
  body: OutgoingBody | undefined,
  { contentLength }: FieldsText,
  hasTrailers: boolean,
): number {
  if (hasTrailers) {
    if (contentLength < 0) return -1;
    throw invalid("headers", "without Content-Length if there are trailers", contentLength);
  }
  const isKnown = body === undefined || typeof body === "string" || isBytes(body);
  if (!isKnown) return contentLength;
  const length =
    body === undefined ? 0 : typeof body === "string" ? Buffer.byteLength(body) : body.length;
  if (contentLength < 0 || contentLength === length) return length;
  throw invalid("value of Content-Length", `the length of the body, ${length}`, contentLength);
}
