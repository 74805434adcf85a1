/**
 * The request line (RFC 9112 §3): method SP request-target SP HTTP-version CRLF, with single
 * spaces and nothing else. What the target means is request-target.ts' job, when the head is whole.
 */
import { TARGET, TOKEN } from "./byte-classes.js";
import type { FieldMemo } from "./field-memo.js";
import { badLineEnd, FIELD_START, FieldScanner } from "./field-scanner.js";
import type { RequestRecord } from "./head-record.js";
import { formatByte, HttpParseError } from "./http-parse-error.js";

// Not imported: see byte-classes.ts.
const METHOD_BYTES: Uint8Array = TOKEN;
const TARGET_BYTES: Uint8Array = TARGET;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const DOT = 0x2e;
const ZERO = 0x30;
const ONE = 0x31;
const NINE = 0x39;

/** A request line begins in this state. */
export const REQUEST_LINE = 0;
const METHOD = REQUEST_LINE;
const REQUEST_TARGET = 1;
const VERSION = 2;

/** The longest method that anybody registered has 17 characters (UPDATEREDIRECTREF). */
const METHOD_BYTES_MAX = 32;

/** "HTTP/" */
const PROTOCOL: Uint8Array = Uint8Array.of(0x48, 0x54, 0x54, 0x50, 0x2f);

/** "GET" SP */
const GET_BYTES = 4;

/** "HTTP/1.1" CR LF */
const VERSION_LINE_BYTES = 10;

export class RequestScanner extends FieldScanner {
  /** From the second request of a connection on. */
  memo: FieldMemo | undefined = undefined;
  readonly #targetBytesMax: number;

  constructor(bytesMax: number, fieldsMax: number, targetBytesMax: number) {
    super(bytesMax, fieldsMax);
    this.#targetBytesMax = targetBytesMax;
  }

  protected override startLine(
    bytes: Uint8Array,
    from: number,
    end: number,
    origin: number,
    record: RequestRecord,
  ): number {
    let at = from;
    if (from === origin && end - from > GET_BYTES && isGet(bytes, from)) {
      record.methodEnd = GET_BYTES - 1;
      at += GET_BYTES;
      this.state = REQUEST_TARGET;
    } else if (this.state === METHOD) {
      while (at < end && METHOD_BYTES[bytes[at]!] === 1) at += 1;
      if (at - origin > METHOD_BYTES_MAX) throw methodTooLong();
      if (at === end) return -1;
      if (bytes[at] !== SP || at === origin) throw badMethod(bytes[at]);
      record.methodEnd = at - origin;
      at += 1;
      this.state = REQUEST_TARGET;
    }
    if (this.state === REQUEST_TARGET) {
      while (at < end && TARGET_BYTES[bytes[at]!] === 1) at += 1;
      const length = at - origin - record.methodEnd - 1;
      if (length > this.#targetBytesMax) throw this.#targetTooLong();
      if (at === end) return -1;
      if (bytes[at] !== SP || length === 0) throw badTarget(bytes[at]);
      record.targetEnd = at - origin;
      at += 1;
      this.state = VERSION;
    }
    return this.#version(bytes, at, end, at - origin - record.targetEnd - 1, record);
  }

  protected override knownFields(
    bytes: Uint8Array,
    at: number,
    end: number,
    origin: number,
    record: RequestRecord,
  ): number {
    return this.memo === undefined ? -1 : this.memo.recall(bytes, at, end, origin, record);
  }

  /** `done`: how many bytes of it came before. */
  #version(
    bytes: Uint8Array,
    from: number,
    end: number,
    done: number,
    record: RequestRecord,
  ): number {
    let at = from;
    if (done === 0 && end - at >= VERSION_LINE_BYTES && isVersion11(bytes, at)) {
      record.minorVersion = 1;
      this.state = FIELD_START;
      return at + VERSION_LINE_BYTES;
    }
    for (let i = done; i < VERSION_LINE_BYTES; i += 1, at += 1) {
      if (at === end) return -1;
      versionByte(i, bytes[at]!, record);
    }
    if (record.majorVersion !== 1) throw unsupportedVersion(record.majorVersion);
    this.state = FIELD_START;
    return at;
  }

  /** The head is too large before its target has an end: then it is the target's fault. */
  protected override tooLarge(): HttpParseError {
    return this.state === REQUEST_TARGET ? this.#targetTooLong() : super.tooLarge();
  }

  #targetTooLong(): HttpParseError {
    const bytesMax = Math.min(this.#targetBytesMax, this.bytesMax);
    const message = `Request target longer than ${bytesMax} bytes`;
    return new HttpParseError("ERR_HTTP_TARGET_TOO_LONG", 414, message);
  }
}

/** What most requests begin with. */
function isGet(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x47 && bytes[at + 1] === 0x45 && bytes[at + 2] === 0x54 && bytes[at + 3] === SP
  );
}

/** What nearly all requests have: ten comparisons instead of ten calls. */
function isVersion11(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === 0x2f &&
    bytes[at + 5] === ONE &&
    bytes[at + 6] === DOT &&
    bytes[at + 7] === ONE &&
    bytes[at + 8] === CR &&
    bytes[at + 9] === LF
  );
}

/** Byte `i` of "HTTP/1.1" CR LF. */
function versionByte(i: number, byte: number, record: RequestRecord): void {
  if (i === 9) {
    if (byte !== LF) throw badLineEnd(byte);
  } else if (i === 8) {
    if (byte === LF) throw badLineEnd(byte);
    if (byte !== CR) throw badVersion(byte);
  } else if (i < 5 ? byte !== PROTOCOL[i] : i === 6 ? byte !== DOT : byte < ZERO || byte > NINE) {
    throw badVersion(byte);
  } else if (i === 5) {
    record.majorVersion = byte - ZERO;
  } else if (i === 7) {
    record.minorVersion = byte - ZERO;
  }
}

function methodTooLong(): HttpParseError {
  const message = `Method longer than ${METHOD_BYTES_MAX} bytes`;
  return new HttpParseError("ERR_HTTP_METHOD", 501, message);
}

function badMethod(byte: number | undefined): HttpParseError {
  const message = `Invalid byte in the method: ${formatByte(byte)}`;
  return new HttpParseError("ERR_HTTP_METHOD", 400, message);
}

function badTarget(byte: number | undefined): HttpParseError {
  const message = `Invalid byte in the request target: ${formatByte(byte)}`;
  return new HttpParseError("ERR_HTTP_TARGET", 400, message);
}

function badVersion(byte: number): HttpParseError {
  const message = `Invalid byte in the HTTP version: ${formatByte(byte)}`;
  return new HttpParseError("ERR_HTTP_VERSION", 400, message);
}

function unsupportedVersion(major: number): HttpParseError {
  return new HttpParseError("ERR_HTTP_VERSION", 505, `HTTP version ${major} instead of 1`);
}
