/** What a stream can be told, and its limits with their names and reasons. */
import { misuse, outOfRange } from "../kernel/index.js";
import type { RateLimit } from "./rate-limit.js";

/** Unread input at which a stream stops reading: a slow handler holds this much and a chunk more. */
export const READ_HIGH_BYTES: number = 256 * 1024;

/** Unsent output from which on `write` says stop. */
export const WRITE_HIGH_BYTES: number = 256 * 1024;

/** A peer that takes nothing of waiting output for so long is given up. */
export const WRITE_STALL_MS: number = 120_000;

/** After `end()` and the last byte, a peer has so long to send more, or to close its side. */
export const LINGER_MS: number = 30_000;

/** Bytes at which something starts (`high`) and at which it ends (`low`). */
export interface Marks {
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

/** Deadlines in milliseconds; Infinity: none. */
export interface StreamTimeouts {
  /** Nothing received for so long, while reading. @defaultValue Infinity */
  readonly readMs?: number | undefined;
  /** Nothing of waiting output taken for so long. @defaultValue {@link WRITE_STALL_MS} */
  readonly writeMs?: number | undefined;
  /** Nothing received and nothing sent for so long. @defaultValue Infinity */
  readonly idleMs?: number | undefined;
  /** Since the stream was made. @defaultValue Infinity */
  readonly totalMs?: number | undefined;
  /**
   * After our end was sent: nothing received for so long, nor the peer's end, while reading. How
   * long a peer may go on sending is `totalMs`. @defaultValue {@link LINGER_MS}
   */
  readonly lingerMs?: number | undefined;
}

export interface StreamOptions {
  /**
   * `onData` is not called with less than `low` bytes (default 1), but for the last ones; at `high`
   * reading stops. @defaultValue high {@link READ_HIGH_BYTES}
   */
  readonly readMarks?: Marks | undefined;
  /**
   * From `high` on `write` answers false; `onDrain` comes at `low` (default 0).
   * @defaultValue high {@link WRITE_HIGH_BYTES}
   */
  readonly writeMarks?: Marks | undefined;
  readonly timeouts?: StreamTimeouts | undefined;
  /**
   * How fast it may receive and send: a limit of its own, limits it shares with others, or both.
   * The narrowest counts. @defaultValue none
   */
  readonly rateLimits?: readonly RateLimit[] | undefined;
  /** Keeps our side open when the peer has ended its own, until `end()`. @defaultValue false */
  readonly allowHalfOpen?: boolean | undefined;
  /** Starts without reading; `resume()` begins. @defaultValue false */
  readonly paused?: boolean | undefined;
}

/** The limits with nothing left open. */
export interface StreamLimits {
  readonly readLow: number;
  readonly readHigh: number;
  readonly writeLow: number;
  readonly writeHigh: number;
}

/** @throws RangeError ERR_OUT_OF_RANGE, Error ERR_INVALID_ARG_VALUE for low above high. */
export function readLimits({ readMarks = {}, writeMarks = {} }: StreamOptions): StreamLimits {
  const read = checkMarks("readMarks", readMarks, { low: 1, high: READ_HIGH_BYTES });
  const write = checkMarks("writeMarks", writeMarks, { low: 0, high: WRITE_HIGH_BYTES });
  if (read.low === DEFAULTS.readLow && read.high === DEFAULTS.readHigh) {
    if (write.low === DEFAULTS.writeLow && write.high === DEFAULTS.writeHigh) return DEFAULTS;
  }
  return { readLow: read.low, readHigh: read.high, writeLow: write.low, writeHigh: write.high };
}

/** One object for all streams that ask for nothing else. */
const DEFAULTS: StreamLimits = {
  readLow: 1,
  readHigh: READ_HIGH_BYTES,
  writeLow: 0,
  writeHigh: WRITE_HIGH_BYTES,
};

function checkMarks(
  name: string,
  marks: Marks,
  fallback: Required<Marks>,
): Required<Marks> & {
  low: number;
  high: number;
} {
  const low = marks.low ?? fallback.low ?? 0;
  const high = marks.high ?? fallback.high ?? 0;
  if (!(Number.isInteger(low) && low >= 0)) {
    throw outOfRange(`${name}.low`, "an integer of 0 or more", low);
  }
  if (!(high === Infinity || (Number.isInteger(high) && high >= 1))) {
    throw outOfRange(`${name}.high`, "an integer of 1 or more, or Infinity", high);
  }
  if (low <= high) return { low, high };
  throw misuse(
    RangeError,
    "ERR_OUT_OF_RANGE",
    `The low mark of "${name}" must be at most the high one, ${high}: ${low}`,
  );
}
