/**
 * The chunks of a ByteQueue in order, singly linked: cutting from the front, adding at both ends,
 * handing all over to another list, and the one chunk that may be on loan. It checks nothing and
 * calls nobody: `cut` returns what has left, for byte-queue.ts to release when all is in order.
 *
 * Invariants: no chunk is empty; `length` is the sum of their lengths, `count` their number; `lent`
 * is in the list or undefined; a list's memory is its own, a reference's, or the lent region.
 */
import {
  BLOCK_BYTES_MIN,
  type Chunk,
  copyBytes,
  makeOwned,
  ownedChunk,
  releaseChunks,
  roomOf,
  viewOf,
} from "./byte-chunk.js";

/**
 * An owned chunk up to this length is copied to the end of a block rather than linked behind it: a
 * peer that sends single bytes would else hold a block for each.
 */
const MERGE_BYTES_MAX = 1024;

export class ChunkList {
  head: Chunk | undefined = undefined;
  tail: Chunk | undefined = undefined;
  lent: Chunk | undefined = undefined;
  length = 0;
  count = 0;

  push(chunk: Chunk): void {
    if (this.tail === undefined) this.head = chunk;
    else this.tail.next = chunk;
    this.tail = chunk;
    this.length += chunk.end - chunk.start;
    this.count += 1;
  }

  unshift(chunk: Chunk): void {
    chunk.next = this.head;
    this.head = chunk;
    this.tail ??= chunk;
    this.length += chunk.end - chunk.start;
    this.count += 1;
  }

  /** Copies bytes to the end: what fits into the last block, the rest into a new one. */
  pushCopy(bytes: Uint8Array, start: number, end: number): void {
    const { tail } = this;
    const fitting = tail === undefined ? 0 : Math.min(roomOf(tail), end - start);
    const border = start + fitting;
    // Made before anything changes: if memory runs out, the list is as it was.
    const chunk = border < end ? ownedChunk(end - border, tail) : undefined;
    if (tail !== undefined && fitting > 0) {
      copyBytes(bytes, start, border, tail.bytes, tail.end);
      tail.end += fitting;
      this.length += fitting;
    }
    if (chunk !== undefined) {
      copyBytes(bytes, border, end, chunk.bytes, 0);
      chunk.end = end - border;
      this.push(chunk);
    }
  }

  /** Copies UTF-8 to the end. Characters are not split between chunks, so a rest may stay unused. */
  pushText(text: string): void {
    const { tail } = this;
    const room = tail === undefined ? 0 : roomOf(tail);
    // A UTF-16 unit becomes three bytes at most; to count them exactly costs a pass.
    const most = text.length * 3;
    const size = most <= room || most <= BLOCK_BYTES_MIN ? most : Buffer.byteLength(text);
    if (tail?.block !== undefined && size <= room) {
      const written = tail.block.write(text, tail.end);
      tail.end += written;
      this.length += written;
      return;
    }
    const chunk = ownedChunk(size, tail);
    chunk.end = chunk.block?.write(text, 0) ?? 0;
    this.push(chunk);
  }

  /** Copies bytes to the front, into the first block if there is room before its start. */
  unshiftCopy(bytes: Uint8Array): void {
    const { head } = this;
    const n = bytes.length;
    if (head?.block !== undefined && head.start >= n) {
      head.start -= n;
      this.length += n;
      copyBytes(bytes, 0, n, head.bytes, head.start);
      return;
    }
    // At the end of its block: the next one to be prepended goes before it.
    const chunk = ownedChunk(n);
    chunk.end = chunk.bytes.length;
    chunk.start = chunk.end - n;
    copyBytes(bytes, 0, n, chunk.bytes, chunk.start);
    this.unshift(chunk);
  }

  /** Takes `n <= length` bytes off the front. Returns the chain of chunks that this used up. */
  cut(n: number): Chunk | undefined {
    const first = this.head;
    let spent: Chunk | undefined;
    let chunk = first;
    let rest = n;
    while (chunk !== undefined && chunk.end - chunk.start <= rest) {
      rest -= chunk.end - chunk.start;
      if (chunk === this.lent) this.lent = undefined;
      this.count -= 1;
      spent = chunk;
      chunk = chunk.next;
    }
    this.length -= n;
    this.head = chunk;
    if (chunk === undefined) this.tail = undefined;
    else chunk.start += rest;
    if (spent === undefined) return undefined;
    spent.next = undefined;
    return first;
  }

  /** Copies `n` bytes from `start` on to `target` at `at`. */
  copyTo(target: Uint8Array, n: number, at = 0, start = 0): void {
    let skipped = start;
    let copied = 0;
    for (let chunk = this.head; chunk !== undefined && copied < n; chunk = chunk.next) {
      const size = chunk.end - chunk.start;
      if (skipped < size) {
        const from = chunk.start + skipped;
        const stop = Math.min(chunk.end, from + n - copied);
        copyBytes(chunk.bytes, from, stop, target, at + copied);
        copied += stop - from;
      }
      skipped = Math.max(0, skipped - size);
    }
  }

  /** The first `n` bytes, in memory of their own. */
  copy(n: number): Buffer {
    const bytes = Buffer.allocUnsafe(n);
    this.copyTo(bytes, n);
    return bytes;
  }

  /** The first `n` bytes as text. A character may be split between chunks: those are joined first. */
  decode(n: number, encoding: BufferEncoding): string {
    const { head } = this;
    if (head === undefined || n === 0) return "";
    if (n <= head.end - head.start) {
      const { bytes, start } = head;
      // A Buffer decodes a part of itself without a view.
      if (bytes instanceof Buffer) return bytes.toString(encoding, start, start + n);
      return viewOf(bytes, start, start + n).toString(encoding);
    }
    return this.copy(n).toString(encoding);
  }

  /** Moves `n <= length` bytes to the end of another list. Copied: what is split, small or lent. */
  moveTo(target: ChunkList, n: number): void {
    let rest = n;
    while (rest > 0 && this.head !== undefined) {
      const chunk = this.head;
      const size = chunk.end - chunk.start;
      const isCopied = size > rest || chunk === this.lent || target.#merges(chunk);
      if (!isCopied && rest === this.length && this.lent === undefined) {
        this.#handOver(target);
        return;
      }
      const moved = Math.min(size, rest);
      if (isCopied) target.pushCopy(chunk.bytes, chunk.start, chunk.start + moved);
      const spent = this.cut(moved);
      if (isCopied) releaseChunks(spent);
      else target.push(chunk);
      rest -= moved;
    }
  }

  lend(chunk: Chunk): void {
    this.push(chunk);
    this.lent = chunk;
  }

  /** Ends the loan: what is left of it is copied, into the block before it if there is room. */
  reclaim(): void {
    const { lent } = this;
    if (lent === undefined) return;
    const previous = this.#before(lent);
    const size = lent.end - lent.start;
    if (previous !== undefined && roomOf(previous) >= size) {
      copyBytes(lent.bytes, lent.start, lent.end, previous.bytes, previous.end);
      previous.end += size;
      previous.next = lent.next;
      if (this.tail === lent) this.tail = previous;
      this.count -= 1;
      lent.next = undefined;
      releaseChunks(lent);
    } else {
      makeOwned(lent);
    }
    this.lent = undefined;
  }

  /** O(chunks before the loan): none as a rule, and what is unread has a limit. */
  #before(chunk: Chunk): Chunk | undefined {
    let previous = this.head === chunk ? undefined : this.head;
    while (previous !== undefined && previous.next !== chunk) previous = previous.next;
    return previous;
  }

  #merges(chunk: Chunk): boolean {
    const size = chunk.end - chunk.start;
    return (
      chunk.block !== undefined &&
      size <= MERGE_BYTES_MAX &&
      this.tail !== undefined &&
      roomOf(this.tail) >= size
    );
  }

  /** Gives the whole chain away; O(1). */
  #handOver(target: ChunkList): void {
    if (target.tail === undefined) target.head = this.head;
    else target.tail.next = this.head;
    target.tail = this.tail;
    target.length += this.length;
    target.count += this.count;
    this.head = undefined;
    this.tail = undefined;
    this.length = 0;
    this.count = 0;
  }
}
