/** `socket-reactor chat`: its options and its help. */
import { UsageError } from "../usage-error.js";

/** Runs the command until it is interrupted. */
export async function chat(_args: string[]): Promise<void> {
  throw new UsageError("chat is being built");
}
