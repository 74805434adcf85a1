/**
 * The Range field (RFC 9110 §14.2) against the size of a file. Pure.
 *
 * The rule of this file: what costs us more than the whole file is answered with the whole file. So
 * many ranges or ranges that overlap into more bytes than there are make the field count as absent.
 */

/** Ranges of one request. Players and readers of documents ask for a few at a time. */
export const RANGES_MAX = 16;

export interface ByteRange {
  readonly offset: number;
  /** At least 1. */
  readonly length: number;
}

/**
 * @returns undefined: the field is to be ignored; none: no range can be had, which is status 416.
 *   A field that is not written as it should be is among the latter, as with nginx.
 */
export function parseRanges(value: string, size: number): ByteRange[] | undefined {
  const [, unit, list = ""] = /^([^=]*)=(.*)$/.exec(value) ?? [];
  if (unit?.trim().toLowerCase() !== "bytes") return undefined;
  const specs = list.split(",").map((spec) => spec.trim());
  const wanted = specs.filter((spec) => spec !== "");
  if (wanted.length > RANGES_MAX) return undefined;
  const ranges: ByteRange[] = [];
  for (const spec of wanted) {
    const [, first, last] = /^(\d*)-(\d*)$/.exec(spec) ?? [];
    if (first === undefined || last === undefined) return [];
    if (first === "" && last === "") return [];
    if (first !== "" && last !== "" && Number(last) < Number(first)) return [];
    const range = first === "" ? suffix(Number(last), size) : span(Number(first), last, size);
    if (range.length > 0) ranges.push(range);
  }
  // The end of an empty file can be had, yet Content-Range has no way to write it.
  if (size === 0 && wanted.some((spec) => /^-0*[1-9]/.test(spec))) return undefined;
  const total = ranges.reduce((sum, { length }) => sum + length, 0);
  return total > size ? undefined : ranges;
}

/** As in `bytes 0-99/1000`; without a range what a 416 says. */
export function contentRange(range: ByteRange | undefined, size: number): string {
  if (range === undefined) return `bytes */${size}`;
  return `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`;
}

/** The last so many bytes, or all if there are not as many. */
function suffix(count: number, size: number): ByteRange {
  const length = Math.min(count, size);
  return { offset: size - length, length };
}

/** @param last the position of the last byte, or "" for the end of the file. */
function span(first: number, last: string, size: number): ByteRange {
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return { offset: first, length: Math.max(0, end - first) };
}
