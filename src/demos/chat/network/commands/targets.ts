/** Lists in one parameter: "#a,#b,#a" is #a and #b. */
import type { Client } from "../client.js";
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

/** As many as one line may have; `tellSurplus`, when they are done, says what was left out. */
export function allowedOf({ world }: Client, targets: readonly string[]): readonly string[] {
  return targets.slice(0, world.limits.targetsMax);
}

export function tellSurplus(client: Client, targets: readonly string[]): void {
  const surplus = targets[client.world.limits.targetsMax];
  if (surplus !== undefined) client.reply("ERR_TOOMANYTARGETS", surplus);
}
