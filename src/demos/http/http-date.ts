/**
 * Dates as HTTP writes them (RFC 9110 §5.6.7), in whole seconds since 1970, as files' times are
 * compared. One form is written; three are read, for two old ones may still come.
 */

const DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun";
const LONG_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday";
const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
const MONTH = `(?<month>${MONTHS})`;
const TIME = "(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)";

const FORMS: readonly RegExp[] = [
  new RegExp(`^(?:${DAYS}), (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^(?:${LONG_DAYS}), (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^(?:${DAYS}) ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

/** As in `Sun, 06 Nov 1994 08:49:37 GMT`. */
export function formatHttpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString();
}

/** @returns undefined for what is no date: a condition with such a date counts as absent. */
export function parseHttpDate(text: string): number | undefined {
  for (const form of FORMS) {
    const fields = form.exec(text)?.groups;
    if (fields !== undefined) return secondsOf(fields);
  }
  return undefined;
}

function secondsOf(fields: Readonly<Record<string, string>>): number | undefined {
  const month = MONTHS.split("|").indexOf(fields["month"] ?? "");
  const day = Number(fields["day"]);
  const midnight = new Date(Date.UTC(2000, month, day));
  midnight.setUTCFullYear(fullYear(fields["year"] ?? ""), month, day);
  if (midnight.getUTCMonth() !== month || midnight.getUTCDate() !== day) return undefined; // 31 Feb
  const minutes = Number(fields["hour"]) * 60 + Number(fields["minute"]);
  return midnight.getTime() / 1000 + minutes * 60 + Number(fields["second"]);
}

/** Two digits mean the century that keeps the year within 50 years from now. */
function fullYear(digits: string): number {
  if (digits.length === 4) return Number(digits);
  const now = new Date().getUTCFullYear();
  const year = now - (now % 100) + Number(digits);
  return year > now + 50 ? year - 100 : year;
}
