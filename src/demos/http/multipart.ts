/** Several ranges of one file in one body: multipart/byteranges (RFC 9110 §14.6). Pure. */
import { type ByteRange, contentRange } from "./ranges.js";

export interface MultipartBody {
  readonly contentType: string;
  /** Of the whole body, so that it can be announced. */
  readonly contentLength: number;
  /** Each is the head, then the bytes of the range. */
  readonly parts: readonly { readonly head: string; readonly range: ByteRange }[];
  /** What follows the last part. */
  readonly tail: string;
}

/** @param boundary must not be in the file: something random. */
export function multipartBody(
  ranges: readonly ByteRange[],
  file: { readonly size: number; readonly contentType: string },
  boundary: string,
): MultipartBody {
  const parts = ranges.map((range) => ({
    range,
    head:
      `\r\n--${boundary}\r\n` +
      `Content-Type: ${file.contentType}\r\n` +
      `Content-Range: ${contentRange(range, file.size)}\r\n\r\n`,
  }));
  const tail = `\r\n--${boundary}--\r\n`;
  const partBytes = parts.map(({ head, range }) => head.length + range.length);
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    contentLength: partBytes.reduce((sum, bytes) => sum + bytes, tail.length),
    parts,
    tail,
  };
}
