/**
 * What can go wrong with a request, one error each: the code says what happened, the cause why. An
 * abort rejects with the signal's reason, misuse with a TypeError or RangeError; everything else is
 * an HttpClientError.
 */

export type HttpClientErrorCode =
  /** The client was closed, or its reactor was. */
  | "ERR_HTTP_CLIENT_CLOSED"
  /** `waitingMax` requests wait for a connection already. */
  | "ERR_HTTP_CLIENT_BUSY"
  /** No connection; the cause is that of `connect`. */
  | "ERR_HTTP_CONNECT_FAILED"
  | "ERR_HTTP_CONNECT_TIMEOUT"
  /** No response head within `headTimeoutMs` of the request's last byte. */
  | "ERR_HTTP_HEAD_TIMEOUT"
  /** Nothing of the body for `bodyTimeoutMs`. */
  | "ERR_HTTP_BODY_TIMEOUT"
  /** The peer took nothing of the request for `writeTimeoutMs`. */
  | "ERR_HTTP_WRITE_TIMEOUT"
  /** Not over within `totalTimeoutMs`. */
  | "ERR_HTTP_TOTAL_TIMEOUT"
  /** Nobody read the response's body for `unreadTimeoutMs`. */
  | "ERR_HTTP_UNREAD_TIMEOUT"
  /** The peer closed the connection, or it broke, before the response was whole. */
  | "ERR_HTTP_CONNECTION_LOST"
  /** What came is no HTTP/1.1 response; the cause is the parser's HttpParseError, if it found out. */
  | "ERR_HTTP_RESPONSE_INVALID"
  /** The iterable of the request's body threw, or gave something else than bytes. */
  | "ERR_HTTP_REQUEST_BODY"
  /** The iterable of the request's body gave more or less than its Content-Length. */
  | "ERR_HTTP_CONTENT_LENGTH_MISMATCH"
  /** More than `bodyBytesMax` for `bytes`, `text` or `json`. */
  | "ERR_HTTP_BODY_TOO_LARGE"
  /** The response's body was given up by its reader: the rest cannot be had. */
  | "ERR_HTTP_BODY_DISCARDED"
  /** The answer to `upgrade` was another than 101, or to another protocol; it is in `response`. */
  | "ERR_HTTP_UPGRADE_REFUSED";

export class HttpClientError extends Error {
  readonly code: HttpClientErrorCode;

  constructor(code: HttpClientErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "HttpClientError";
    this.code = code;
  }
}
