/** `socket-reactor connect`: its options and its help. */
import { UsageError } from "../usage-error.js";

/** Runs the command until it is interrupted. */
export async function connect(_args: string[]): Promise<void> {
  throw new UsageError("connect is being built");
}
