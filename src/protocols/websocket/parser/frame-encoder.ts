/**
 * Frames as bytes of their own: control frames, and messages that are encoded once for many. What a
 * connection sends itself, frame-writer.ts writes without these copies.
 */
import { isCloseCode, REASON_BYTES_MAX } from "./close-codes.js";
import { FIN, headerBytes, writeHeader } from "./frame-header.js";
import { applyMask } from "./mask.js";

/**
 * A whole frame.
 *
 * @param first FIN, RSV1 and the opcode.
 * @param key of the mask; undefined: not masked, as a server sends.
 */
export function encodeFrame(
  first: number,
  payload: Uint8Array | string,
  key?: number | undefined,
): Buffer {
  const isText = typeof payload === "string";
  const length = isText ? Buffer.byteLength(payload) : payload.length;
  const frame = Buffer.allocUnsafe(headerBytes(length, key !== undefined) + length);
  const at = writeHeader(frame, 0, first, length, key);
  if (isText) frame.write(payload, at);
  else frame.set(payload, at);
  if (key !== undefined) applyMask(frame, at, frame.length, key);
  return frame;
}

/** A control frame; its payload has at most 125 bytes. */
export function encodeControl(
  opcode: number,
  payload: Uint8Array | string,
  key?: number | undefined,
): Buffer {
  return encodeFrame(FIN | opcode, payload, key);
}

/** The payload of a close frame. @param code undefined: none, and no reason. RFC 6455 §5.5.1 */
export function encodeCloseBody(code: number | undefined, reason: string): Buffer {
  if (code === undefined) return Buffer.alloc(0);
  const body = Buffer.allocUnsafe(2 + Buffer.byteLength(reason));
  body.writeUInt16BE(code, 0);
  body.write(reason, 2);
  return body;
}

/** Whether a close frame may carry them. */
export function isCloseBody(code: number, reason: string): boolean {
  return isCloseCode(code) && Buffer.byteLength(reason) <= REASON_BYTES_MAX;
}
