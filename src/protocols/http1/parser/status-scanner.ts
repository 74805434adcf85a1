/**
 * The status line (RFC 9112 §4): HTTP-version SP status-code SP [ reason-phrase ] CRLF. The second
 * space may be missing where there is no reason: many servers omit it, and it cannot be misread.
 */
import { CR, DOT, FIELD_VALUE, LF, NINE, ONE, SP, ZERO } from "./byte-classes.js";
import { badLineEnd, FIELD_START, FieldScanner } from "./field-scanner.js";
import type { ResponseRecord } from "./head-record.js";
import { formatByte, HttpParseError } from "./http-parse-error.js";

export const VERSION_AND_STATUS = 0;
const REASON_START = 1;
const REASON = 2;
const REASON_LF = 3;

/** "HTTP/" */
const PROTOCOL: Uint8Array = Uint8Array.of(0x48, 0x54, 0x54, 0x50, 0x2f);

/** "HTTP/1.1 200" */
const FIXED_BYTES = 12;

export class StatusScanner extends FieldScanner {
  protected override startLine(
    bytes: Uint8Array,
    from: number,
    end: number,
    origin: number,
    record: ResponseRecord,
  ): number {
    let at = from;
    if (this.state === VERSION_AND_STATUS) {
      for (let i = at - origin; i < FIXED_BYTES; i += 1, at += 1) {
        if (at === end) return -1;
        fixedByte(i, bytes[at]!, record);
      }
      if (record.majorVersion !== 1) {
        const message = `HTTP version ${record.majorVersion} instead of 1`;
        throw new HttpParseError("ERR_HTTP_VERSION", 505, message);
      }
      this.state = REASON_START;
    }
    if (this.state === REASON_START) {
      if (at === end) return -1;
      if (bytes[at] === SP) at += 1;
      else if (bytes[at] !== CR) throw badStatusLine(bytes[at]!);
      record.reasonStart = at - origin;
      this.state = REASON;
    }
    if (this.state === REASON) {
      while (at < end && FIELD_VALUE[bytes[at]!] === 1) at += 1;
      if (at === end) return -1;
      if (bytes[at] === LF) throw badLineEnd(LF);
      if (bytes[at] !== CR) throw badStatusLine(bytes[at]!);
      record.reasonEnd = at - origin;
      at += 1;
      this.state = REASON_LF;
    }
    if (at === end) return -1;
    if (bytes[at] !== LF) throw badLineEnd(bytes[at]);
    this.state = FIELD_START;
    return at + 1;
  }
}

/** Byte `i` of "HTTP/1.1 200". */
function fixedByte(i: number, byte: number, record: ResponseRecord): void {
  const isDigit = byte >= ZERO && byte <= NINE;
  if (i < 5) {
    if (byte !== PROTOCOL[i]) throw badStatusLine(byte);
  } else if (i === 6 || i === 8) {
    if (byte !== (i === 6 ? DOT : SP)) throw badStatusLine(byte);
  } else if (!isDigit || (i === 9 && byte < ONE)) {
    throw badStatusLine(byte);
  } else if (i === 5) {
    record.majorVersion = byte - ZERO;
    record.status = 0;
  } else if (i === 7) {
    record.minorVersion = byte - ZERO;
  } else {
    record.status = record.status * 10 + (byte - ZERO);
  }
}

function badStatusLine(byte: number): HttpParseError {
  const message = `Invalid byte in the status line: ${formatByte(byte)}`;
  return new HttpParseError("ERR_HTTP_STATUS_LINE", 400, message);
}
