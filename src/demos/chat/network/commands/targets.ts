/** Lists in one parameter: "#a,#b,#a" is #a and #b. */
import { fold } from "../names.js";

/** Each name once, in the order in which they came. */
export function listOf(text: string): string[] {
  const seen = new Map<string, string>();
  for (const name of text.split(",")) {
    const folded = fold(name);
    if (name !== "" && !seen.has(folded)) seen.set(folded, name);
  }
  return [...seen.values()];
}
