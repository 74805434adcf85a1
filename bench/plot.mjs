// A line chart with two logarithmic axes, as SVG text. It has no background and colours of medium
// lightness, so that it can be read on a light page and on a dark one; a line is known by its
// marker too, for those who do not see the colour. Pure functions.

/**
 * @typedef {readonly [x: number, y: number, isHollow?: boolean]} Point both above 0. Where y is
 *   Infinity, the point stands above the scale, at "never"; hollow is one with a reservation that the
 *   caption explains.
 *
 * @typedef {object} Series
 * @property {string} label
 * @property {readonly Point[]} points
 * @property {number} style 0 to 7: its colour and marker
 * @property {boolean} [isDashed]
 *
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} xLabel
 * @property {string} yLabel
 * @property {readonly Series[]} series
 */

const WIDTH = 820;
const HEIGHT = 460;
const AREA = { left: 76, top: 48, right: 590, bottom: 396 };
const LEGEND = { left: 614, top: 70, lineHeight: 24 };
const INK = "#7d8590";
const MARK_SIZE = 4;
/** A hollow marker is larger, or its line would fill it. */
const HOLLOW_SCALE = 1.75;
/** Between the scale's end and "never". */
const NEVER_HEIGHT = 28;

/** Colour, and the marker's outline around (0, 0) in units of MARK_SIZE. */
const STYLES = [
  { color: "#2f81f7", mark: "M-1-1H1V1H-1Z" },
  { color: "#c4700c", mark: "M0-1.3L1.3 0 0 1.3-1.3 0Z" },
  { color: "#a371f7", mark: "M0-1.2L1.2 1H-1.2Z" },
  { color: "#2da44e", mark: "M0 1.2L1.2-1H-1.2Z" },
  { color: "#e5484d", mark: "M-1 0A1 1 0 0 1 1 0A1 1 0 0 1-1 0Z" },
  { color: "#0f9aa8", mark: "M-1.3-.5H1.3V.5H-1.3Z" },
  { color: "#c9529b", mark: "M-.5-1.3H.5V1.3H-.5Z" },
  { color: "#9a7d0a", mark: "M-1.2 0L-.6-1.1H.6L1.2 0 .6 1.1H-.6Z" },
];

/**
 * @param {Chart} chart with at least one point
 * @returns {string} an SVG document
 * @throws {RangeError} if there is no point, or one that has no logarithm
 */
export function lineChart({ title, xLabel, yLabel, series }) {
  const points = series.flatMap((line) => line.points);
  const x = axis(
    points.map(([value]) => value),
    AREA.left,
    AREA.right,
  );
  const hasNever = points.some(([, value]) => value === Infinity);
  const y = axis(
    points.map(([, value]) => value).filter((value) => value !== Infinity),
    AREA.bottom,
    hasNever ? AREA.top + NEVER_HEIGHT : AREA.top,
  );
  const placeY = (value) => (value === Infinity ? AREA.top : y.place(value));
  const middle = { x: (AREA.left + AREA.right) / 2, y: (AREA.top + AREA.bottom) / 2 };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"`,
    `  font-family="system-ui, sans-serif" font-size="13" fill="${INK}">`,
    `<title>${escapeText(title)}</title>`,
    text(middle.x, 24, title, 'text-anchor="middle" font-size="16"'),
    ...x.ticks.flatMap(({ at, label }) => [
      line([at, AREA.top], [at, AREA.bottom]),
      text(at, AREA.bottom + 20, label, 'text-anchor="middle"'),
    ]),
    ...y.ticks.flatMap(({ at, label }) => [
      line([AREA.left, at], [AREA.right, at]),
      text(AREA.left - 8, at + 4, label, 'text-anchor="end"'),
    ]),
    ...(hasNever ? [text(AREA.left - 8, AREA.top + 4, "never", 'text-anchor="end"')] : []),
    text(middle.x, HEIGHT - 16, xLabel, 'text-anchor="middle"'),
    text(14, middle.y, yLabel, `text-anchor="middle" transform="rotate(-90 14 ${middle.y})"`),
    ...series.map((one) =>
      drawLine(
        one.points.map(([a, b, isHollow]) => [x.place(a), placeY(b), isHollow]),
        one,
      ),
    ),
    ...series.flatMap(drawLegend),
    "</svg>",
    "",
  ].join("\n");
}

/**
 * The ticks of a logarithmic axis: 1, 2 and 5 times the powers of ten, from the last one not above
 * the smallest value to the first one not below the largest.
 *
 * @param {readonly number[]} values
 * @returns {number[]} at least two
 * @throws {RangeError} if there are no values, or one that has no logarithm
 */
export function logTicks(values) {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  if (!(min > 0 && min <= max && max < Infinity)) {
    throw new RangeError("A logarithmic axis needs values above 0");
  }
  const powers = { first: Math.floor(Math.log10(min)), last: Math.ceil(Math.log10(max)) };
  const ticks = [];
  for (let power = powers.first; power <= powers.last; power += 1) {
    // Read from text: 2e-1 is exactly 0.2, 2 * 10 ** -1 need not be.
    for (const digit of [1, 2, 5]) ticks.push(Number(`${digit}e${power}`));
  }
  const first = Math.max(
    0,
    ticks.findLastIndex((tick) => tick <= min),
  );
  const last = ticks.findIndex((tick) => tick >= max);
  return ticks.slice(first, Math.max(last, first + 1) + 1);
}

function axis(values, from, to) {
  const ticks = logTicks(values);
  const [low, high] = [Math.log(ticks[0]), Math.log(ticks.at(-1))];
  const place = (value) => from + ((Math.log(value) - low) / (high - low)) * (to - from);
  return { place, ticks: ticks.map((tick) => ({ at: place(tick), label: format(tick) })) };
}

function format(tick) {
  return tick.toLocaleString("en-US", { maximumFractionDigits: 12 });
}

function drawLine(places, { style, isDashed }) {
  const { color, mark } = STYLES[style];
  const dashes = isDashed ? ' stroke-dasharray="6 4"' : "";
  const path = places.map(([x, y]) => `${round(x)},${round(y)}`).join(" ");
  const marks = places.map(([x, y, isHollow]) => {
    const hollow = isHollow ? ` fill="none" stroke="${color}" stroke-width="0.5"` : "";
    const size = isHollow ? MARK_SIZE * HOLLOW_SCALE : MARK_SIZE;
    return `<path d="${mark}" transform="translate(${round(x)} ${round(y)}) scale(${round(size)})"${hollow}/>`;
  });
  return [
    `<g fill="${color}">`,
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dashes}/>`,
    ...marks,
    "</g>",
  ].join("\n");
}

function drawLegend(series, index) {
  const y = LEGEND.top + index * LEGEND.lineHeight;
  const sample = [
    [LEGEND.left, y],
    [LEGEND.left + 40, y],
  ];
  return [drawLine(sample, series), text(LEGEND.left + 52, y + 4, series.label, "")];
}

function line(from, to) {
  const [x1, y1, x2, y2] = [...from, ...to].map(round);
  return `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${INK}" stroke-opacity="0.3"/>`;
}

function text(x, y, content, attributes) {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escapeText(content)}</text>`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function escapeText(content) {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
