/**
 * The interest list of poll and select: four integers an entry (descriptor, bits, slot,
 * generation), packed, so that it can cross to the kernel as it is. Removal moves the last entry
 * into the gap. O(1) but for growth.
 */
import { INTEREST_INTS } from "../kernel/index.js";
import type { Registration } from "./registration.js";

export class InterestList<D> {
  entries: Int32Array = new Int32Array(16 * INTEREST_INTS);
  count = 0;
  readonly #indexBySlot: number[] = [];

  /** Adds an entry, or replaces the bits of the one that is there. */
  set(registration: Registration<D>, bits: number): void {
    let index = this.#indexBySlot[registration.slot] ?? -1;
    if (index < 0) {
      index = this.count;
      this.count += 1;
      this.#indexBySlot[registration.slot] = index;
      this.#reserve();
    }
    const { fd, slot, generation } = registration;
    this.entries.set([fd, bits, slot, generation], index * INTEREST_INTS);
  }

  delete(registration: Registration<D>): void {
    const index = this.#indexBySlot[registration.slot] ?? -1;
    if (index < 0) return;
    this.count -= 1;
    const last = this.count * INTEREST_INTS;
    this.entries.copyWithin(index * INTEREST_INTS, last, last + INTEREST_INTS);
    const movedSlot = this.entries[index * INTEREST_INTS + 2] as number;
    this.#indexBySlot[movedSlot] = index;
    this.#indexBySlot[registration.slot] = -1;
  }

  #reserve(): void {
    if (this.count * INTEREST_INTS <= this.entries.length) return;
    const grown = new Int32Array(this.entries.length * 2);
    grown.set(this.entries);
    this.entries = grown;
  }
}
