/** The limits of a listener, and what it counts. */
import { outOfRange } from "../kernel/index.js";

/** Connections accepted in one turn; the others wait for the next. */
export const ACCEPTS_PER_TURN: number = 64;

/** Connections open at a time, before the listener waits for one to close. */
export const CONNECTIONS_MAX: number = 65_536;

/** Counters since the listener was made. */
export interface ListenerStats {
  readonly accepted: number;
  /** Connections that were closed at once, for want of a descriptor. */
  readonly refused: number;
  /** Times it paused for want of something. */
  readonly pauses: number;
  /** Open at this moment. */
  readonly connections: number;
}

/** @throws RangeError ERR_OUT_OF_RANGE */
export function checkCount(name: string, count: number): number {
  if (count === Infinity || (Number.isInteger(count) && count >= 1)) return count;
  throw outOfRange(name, "an integer of 1 or more, or Infinity", count);
}
