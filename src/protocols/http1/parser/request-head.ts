/** A request's head, as the application sees it. request-parser.ts fills the record behind it. */
import { CONNECTION_UPGRADE, type RequestRecord } from "./head-record.js";
import { MessageHead } from "./message-head.js";

/**
 * The head of a request. Strings are made when they are asked for, all as parts of one that holds
 * the whole head.
 *
 * The bytes are lent: until the queue changes, or `keep()` was called.
 */
export class RequestHead extends MessageHead {
  readonly #record: RequestRecord;

  /** @internal */
  constructor(record: RequestRecord) {
    super(record);
    this.#record = record;
  }

  /** As sent; methods are case-sensitive. At most 32 bytes. */
  get method(): string {
    const record = this.#record;
    record.method ??= record.materialise().substring(0, record.methodEnd);
    return record.method;
  }

  /** As sent, in whichever of the four forms (RFC 9112 §3.2). */
  get target(): string {
    const { methodEnd, targetEnd, isAsterisk } = this.#record;
    // Half of all requests that are measured; others are worth a string.
    if (targetEnd - methodEnd === 2 && !isAsterisk) return "/";
    return this.#record.materialise().substring(methodEnd + 1, targetEnd);
  }

  /**
   * The target's path, without query, as sent, with its percent escapes. "*" of `OPTIONS *`, and of
   * OPTIONS for a whole server in absolute-form (RFC 9112 §3.2.4); "" of CONNECT.
   */
  get path(): string {
    const { method, pathStart, pathEnd, targetEnd, isAsterisk } = this.#record;
    if (pathEnd - pathStart === 1 && !isAsterisk) return "/";
    if (pathStart < pathEnd) return this.#record.materialise().substring(pathStart, pathEnd);
    if (method === "CONNECT") return "";
    return method === "OPTIONS" && pathEnd === targetEnd ? "*" : "/";
  }

  /** What stands behind the first "?"; "" if nothing does. */
  get query(): string {
    const { method, pathEnd, targetEnd } = this.#record;
    if (pathEnd === targetEnd || method === "CONNECT") return "";
    return this.#record.materialise().substring(pathEnd + 1, targetEnd);
  }

  /** host [":" port]: the target's, if it names one, else the field Host's; "" of a 1.0 without. */
  get host(): string {
    const record = this.#record;
    const { authorityStart, authorityEnd, hostAt } = record;
    if (authorityEnd > 0) return record.materialise().substring(authorityStart, authorityEnd);
    return hostAt < 0 ? "" : record.value(hostAt);
  }

  /** The client waits for 100 before it sends its body (RFC 9110 §10.1.1). Never with HTTP/1.0. */
  get expectsContinue(): boolean {
    return this.#record.expectsContinue;
  }

  /** Something is expected that has no meaning, to be answered with 417. Never with HTTP/1.0. */
  get hasUnknownExpectation(): boolean {
    return this.#record.hasUnknownExpectation;
  }

  /**
   * The protocols of Upgrade, if Connection has the option "upgrade" and the version is 1.1
   * (RFC 9110 §7.8); else undefined.
   */
  get upgrade(): string | undefined {
    const { connection, minorVersion, upgradeAt } = this.#record;
    if (upgradeAt < 0 || minorVersion === 0 || (connection & CONNECTION_UPGRADE) === 0) {
      return undefined;
    }
    return this.get("upgrade");
  }
}
