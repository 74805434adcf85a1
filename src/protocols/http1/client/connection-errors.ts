/** The errors of a connection, in words. */
import { HttpParseError } from "../parser/index.js";
import { HttpClientError } from "./client-errors.js";

export function headTimeout(ms: number): HttpClientError {
  return new HttpClientError("ERR_HTTP_HEAD_TIMEOUT", `No response within ${ms} ms`);
}

export function bodyTimeout(ms: number): HttpClientError {
  const message = `Nothing of the response's body for ${ms} ms`;
  return new HttpClientError("ERR_HTTP_BODY_TIMEOUT", message);
}

export function writeTimeout(ms: number): HttpClientError {
  const message = `The server took nothing of the request for ${ms} ms`;
  return new HttpClientError("ERR_HTTP_WRITE_TIMEOUT", message);
}

export function unreadTimeout(ms: number): HttpClientError {
  const message = `Nobody read the response's body for ${ms} ms`;
  return new HttpClientError("ERR_HTTP_UNREAD_TIMEOUT", message);
}

export function lostError(hasReceived: boolean, cause: Error | undefined): HttpClientError {
  const when = hasReceived ? "within its response" : "without a response";
  const message = `The server ended the connection ${when}`;
  return new HttpClientError("ERR_HTTP_CONNECTION_LOST", message, cause);
}

export function refusedError(status: number): HttpClientError {
  const message = `The server did not switch protocols: ${status}`;
  return new HttpClientError("ERR_HTTP_UPGRADE_REFUSED", message);
}

/** The peer's fault is told as such; what a caller's own function threw stays what it is. */
export function responseError(error: unknown): unknown {
  if (!(error instanceof HttpParseError)) return error;
  return invalidResponse(error.message, error);
}

export function invalidResponse(what: string, cause?: Error): HttpClientError {
  const message = `The server's answer is no response to this request: ${what}`;
  return new HttpClientError("ERR_HTTP_RESPONSE_INVALID", message, cause);
}
