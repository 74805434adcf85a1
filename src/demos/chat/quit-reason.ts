/** Why a connection is over, as the others in its rooms read it. */

import { codeOf } from "../errors.js";

/** An end in order, which a QUIT did not precede. */
export const CLIENT_CLOSED = "Client closed connection";

const REASONS: Readonly<Record<string, string>> = {
  ECONNRESET: "Connection reset by peer",
  EPIPE: "Connection reset by peer",
  ETIMEDOUT: "Connection timed out",
  EHOSTUNREACH: "No route to host",
  ERR_STREAM_TIMEOUT: "Write timeout",
};

/** @param error of the stream; undefined: it ended in order. */
export function quitReason(error: Error | undefined): string {
  if (error === undefined) return CLIENT_CLOSED;
  const code = codeOf(error);
  return (Object.hasOwn(REASONS, code) ? REASONS[code] : undefined) ?? "Connection lost";
}
