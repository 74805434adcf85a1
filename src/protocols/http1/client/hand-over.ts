/** The end of HTTP on a connection: what is left of it is a stream, for another protocol. */
import { type SocketStream, WRITE_STALL_MS } from "../../../streams/index.js";
import type { ResponseHead } from "../parser/index.js";
import { HttpClientResponse } from "./client-response.js";
import { invalidResponse } from "./connection-errors.js";
import { HttpClientBody } from "./incoming-body.js";

/** @throws HttpClientError unless it is to what was asked for. RFC 9110 §7.8 */
export function assertSwitch(head: ResponseHead, wanted: string | undefined): void {
  const found = head.get("upgrade");
  if (wanted !== undefined && found?.toLowerCase() === wanted.toLowerCase()) return;
  throw invalidResponse(`a switch to ${found}, which was not asked for`);
}

/** Makes the stream as any other is, but for being paused. @returns the 101, which has no body. */
export function handOver(stream: SocketStream, head: ResponseHead): HttpClientResponse {
  stream.pause();
  stream.handler = {};
  stream.allowHalfOpen = false;
  stream.setTimeouts({ readMs: Infinity, writeMs: WRITE_STALL_MS });
  const body = new HttpClientBody({ resumeBody() {}, discardBody() {} }, 0);
  body.end(undefined);
  return new HttpClientResponse(head, body);
}
