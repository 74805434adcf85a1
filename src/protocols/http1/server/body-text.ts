/** Lengths and framing of what an answer carries. */

/** Longer texts are measured by the engine; for short ones the call costs more than the look. */
const SHORT_TEXT = 64;

/** Bytes of a text in UTF-8. */
export function byteLengthOf(data: string | Uint8Array): number {
  if (typeof data !== "string") return data.length;
  const { length } = data;
  if (length > SHORT_TEXT) return Buffer.byteLength(data);
  for (let i = 0; i < length; i += 1) {
    if (data.charCodeAt(i) > 0x7f) return Buffer.byteLength(data);
  }
  return length;
}

/** What stands before the data of a chunk (RFC 9112 §7.1). */
export function chunkStart(length: number): string {
  return `${length.toString(16)}\r\n`;
}
