/**
 * Header fields that are to be sent: checked, so that nothing a caller passes can end a field, a
 * head or a message early, and written as text. Whatever frames the message is the client's own.
 */
import { misuse, wrongType } from "../../../kernel/index.js";
import { isFieldValue, isToken, mayBeTrailer } from "../field-syntax.js";

/** Names and values; a Record, pairs, a Map, `Headers`, or the fields of another message. */
export type OutgoingFields =
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string>>;

/** They would contradict the framing, or mean this connection, which is the client's. */
const OWN_FIELDS: ReadonlySet<string> = new Set(
  "transfer-encoding upgrade expect keep-alive proxy-connection trailer http2-settings".split(" "),
);

/** The fields of a request, and what is special about them. */
export interface FieldsText {
  /** "Name: value\r\n" each. */
  readonly text: string;
  /** Undefined: none given. */
  readonly host: string | undefined;
  /** -1: none given. */
  readonly contentLength: number;
  /** `Connection: close` was given. */
  readonly closes: boolean;
  /** `TE: trailers` was given, which has to be named in Connection. RFC 9110 §10.1.4 */
  readonly takesTrailers: boolean;
}

/** @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE */
export function readFields(headers: OutgoingFields): FieldsText {
  let text = "";
  let host: string | undefined;
  let contentLength = -1;
  let closes = false;
  let takesTrailers = false;
  for (const [name, value] of pairsOf("headers", headers)) {
    const lower = checkField(name, value);
    if (OWN_FIELDS.has(lower)) throw invalid("headers", `without ${name}, which is set`, name);
    if (lower === "host") {
      if (host !== undefined) throw invalid("headers", "with one Host at most", value);
      host = checkHost(value);
    } else if (lower === "content-length") {
      if (contentLength >= 0) throw invalid("headers", "with one Content-Length at most", value);
      contentLength = checkContentLength(value);
    } else if (lower === "connection") {
      closes = checkConnection(value) || closes;
    } else if (lower === "te") {
      if (value !== "trailers") throw invalid("value of TE", '"trailers"', value);
      takesTrailers = true;
    } else text += `${name}: ${value}\r\n`;
  }
  return { text, host, contentLength, closes, takesTrailers };
}

/** The names of trailers, for the Trailer field, and their text. */
export function readTrailers(trailers: OutgoingFields): { names: string; text: string } {
  let text = "";
  const names: string[] = [];
  for (const [name, value] of pairsOf("trailers", trailers)) {
    if (!mayBeTrailer(checkField(name, value))) {
      throw invalid("trailers", "without what must be known before the body", name);
    }
    names.push(name);
    text += `${name}: ${value}\r\n`;
  }
  return { names: names.join(", "), text };
}

/** TypeError ERR_INVALID_ARG_VALUE */
export function invalid(name: string, wanted: string, found: unknown): Error {
  const message = `The "${name}" argument must be ${wanted}: ${JSON.stringify(found)}`;
  return misuse(TypeError, "ERR_INVALID_ARG_VALUE", message);
}

function pairsOf(
  what: string,
  fields: OutgoingFields,
): Iterable<readonly [name: string, value: string]> {
  if (typeof fields !== "object" || fields === null) {
    throw wrongType(what, "an object or an iterable of pairs", fields);
  }
  return Symbol.iterator in fields ? fields : Object.entries(fields);
}

/** @returns the name in lower case. */
function checkField(name: unknown, value: unknown): string {
  if (typeof name !== "string") throw wrongType("name of a field", "a string", name);
  if (!isToken(name)) throw invalid("name of a field", "a token", name);
  if (typeof value !== "string") throw wrongType(`value of ${name}`, "a string", value);
  if (!isFieldValue(value)) {
    throw invalid(`value of ${name}`, "of visible characters, spaces and tabs", value);
  }
  return name.toLowerCase();
}

function checkHost(value: string): string {
  if (/^(?:[A-Za-z0-9._~%!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+\])(?::\d*)?$/.test(value)) return value;
  throw invalid("value of Host", "a host and perhaps a port", value);
}

function checkContentLength(value: string): number {
  const length = Number(value);
  if (/^(?:0|[1-9]\d*)$/.test(value) && Number.isSafeInteger(length)) return length;
  throw invalid("value of Content-Length", "a number of bytes", value);
}

/** @returns whether the connection is to be closed. */
function checkConnection(value: string): boolean {
  const lower = value.trim().toLowerCase();
  if (lower === "close") return true;
  if (lower === "keep-alive") return false;
  throw invalid("value of Connection", '"close" or "keep-alive"', value);
}
