/**
 * Three queues and, for each, a plain Buffer that says what it must hold: random operations on
 * both, then all that can be seen is compared. SOCKET_REACTOR_SEED repeats a run.
 */
// Not expect: it costs more than the operations that it looks at.
import { equal, ok, throws } from "node:assert/strict";
import { test } from "vitest";
import { ByteQueue, type LineStyle } from "../../src/streams/index.js";

const STEPS = 100_000;
const QUEUES = 3;

/** Above this a queue is more likely to be read than written. */
const FULL_BYTES = 2000;

/** Each queue borrows from a place of its own in the arena. */
const LENT_BYTES_MAX = 2000;

/** Line ends and few others, so that searches find something. */
const ALPHABET = Buffer.from("\r\n\r\n\0abcabcé€");

const LINE_ENDS: Record<LineStyle, RegExp> = {
  lf: /\n/,
  crlf: /\r?\n/,
  "crlf-strict": /\r\n/,
  any: /[\r\n]+/,
  nul: /\0/,
};
const STYLES = Object.keys(LINE_ENDS) as LineStyle[];

/** What the lent region is overwritten with after a loan. */
const POISON = 0xdd;

/** xorshift32 */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

interface Pair {
  readonly queue: ByteQueue;
  bytes: Buffer;
  /** The last "any" line's run reached the end of the queue. */
  isRunOpen: boolean;
  hasLoan: boolean;
}

class Model {
  readonly #random: (limit: number) => number;
  /** A reactor's receive buffer, which every queue borrows from. */
  readonly #arena = Buffer.alloc(QUEUES * LENT_BYTES_MAX, POISON);
  readonly #pairs: readonly Pair[];
  /** The memory of references that are not released yet, and how many were made. */
  readonly #referenced = new Set<ArrayBufferLike>();
  #referenceCount = 0;
  #style: LineStyle = "crlf";

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    this.#pairs = Array.from({ length: QUEUES }, () => ({
      queue: new ByteQueue(),
      bytes: Buffer.alloc(0),
      isRunOpen: false,
      hasLoan: false,
    }));
  }

  step(): void {
    const pair = this.#pairs[this.#random(QUEUES)] as Pair;
    const isWrite = this.#random(FULL_BYTES * 2) > Math.min(pair.bytes.length, FULL_BYTES * 1.9);
    const kind = this.#random(8);
    if (kind === 0) this.#lendOrReclaim(pair);
    else if (kind === 1) this.#move(pair);
    else if (isWrite) this.#write(pair);
    else this.#consume(pair);
    this.#look(pair);
    equal(pair.queue.length, pair.bytes.length);
  }

  /** All that can be seen from outside. */
  check(): void {
    const regions: (readonly [ArrayBufferLike, number, number])[] = [];
    for (const { queue, bytes, hasLoan } of this.#pairs) {
      const chunks = [...queue.chunks()];
      equal(chunks.length, queue.chunkCount);
      ok(chunks.every(({ length }) => length > 0));
      ok(Buffer.concat(chunks).equals(bytes));
      const lent = chunks.filter(({ buffer }) => buffer === this.#arena.buffer);
      ok(lent.length <= (hasLoan ? 1 : 0));
      for (const { buffer, byteOffset, length } of chunks) {
        if (!this.#referenced.has(buffer)) regions.push([buffer, byteOffset, byteOffset + length]);
      }
    }
    // Memory of our own belongs to one chunk, or the pool gave a block to two.
    const owners = new Set(regions.map(([buffer]) => buffer)).size;
    const arenas = regions.filter(([buffer]) => buffer === this.#arena.buffer).length;
    equal(owners, regions.length - Math.max(0, arenas - 1));
  }

  finish(): void {
    for (const pair of this.#pairs) {
      pair.queue.clear();
      pair.bytes = Buffer.alloc(0);
    }
    this.check();
    equal(this.#referenced.size, 0);
    ok(this.#referenceCount > STEPS / 100);
  }

  /** Mostly small; now and then larger than the largest block. */
  #someLength(): number {
    const kind = this.#random(100);
    if (kind === 0) return this.#random(10) === 0 ? this.#random(100_000) : this.#random(9000);
    if (kind < 10) return this.#random(800);
    return this.#random(40);
  }

  #someBytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    if (length > 5000) return bytes.fill(ALPHABET, 0).fill("long", this.#random(500), length - 200);
    for (let i = 0; i < length; i++) bytes[i] = ALPHABET[this.#random(ALPHABET.length)] as number;
    return bytes;
  }

  #write(pair: Pair): void {
    const { queue } = pair;
    const added = this.#someBytes(this.#someLength());
    const start = this.#random(4) === 0 ? this.#random(added.length + 1) : 0;
    const end = this.#random(4) === 0 ? start + this.#random(added.length - start + 1) : undefined;
    const part = added.subarray(start, end);
    switch (this.#random(6)) {
      case 0: {
        const text = part.toString("utf8");
        queue.append(text);
        pair.bytes = Buffer.concat([pair.bytes, Buffer.from(text)]);
        return;
      }
      case 1:
        queue.prepend(part);
        pair.bytes = Buffer.concat([part, pair.bytes]);
        if (part.length > 0) pair.isRunOpen = false;
        return;
      case 2:
        this.#refer(queue, added, start, end);
        break;
      default:
        queue.append(added, start, end);
    }
    pair.bytes = Buffer.concat([pair.bytes, part]);
  }

  #refer(queue: ByteQueue, bytes: Buffer, start: number, end: number | undefined): void {
    this.#referenced.add(bytes.buffer);
    this.#referenceCount += 1;
    // A second release finds nothing to delete; one that does not come leaves it behind.
    const release = () => ok(this.#referenced.delete(bytes.buffer));
    queue.appendReference(bytes, release, start, end);
  }

  #lendOrReclaim(pair: Pair): void {
    const { queue } = pair;
    const start = this.#pairs.indexOf(pair) * LENT_BYTES_MAX;
    if (pair.hasLoan) {
      queue.reclaim();
      this.#arena.fill(POISON, start, start + LENT_BYTES_MAX);
      pair.hasLoan = false;
      return;
    }
    const lent = this.#someBytes(
      this.#random(4) === 0 ? this.#random(LENT_BYTES_MAX) : this.#random(60),
    );
    lent.copy(this.#arena, start);
    queue.lend(this.#arena, start, start + lent.length);
    if (lent.length > 0) throws(() => queue.lend(this.#arena, 0, 1), /already/);
    pair.bytes = Buffer.concat([pair.bytes, lent]);
    pair.hasLoan = true;
  }

  #move(source: Pair): void {
    const target = this.#pairs[this.#random(QUEUES)] as Pair;
    const isWhole = this.#random(2) === 0;
    const length = isWhole ? source.bytes.length : this.#someLength();
    const moved = source.queue.moveTo(target.queue, isWhole ? undefined : length);
    if (source === target) {
      equal(moved, 0);
      return;
    }
    equal(moved, Math.min(length, source.bytes.length));
    target.bytes = Buffer.concat([target.bytes, source.bytes.subarray(0, moved)]);
    this.#drop(source, moved);
    equal(target.queue.length, target.bytes.length);
  }

  #consume(pair: Pair): void {
    const { queue, bytes } = pair;
    const length = this.#someLength();
    const n = Math.min(length, bytes.length);
    switch (this.#random(8)) {
      case 0:
        ok(queue.take(length).equals(bytes.subarray(0, n)));
        this.#drop(pair, n);
        return;
      case 1:
        equal(queue.drain(length), n);
        this.#drop(pair, n);
        return;
      case 2:
        if (this.#random(10) !== 0) return;
        queue.clear();
        pair.isRunOpen = false;
        pair.bytes = Buffer.alloc(0);
        return;
      default:
        // Often to the last, so that searches without a result are remembered.
        for (let lines = this.#random(300); lines >= 0 && this.#readLine(pair); lines--);
    }
  }

  #drop(pair: Pair, n: number): void {
    pair.bytes = pair.bytes.subarray(n);
    if (n > 0) pair.isRunOpen = false;
  }

  /** Whether there was one. */
  #readLine(pair: Pair): boolean {
    const { queue } = pair;
    // Mostly the same as before: a queue remembers how far it has looked for one style.
    if (this.#random(30) === 0) this.#style = STYLES[this.#random(STYLES.length)] as LineStyle;
    const style = this.#style;
    const maxLength = this.#random(2) === 0 ? Number.POSITIVE_INFINITY : this.#random(100);
    const options = { maxLength, encoding: "latin1" } as const;
    if (style === "any" && pair.isRunOpen) {
      pair.bytes = pair.bytes.subarray(/^[\r\n]*/.exec(pair.bytes.toString("latin1"))?.[0].length);
      pair.isRunOpen = pair.bytes.length === 0;
    }
    const text = pair.bytes.toString("latin1");
    const end = LINE_ENDS[style].exec(text);
    const endBytes = style.startsWith("crlf") ? 2 : 1;
    const isTooLong = end === null ? text.length >= maxLength + endBytes : end.index > maxLength;
    if (isTooLong) {
      throws(() => queue.readLine(style, options), /longer than/);
    } else if (end === null) {
      equal(queue.readLine(style, options), undefined);
    } else {
      equal(queue.readLine(style, options), text.slice(0, end.index));
      this.#drop(pair, end.index + end[0].length);
      pair.isRunOpen = style === "any" && pair.bytes.length === 0;
      return true;
    }
    return false;
  }

  /** Something that changes nothing. */
  #look({ queue, bytes }: Pair): void {
    const from = this.#random(bytes.length + 1);
    const end = from + this.#random(bytes.length - from + 2);
    switch (this.#random(6)) {
      case 0:
        if (from < bytes.length) equal(queue.byteAt(from), bytes[from]);
        break;
      case 1: {
        const needle = this.#someBytes(1 + this.#random(4));
        equal(queue.indexOf(needle, from, end), bytes.subarray(0, end).indexOf(needle, from));
        break;
      }
      case 2: {
        const byte = ALPHABET[this.#random(ALPHABET.length)] as number;
        equal(queue.indexOf(byte, from, end), bytes.subarray(0, end).indexOf(byte, from));
        break;
      }
      case 3: {
        const target = Buffer.alloc(this.#random(300));
        const at = this.#random(target.length + 1);
        const wanted = bytes.subarray(from, Math.min(end, from + target.length - at));
        equal(queue.copyOut(target, at, from, end), wanted.length);
        ok(target.subarray(at, at + wanted.length).equals(wanted));
        break;
      }
      case 4: {
        const n = Math.min(bytes.length, this.#someLength());
        ok(queue.pullup(n).equals(bytes.subarray(0, n)));
        break;
      }
      default: {
        const view = queue.peek();
        ok(view.equals(bytes.subarray(0, view.length)));
        const raw = queue.frontBytes?.subarray(queue.frontStart, queue.frontEnd);
        ok(view.equals(raw ?? Buffer.alloc(0)));
      }
    }
  }
}

const wanted = process.env["SOCKET_REACTOR_SEED"];
const seeds = wanted === undefined ? [0x9e3779b9, Date.now() % 2 ** 31] : [Number(wanted)];

test.each(seeds)(
  "seed %s: 100,000 random operations leave what a plain buffer holds",
  (seed) => {
    const model = new Model(seed);
    for (let i = 0; i < STEPS; i++) {
      model.step();
      if (i % 32 === 0) model.check();
    }
    model.check();
    model.finish();
  },
  100_000,
);
