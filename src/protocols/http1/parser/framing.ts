/**
 * The fields that decide where a message ends and what becomes of the connection: one pass over a
 * whole head finds them, checks them and puts what they say into its record. RFC 9112 §6, RFC 9110
 * §7.6.1, §7.8, §10.1.1.
 *
 * Rule: two readings of one message are how requests are smuggled, so whatever could be read in two
 * ways is refused, even where the RFCs let a recipient choose.
 */
import { COMMA, NINE, ZERO } from "./byte-classes.js";
import { latin1 } from "./field-table.js";
import {
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  CONNECTION_UPGRADE,
  type HeadRecord,
} from "./head-record.js";
import { HttpParseError } from "./http-parse-error.js";

// Not imported: see byte-classes.ts.
const TAB = 0x09;
const SP = 0x20;

const EXPECT = bytesOf("expect");
const UPGRADE = bytesOf("upgrade");
const CONNECTION = bytesOf("connection");
const CONTENT_LENGTH = bytesOf("content-length");
const TRANSFER_ENCODING = bytesOf("transfer-encoding");
const CLOSE = bytesOf("close");
const KEEP_ALIVE = bytesOf("keep-alive");
const CHUNKED = bytesOf("chunked");
const CONTINUE = bytesOf("100-continue");

/** Codings with a registered name (RFC 9112 §7), which this library does not undo. */
const FOREIGN_CODINGS: readonly string[] = "gzip x-gzip deflate compress x-compress identity".split(
  " ",
);

/** A coding: a name without parameters. */
const CODING = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** Reads what matters of all fields. The bytes must have been taken. */
export function readFraming(record: HeadRecord): void {
  const { count, offsets, bytes, base } = record;
  let start = base + record.start;
  for (let index = 0; index < count; index += 1) {
    const colon = base + offsets[index * 2]!;
    const end = base + offsets[index * 2 + 1]!;
    // Of twenty fields of a browser three have one of these lengths and initials.
    switch (colon - start) {
      case 4:
        if (isHost(bytes, start)) hostField(record, index);
        break;
      case 6:
        if (isWord(bytes, start, EXPECT)) expectField(record, bytes, colon + 1, end);
        break;
      case 7:
        if (isWord(bytes, start, UPGRADE)) record.upgradeAt = index;
        break;
      case 10:
        if (isWord(bytes, start, CONNECTION)) connectionField(record, bytes, colon + 1, end);
        break;
      case 14:
        if (isWord(bytes, start, CONTENT_LENGTH)) lengthField(record, bytes, colon + 1, end);
        break;
      case 17:
        if (isWord(bytes, start, TRANSFER_ENCODING)) codingField(record, index);
        break;
    }
    start = end + 2;
  }
  decideKeepAlive(record);
}

/** RFC 9112 §9.3 */
export function decideKeepAlive(record: HeadRecord): void {
  record.keepAlive =
    (record.connection & CONNECTION_CLOSE) === 0 &&
    (record.minorVersion !== 0 || (record.connection & CONNECTION_KEEP_ALIVE) !== 0);
}

/**
 * The codings of a message that has any; afterwards it is chunked.
 *
 * @throws HttpParseError 501 for codings that are well formed but not ours; else 400.
 */
export function readCodings(record: HeadRecord): void {
  if (record.contentLength >= 0) throw badCoding(400, "Transfer-Encoding beside Content-Length");
  if (record.minorVersion === 0) throw badCoding(400, "Transfer-Encoding in HTTP/1.0");
  const { bytes, base } = record;
  const start = trimStart(bytes, base + record.nameEnd(record.transferEncodingAt) + 1);
  const end = trimEnd(bytes, start, base + record.lineEnd(record.transferEncodingAt));
  if (end - start === CHUNKED.length && isWord(bytes, start, CHUNKED)) {
    record.isChunked = true;
    return;
  }
  const value = latin1(bytes, start, end);
  const codings = value.toLowerCase().split(/[ \t]*,[ \t]*/);
  const chunkedAt = codings.indexOf("chunked");
  const isWellFormed = codings.every((coding) => CODING.test(coding));
  const isLastChunked = chunkedAt === codings.length - 1;
  const isForeign = codings.every((coding) => FOREIGN_CODINGS.includes(coding));
  const status = isWellFormed && (isLastChunked || isForeign) ? 501 : 400;
  throw badCoding(status, `Transfer-Encoding other than chunked: ${JSON.stringify(value)}`);
}

function hostField(record: HeadRecord, index: number): void {
  if (record.hostAt >= 0) throw new HttpParseError("ERR_HTTP_HOST", 400, "Two Host fields");
  record.hostAt = index;
}

function codingField(record: HeadRecord, index: number): void {
  if (record.transferEncodingAt >= 0) throw badCoding(400, "Two Transfer-Encoding fields");
  record.transferEncodingAt = index;
}

function lengthField(record: HeadRecord, bytes: Uint8Array, from: number, to: number): void {
  if (record.contentLength >= 0) throw badLength("Two Content-Length fields");
  const start = trimStart(bytes, from);
  const end = trimEnd(bytes, start, to);
  if (start === end) throw badLength("Content-Length without a value");
  let length = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) throw badLength("Content-Length that is no number");
    length = length * 10 + (byte - ZERO);
    if (length > Number.MAX_SAFE_INTEGER) throw badLength("Content-Length above 2^53 - 1");
  }
  if (bytes[start] === ZERO && end - start > 1) throw badLength("Content-Length with leading zero");
  record.contentLength = length;
}

function connectionField(record: HeadRecord, bytes: Uint8Array, from: number, end: number): void {
  for (let at = from; at < end; ) {
    const comma = commaOrEnd(bytes, at, end);
    const start = trimStart(bytes, at);
    const stop = trimEnd(bytes, start, comma);
    const length = stop - start;
    if (length === CLOSE.length && isWord(bytes, start, CLOSE)) {
      record.connection |= CONNECTION_CLOSE;
    } else if (length === KEEP_ALIVE.length && isWord(bytes, start, KEEP_ALIVE)) {
      record.connection |= CONNECTION_KEEP_ALIVE;
    } else if (length === UPGRADE.length && isWord(bytes, start, UPGRADE)) {
      record.connection |= CONNECTION_UPGRADE;
    }
    at = comma + 1;
  }
}

function expectField(record: HeadRecord, bytes: Uint8Array, from: number, end: number): void {
  for (let at = from; at < end; ) {
    const comma = commaOrEnd(bytes, at, end);
    const start = trimStart(bytes, at);
    const length = trimEnd(bytes, start, comma) - start;
    if (length === CONTINUE.length && isWord(bytes, start, CONTINUE)) record.expectsContinue = true;
    else if (length > 0) record.hasUnknownExpectation = true;
    at = comma + 1;
  }
}

/** A list's element ends here. No option that counts may be quoted, so commas are just commas. */
function commaOrEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== COMMA) at += 1;
  return at;
}

/** Behind the blanks at `start`. What follows a value is a comma or CR, so it needs no end. */
export function trimStart(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === SP || bytes[at] === TAB) at += 1;
  return at;
}

export function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] === SP || bytes[at - 1] === TAB)) at -= 1;
  return at;
}

/** `isWord` for the field that every request has, without the loop. */
function isHost(bytes: Uint8Array, at: number): boolean {
  return (
    (bytes[at]! | 0x20) === 0x68 &&
    (bytes[at + 1]! | 0x20) === 0x6f &&
    (bytes[at + 2]! | 0x20) === 0x73 &&
    (bytes[at + 3]! | 0x20) === 0x74
  );
}

/** Whether the word stands at `at`, in whatever case. It has small letters, digits and "-" only. */
export function isWord(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i += 1) {
    if ((bytes[at + i]! | 0x20) !== word[i]) return false;
  }
  return true;
}

export function bytesOf(word: string): Uint8Array {
  return Uint8Array.from(word, (character) => character.charCodeAt(0));
}

function badLength(message: string): HttpParseError {
  return new HttpParseError("ERR_HTTP_CONTENT_LENGTH", 400, message);
}

function badCoding(status: number, message: string): HttpParseError {
  return new HttpParseError("ERR_HTTP_TRANSFER_ENCODING", status, message);
}
