/**
 * What the heads of requests and responses have in common, as the application sees it: a face over
 * the parser's record, which it does not show.
 */
import type { Fields } from "./fields.js";
import type { HeadRecord } from "./head-record.js";

/** The head of a message; `RequestHead` and `ResponseHead` say what else it has. */
export abstract class MessageHead implements Fields {
  readonly #record: HeadRecord;

  /** @internal */
  constructor(record: HeadRecord) {
    this.#record = record;
  }

  /** Of HTTP/1.x; what is above 1 counts as 1 (RFC 9110 §2.5). */
  get minorVersion(): 0 | 1 {
    return this.#record.minorVersion === 0 ? 0 : 1;
  }

  /** Whether the sender lets the connection go on after this message (RFC 9112 §9.3). */
  get keepAlive(): boolean {
    return this.#record.keepAlive;
  }

  /** In bytes; -1: none was said. */
  get contentLength(): number {
    return this.#record.contentLength;
  }

  get isChunked(): boolean {
    return this.#record.isChunked;
  }

  /** Whether at least one byte of body follows, or an end that is still to come. */
  get hasBody(): boolean {
    return this.#record.hasBody;
  }

  /** How many fields there are. */
  get count(): number {
    return this.#record.count;
  }

  name(index: number): string {
    return this.#record.name(index);
  }

  value(index: number): string {
    return this.#record.value(index);
  }

  get(name: string): string | undefined {
    return this.#record.get(name);
  }

  getAll(name: string): string[] {
    return this.#record.getAll(name);
  }

  has(name: string): boolean {
    return this.#record.has(name);
  }

  [Symbol.iterator](): Iterator<[name: string, value: string]> {
    return this.#record[Symbol.iterator]();
  }

  /**
   * Copies the bytes, which are lent until the queue changes, so that this head can be read for
   * ever; the parser makes another one for the next message. Does nothing the second time.
   */
  keep(): void {
    this.#record.keep();
  }
}
