/** What a line stream calls, and what it can be told. */
import type { StreamTimeout } from "../../streams/index.js";
import type { LineError } from "./line-error.js";

/**
 * All are optional; they are called as those of a stream are. One that throws destroys its stream,
 * and the error goes where the reactor's errors go. Without `onLine` nothing is read.
 */
export interface LineHandler<L> {
  /**
   * A line came, without its end. It may be empty; no CR, LF or NUL is in it. Lines come after our
   * own end, too: answer only if `isWritable`.
   */
  onLine?(lines: L, line: string): void;
  /**
   * The peer sent what is no line. It was dropped, or is being dropped up to its end. Here an error
   * may be answered; then the connection ends, or with `badLines: "discard"` goes on. Not called
   * after our own end, when nothing can be answered any more.
   */
  onBadLine?(lines: L, error: LineError): void;
  /** The peer will send no more. What it sent without a line end is left in `stream.input`. */
  onEnd?(lines: L): void;
  /** After a `write` that answered false: output is down to the low mark. */
  onDrain?(lines: L): void;
  /** After `end`: the kernel has taken everything. */
  onFinish?(lines: L): void;
  /** A deadline of the stream is over; without this handler that ends it. */
  onTimeout?(lines: L, which: StreamTimeout): void;
  /** The last call, exactly one. `error`: the LineError too for which it was closed. */
  onClose?(lines: L, error: Error | undefined): void;
}

export interface LineStreamOptions {
  /**
   * The longest line the peer may send, in bytes without its end; the stream's high read mark must
   * be above it by two. @defaultValue {@link LINE_BYTES_MAX}
   */
  readonly lineBytesMax?: number | undefined;
  /**
   * What follows a line that is none: "close" ends the connection, after what `onBadLine` wrote;
   * "discard" goes on with the next line. @defaultValue "close"
   */
  readonly badLines?: "close" | "discard" | undefined;
}
