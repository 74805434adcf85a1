/** What is wrong with what a peer sent, and the code that the connection is closed with for it. */

/**
 * The peer broke the protocol, or a limit of ours. It is the peer's fault: the connection fails with
 * `closeCode` (RFC 6455 §7.1.7), and nothing is thrown into the reactor.
 */
export class WebSocketError extends Error {
  /** "ERR_WEBSOCKET_PROTOCOL", "ERR_WEBSOCKET_UTF8" or "ERR_WEBSOCKET_TOO_BIG". */
  readonly code: string;
  /** 1002, 1007 or 1009. RFC 6455 §7.4.1 */
  readonly closeCode: number;

  constructor(code: string, closeCode: number, message: string) {
    super(message);
    this.name = "WebSocketError";
    this.code = code;
    this.closeCode = closeCode;
  }
}

/** 1002: not as the RFC has it. */
export function protocolError(message: string): WebSocketError {
  return new WebSocketError("ERR_WEBSOCKET_PROTOCOL", 1002, message);
}

/** 1007: a text, or the reason of a close, that is no UTF-8; or data that cannot be inflated. */
export function dataError(message: string): WebSocketError {
  return new WebSocketError("ERR_WEBSOCKET_UTF8", 1007, message);
}

/** 1009: more than we take. */
export function tooBigError(message: string): WebSocketError {
  return new WebSocketError("ERR_WEBSOCKET_TOO_BIG", 1009, message);
}
