/** Timeouts of the waiting calls. */
import { outOfRange, wrongType } from "../kernel/index.js";

/** Waits for ever. */
export const FOREVER: number = Number.POSITIVE_INFINITY;

/**
 * What a caller's timeout means in milliseconds: FOREVER for undefined, null and Infinity, 0 for
 * anything below.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE for NaN.
 */
export function parseTimeout(timeoutMs: number | null | undefined): number {
  if (timeoutMs === undefined || timeoutMs === null) return FOREVER;
  if (typeof timeoutMs !== "number") throw wrongType("timeoutMs", "a number or null", timeoutMs);
  if (Number.isNaN(timeoutMs)) throw outOfRange("timeoutMs", "a number other than NaN", timeoutMs);
  return Math.max(timeoutMs, 0);
}
