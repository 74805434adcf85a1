/** The rate limits of one stream, for both directions. rate-limit.ts says what they are. */
import { misuse, wrongType } from "../kernel/index.js";
import type { Reactor } from "../reactor/index.js";
import { RateLimit } from "./rate-limit.js";
import { RateTurn } from "./rate-turn.js";

export class RateGate {
  readonly read: RateTurn;
  readonly write: RateTurn;

  /** @param limits checked before by `checkRateLimits`. */
  constructor(limits: readonly RateLimit[], onReadTurn: () => void, onWriteTurn: () => void) {
    this.read = new RateTurn(
      limits.map((limit) => limit.readBucket),
      onReadTurn,
    );
    this.write = new RateTurn(
      limits.map((limit) => limit.writeBucket),
      onWriteTurn,
    );
  }

  leave(): void {
    this.read.leave();
    this.write.leave();
  }
}

/**
 * @throws TypeError ERR_INVALID_ARG_TYPE; Error ERR_REACTOR_MISMATCH for a limit of another
 *   reactor; Error ERR_INVALID_ARG_VALUE for one that is there twice.
 */
export function checkRateLimits(reactor: Reactor, limits: readonly RateLimit[]): void {
  if (!Array.isArray(limits)) throw wrongType("rateLimits", "an array of RateLimit", limits);
  for (const limit of limits) {
    if (!(limit instanceof RateLimit)) throw wrongType("rateLimits", "made of RateLimit", limit);
    if (limit.reactor === reactor) continue;
    throw misuse(Error, "ERR_REACTOR_MISMATCH", "A rate limit belongs to another reactor");
  }
  if (new Set(limits).size === limits.length) return;
  throw misuse(Error, "ERR_INVALID_ARG_VALUE", "A rate limit stands in the list twice");
}
