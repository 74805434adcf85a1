/** A response's head, as the application sees it. response-parser.ts fills the record behind it. */
import type { ResponseRecord } from "./head-record.js";
import { MessageHead } from "./message-head.js";

/**
 * The head of a response. `keepAlive` is false where the body lasts until the connection ends.
 *
 * The bytes are lent: until the queue changes, or `keep()` was called.
 */
export class ResponseHead extends MessageHead {
  readonly #record: ResponseRecord;

  /** @internal */
  constructor(record: ResponseRecord) {
    super(record);
    this.#record = record;
  }

  /** 100 to 999; what is above 599 counts as 5xx (RFC 9110 §15). */
  get status(): number {
    return this.#record.status;
  }

  /** The words behind the status, perhaps "". */
  get reason(): string {
    const { reasonStart, reasonEnd } = this.#record;
    return this.#record.materialise().substring(reasonStart, reasonEnd);
  }
}
