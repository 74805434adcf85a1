/**
 * The conditions of a request (RFC 9110 §13): has the client's copy changed, may this be done only
 * if nothing has? Pure; what they decide is carried out in file-response.ts.
 *
 * The rule of this file is the order of §13.2.2: tags beat dates, "must match" comes before "must
 * differ", and If-Range is asked last, for it decides about the Range field only.
 */
import { parseHttpDate } from "./http-date.js";

/** What names the state of a file. */
export interface Validators {
  /** A strong entity tag, in its quotes. */
  readonly etag: string;
  /** Last modified, in whole seconds since 1970. */
  readonly modified: number;
}

/** A request's fields by their lowercase names. */
export interface FieldReader {
  get(name: string): string | undefined;
}

/** Says if the file is to be sent (200), the client has it (304), or its condition failed (412). */
export function checkConditions(fields: FieldReader, file: Validators): 200 | 304 | 412 {
  const ifMatch = fields.get("if-match");
  if (ifMatch !== undefined) {
    if (!hasTag(ifMatch, file.etag, "strong")) return 412;
  } else {
    const unmodifiedSince = parseHttpDate(fields.get("if-unmodified-since") ?? "");
    if (unmodifiedSince !== undefined && file.modified > unmodifiedSince) return 412;
  }
  const ifNoneMatch = fields.get("if-none-match");
  if (ifNoneMatch !== undefined) return hasTag(ifNoneMatch, file.etag, "weak") ? 304 : 200;
  const modifiedSince = parseHttpDate(fields.get("if-modified-since") ?? "");
  return modifiedSince !== undefined && file.modified <= modifiedSince ? 304 : 200;
}

/**
 * May the Range field be used? Without If-Range: yes. A date must be the very one we sent, for a
 * part of an older or a newer file does not fit to the part that the client has.
 */
export function isRangeWanted(fields: FieldReader, file: Validators): boolean {
  const validator = fields.get("if-range");
  if (validator === undefined) return true;
  if (/^(W\/)?"/.test(validator)) return validator === file.etag;
  return parseHttpDate(validator) === file.modified;
}

/** A list of tags, or `*`. What is no tag ends the list: it can match nothing. */
function hasTag(list: string, etag: string, comparison: "strong" | "weak"): boolean {
  if (list === "*") return true;
  const tag = /[ \t,]*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)/y;
  for (let match = tag.exec(list); match !== null; match = tag.exec(list)) {
    const [, weak, opaque] = match;
    if (opaque === etag && (weak === undefined || comparison === "weak")) return true;
  }
  return false;
}
