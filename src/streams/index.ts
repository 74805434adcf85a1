export type { AdaptableStream } from "./adaptable-stream.js";
export * from "./buffered-stream.js";
export * from "./byte-queue.js";
export * from "./connect.js";
export * from "./connect-options.js";
export type { ConnectHandler } from "./connector.js";
export type { SendFileOptions } from "./file-parts.js";
export * from "./listener.js";
export { ACCEPTS_PER_TURN, CONNECTIONS_MAX, type ListenerStats } from "./listener-limits.js";
export { PAUSE_MS_MAX, PAUSE_MS_MIN, REFUSE_AFTER_MS } from "./listener-pause.js";
export { type MemoryStream, streamPair, WIRE_BYTES } from "./memory-stream.js";
export * from "./rate-limit.js";
export {
  DUPLEX_HIGH_BYTES,
  type DuplexAddress,
  type SocketLikeDuplex,
  type ToDuplexOptions,
} from "./socket-like-duplex.js";
export * from "./socket-stream.js";
export * from "./stream-handler.js";
export * from "./stream-options.js";
export * from "./to-duplex.js";
export * from "./to-web.js";
