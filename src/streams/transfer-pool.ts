/**
 * What the streams of one reactor share: the arena, one large buffer that all of them read into,
 * and the two batches. The streams that are ready in a turn are received from in one call into C++
 * (`recv_each`), and what they write meanwhile is sent in another (`send_each`); see decision 0005.
 *
 * The arena has two parts. What is read lies in front, packed; during `onData` it is lent to the
 * stream's input queue. What is written is copied behind, unless it lies in the arena already: an
 * echo moves no byte. Both are free again after the batch is sent, so nothing else may keep them.
 *
 * The rule of the file: a stream's descriptor is asked for right before each call, for a handler
 * may have closed it and its number may be another's; and no handler runs while results are read.
 */
import {
  type Kernel,
  MOVE_FD,
  MOVE_INTS,
  MOVE_LENGTH,
  MOVE_OFFSET,
  MOVE_RESULT,
} from "../kernel/index.js";
import type { Reactor } from "../reactor/index.js";
import type { RateTurn } from "./rate-turn.js";
import type { Sender, Transfer } from "./transfer.js";

/** For what is read. Large, because in bulk the receive buffer decides the speed. */
export const ARENA_READ_BYTES: number = 128 * 1024;

/** For copies of what is written. */
export const ARENA_WRITE_BYTES: number = 128 * 1024;

const ARENA_BYTES = ARENA_READ_BYTES + ARENA_WRITE_BYTES;

/**
 * glibc puts 16 bytes of its own in front of a large block; so many more, and the arena begins with
 * a cache line. Copying 16 KiB messages in and out costs a third less then (22 against 15 µs each).
 */
const ARENA_OFFSET = process.platform === "linux" ? 48 : 0;

/** Streams of one batch: enough to save the crossings, few enough that the first answer is not late. */
const BATCH_MAX = 64;

/** Longer writes are worth a call of their own, and no copy. */
export const STAGE_BYTES_MAX: number = 16 * 1024;

/**
 * A batch is over when so much was received: it is sent while it lies in the second cache, and who
 * comes first cannot take all the room.
 */
const BATCH_READ_BYTES = 64 * 1024;

/** Who received more than this the last time is served alone: then its reads may fill the arena. */
const BULK_BYTES = STAGE_BYTES_MAX;

const pools = new WeakMap<Reactor, TransferPool>();

export class TransferPool {
  readonly arena: Buffer = Buffer.allocUnsafeSlow(ARENA_BYTES + ARENA_OFFSET).subarray(
    ARENA_OFFSET,
  );
  readonly #reactor: Reactor;
  readonly #kernel: Kernel;
  readonly #readMoves = new Int32Array(BATCH_MAX * MOVE_INTS);
  readonly #readers: (Transfer | undefined)[] = [];
  #readerCount = 0;
  readonly #sendMoves = new Int32Array(BATCH_MAX * MOVE_INTS);
  readonly #writers: (Sender | undefined)[] = [];
  #writerCount = 0;
  readonly #followers: Sender[] = [];
  /** Where the next copy of what is written goes. */
  #tail = ARENA_READ_BYTES;
  #isDeferred = false;
  #isPoisoning = false;

  private constructor(reactor: Reactor) {
    this.#reactor = reactor;
    this.#kernel = reactor.kernel;
  }

  /** The pool of a reactor, made with its first stream. */
  static of(reactor: Reactor): TransferPool {
    let pool = pools.get(reactor);
    if (pool === undefined) {
      pool = new TransferPool(reactor);
      pools.set(reactor, pool);
    }
    return pool;
  }

  /** Overwrites what was lent when the loan is over, so that who kept it notices. For tests. */
  poison(): void {
    this.#isPoisoning = true;
  }

  /** The stream is readable: it is received from with the others of this turn. */
  read(stream: Transfer): void {
    if (stream.lastReceived > BULK_BYTES) {
      this.#receiveAlone(stream, stream.readRoom);
      return;
    }
    this.#readers[this.#readerCount] = stream;
    this.#readerCount += 1;
    if (this.#readerCount === BATCH_MAX) this.#receive();
    else this.#defer();
  }

  /** Whether the stream's turn to be received from is still to come. O(streams of the batch) */
  awaits(stream: Transfer): boolean {
    const at = this.#readers.indexOf(stream);
    return at >= 0 && at < this.#readerCount;
  }

  /** As `read`, at once: at most `room` bytes, which are settled before a handler runs. */
  readWithin(stream: Transfer, turn: RateTurn, room: number): void {
    this.#receiveAlone(stream, room, turn);
  }

  /**
   * Takes bytes to send with the others of this turn.
   *
   * @returns how many it took: all of them, or none because they are too many, or because the
   *   stream has other bytes that these do not follow on.
   */
  stage(stream: Sender, bytes: Uint8Array, start: number, end: number): number {
    if (bytes === this.arena) return this.#add(stream, start, end - start); // lent, not viewed
    if (bytes.buffer === this.arena.buffer) {
      const offset = bytes.byteOffset - this.arena.byteOffset + start;
      return this.#add(stream, offset, end - start);
    }
    const length = end - start;
    if (length > STAGE_BYTES_MAX || !this.#hasRoom(stream, length)) return 0;
    const offset = this.#tail;
    this.arena.set(length === bytes.length ? bytes : bytes.subarray(start, end), offset);
    this.#tail += length;
    return this.#add(stream, offset, length);
  }

  /** As `stage`, of text in UTF-8. @returns its length in bytes, or -1: not taken. */
  stageText(stream: Sender, text: string): number {
    if (text.length * 3 > STAGE_BYTES_MAX || !this.#hasRoom(stream, text.length * 3)) return -1;
    const offset = this.#tail;
    const length = this.arena.write(text, offset);
    this.#tail += length;
    return this.#add(stream, offset, length);
  }

  /** Takes the stream's bytes out of the batch again. @returns them, lent; undefined: there are none. */
  unstage(stream: Sender): Buffer | undefined {
    const at = stream.stagedAt;
    if (at < 0) return undefined;
    const move = at * MOVE_INTS;
    const offset = this.#sendMoves[move + MOVE_OFFSET] as number;
    const length = this.#sendMoves[move + MOVE_LENGTH] as number;
    this.#sendMoves[move + MOVE_LENGTH] = 0;
    this.#writers[at] = undefined;
    stream.stagedAt = -1;
    return this.arena.subarray(offset, offset + length);
  }

  /** Sends what was staged. Calls no handler: those who are to hear of it do so later in the turn. */
  flush(): void {
    const count = this.#writerCount;
    if (count === 0) return;
    const moves = this.#sendMoves;
    for (let i = 0; i < count; i += 1) {
      moves[i * MOVE_INTS + MOVE_FD] = this.#writers[i]?.fd ?? -1;
    }
    this.#kernel.send_each(moves, count, this.arena);
    this.#writerCount = 0;
    for (let i = 0; i < count; i += 1) this.#settle(i);
    this.#tail = ARENA_READ_BYTES;
    if (this.#followers.length > 0) this.#defer();
  }

  #settle(at: number): void {
    const stream = this.#writers[at];
    if (stream === undefined) return;
    const moves = this.#sendMoves;
    const move = at * MOVE_INTS;
    this.#writers[at] = undefined;
    stream.stagedAt = -1;
    const result = moves[move + MOVE_RESULT] as number;
    const offset = moves[move + MOVE_OFFSET] as number;
    const length = moves[move + MOVE_LENGTH] as number;
    try {
      if (stream.sent(result, this.arena, offset, length)) this.#followers.push(stream);
    } catch (error) {
      this.#reactor.fail(error); // the others' results still have to be read
    }
  }

  /** Handlers may write, and fill the next batch. */
  #callFollowers(): void {
    if (this.#followers.length === 0) return;
    for (const stream of this.#followers.splice(0)) {
      try {
        stream.afterSend();
      } catch (error) {
        this.#reactor.fail(error);
      }
    }
  }

  #receive(): void {
    let count = this.#readerCount;
    this.#readerCount = 0;
    while (count > 0) {
      const tried = this.#receiveFrom(count);
      for (let i = tried; i < count; i += 1) this.#readers[i - tried] = this.#readers[i];
      count -= tried;
      for (let i = count; i < count + tried; i += 1) this.#readers[i] = undefined;
    }
  }

  #receiveAlone(stream: Transfer, room: number, turn?: RateTurn): void {
    const result = this.#kernel.recv(stream.fd, this.arena, 0, room, 0);
    stream.lastReceived = result;
    turn?.settle(Math.max(0, result));
    stream.received(result, this.arena, 0);
    this.#finishBatch();
  }

  #receiveFrom(count: number): number {
    const moves = this.#readMoves;
    for (let i = 0; i < count; i += 1) {
      const stream = this.#readers[i] as Transfer;
      moves[i * MOVE_INTS + MOVE_FD] = stream.fd;
      moves[i * MOVE_INTS + MOVE_LENGTH] = stream.readRoom;
    }
    const tried = this.#kernel.recv_each(moves, count, this.arena, 0, BATCH_READ_BYTES);
    for (let i = 0; i < tried; i += 1) {
      const result = moves[i * MOVE_INTS + MOVE_RESULT] as number;
      const offset = moves[i * MOVE_INTS + MOVE_OFFSET] as number;
      const stream = this.#readers[i] as Transfer;
      stream.lastReceived = result;
      stream.received(result, this.arena, offset);
    }
    this.#finishBatch();
    return tried;
  }

  /** The loans are over: what lies in the arena is sent, or kept by its stream. */
  #finishBatch(): void {
    this.flush();
    this.#callFollowers();
    if (this.#isPoisoning) this.arena.fill(0xdb, 0, ARENA_READ_BYTES);
  }

  /**
   * Whether bytes can be copied to the end. A full batch is sent first, before the place for the
   * copy is chosen, for then the copies begin anew; and of this very stream a part may come back.
   */
  #hasRoom(stream: Sender, length: number): boolean {
    const isNew = stream.stagedAt < 0;
    if (this.#tail + length > this.arena.length || (isNew && this.#writerCount === BATCH_MAX)) {
      this.flush();
      return stream.mayStage;
    }
    if (isNew) return true;
    const move = stream.stagedAt * MOVE_INTS;
    const moves = this.#sendMoves;
    return (
      (moves[move + MOVE_OFFSET] as number) + (moves[move + MOVE_LENGTH] as number) === this.#tail
    );
  }

  #add(stream: Sender, offset: number, length: number): number {
    const moves = this.#sendMoves;
    if (stream.stagedAt >= 0) {
      const move = stream.stagedAt * MOVE_INTS;
      const staged = moves[move + MOVE_LENGTH] as number;
      if ((moves[move + MOVE_OFFSET] as number) + staged !== offset) return 0;
      moves[move + MOVE_LENGTH] = staged + length;
      return length;
    }
    if (this.#writerCount === BATCH_MAX) this.flush();
    const at = this.#writerCount;
    this.#writerCount += 1;
    this.#writers[at] = stream;
    stream.stagedAt = at;
    moves[at * MOVE_INTS + MOVE_OFFSET] = offset;
    moves[at * MOVE_INTS + MOVE_LENGTH] = length;
    this.#defer();
    return length;
  }

  #defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#reactor.deferPlain(this.#work);
  }

  /** What is staged on the way goes out at its end: it needs no other call. */
  readonly #work = (): void => {
    try {
      this.#receive();
      this.flush();
      this.#callFollowers();
      this.flush();
    } finally {
      this.#isDeferred = false;
    }
    if (this.#followers.length > 0) this.#defer();
  };
}
