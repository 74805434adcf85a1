// The figures every table is made of. Pure functions.

/**
 * The middle value, or the mean of the two middle ones.
 *
 * @param {readonly number[]} values at least one
 * @returns {number}
 * @throws {RangeError} if there are no values
 */
export function median(values) {
  if (values.length === 0) throw new RangeError("No values to take the median of");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * How far the values lie apart: (max - min) / median, 0 when all are equal.
 *
 * @param {readonly number[]} values at least one, not negative
 * @returns {number}
 * @throws {RangeError} if there are no values
 */
export function spread(values) {
  const middle = median(values);
  const range = Math.max(...values) - Math.min(...values);
  return range === 0 ? 0 : range / middle;
}

/**
 * The value that a share of all values does not exceed, by nearest rank.
 *
 * @param {readonly number[]} values at least one
 * @param {number} share from 0, the smallest value, to 1, the largest
 * @returns {number}
 * @throws {RangeError} if there are no values
 */
export function percentile(values, share) {
  if (values.length === 0) throw new RangeError("No values to take a percentile of");
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
