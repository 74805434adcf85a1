/**
 * What a request line says once it is whole: the method, if it is well known, and which of the four
 * forms the target has (RFC 9112 §3.2).
 */
import { isAuthority, isAuthorityWithPort } from "./authority.js";
import { bytesOf, isWord } from "./framing.js";
import type { RequestRecord } from "./head-record.js";
import { HttpParseError } from "./http-parse-error.js";

interface KnownMethod {
  readonly name: string;
  readonly bytes: Uint8Array;
}

// Not imported: see byte-classes.ts.
const ASTERISK = 0x2a;
const SLASH = 0x2f;
const QUESTION = 0x3f;

const GET = bytesOf("GET");

/** By length, so that few are compared. */
const METHODS: readonly (readonly KnownMethod[])[] = [
  [],
  [],
  [],
  known("PUT"),
  known("POST", "HEAD"),
  known("PATCH", "TRACE"),
  known("DELETE"),
  known("OPTIONS", "CONNECT"),
];

/** Both have a colon before two slashes. */
const HTTP = bytesOf("http://");
const HTTPS = bytesOf("https://");

/** Fills in what the request line says. The bytes must have been taken. */
export function readRequestLine(record: RequestRecord): void {
  const { bytes, base } = record;
  const start = record.methodEnd + 1;
  record.method = methodOf(bytes, base, record.methodEnd);
  record.authorityStart = 0;
  record.authorityEnd = 0;
  record.pathStart = start;
  record.isAsterisk = false;
  if (record.method === "CONNECT") {
    if (!isAuthorityWithPort(bytes, base + start, base + record.targetEnd)) throw badTarget(record);
    record.authorityStart = start;
    record.authorityEnd = record.targetEnd;
    record.pathEnd = start;
    return;
  }
  const first = bytes[base + start];
  record.isAsterisk = first === ASTERISK && record.targetEnd === start + 1;
  if (record.isAsterisk && record.method === "OPTIONS") {
    record.pathEnd = record.targetEnd;
    return;
  }
  if (first !== SLASH) absoluteForm(record, start);
  let at = base + record.pathStart;
  const end = base + record.targetEnd;
  while (at < end && bytes[at] !== QUESTION) at += 1;
  record.pathEnd = at - base;
}

/** scheme "://" authority path ["?" query]; the scheme is one that this protocol serves. */
function absoluteForm(record: RequestRecord, start: number): void {
  const { bytes, base, targetEnd } = record;
  let from = -1;
  if (isWord(bytes, base + start, HTTP)) from = start + HTTP.length;
  else if (isWord(bytes, base + start, HTTPS)) from = start + HTTPS.length;
  if (from < 0 || from > targetEnd) throw badTarget(record);
  let end = from;
  while (end < targetEnd && bytes[base + end] !== SLASH && bytes[base + end] !== QUESTION) end += 1;
  if (!isAuthority(bytes, base + from, base + end)) throw badTarget(record);
  record.authorityStart = from;
  record.authorityEnd = end;
  record.pathStart = end;
}

function methodOf(bytes: Uint8Array, base: number, length: number): string | undefined {
  if (length === 3 && isExactly(bytes, base, GET)) return "GET";
  const methods = METHODS[length];
  if (methods === undefined) return undefined;
  for (let i = 0; i < methods.length; i += 1) {
    const method = methods[i]!;
    if (isExactly(bytes, base, method.bytes)) return method.name;
  }
  return undefined;
}

function isExactly(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i += 1) if (bytes[at + i] !== word[i]) return false;
  return true;
}

function known(...names: string[]): KnownMethod[] {
  return names.map((name) => ({ name, bytes: bytesOf(name) }));
}

function badTarget(record: RequestRecord): HttpParseError {
  const message = `Request target that does not suit ${record.method ?? "the method"}`;
  return new HttpParseError("ERR_HTTP_TARGET", 400, message);
}
