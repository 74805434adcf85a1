/** `socket-reactor demo`: its options and its help. */
import { UsageError } from "../usage-error.js";

/** Runs the command until it is interrupted. */
export async function demo(_args: string[]): Promise<void> {
  throw new UsageError("demo is being built");
}
