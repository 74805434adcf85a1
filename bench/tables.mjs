// Tables and figures as text. One format serves both outputs: an aligned Markdown table is
// readable in a terminal too. Pure functions.

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {"left" | "right"} align
 */

/**
 * Formats rows as an aligned Markdown table.
 *
 * @param {readonly Column[]} columns
 * @param {readonly (readonly string[])[]} rows one cell for each column
 * @returns {string} lines without a final newline
 */
export function formatTable(columns, rows) {
  const widths = columns.map((column, i) =>
    Math.max(3, column.title.length, ...rows.map((row) => row[i].length)),
  );
  const pad = (text, i) =>
    columns[i].align === "right" ? text.padStart(widths[i]) : text.padEnd(widths[i]);
  const line = (cells) => `| ${cells.map(pad).join(" | ")} |`;
  const rule = columns.map((column, i) =>
    column.align === "right" ? `${"-".repeat(widths[i] - 1)}:` : "-".repeat(widths[i]),
  );
  return [line(columns.map((c) => c.title)), line(rule), ...rows.map(line)].join("\n");
}

/**
 * A figure with about three significant digits: 0.231, 3.52, 41.0, 1,638.
 *
 * @param {number} value not negative
 * @returns {string}
 */
export function formatFigure(value) {
  if (!Number.isFinite(value)) return "-";
  if (value >= 100) return formatCount(value);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

/**
 * A whole number with its thousands set apart: 282,000.
 *
 * @param {number} value
 * @returns {string}
 */
export function formatCount(value) {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "-";
}

/**
 * A share as whole per cent, or with one digit below ten.
 *
 * @param {number} share 0.038 gives "3.8 %"
 * @returns {string}
 */
export function formatPercent(share) {
  if (!Number.isFinite(share)) return "-";
  const percent = share * 100;
  return `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}
