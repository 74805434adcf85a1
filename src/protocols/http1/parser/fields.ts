/**
 * The fields of a head or of trailers, as whoever reads them sees them. field-table.ts implements
 * it over the bytes, message-head.ts over a head.
 */

/**
 * Fields in the order in which they came. Names and values are text in latin1, one character for
 * each byte; values come without the blanks around them. A position that is not there throws
 * RangeError ERR_OUT_OF_RANGE.
 */
export interface Fields extends Iterable<[name: string, value: string]> {
  readonly count: number;
  /** The name at a position, as sent. */
  name(index: number): string;
  value(index: number): string;
  /**
   * The value of the field of this name, in whatever case, or of several joined with ", "
   * (RFC 9110 §5.3). O(fields).
   */
  get(name: string): string | undefined;
  /** The values of all fields of this name, in order. */
  getAll(name: string): string[];
  has(name: string): boolean;
}
