/** Messages that are encoded once and sent to many. */
import { wrongType } from "../../kernel/index.js";
import { encodeFrame } from "./parser/frame-encoder.js";
import { FIN, OPCODE_BINARY, OPCODE_TEXT } from "./parser/frame-header.js";

/**
 * A message as a server sends it, for `connection.sendEncoded`: one encoding, however many get it,
 * and where they read slowly one memory for all. It is not compressed, whatever was negotiated.
 *
 * @param data a text for a string, else bytes, which are copied.
 * @throws TypeError ERR_INVALID_ARG_TYPE
 *
 * @example
 * ```ts
 * import { encodeMessage, type WebSocketConnection } from "socket-reactor/protocols/websocket";
 * const members = new Set<WebSocketConnection>();
 * function broadcast(text: string): void {
 *   const message = encodeMessage(text);
 *   for (const member of members) member.sendEncoded(message);
 * }
 * broadcast("hello, all");
 * ```
 */
export function encodeMessage(data: string | Uint8Array): Buffer {
  if (typeof data === "string") return encodeFrame(FIN | OPCODE_TEXT, data);
  if (data instanceof Uint8Array) return encodeFrame(FIN | OPCODE_BINARY, data);
  throw wrongType("data", "a string or a Uint8Array", data);
}
