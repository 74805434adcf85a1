/** The live, read-only view of the key table. */
import type { SelectorKey } from "./selector.js";

export class KeyMap<D> implements ReadonlyMap<number, SelectorKey<D>> {
  readonly #keys: ReadonlyMap<number, SelectorKey<D>>;

  constructor(keys: ReadonlyMap<number, SelectorKey<D>>) {
    this.#keys = keys;
  }

  get size(): number {
    return this.#keys.size;
  }

  get(fd: number): SelectorKey<D> | undefined {
    return this.#keys.get(fd);
  }

  has(fd: number): boolean {
    return this.#keys.has(fd);
  }

  forEach(
    fn: (key: SelectorKey<D>, fd: number, map: ReadonlyMap<number, SelectorKey<D>>) => void,
  ): void {
    for (const [fd, key] of this.#keys) fn(key, fd, this);
  }

  entries(): MapIterator<[number, SelectorKey<D>]> {
    return this.#keys.entries();
  }

  keys(): MapIterator<number> {
    return this.#keys.keys();
  }

  values(): MapIterator<SelectorKey<D>> {
    return this.#keys.values();
  }

  [Symbol.iterator](): MapIterator<[number, SelectorKey<D>]> {
    return this.#keys.entries();
  }
}
