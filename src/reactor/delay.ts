/** Checks of times that callers pass. */
import { outOfRange, wrongType } from "../kernel/index.js";

/**
 * Milliseconds, with fractions, 0 or more; Infinity is never.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE (negative, NaN).
 */
export function checkDelay(name: string, value: number): number {
  if (typeof value !== "number") throw wrongType(name, "a number of milliseconds", value);
  if (value >= 0) return value;
  throw outOfRange(name, "0 milliseconds or more", value);
}
