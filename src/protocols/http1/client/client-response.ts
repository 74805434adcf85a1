/** A response as its reader sees it: the head, kept, and the body, which may still be coming. */
import type { Fields, ResponseHead } from "../parser/index.js";
import type { HttpClientBody } from "./incoming-body.js";

/**
 * The head of a final response, and its body. The body must be read or dropped: it holds a
 * connection until all of it has come.
 */
export class HttpClientResponse {
  /** 200 to 999. */
  readonly status: number;
  /** As sent: often empty, and of no meaning. */
  readonly statusText: string;
  /** Of HTTP/1. */
  readonly minorVersion: 0 | 1;
  readonly headers: Fields;
  readonly body: HttpClientBody;

  /** Use `client.request`. */
  constructor(head: ResponseHead, body: HttpClientBody) {
    this.status = head.status;
    this.statusText = head.reason;
    this.minorVersion = head.minorVersion;
    this.headers = head;
    this.body = body;
  }

  /** 2xx. */
  get isOk(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** What came behind the body; undefined before its end. */
  get trailers(): Fields | undefined {
    return this.body.trailers;
  }

  /** As `body.bytes`. */
  bytes(bytesMax?: number): Promise<Buffer> {
    return this.body.bytes(bytesMax);
  }

  /** As `body.text`. */
  text(bytesMax?: number): Promise<string> {
    return this.body.text(bytesMax);
  }

  /** As `body.json`. */
  json(bytesMax?: number): Promise<unknown> {
    return this.body.json(bytesMax);
  }

  /** As `body.discard`. */
  discard(): void {
    this.body.discard();
  }
}
