/**
 * What a parser knows of a head besides its fields: the start line's parts, as offsets, and what
 * the framing pass (framing.ts) found. request-head.ts and response-head.ts show it.
 */
import { FieldTable } from "./field-table.js";

/** Options of Connection, as bits of `connection`. */
export const CONNECTION_CLOSE = 1;
export const CONNECTION_KEEP_ALIVE = 2;
export const CONNECTION_UPGRADE = 4;

/** Either head. */
export class HeadRecord extends FieldTable {
  /** As in the start line: 0 to 9. */
  minorVersion = 1;
  connection = 0;
  /** -1: none was said. */
  contentLength = -1;
  /** The positions of these fields; -1: not there. */
  transferEncodingAt = -1;
  hostAt = -1;
  upgradeAt = -1;
  isChunked = false;
  keepAlive = true;
  hasBody = false;
  expectsContinue = false;
  hasUnknownExpectation = false;

  /** Before a head is scanned into it. */
  override borrow(): void {
    super.borrow();
    this.connection = 0;
    this.contentLength = -1;
    this.transferEncodingAt = -1;
    this.hostAt = -1;
    this.upgradeAt = -1;
    this.isChunked = false;
    this.hasBody = false;
    this.expectsContinue = false;
    this.hasUnknownExpectation = false;
  }
}

export class RequestRecord extends HeadRecord {
  /** The request line is METHOD SP TARGET SP VERSION: these end here. */
  methodEnd = 0;
  targetEnd = 0;
  majorVersion = 1;
  /** If it is a well-known one. */
  method: string | undefined = undefined;
  /** The path lies in [pathStart, pathEnd); an empty one stands for "*" or "/", or CONNECT. */
  pathStart = 0;
  pathEnd = 0;
  /** The target is "*". */
  isAsterisk = false;
  /** Of the target, if it names one; 0: it does not. */
  authorityStart = 0;
  authorityEnd = 0;
  /** Its fields are those of the request before, and checked. */
  isRecalled = false;

  override borrow(): void {
    super.borrow();
    this.isRecalled = false;
  }
}

export class ResponseRecord extends HeadRecord {
  status = 0;
  reasonStart = 0;
  reasonEnd = 0;
  majorVersion = 1;
}
