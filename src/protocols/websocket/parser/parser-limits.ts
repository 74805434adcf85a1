/** What a peer may send, with names and reasons. Everything beyond closes with 1009. */

/** A message, after inflating: chats need less, and one connection holds no more than this. */
export const MESSAGE_BYTES_MAX: number = 1024 * 1024;

/**
 * Frames of one message: 1 MiB in pieces of 64 bytes. They are put together as they come, so that
 * they cost no memory; the limit is for a peer that sends empty ones without end.
 */
export const FRAGMENTS_MAX: number = 16_384;

/** Payload of a control frame. RFC 6455 §5.5 */
export const CONTROL_BYTES_MAX = 125;

export interface FrameLimits {
  /** Bytes; Infinity: none. @defaultValue {@link MESSAGE_BYTES_MAX} */
  readonly messageBytesMax?: number | undefined;
  /** Bytes of one data frame's payload. @defaultValue that of a message */
  readonly frameBytesMax?: number | undefined;
  /** Frames of one message. @defaultValue {@link FRAGMENTS_MAX} */
  readonly fragmentsMax?: number | undefined;
}

/**
 * What may come compressed for a message of so many bytes. Bytes that cannot be compressed grow: by
 * 5 for each block, and a deflater with the least memory makes blocks of 127.
 */
export function compressedBytesMax(messageBytesMax: number): number {
  return messageBytesMax + Math.ceil(messageBytesMax / 16) + 64;
}
