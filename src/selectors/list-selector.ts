/**
 * What poll and select share: the interest list is ours and crosses whole on every wait, so both
 * cost O(registered), not O(ready). They learn of nothing at registration: EBADF shows at the wait.
 */
import { EVENT_INTS } from "../kernel/index.js";
import { BaseSelector } from "./base-selector.js";
import type { EventMask } from "./events.js";
import { InterestList } from "./interest-list.js";
import type { Registration } from "./registration.js";

export abstract class ListSelector<D> extends BaseSelector<D> {
  protected readonly interests: InterestList<D> = new InterestList<D>();
  protected readonly intsPerEvent: number = EVENT_INTS;

  /** The call's bits for an interest. */
  protected abstract toBits(events: EventMask): number;

  protected add(registration: Registration<D>): number {
    return this.change(registration);
  }

  protected change(registration: Registration<D>): number {
    const { events } = registration.key;
    if (events === 0) this.interests.delete(registration);
    else this.interests.set(registration, this.toBits(events));
    return 0;
  }

  protected remove(registration: Registration<D>): void {
    this.interests.delete(registration);
  }

  protected closeQueue(): void {}
}
