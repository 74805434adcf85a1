/**
 * The fields of an answer, and its head as text. Response splitting ends here: every name, value
 * and status text that comes from the application is checked before it is kept, and what is kept
 * is only put together. Framing (Content-Length, Transfer-Encoding, Connection) is the server's;
 * what an application says of it is read, not copied. RFC 9110 §5, RFC 9112 §4 to §6.
 */
import { misuse, outOfRange, wrongType } from "../../../kernel/index.js";
import { isFieldValue, isToken, mayBeTrailer } from "../field-syntax.js";
import { statusText } from "./status-text.js";

const ASCII_VALUE = /^[\t -~]*$/;

/** Names and values of `checkField`. */
const checked = new Map<string, string>();
/** An application may make names up; those that count are few. */
const CHECKED_MAX = 64;
const CHECKED_VALUE_MAX = 64;

/** @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_HTTP_TOKEN: not a token (RFC 9110 §5.6.2). */
export function checkName(name: string): void {
  if (typeof name !== "string") throw wrongType("name", "a string", name);
  if (isToken(name)) return;
  throw misuse(
    TypeError,
    "ERR_INVALID_HTTP_TOKEN",
    `The name of a field must be a token: ${JSON.stringify(name)}`,
  );
}

/**
 * @returns true if the value is ASCII; else it is Latin-1.
 * @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_CHAR: a control character, as CR, LF and NUL
 *   are, or one above U+00FF.
 */
export function checkValue(name: string, value: string): boolean {
  if (typeof value !== "string") throw wrongType(name, "a string", value);
  if (ASCII_VALUE.test(value)) return true;
  if (isFieldValue(value)) return false;
  throw misuse(
    TypeError,
    "ERR_INVALID_CHAR",
    `The value of "${name}" has a character that a field must not have: ${JSON.stringify(value)}`,
  );
}

/**
 * `checkName` and `checkValue`, of which a server's answers ask the same again and again: names that
 * were found right are remembered, each with the last ASCII value that was.
 */
function checkField(name: string, value: string): boolean {
  const known = checked.get(name);
  if (known !== undefined && known === value) return true;
  if (known === undefined) checkName(name);
  const isAscii = checkValue(name, value);
  if (isAscii && value.length <= CHECKED_VALUE_MAX) {
    if (known !== undefined || checked.size < CHECKED_MAX) checked.set(name, value);
  }
  return isAscii;
}

/** @throws as `checkName` and `checkValue`; Error ERR_HTTP_TRAILER_FORBIDDEN. */
export function checkTrailer(name: string, value: string): boolean {
  checkName(name);
  if (!mayBeTrailer(name.toLowerCase())) {
    throw misuse(Error, "ERR_HTTP_TRAILER_FORBIDDEN", `"${name}" must not be a trailer`);
  }
  return checkValue(name, value);
}

/** @throws RangeError ERR_OUT_OF_RANGE: a final status is 200 to 599. */
export function checkStatus(status: number): void {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return;
  throw outOfRange("status", "an integer from 200 to 599", status);
}

/** "HTTP/1.1 404 Not Found\r\n". @param text checked. */
export function statusLine(status: number, text: string | undefined): string {
  return `HTTP/1.1 ${status} ${text ?? statusText(status)}\r\n`;
}

/** Names and values in the order in which they were set. */
export class ResponseFields {
  /** What the application promised; -1: nothing. */
  contentLength = -1;
  /** It asked for the connection to be closed. */
  closes = false;
  hasDate = false;
  /** Then Connection has to say so (RFC 9110 §7.8). */
  hasUpgrade = false;
  isAscii = true;
  readonly #list: string[] = [];

  set(name: string, value: string | number): void {
    this.#put(name, value, true);
  }

  add(name: string, value: string | number): void {
    this.#put(name, value, false);
  }

  /** Lines in ASCII that change nothing about the rest of the head. */
  get isPlain(): boolean {
    const { isAscii, hasDate, hasUpgrade, closes, contentLength } = this;
    return isAscii && !hasDate && !hasUpgrade && !closes && contentLength < 0;
  }

  /** Case-insensitive; several are joined with ", ". */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    if (wanted === "content-length") {
      return this.contentLength < 0 ? undefined : String(this.contentLength);
    }
    if (wanted === "connection") {
      if (!this.hasUpgrade) return this.closes ? "close" : undefined;
      return this.closes ? "upgrade, close" : "upgrade";
    }
    let found: string | undefined;
    for (let i = 0; i < this.#list.length; i += 2) {
      if ((this.#list[i] as string).toLowerCase() !== wanted) continue;
      const value = this.#list[i + 1] as string;
      found = found === undefined ? value : `${found}, ${value}`;
    }
    return found;
  }

  remove(name: string): void {
    const unwanted = name.toLowerCase();
    if (unwanted === "content-length") this.contentLength = -1;
    else if (unwanted === "connection") this.closes = false;
    else if (unwanted === "date") this.hasDate = false;
    else if (unwanted === "upgrade") this.hasUpgrade = false;
    for (let i = this.#list.length - 2; i >= 0; i -= 2) {
      if ((this.#list[i] as string).toLowerCase() === unwanted) this.#list.splice(i, 2);
    }
  }

  /** "A, B" */
  names(): string {
    return this.#list.filter((_, i) => i % 2 === 0).join(", ");
  }

  /** "Name: value\r\n" for each. */
  lines(): string {
    const list = this.#list;
    let lines = "";
    for (let i = 0; i < list.length; i += 2) lines += `${list[i]}: ${list[i + 1]}\r\n`;
    return lines;
  }

  #put(name: string, value: string | number, isOnly: boolean): void {
    const text = typeof value === "number" ? String(value) : value;
    const isAscii = checkField(name, text);
    if (this.#isFraming(name, text)) return;
    if (isOnly && this.#list.length > 0) this.remove(name);
    if (name.length === 4 && name.toLowerCase() === "date") this.hasDate = true;
    if (name.length === 7 && name.toLowerCase() === "upgrade") this.hasUpgrade = true;
    if (!isAscii) this.isAscii = false;
    this.#list.push(name, text);
  }

  /** The lengths are looked at first: most names need no other look. */
  #isFraming(name: string, value: string): boolean {
    if (name.length === 14 && name.toLowerCase() === "content-length") {
      if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value))) {
        throw outOfRange("Content-Length", "an integer from 0 to 2^53 - 1", value);
      }
      this.contentLength = Number(value);
      return true;
    }
    if (name.length === 10 && name.toLowerCase() === "connection") {
      this.#connection(value.trim().toLowerCase());
      return true;
    }
    if (name.length === 17 && name.toLowerCase() === "transfer-encoding") {
      if (value.trim().toLowerCase() === "chunked") return true; // as it is done anyway
      throw outOfRange("Transfer-Encoding", '"chunked", which the server does itself', value);
    }
    return false;
  }

  #connection(value: string): void {
    if (value === "close") this.closes = true;
    else if (value !== "keep-alive" && value !== "upgrade") {
      // both are said where they are due
      throw outOfRange("Connection", '"close", "keep-alive" or "upgrade"', value);
    }
  }
}

/** Fields that stand nowhere else, as text. @throws as `checkName` and `checkValue`. */
export function linesOf(headers: Iterable<readonly [string, string]>): string {
  let lines = "";
  for (const [name, value] of headers) {
    checkName(name);
    checkValue(name, value);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}
