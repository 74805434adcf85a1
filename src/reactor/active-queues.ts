/**
 * What is ready to be called, first come, first served, in one queue per priority. libevent: the
 * active queues of event_base
 *
 * An activity knows its position, a number that only grows. That makes cancelling O(1): the place
 * stays behind and is passed over.
 */
import { outOfRange } from "../kernel/index.js";

/** What a queued thing carries; the queues own these fields, but for the priority. */
export interface ActiveEntry {
  readonly priority: number;
  /** Its place, -1 when it is in none. */
  activePosition: number;
  /** What it is to be called for. */
  activeEvents: number;
  activeFlags: number;
}

/** libevent: EVENT_MAX_PRIORITIES */
export const PRIORITIES_MAX = 255;

/**
 * Places passed before a queue that never runs empty is moved to the front of its array; at least
 * half of all, so that a long queue is not moved again and again.
 */
const COMPACT_AT = 1024;

/** How far each queue was filled at one moment. */
export type ActiveMark = readonly number[];

export class ActiveQueue<T extends ActiveEntry> {
  readonly priority: number;
  readonly #items: (T | undefined)[] = [];
  #head = 0;
  #tail = 0;
  /** The position of items[0]. */
  #base = 0;

  constructor(priority: number) {
    this.priority = priority;
  }

  /** True if there is nothing to call. Passes over what was cancelled. */
  get isEmpty(): boolean {
    while (this.#head < this.#tail && this.#dueAt(this.#head) === undefined) this.shift();
    return this.#head === this.#tail;
  }

  /** The position of the next to come out. */
  get head(): number {
    return this.#base + this.#head;
  }

  /** The position that the next to come in gets. */
  get tail(): number {
    return this.#base + this.#tail;
  }

  push(activity: T): void {
    activity.activePosition = this.tail;
    this.#items[this.#tail] = activity;
    this.#tail += 1;
  }

  /** The next one; undefined for a place that was cancelled. */
  shift(): T | undefined {
    const activity = this.#dueAt(this.#head);
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#tail) this.#restart();
    else if (this.#head >= COMPACT_AT && 2 * this.#head >= this.#tail) this.#compact();
    return activity;
  }

  /** All that is to be called, in order. */
  list(): T[] {
    const due: T[] = [];
    for (let at = this.#head; at < this.#tail; at += 1) {
      const activity = this.#dueAt(at);
      if (activity !== undefined) due.push(activity);
    }
    return due;
  }

  /** Undefined for a place whose activity was cancelled, or has another one since. */
  #dueAt(at: number): T | undefined {
    const activity = this.#items[at];
    return activity?.activePosition === this.#base + at ? activity : undefined;
  }

  #restart(): void {
    this.#base += this.#tail;
    this.#head = this.#tail = 0;
  }

  #compact(): void {
    this.#items.copyWithin(0, this.#head, this.#tail);
    this.#items.fill(undefined, this.#tail - this.#head, this.#tail);
    this.#base += this.#head;
    this.#tail -= this.#head;
    this.#head = 0;
  }
}

export class ActiveQueues<T extends ActiveEntry> {
  readonly #queues: readonly ActiveQueue<T>[];
  #size = 0;

  /** @param priorities how many, 1 to 255. */
  constructor(priorities: number) {
    if (!(Number.isInteger(priorities) && priorities >= 1 && priorities <= PRIORITIES_MAX)) {
      throw outOfRange("priorities", `an integer from 1 to ${PRIORITIES_MAX}`, priorities);
    }
    this.#queues = Array.from({ length: priorities }, (_, i) => new ActiveQueue<T>(i));
  }

  /** How many are to be called. */
  get size(): number {
    return this.#size;
  }

  /** What an activity gets that asks for no other. libevent: n/2 */
  get middle(): number {
    return this.#queues.length >> 1;
  }

  /** @throws RangeError ERR_OUT_OF_RANGE */
  checkPriority(priority: number): void {
    if (this.#queues[priority] !== undefined) return;
    throw outOfRange("priority", `an integer from 0 to ${this.#queues.length - 1}`, priority);
  }

  /** Adds to what it is to be called for; it is called once for all of it. */
  activate(activity: T, events: number, flags: number): void {
    activity.activeEvents |= events;
    activity.activeFlags |= flags;
    if (activity.activePosition >= 0) return;
    (this.#queues[activity.priority] as ActiveQueue<T>).push(activity);
    this.#size += 1;
  }

  /** Keeps only `events` of what it is to be called for, and cancels it if nothing is left. */
  narrow(activity: T, events: number): void {
    activity.activeEvents &= events;
    if (activity.activeEvents === 0) this.cancel(activity);
  }

  cancel(activity: T): void {
    if (activity.activePosition < 0) return;
    this.#size -= 1;
    activity.activePosition = -1;
    activity.activeEvents = activity.activeFlags = 0;
  }

  /** The queue of the best priority that has anything; with a mark, anything of before it. */
  best(mark?: ActiveMark): ActiveQueue<T> | undefined {
    return this.#queues.find(
      (queue, i) => !queue.isEmpty && (mark === undefined || queue.head < (mark[i] as number)),
    );
  }

  /** All that is to be called. */
  list(): T[] {
    return this.#queues.flatMap((queue) => queue.list());
  }

  /** True if something of a better priority than `priority` waits. */
  hasBetterThan(priority: number): boolean {
    for (let i = 0; i < priority; i += 1) {
      if (!(this.#queues[i] as ActiveQueue<T>).isEmpty) return true;
    }
    return false;
  }

  /** Takes the next one out; undefined for a place that was cancelled. */
  take(queue: ActiveQueue<T>): T | undefined {
    const activity = queue.shift();
    if (activity === undefined) return undefined;
    activity.activePosition = -1;
    this.#size -= 1;
    return activity;
  }

  mark(): ActiveMark {
    return this.#queues.map((queue) => queue.tail);
  }

  /** True once everything that was there at the time of the mark is out. */
  isPast(mark: ActiveMark): boolean {
    return this.#queues.every((queue, i) => queue.head >= (mark[i] as number));
  }
}
