/** The errors that an HTTP/1.1 server makes itself; those of the syntax are the parser's. */
import { misuse } from "../../../kernel/index.js";

const GONE = "ERR_HTTP_PEER_GONE";

/** A request that failed, with the status that says so to the peer. */
export class HttpRequestError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** The peer is gone, or has ended its side. */
export function goneError(cause?: Error): Error {
  const error = misuse(Error, GONE, "The peer has closed the connection");
  return cause === undefined ? error : Object.assign(error, { cause });
}

/** The 4xx or 5xx status an error asks for; 500 for one that asks for none. */
export function statusOf(error: unknown): number {
  if (typeof error !== "object" || error === null || !("status" in error)) return 500;
  const { status } = error;
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599
    ? Number(status)
    : 500;
}

export function isGone(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === GONE;
}
