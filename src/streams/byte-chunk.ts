/**
 * One piece of a ByteQueue: a region of somebody's memory and a link to the next. Records and the
 * blocks behind owned chunks are pooled per thread, so that a queue which fills and empties again
 * allocates nothing. chunk-list.ts strings chunks together.
 *
 * Rule: a block belongs to one chunk, a chunk to one list. Whoever takes a chunk out of its list
 * hands it to another list or to `releaseChunks`, once.
 */

/** The first block of a queue; each further one is twice as large, up to the largest. */
export const BLOCK_BYTES_MIN: number = 4 * 1024;
const BLOCK_BYTES_MAX = 64 * 1024;

/** What the pool keeps of each block size: five sizes, so 1.25 MiB per thread at most. */
const POOLED_BYTES_PER_SIZE = 256 * 1024;

/** A record takes some 60 bytes. */
const POOLED_RECORDS_MAX = 4096;

/** Up to this a loop is cheaper than the view that the copy of a part needs. */
const LOOP_COPY_MAX = 24;

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Bytes `start` to `end` of `bytes`; in a list never none. */
export class Chunk {
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  /** `bytes`, if it is a block of ours: exclusive, so it may be written before start, after end. */
  block: Buffer | undefined = undefined;
  /** Called once when the chunk's last byte is gone. */
  onRelease: (() => void) | undefined = undefined;
  next: Chunk | undefined = undefined;
}

let freeRecords: Chunk | undefined;
let freeRecordCount = 0;

/** Free blocks by size, from 4 KiB to 64 KiB. */
const freeBlocks: readonly Buffer[][] = [[], [], [], [], []];

/** The free blocks of a size, which is a power of two; undefined for one that is not pooled. */
function freeBlocksOf(size: number): Buffer[] | undefined {
  return size > BLOCK_BYTES_MAX ? undefined : freeBlocks[19 - Math.clz32(size)];
}

/** A chunk of memory that is not ours. */
export function foreignChunk(bytes: Uint8Array, start: number, end: number): Chunk {
  const chunk = freeRecords ?? new Chunk();
  if (chunk === freeRecords) {
    freeRecords = chunk.next;
    freeRecordCount -= 1;
    chunk.next = undefined;
  }
  chunk.bytes = bytes;
  chunk.start = start;
  chunk.end = end;
  return chunk;
}

/** An empty chunk with room for at least `length` bytes. `previous`: the one that is full. */
export function ownedChunk(length: number, previous?: Chunk): Chunk {
  const block = takeBlock(length, previous?.block?.length ?? 0);
  const chunk = foreignChunk(block, 0, 0);
  chunk.block = block;
  return chunk;
}

/** Bytes that can be appended to `chunk`. */
export function roomOf(chunk: Chunk): number {
  return chunk.block === undefined ? 0 : chunk.block.length - chunk.end;
}

/** Copies a foreign chunk's bytes into a block, in place. */
export function makeOwned(chunk: Chunk): void {
  const length = chunk.end - chunk.start;
  const block = takeBlock(length, 0);
  copyBytes(chunk.bytes, chunk.start, chunk.end, block, 0);
  chunk.bytes = block;
  chunk.block = block;
  chunk.start = 0;
  chunk.end = length;
}

/**
 * Gives back a chain of chunks that has left its list, then tells their owners. An error of an
 * owner does not keep the others from hearing: the first is thrown at the end.
 */
export function releaseChunks(first: Chunk | undefined): void {
  let failure: { error: unknown } | undefined;
  let chunk = first;
  while (chunk !== undefined) {
    const { next, onRelease } = chunk;
    // The record may be in use again while its owner is told.
    recycle(chunk);
    if (onRelease !== undefined) {
      try {
        onRelease();
      } catch (error) {
        failure ??= { error };
      }
    }
    chunk = next;
  }
  if (failure !== undefined) throw failure.error;
}

function recycle(chunk: Chunk): void {
  const { block } = chunk;
  if (block !== undefined) {
    const free = freeBlocksOf(block.length);
    if (free !== undefined && free.length * block.length < POOLED_BYTES_PER_SIZE) free.push(block);
  }
  chunk.bytes = NO_BYTES;
  chunk.block = undefined;
  chunk.onRelease = undefined;
  chunk.next = undefined;
  if (freeRecordCount < POOLED_RECORDS_MAX) {
    chunk.next = freeRecords;
    freeRecords = chunk;
    freeRecordCount += 1;
  }
}

function takeBlock(length: number, previousLength: number): Buffer {
  let size = Math.min(Math.max(BLOCK_BYTES_MIN, previousLength * 2), BLOCK_BYTES_MAX);
  while (size < length && size < BLOCK_BYTES_MAX) size *= 2;
  // A multiple of the smallest would leave a rest that nobody fills: large pieces get their length.
  if (size < length) return Buffer.allocUnsafeSlow(length);
  return freeBlocksOf(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
}

/** Copies `source[start, end)` to `target` at `at`. The regions must not overlap. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): void {
  const length = end - start;
  if (length <= LOOP_COPY_MAX) {
    for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number;
  } else if (length === source.length) {
    target.set(source, at);
  } else {
    // Cheaper than `subarray`, which asks for the species.
    target.set(new Uint8Array(source.buffer, source.byteOffset + start, length), at);
  }
}

/** A view of a part of `bytes`, as a Buffer whatever `bytes` is. */
export function viewOf(bytes: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}
