/**
 * Writes frames to a stream with as few copies as may be: a short payload is put behind its header
 * in memory that is used again and again, a long one is handed to the stream as it is, or masked in
 * a copy that the stream then keeps.
 */
import type { BufferedStream } from "../../streams/index.js";
import { HEADER_BYTES_MAX, headerBytes, writeHeader } from "./parser/frame-header.js";
import { applyMask } from "./parser/mask.js";

/** Payload that is copied behind its header rather than sent by itself. */
const SHORT_BYTES_MAX = 16 * 1024;

/** A character of a string takes at most so many bytes of UTF-8. */
const CHARACTER_BYTES_MAX = 3;

/** The header is written to the end of its place, so that the payload follows it. */
const scratch: Buffer = Buffer.alloc(HEADER_BYTES_MAX + SHORT_BYTES_MAX);

/**
 * Writes one frame; the data may be changed afterwards.
 *
 * @param first FIN, RSV1 and the opcode.
 * @param key of the mask; undefined: not masked.
 * @returns as `stream.write`.
 */
export function writeFrame(
  stream: BufferedStream,
  first: number,
  data: Uint8Array | string,
  key: number | undefined,
): boolean {
  if (typeof data === "string") {
    if (data.length * CHARACTER_BYTES_MAX > SHORT_BYTES_MAX) {
      return writeOwned(stream, first, Buffer.from(data), key);
    }
    return writeScratch(stream, first, scratch.write(data, HEADER_BYTES_MAX), key);
  }
  if (data.length <= SHORT_BYTES_MAX) {
    scratch.set(data, HEADER_BYTES_MAX);
    return writeScratch(stream, first, data.length, key);
  }
  if (key !== undefined) return writeOwned(stream, first, Buffer.from(data), key);
  stream.write(headerOf(first, data.length, key));
  return stream.write(data);
}

/** As `writeFrame`, for memory that is ours: it is masked in place, and kept if it has to wait. */
export function writeOwned(
  stream: BufferedStream,
  first: number,
  payload: Buffer,
  key: number | undefined,
): boolean {
  if (key !== undefined) applyMask(payload, 0, payload.length, key);
  stream.write(headerOf(first, payload.length, key));
  return stream.writeReference(payload);
}

/** The payload lies in its place already. */
function writeScratch(
  stream: BufferedStream,
  first: number,
  length: number,
  key: number | undefined,
): boolean {
  const start = HEADER_BYTES_MAX - headerBytes(length, key !== undefined);
  const end = HEADER_BYTES_MAX + length;
  writeHeader(scratch, start, first, length, key);
  if (key !== undefined) applyMask(scratch, HEADER_BYTES_MAX, end, key);
  return stream.write(scratch.subarray(start, end));
}

function headerOf(first: number, length: number, key: number | undefined): Buffer {
  const end = writeHeader(scratch, 0, first, length, key);
  return scratch.subarray(0, end);
}
