/** Which coding of a file a client would like best: Accept-Encoding (RFC 9110 §12.5.3). Pure. */

/** The codings a file may lie beside itself in, the smallest first, and their endings. */
export const ENCODINGS: Readonly<Record<string, string>> = { br: ".br", gzip: ".gz" };

/** Below every weight that can be written, which has three digits; and yet not refused. */
const NOT_NAMED = 0.0001;

/**
 * @param offered without "identity", the one we like best first.
 * @returns those of `offered` that the client likes better than the plain file, its best first.
 */
export function preferredEncodings(
  accepted: string | undefined,
  offered: readonly string[],
): string[] {
  if (accepted === undefined) return []; // it may not know any
  const weights = weightsOf(accepted);
  const others = weights.get("*");
  const plain = weights.get("identity") ?? others ?? NOT_NAMED;
  const weightOf = (name: string): number => weights.get(name) ?? others ?? 0;
  return offered
    .filter((name) => weightOf(name) > 0 && weightOf(name) >= plain)
    .sort((a, b) => weightOf(b) - weightOf(a)); // stable: what it likes as much stays in our order
}

function weightsOf(accepted: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const item of accepted.toLowerCase().split(",")) {
    const match =
      /^[ \t]*([^\s;]+)[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?$/.exec(item);
    if (match === null) continue; // empty, or no weight we understand
    const [, name = "", weight = "1"] = match;
    weights.set(name === "x-gzip" ? "gzip" : name, Number(weight));
  }
  return weights;
}
