/**
 * The deadlines of a reactor, earliest first: a heap with four children to a node. The two numbers
 * that decide the order lie side by side in one Float64Array, so that the four children of a node
 * are compared within one or two cache lines and no entry is touched that does not move. Every
 * entry knows its place in the heap, so it is removed without being searched for.
 *
 * The rule of the file: `#entries[i]` and the pair at `#keys[2 * i]` always move together, and
 * only `#place` moves them.
 */
import { misuse, outOfRange } from "../kernel/index.js";

/** What a queued thing carries; the queue owns these fields. */
export interface TimerEntry {
  /** Milliseconds on the clock of `kernel.nowMs()`. */
  deadlineMs: number;
  /** Its place in the queue, -1 when it is in none. */
  heapIndex: number;
  /** Its turn among equal deadlines. */
  sequence: number;
}

/** Children of a node: more make the heap flatter, and removing dearer. */
const ARITY_BITS = 2;
const ARITY = 1 << ARITY_BITS;
const CAPACITY_MIN = 16;

/**
 * A stable priority queue: adding, moving and removing cost O(log n), looking at the first O(1).
 *
 * libevent: the min-heap of event_base; the order of equal deadlines is ours.
 */
export class TimerQueue<T extends TimerEntry> {
  readonly #entries: T[] = [];
  /** Deadline and sequence of each entry, in pairs. */
  #keys = new Float64Array(2 * CAPACITY_MIN);
  /** Whole numbers are exact up to 2^53: 28 years at ten million additions a second. */
  #sequence = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** The earliest deadline in milliseconds; Infinity when the queue is empty. */
  get nextDeadlineMs(): number {
    return this.#entries.length === 0 ? Infinity : this.#keys[0]!;
  }

  /**
   * Queues an entry, behind those of an equal deadline. One that is queued already is moved.
   *
   * @throws `ERR_OUT_OF_RANGE` for NaN; `ERR_TIMER_QUEUED` for an entry of another queue.
   */
  add(entry: T, deadlineMs: number): void {
    if (Number.isNaN(deadlineMs)) throw outOfRange("deadlineMs", "a number", deadlineMs);
    let index = entry.heapIndex;
    if (index === -1) {
      index = this.#entries.push(entry) - 1;
      if (this.#keys.length < 2 * this.#entries.length) this.#resize(2 * this.#keys.length);
    } else if (this.#entries[index] !== entry) {
      throw misuse(Error, "ERR_TIMER_QUEUED", "The timer is in another queue");
    }
    entry.deadlineMs = deadlineMs;
    entry.sequence = this.#sequence++;
    this.#settle(entry, index);
  }

  /** Takes an entry out. False if it was not in this queue. */
  remove(entry: T): boolean {
    const index = entry.heapIndex;
    if (index === -1 || this.#entries[index] !== entry) return false;
    const last = this.#entries.pop()!;
    entry.heapIndex = -1;
    if (last !== entry) this.#settle(last, index);
    const { length } = this.#keys;
    if (8 * this.#entries.length < length && length > 2 * CAPACITY_MIN) this.#resize(length / 2);
    return true;
  }

  /**
   * Takes out the first entry that is due: the earliest deadline not after `nowMs`, and of equal
   * ones the one that was added first. Undefined if none is due. Who adds due entries between two
   * calls with the same `nowMs` gets them too, so a turn should collect before it calls back.
   */
  popExpired(nowMs: number): T | undefined {
    if (this.#entries.length === 0 || !(this.#keys[0]! <= nowMs)) return undefined;
    const entry = this.#entries[0]!;
    this.remove(entry);
    return entry;
  }

  /** Takes out all entries. */
  clear(): void {
    for (const entry of this.#entries) entry.heapIndex = -1;
    this.#entries.length = 0;
    this.#keys = new Float64Array(2 * CAPACITY_MIN);
  }

  /** Puts an entry where it belongs, from a place that is free for it: up, or else down. */
  #settle(entry: T, index: number): void {
    const { deadlineMs, sequence } = entry;
    let at = this.#makeWayUp(index, deadlineMs, sequence);
    if (at === index) at = this.#makeWayDown(index, deadlineMs, sequence);
    this.#place(at, entry, deadlineMs, sequence);
  }

  /** Moves the parents that are later than the key down a level. Answers the place left free. */
  #makeWayUp(index: number, deadlineMs: number, sequence: number): number {
    const keys = this.#keys;
    let at = index;
    while (at > 0) {
      const parent = (at - 1) >>> ARITY_BITS;
      const parentMs = keys[2 * parent]!;
      const parentSequence = keys[2 * parent + 1]!;
      if (!isBefore(deadlineMs, sequence, parentMs, parentSequence)) break;
      this.#place(at, this.#entries[parent]!, parentMs, parentSequence);
      at = parent;
    }
    return at;
  }

  /** Moves the first of the children up a level while it is before the key. Answers likewise. */
  #makeWayDown(index: number, deadlineMs: number, sequence: number): number {
    const keys = this.#keys;
    const size = this.#entries.length;
    let at = index;
    for (;;) {
      let first = (at << ARITY_BITS) + 1;
      if (first >= size) return at;
      const end = Math.min(first + ARITY, size);
      let firstMs = keys[2 * first]!;
      let firstSequence = keys[2 * first + 1]!;
      for (let child = first + 1; child < end; child += 1) {
        const childMs = keys[2 * child]!;
        const childSequence = keys[2 * child + 1]!;
        if (!isBefore(childMs, childSequence, firstMs, firstSequence)) continue;
        first = child;
        firstMs = childMs;
        firstSequence = childSequence;
      }
      if (!isBefore(firstMs, firstSequence, deadlineMs, sequence)) return at;
      this.#place(at, this.#entries[first]!, firstMs, firstSequence);
      at = first;
    }
  }

  #place(index: number, entry: T, deadlineMs: number, sequence: number): void {
    this.#entries[index] = entry;
    this.#keys[2 * index] = deadlineMs;
    this.#keys[2 * index + 1] = sequence;
    entry.heapIndex = index;
  }

  /** Doubled when full and halved when a quarter full, so that its cost is spread thin. */
  #resize(length: number): void {
    const keys = new Float64Array(length);
    keys.set(this.#keys.subarray(0, length));
    this.#keys = keys;
  }
}

function isBefore(aMs: number, aSequence: number, bMs: number, bSequence: number): boolean {
  return aMs < bMs || (aMs === bMs && aSequence < bSequence);
}
