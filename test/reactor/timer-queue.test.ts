/** The queue of deadlines against a sorted array, and what only a large one shows. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type TimerEntry, TimerQueue } from "../../src/reactor/timer-queue.js";
import { collectGarbage } from "../support/garbage.js";

/** Against a hang: a million entries take seconds, on a busy machine ten times as long. */
vi.setConfig({ testTimeout: 120_000 });

class Entry implements TimerEntry {
  deadlineMs = 0;
  heapIndex = -1;
  sequence = 0;
  readonly name: number;

  constructor(name: number) {
    this.name = name;
  }
}

/** What the queue must be: an array in the order of adding, searched for its earliest. */
class Model {
  #added: { readonly entry: Entry; readonly deadlineMs: number }[] = [];

  get size(): number {
    return this.#added.length;
  }

  get nextDeadlineMs(): number {
    return Math.min(...this.#added.map(({ deadlineMs }) => deadlineMs));
  }

  add(entry: Entry, deadlineMs: number): void {
    this.remove(entry);
    this.#added.push({ entry, deadlineMs });
  }

  remove(entry: Entry): boolean {
    const { size } = this;
    this.#added = this.#added.filter((added) => added.entry !== entry);
    return this.size < size;
  }

  popExpired(nowMs: number): Entry | undefined {
    const next = this.nextDeadlineMs;
    const found = this.#added.find(({ deadlineMs }) => deadlineMs === next && next <= nowMs)?.entry;
    if (found !== undefined) this.remove(found);
    return found;
  }

  clear(): void {
    this.#added = [];
  }
}

type Step = ["add", number, number] | ["remove", number] | ["pop", number] | ["clear"];

const ENTRIES = 48;
const which = fc.nat({ max: ENTRIES - 1 });
// Few deadlines make many equal ones, and the fractions show a key that was rounded.
const fraction = fc.double({ min: -9, max: 9, noNaN: true }).filter((ms) => !Object.is(ms, -0));
const deadline = fc.oneof(fc.nat({ max: 6 }), fraction);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 60, arbitrary: fc.tuple(fc.constant("add" as const), which, deadline) },
  { weight: 20, arbitrary: fc.tuple(fc.constant("remove" as const), which) },
  { weight: 20, arbitrary: fc.tuple(fc.constant("pop" as const), deadline) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("clear" as const)) },
);

/** The same step on either; what it answers is compared. */
function take(queue: TimerQueue<Entry> | Model, entries: readonly Entry[], step: Step): unknown {
  switch (step[0]) {
    case "add":
      return queue.add(entries[step[1]] as Entry, step[2]);
    case "remove":
      return queue.remove(entries[step[1]] as Entry);
    case "pop":
      return queue.popExpired(step[1])?.name;
    case "clear":
      return queue.clear();
  }
}

function drain(queue: TimerQueue<Entry> | Model): number[] {
  const names: number[] = [];
  for (let entry = queue.popExpired(Infinity); entry; entry = queue.popExpired(Infinity)) {
    names.push(entry.name);
  }
  return names;
}

/** A shuffle that is the same every time: multiplying by a number prime to the count. */
const scattered = (i: number, count: number) => (i * 7_368_787) % count;

describe("TimerQueue", () => {
  it("does what a sorted array does, whatever the steps", () => {
    // A failure prints its seed and path; `fc.assert(..., { seed, path })` runs it again.
    const property = fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const entries = Array.from({ length: ENTRIES }, (_, name) => new Entry(name));
      const queue = new TimerQueue<Entry>();
      const model = new Model();
      for (const step of steps) {
        expect(take(queue, entries, step)).toBe(take(model, entries, step));
        expect(queue.size).toBe(model.size);
        expect(queue.nextDeadlineMs).toBe(model.nextDeadlineMs);
        expect(entries.filter(({ heapIndex }) => heapIndex !== -1)).toHaveLength(model.size);
      }
      expect(drain(queue)).toEqual(drain(model));
    });
    fc.assert(property, { numRuns: 100, seed: Date.now() });
  });

  it("stays sorted when a random half is removed", () => {
    const deadlines = fc.array(fc.tuple(fc.nat({ max: 1000 }), fc.boolean()), {
      maxLength: 500,
      size: "max",
    });
    const property = fc.property(deadlines, (pairs) => {
      const queue = new TimerQueue<Entry>();
      const entries = pairs.map(([deadlineMs], name) => {
        const entry = new Entry(name);
        queue.add(entry, deadlineMs);
        return entry;
      });
      for (const entry of entries) {
        if (pairs[entry.name]?.[1]) expect(queue.remove(entry)).toBe(true);
      }
      const left = pairs.flatMap(([deadlineMs, isOut], name) =>
        isOut ? [] : { deadlineMs, name },
      );
      // Array.prototype.sort() is stable: equal deadlines stay in the order of adding.
      left.sort((a, b) => a.deadlineMs - b.deadlineMs);
      expect(drain(queue)).toEqual(left.map(({ name }) => name));
    });
    fc.assert(property, { numRuns: 100, seed: Date.now() });
  });

  it("is empty at first", () => {
    const queue = new TimerQueue<Entry>();
    expect([queue.size, queue.nextDeadlineMs]).toEqual([0, Infinity]);
    expect(queue.popExpired(Infinity)).toBe(undefined);
    expect(queue.remove(new Entry(0))).toBe(false);
  });

  it("calls a deadline expired from that very moment on", () => {
    const queue = new TimerQueue<Entry>();
    const entry = new Entry(0);
    queue.add(entry, 10.5);
    expect(queue.popExpired(10.499)).toBe(undefined);
    expect(queue.popExpired(Number.NaN)).toBe(undefined);
    expect(queue.popExpired(10.5)).toBe(entry);
    expect(queue.size).toBe(0);
  });

  it("keeps equal deadlines in the order they were added", () => {
    const queue = new TimerQueue<Entry>();
    for (let name = 0; name < 1000; name += 1) queue.add(new Entry(name), 5);
    expect(drain(queue)).toEqual(Array.from({ length: 1000 }, (_, name) => name));
  });

  it("puts an entry that is added again behind those of an equal deadline", () => {
    const queue = new TimerQueue<Entry>();
    const [a, b, c] = [new Entry(0), new Entry(1), new Entry(2)];
    for (const entry of [a, b, c]) queue.add(entry, 5);
    queue.add(a, 5);
    queue.remove(b);
    queue.add(b, 5);
    expect(queue.size).toBe(3);
    expect(drain(queue)).toEqual([2, 0, 1]);
  });

  it("moves an entry that is added again, forwards and backwards", () => {
    const queue = new TimerQueue<Entry>();
    const entries = Array.from({ length: 100 }, (_, name) => new Entry(name));
    for (const entry of entries) queue.add(entry, entry.name);
    queue.add(entries[99] as Entry, -1);
    queue.add(entries[0] as Entry, 200);
    expect(queue.nextDeadlineMs).toBe(-1);
    expect(drain(queue)).toEqual([99, ...Array.from({ length: 98 }, (_, i) => i + 1), 0]);
  });

  it("does not give out an entry that is removed while others expire", () => {
    const queue = new TimerQueue<Entry>();
    const entries = Array.from({ length: 20 }, (_, name) => new Entry(name));
    for (const entry of entries) queue.add(entry, entry.name < 10 ? 1 : 2);
    const names: number[] = [];
    for (let entry = queue.popExpired(2); entry; entry = queue.popExpired(2)) {
      names.push(entry.name);
      if (entry.name % 2 === 0) expect(queue.remove(entries[entry.name + 1] as Entry)).toBe(true);
      expect(queue.remove(entry)).toBe(false);
    }
    expect(names).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
  });

  it("takes an entry again after it was popped, removed or cleared", () => {
    const queue = new TimerQueue<Entry>();
    const entry = new Entry(0);
    const ways = [() => queue.popExpired(1), () => queue.remove(entry), () => queue.clear()];
    for (const takeOut of ways) {
      queue.add(entry, 1);
      takeOut();
      expect([queue.size, entry.heapIndex]).toEqual([0, -1]);
    }
  });

  it("refuses NaN, and leaves the entry where it was", () => {
    const queue = new TimerQueue<Entry>();
    const entry = new Entry(0);
    queue.add(entry, 3);
    const add = () => queue.add(entry, Number.NaN);
    expect(add).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    expect(queue.nextDeadlineMs).toBe(3);
  });

  it("knows the entries of another queue as not its own", () => {
    const [queue, other] = [new TimerQueue<Entry>(), new TimerQueue<Entry>()];
    const entry = new Entry(0);
    other.add(entry, 1);
    queue.add(new Entry(1), 1);
    expect(queue.remove(entry)).toBe(false);
    const add = () => queue.add(entry, 2);
    expect(add).toThrow(expect.objectContaining({ code: "ERR_TIMER_QUEUED" }));
    expect([other.popExpired(1), queue.size]).toEqual([entry, 1]);
  });

  it("holds a million entries in order", () => {
    const count = 1_000_000;
    const queue = new TimerQueue<Entry>();
    const entries = Array.from({ length: count }, (_, name) => new Entry(name));
    // Two of each deadline: the second half of the names comes after the first.
    for (const entry of entries) queue.add(entry, scattered(entry.name, count / 2));
    expect(queue.size).toBe(count);
    for (const entry of entries) if (entry.name % 10 === 0) queue.remove(entry);
    let isOrdered = true;
    let popped = 0;
    let last = { deadlineMs: -1, name: -1 };
    for (let entry = queue.popExpired(count); entry; entry = queue.popExpired(count)) {
      const isEqual = entry.deadlineMs === last.deadlineMs;
      isOrdered &&= entry.deadlineMs > last.deadlineMs || (isEqual && entry.name > last.name);
      isOrdered &&= entry.name % 10 !== 0;
      popped += 1;
      last = entry;
    }
    expect([isOrdered, popped, queue.size]).toEqual([true, 0.9 * count, 0]);
  });

  it("keeps no entry alive that has left, while others stay", async () => {
    const queue = new TimerQueue<Entry>();
    const isGone: WeakRef<Entry>[] = [];
    function fill(): void {
      const entries = Array.from({ length: 1000 }, (_, name) => new Entry(name));
      for (const entry of entries) queue.add(entry, entry.name);
      for (const entry of entries.slice(0, 997)) isGone.push(new WeakRef(entry));
      for (const entry of entries.slice(500, 997)) queue.remove(entry);
      while (queue.popExpired(499));
    }
    fill();
    await collectGarbage();
    expect(queue.size).toBe(3);
    expect(isGone.filter((entry) => entry.deref() !== undefined)).toEqual([]);
  });

  it("gives back its memory when it is cleared or runs empty", async () => {
    const count = 200_000;
    const queue = new TimerQueue<Entry>();
    const used = async () => {
      await collectGarbage();
      return process.memoryUsage();
    };
    const before = await used();
    function popAll(): void {
      while (queue.popExpired(count));
    }
    const ways = [() => queue.clear(), popAll];
    for (const takeAllOut of ways) {
      for (let name = 0; name < count; name += 1) queue.add(new Entry(name), name);
      expect((await used()).arrayBuffers - before.arrayBuffers).toBeGreaterThan(16 * count);
      takeAllOut();
      const after = await used();
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(count);
      // The test runner's own rubbish is in the heap too; the entries alone took 80 bytes each.
      expect(after.heapUsed - before.heapUsed).toBeLessThan(20 * count);
    }
  });
});
