/**
 * Events that a wait took from the kernel and nobody has been given yet. `ready()` of a queue that
 * cannot be polled looks by waiting for nothing, and an edge or oneshot event is reported to that
 * look only: kqueue-selector.ts keeps it here for the next wait. A level event is not kept, for the
 * kernel reports it again, or no longer, if it was consumed meanwhile.
 */
import { FLAGS_SHIFT } from "./events.js";
import type { Registration, RegistrationTable } from "./registration.js";

export class KeptEvents<D> {
  readonly #table: RegistrationTable<D>;
  readonly #bits = new Map<Registration<D>, number>();

  constructor(table: RegistrationTable<D>) {
    this.#table = table;
  }

  get isEmpty(): boolean {
    return this.#bits.size === 0;
  }

  /** Keeps what the first `count` triples of `events` say of edge and oneshot registrations. */
  keep(events: Int32Array, count: number): void {
    for (let i = 0; i < count; i += 1) {
      const slot = events[3 * i] as number;
      const registration = this.#table.at(slot, events[3 * i + 1] as number);
      if (registration === undefined || registration.mode === "level") continue;
      const before = this.#bits.get(registration) ?? 0;
      this.#bits.set(registration, before | (events[3 * i + 2] as number));
    }
  }

  /**
   * Adds what is kept, and still wanted, to a batch of `count` triples, one a slot. Nothing is kept
   * afterwards.
   *
   * @returns the new count.
   */
  moveTo(events: Int32Array, count: number): number {
    const places = new Map<number, number>();
    for (let i = 0; i < count; i += 1) places.set(events[3 * i] as number, i);
    let total = count;
    for (const [registration, bits] of this.#bits) {
      const { slot, generation, key } = registration;
      const isGone = this.#table.at(slot, generation) !== registration || !registration.isLive;
      if (isGone || (bits & key.events & ((1 << FLAGS_SHIFT) - 1)) === 0) continue;
      const place = places.get(slot);
      if (place !== undefined && events[3 * place + 1] === generation) {
        events[3 * place + 2] = (events[3 * place + 2] as number) | bits;
        continue;
      }
      events.set([slot, generation, bits], 3 * total);
      total += 1;
    }
    this.#bits.clear();
    return total;
  }
}
