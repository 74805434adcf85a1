/**
 * What is wrong with a message, and the status to refuse it with. Everything that a parser throws
 * because of its input is one of these; after it the parser is dead, for nobody can know where the
 * next message starts.
 */

/** Which rule was broken. */
export type HttpParseErrorCode =
  | "ERR_HTTP_BODY_TOO_LARGE"
  | "ERR_HTTP_CHUNK"
  | "ERR_HTTP_CHUNK_EXTENSION"
  | "ERR_HTTP_CONTENT_LENGTH"
  | "ERR_HTTP_FIELD_NAME"
  | "ERR_HTTP_FIELD_VALUE"
  | "ERR_HTTP_HEAD_TOO_LARGE"
  | "ERR_HTTP_HOST"
  | "ERR_HTTP_LINE_END"
  | "ERR_HTTP_METHOD"
  | "ERR_HTTP_STATUS_LINE"
  | "ERR_HTTP_TARGET"
  | "ERR_HTTP_TARGET_TOO_LONG"
  | "ERR_HTTP_TOO_MANY_FIELDS"
  | "ERR_HTTP_TRANSFER_ENCODING"
  | "ERR_HTTP_UNEXPECTED_RESPONSE"
  | "ERR_HTTP_VERSION";

/**
 * A message that breaks RFC 9110 or 9112, or a limit.
 *
 * @example
 * ```ts
 * import { HttpParseError, RequestParser } from "socket-reactor/protocols/http1";
 * import { ByteQueue } from "socket-reactor/streams";
 * const queue = new ByteQueue();
 * queue.append("GET /\r\n");
 * try {
 *   new RequestParser().next(queue);
 * } catch (error) {
 *   if (error instanceof HttpParseError) console.log(error.status, error.code); // 400 ERR_HTTP_TARGET
 * }
 * ```
 */
export class HttpParseError extends Error {
  readonly code: HttpParseErrorCode;
  /**
   * The status to answer a request with: 400, 413, 414, 431, 501 or 505. Of a response always 502,
   * which is what a gateway answers then.
   */
  readonly status: number;

  constructor(code: HttpParseErrorCode, status: number, message: string) {
    super(message);
    this.name = "HttpParseError";
    this.code = code;
    this.status = status;
  }
}

/** A byte as an error message shows it: 0x0a. */
export function formatByte(byte: number | undefined): string {
  return `0x${(byte ?? 0).toString(16).padStart(2, "0")}`;
}
