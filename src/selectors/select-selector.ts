/**
 * select(2), everywhere and the oldest: three bit sets of FD_SETSIZE (1024) descriptors. A larger
 * number would be written outside the set, so `register` refuses it. A descriptor that was closed
 * while registered makes every wait fail with EBADF until it is unregistered.
 */
import type { SelectorOptions } from "./base-selector.js";
import type { EventMask } from "./events.js";
import { ListSelector } from "./list-selector.js";
import type { Capabilities } from "./selector.js";

/** Python: SelectSelector */
export class SelectSelector<D = undefined> extends ListSelector<D> {
  readonly capabilities: Capabilities;
  protected readonly waitCall = "select";
  protected readonly changeCall = "select";

  constructor(options?: SelectorOptions<D>) {
    super(options);
    this.capabilities = {
      backend: "select",
      modes: new Set(["level"] as const),
      attachable: false,
      regularFiles: true,
      maxFd: this.kernel.constants.FD_SETSIZE - 1,
    };
  }

  /** The kernel call's bits are ours: EVENT_READ and EVENT_WRITE. */
  protected toBits(events: EventMask): number {
    return events;
  }

  protected wait(timeoutMs: number): number {
    return this.kernel.select(this.interests.entries, this.interests.count, this.events, timeoutMs);
  }

  /** And nothing beside: select(2) has no more to tell. */
  protected translate(bits: number): number {
    return bits;
  }
}
