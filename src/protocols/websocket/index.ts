export * from "./accept-websocket.js";
export * from "./connect-websocket.js";
export * from "./encode-message.js";
export { acceptKey, WEBSOCKET_VERSION } from "./handshake.js";
export * from "./parser/close-codes.js";
export { encodeFrame } from "./parser/frame-encoder.js";
export {
  FIN,
  OPCODE_BINARY,
  OPCODE_CLOSE,
  OPCODE_CONTINUATION,
  OPCODE_PING,
  OPCODE_PONG,
  OPCODE_TEXT,
  RSV1,
} from "./parser/frame-header.js";
export * from "./parser/frame-parser.js";
export {
  CONTROL_BYTES_MAX,
  FRAGMENTS_MAX,
  type FrameLimits,
  MESSAGE_BYTES_MAX,
} from "./parser/parser-limits.js";
export { Utf8Validator } from "./parser/utf8-validator.js";
export { WebSocketError } from "./parser/websocket-error.js";
export { WebSocketConnection, type WebSocketHandler } from "./websocket-connection.js";
export {
  CLOSE_TIMEOUT_MS,
  DEFLATE_BYTES_MIN,
  type DeflateOptions,
  PENDING_BYTES_MAX,
  PING_INTERVAL_MS,
  PONG_TIMEOUT_MS,
  type WebSocketOptions,
} from "./websocket-options.js";
