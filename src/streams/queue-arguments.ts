/** Checks of what callers pass to a ByteQueue. */
import { misuse, outOfRange, wrongType } from "../kernel/index.js";

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE unless 0 to 2^53 - 1. */
export function checkCount(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  throw outOfRange(name, "an integer from 0", value);
}

/** `checkCount`, with a largest value. */
export function checkAtMost(name: string, value: number, max: number): number {
  if (checkCount(name, value) <= max) return value;
  throw outOfRange(name, `at most ${max}`, value);
}

/** @throws TypeError ERR_INVALID_ARG_TYPE */
export function checkBytes(name: string, bytes: unknown): void {
  if (!(bytes instanceof Uint8Array)) throw wrongType(name, "a Uint8Array", bytes);
}

/** That [start, end) is a part of `bytes`. Returns its length. */
export function checkRange(bytes: Uint8Array, start: number, end: number): number {
  checkBytes("bytes", bytes);
  checkAtMost("end", end, bytes.length);
  return end - checkAtMost("start", start, end);
}

/** That `added` bytes more can still be counted. */
export function checkTotal(length: number, added: number): void {
  if (length > Number.MAX_SAFE_INTEGER - added) {
    throw outOfRange("bytes", "few enough for a length below 2^53", added);
  }
}

/** ERR_LINE_TOO_LONG: what the peer sent has no line end where there must be one. */
export function lineTooLong(maxLength: number): Error {
  return misuse(Error, "ERR_LINE_TOO_LONG", `The line is longer than ${maxLength} bytes`);
}
