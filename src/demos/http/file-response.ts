/**
 * A file that is open as the answer to a request: its conditions, its ranges, and the bytes.
 *
 * The rule of this file: the file is closed on every way out. Where its bytes are on their way,
 * that is when they have gone or the connection has.
 */
import { randomUUID } from "node:crypto";
import { readSync } from "node:fs";
import type { HttpRequest, HttpResponse } from "socket-reactor/protocols/http1";
import { checkConditions, isRangeWanted } from "./conditions.js";
import type { FoundFile } from "./file-root.js";
import { formatHttpDate } from "./http-date.js";
import { multipartBody } from "./multipart.js";
import { type ByteRange, contentRange, parseRanges } from "./ranges.js";
import { Refusal } from "./refusal.js";

/**
 * Up to here a file is read, and leaves in one send together with the head; sendfile is another.
 */
export const READ_BYTES_MAX: number = 16 * 1024;

/** What is read of one range of several at a time. */
const PIECE_BYTES = 64 * 1024;

/** What is sent with a file whatever the status. */
export interface FileHeaders {
  readonly contentType: string;
  /** Of these bytes, if they are not the plain file. */
  readonly contentEncoding?: string | undefined;
}

/** Answers and closes the file. */
export function respondWithFile(
  request: HttpRequest,
  response: HttpResponse,
  file: FoundFile,
  headers: FileHeaders,
): void | Promise<void> {
  try {
    return respond(request, response, file, headers);
  } catch (error) {
    file.close();
    throw error;
  }
}

function respond(
  request: HttpRequest,
  response: HttpResponse,
  file: FoundFile,
  { contentType, contentEncoding }: FileHeaders,
): void | Promise<void> {
  response.setHeader("ETag", file.etag);
  response.setHeader("Last-Modified", formatHttpDate(file.modified));
  // To be kept, but asked for each time, which the tag makes cheap.
  response.setHeader("Cache-Control", "no-cache");
  response.setHeader("Vary", "Accept-Encoding");
  const status = checkConditions(request, file);
  if (status === 412) throw new Refusal(412, "The file is another one than you expected");
  if (status === 304) return endWithoutBody(response, file, 304);
  response.setHeader("Accept-Ranges", "bytes");
  response.setHeader("X-Content-Type-Options", "nosniff");
  const ranges = rangesOf(request, file);
  if (contentEncoding !== undefined) response.setHeader("Content-Encoding", contentEncoding);
  if (ranges !== undefined && ranges.length > 1) {
    return sendRanges(response, file, ranges, contentType);
  }
  response.setHeader("Content-Type", contentType);
  const [range] = ranges ?? [];
  if (range !== undefined) {
    response.status = 206;
    response.setHeader("Content-Range", contentRange(range, file.size));
  }
  const { offset, length } = range ?? { offset: 0, length: file.size };
  response.setHeader("Content-Length", String(length));
  if (request.method === "HEAD") return endWithoutBody(response, file, 200);
  if (length > READ_BYTES_MAX) {
    // Whatever it grows meanwhile is not sent; if it shrinks, the stream ends the connection.
    response.sendFile(file.fd, offset, length, { onSent: () => file.close() });
    return;
  }
  const bytes = readRange(file, offset, length);
  file.close();
  response.end(bytes);
}

/** undefined: the whole file. Range has a meaning for GET only, RFC 9110 §14.2. */
function rangesOf(request: HttpRequest, file: FoundFile): ByteRange[] | undefined {
  const field = request.method === "GET" ? request.get("range") : undefined;
  if (field === undefined || !isRangeWanted(request, file)) return undefined;
  const ranges = parseRanges(field, file.size);
  if (ranges?.length !== 0) return ranges;
  throw new Refusal(416, `The file has ${file.size} bytes`, {
    "Content-Range": contentRange(undefined, file.size),
  });
}

function endWithoutBody(response: HttpResponse, file: FoundFile, status: number): void {
  file.close();
  response.status = status;
  response.end();
}

/** Rare, so simple: read and written, a piece at a time, as fast as the client takes them. */
async function sendRanges(
  response: HttpResponse,
  file: FoundFile,
  ranges: readonly ByteRange[],
  contentType: string,
): Promise<void> {
  const body = multipartBody(ranges, { size: file.size, contentType }, randomUUID());
  try {
    response.status = 206;
    response.setHeader("Content-Type", body.contentType);
    response.setHeader("Content-Length", String(body.contentLength));
    for (const { head, range } of body.parts) {
      await response.writeAsync(head);
      for (let sent = 0; sent < range.length; sent += PIECE_BYTES) {
        const length = Math.min(PIECE_BYTES, range.length - sent);
        await response.writeAsync(readRange(file, range.offset + sent, length));
      }
    }
    response.end(body.tail);
  } finally {
    file.close();
  }
}

/** @throws Refusal 503 if the file has become shorter; after the head, that ends the connection. */
function readRange(file: FoundFile, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let read = 0; read < length; ) {
    const n = readSync(file.fd, bytes, read, length - read, offset + read);
    if (n === 0) throw new Refusal(503, "The file is being changed, try again");
    read += n;
  }
  return bytes;
}
