/**
 * The sending half of a stream over a socket. Output is in three places, in this order: bytes staged
 * in the pool, the queue `output`, and parts of files, each of which says how many bytes of the queue
 * go before it. `write` stages while the other two are empty, and what is staged goes out together
 * with what other streams have staged. The receiving half is socket-stream.ts.
 *
 * The rule of the file: no handler is called where bytes are moved. Errors are kept, and `settle`
 * does what is to be done when the sending is over.
 */
import { misuse, SystemError, WOULD_BLOCK } from "../kernel/index.js";
import type { Reactor } from "../reactor/index.js";
import type { Socket } from "../sockets/index.js";
import { BufferedStream } from "./buffered-stream.js";
import type { ByteQueue } from "./byte-queue.js";
import { checkPart, FileParts, type SendFileOptions } from "./file-parts.js";
import type { RateGate } from "./rate-gate.js";
import type { RateTurn } from "./rate-turn.js";
import type { StreamHandler } from "./stream-handler.js";
import type { StreamOptions } from "./stream-options.js";
import type { Sender } from "./transfer.js";
import { STAGE_BYTES_MAX, TransferPool } from "./transfer-pool.js";

/** Bytes of waiting output that one stream sends in one turn; then it is the others' turn. */
export const WRITE_TURN_BYTES: number = 1024 * 1024;

/** A rest that is shorter is copied, also by `writeReference`: so short ones are sent together. */
const COPIED_BYTES_MAX = 4096;

export abstract class SocketSending extends BufferedStream implements Sender {
  readonly socket: Socket;
  /** For the pool. */
  stagedAt = -1;
  protected readonly pool: TransferPool;
  /** Its rate limits; then nothing is staged, and it is received from by itself. */
  protected gate: RateGate | undefined;
  /** The kernel takes no more for now. */
  protected isBlocked = false;
  #stagedBytes = 0;
  #bytesWritten = 0;
  #failure: Error | undefined;
  #files: FileParts | undefined;
  #isFlushDue = false;

  protected constructor(
    reactor: Reactor,
    socket: Socket,
    handler: StreamHandler<never>,
    options: StreamOptions,
  ) {
    super(reactor, handler, options);
    this.socket = socket;
    this.pool = TransferPool.of(reactor);
  }

  /** For the pool. */
  get fd(): number {
    return this.socket.fileno();
  }

  /** For the pool. */
  get mayStage(): boolean {
    // After an error nothing more goes out: what failed would be missing in between.
    if (this.#failure !== undefined || this.outputBytes > 0) return false;
    return this.#files === undefined && this.gate === undefined;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  get pendingBytes(): number {
    return this.#stagedBytes + this.outputBytes + (this.#files?.bytes ?? 0);
  }

  /** Not while the limit is what keeps it: the deadline is for the peer. */
  override get hasPendingOutput(): boolean {
    return this.pendingBytes > 0 && this.gate?.write.isWaiting !== true;
  }

  /**
   * Sends a part of a file after what was written before, without copying it. sendfile(2)
   *
   * @param fd an open file; it must stay open until `onSent`.
   * @returns as `write`.
   * @throws RangeError ERR_OUT_OF_RANGE. A file that turns out shorter destroys the stream with
   *   ERR_FILE_TOO_SHORT, for the promised length cannot be kept any more.
   */
  sendFile(fd: number, offset: number, length: number, options: SendFileOptions = {}): boolean {
    checkPart({ fd, offset, length });
    this.write(""); // refuses what comes after the end, before anything has changed
    const files = this.#files ?? new FileParts((error) => this.reactor.fail(error));
    const staged = this.pool.unstage(this);
    if (staged !== undefined) this.output.prepend(staged);
    this.#stagedBytes = 0;
    this.#files = files;
    files.add({ fd, offset, length, lead: this.outputBytes - files.leadBytes, ...options });
    this.reactor.deferPlain(() => this.afterSend());
    return this.write("");
  }

  /** For the pool. */
  sent(result: number, arena: Buffer, offset: number, length: number): boolean {
    this.#stagedBytes = 0;
    if (this.isDestroyed) return false;
    const n = this.#account("send", result);
    if (n === length) return this.awaitsProgress || this.outputBytes > 0;
    if (this.#failure === undefined) {
      this.output.prepend(arena.subarray(offset + n, offset + length));
      this.#block();
    }
    return true;
  }

  /** For the pool: sends what has not gone, and does what follows. */
  afterSend(): void {
    if (!this.isBlocked && this.#failure === undefined) this.flush();
    this.settle();
  }

  protected transmit(bytes: Uint8Array, start: number, end: number): void {
    const taken = this.#offer(bytes, start, end);
    if (taken < end - start) this.output.append(bytes, start + taken, end);
  }

  protected override transmitReference(bytes: Uint8Array, onRelease?: () => void): void {
    const taken = this.#offer(bytes, 0, bytes.length);
    const rest = bytes.length - taken;
    if (rest <= COPIED_BYTES_MAX || bytes.buffer === this.pool.arena.buffer) {
      this.output.append(bytes, taken);
      onRelease?.();
    } else {
      const later = onRelease && (() => this.#callLater(onRelease));
      this.output.appendReference(bytes, later, taken);
    }
  }

  /** Not where bytes are moved, for it may write, or throw. */
  #callLater(fn: () => void): void {
    if (!this.reactor.isClosed) {
      this.reactor.deferPlain(fn);
      return;
    }
    try {
      fn();
    } catch (error) {
      this.reactor.fail(error);
    }
  }

  protected transmitText(text: string): void {
    if (text === "") return;
    const staged = this.mayStage ? this.pool.stageText(this, text) : -1;
    if (staged >= 0) this.#stagedBytes += staged;
    else {
      const bytes = Buffer.from(text);
      this.transmit(bytes, 0, bytes.length);
    }
  }

  protected transmitQueue(queue: ByteQueue): void {
    for (let bytes = queue.frontBytes; bytes !== undefined; bytes = queue.frontBytes) {
      const { frontStart, frontEnd } = queue;
      const taken = this.#offer(bytes, frontStart, frontEnd);
      queue.drain(taken);
      // The rest goes behind what waits already; only what is lent is copied.
      if (taken < frontEnd - frontStart) queue.moveTo(this.output);
    }
  }

  /** Ends our side. */
  protected finish(): void {
    try {
      this.socket.shutdown("write");
    } catch (error) {
      // ENOTCONN: the peer has reset the connection, which reading would tell as well.
      this.failLater(error as Error);
    }
  }

  /** What is staged was written before: it is sent, as if every write had gone out at once. */
  protected release(): void {
    if (this.stagedAt >= 0) this.pool.flush();
    this.socket.close();
    this.gate?.leave();
    this.#files?.clear();
  }

  /** @returns how many bytes went, or are about to with the batch; the rest is for the queue. */
  #offer(bytes: Uint8Array, start: number, end: number): number {
    if (start === end) return 0;
    if (!this.mayStage) {
      if (this.gate !== undefined) this.#flushLater();
      return 0;
    }
    const staged = this.pool.stage(this, bytes, start, end);
    this.#stagedBytes += staged;
    const isLong = staged === 0 && end - start > STAGE_BYTES_MAX;
    return isLong ? this.#sendNow(bytes, start, end) : staged;
  }

  /** Too much to be copied: sent at once, behind what is staged. @returns how many bytes went. */
  #sendNow(bytes: Uint8Array, start: number, end: number): number {
    const { kernel } = this.reactor;
    const staged = this.pool.unstage(this);
    const stagedLength = this.#stagedBytes;
    this.#stagedBytes = 0;
    const n =
      staged === undefined
        ? this.#account("send", kernel.send(this.fd, bytes, start, end - start, 0))
        : this.#sendTwo(staged, bytes.subarray(start, end));
    if (this.#failure !== undefined) return end - start; // nothing is kept for a stream that failed
    if (n < stagedLength + end - start) this.#block();
    if (n >= stagedLength) return n - stagedLength;
    this.output.append(staged as Buffer, n);
    return 0;
  }

  #sendTwo(first: Uint8Array, second: Uint8Array): number {
    const { kernel } = this.reactor;
    return this.#account(
      "sendmsg",
      kernel.sendmsg(this.fd, [first, second], 0, undefined, undefined),
    );
  }

  #flushLater(): void {
    if (this.#isFlushDue || this.isBlocked || this.gate?.write.isWaiting === true) return;
    this.#isFlushDue = true;
    this.reactor.deferPlain(() => {
      this.#isFlushDue = false;
      this.afterSend();
    });
  }

  /** Sends what waits, until the kernel takes no more or the turn's share is used up. */
  protected flush(): void {
    if (this.gate !== undefined) this.#flushWithin(this.gate.write);
    else if (this.#flushUpTo(WRITE_TURN_BYTES)) this.#block();
  }

  #flushWithin(turn: RateTurn): void {
    const wanted = Math.min(this.pendingBytes, WRITE_TURN_BYTES);
    const room = wanted === 0 ? 0 : turn.acquire(wanted);
    if (room === 0) {
      if (wanted === 0) turn.settle(0);
      return;
    }
    const before = this.#bytesWritten;
    const isRest = this.#flushUpTo(room);
    turn.settle(this.#bytesWritten - before);
    if (isRest && !turn.waitIfShort(this.pendingBytes)) this.#flushLater();
  }

  /** @returns true if there is more to send, and the kernel would take it. */
  #flushUpTo(room: number): boolean {
    let left = room;
    // What is staged was written before what is queued, and goes with the batch.
    while (left > 0 && this.#failure === undefined && this.stagedAt < 0) {
      const queued = this.#files === undefined ? this.outputBytes : this.#files.lead(this.output);
      const n = queued > 0 ? this.#sendQueue(Math.min(queued, left)) : this.#sendPartOfFile(left);
      if (n === undefined) return false;
      if (n === WOULD_BLOCK) {
        this.#block();
        return false;
      }
      left -= n;
    }
    return this.stagedAt < 0 && this.pendingBytes > 0 && this.#failure === undefined;
  }

  /** @returns how many bytes went; WOULD_BLOCK. */
  #sendQueue(wanted: number): number {
    const { output } = this;
    const bytes = output.frontBytes as Uint8Array;
    const length = Math.min(output.frontEnd - output.frontStart, wanted);
    const { kernel } = this.reactor;
    // A file follows at once: what goes before it shares its first segment.
    const flags = this.#files?.first === undefined ? 0 : (kernel.constants.MSG_MORE ?? 0);
    const result = kernel.send(this.fd, bytes, output.frontStart, length, flags);
    const n = this.#account("send", result);
    try {
      output.drain(n);
    } catch (error) {
      this.reactor.fail(error); // somebody's, who was told that his bytes are free
    }
    this.#files?.sentBytes(n);
    return n < length && this.#failure === undefined ? WOULD_BLOCK : n;
  }

  /** @returns how many bytes went; WOULD_BLOCK; undefined: there is nothing left to send. */
  #sendPartOfFile(most: number): number | undefined {
    const part = this.#files?.first;
    if (part === undefined) {
      this.#files = undefined;
      return undefined;
    }
    const length = Math.min(part.length, most);
    const result = this.reactor.kernel.sendfile(this.fd, part.fd, part.offset, length);
    const n = this.#account("sendfile", result);
    if (result === 0) {
      this.#failure = misuse(
        Error,
        "ERR_FILE_TOO_SHORT",
        `The file ends before ${part.length} bytes`,
      );
    } else this.#files?.sentFile(n);
    return result === WOULD_BLOCK ? WOULD_BLOCK : n;
  }

  /** The bytes of a result; an error is kept for later, for no handler may run here. */
  #account(syscall: string, result: number): number {
    if (result >= 0) {
      this.#bytesWritten += result;
      this.deadlines?.sent();
      return result;
    }
    if (result !== WOULD_BLOCK) this.failLater(new SystemError(syscall, result));
    return 0;
  }

  #block(): void {
    if (!this.isBlocked) this.blocked();
    this.isBlocked = true;
    this.updateInterest();
  }

  /** What may call handlers, once the sending is done. */
  protected settle(): void {
    if (this.#failure !== undefined) this.#fail(this.#failure);
    else this.progressed();
  }

  protected failLater(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.reactor.deferPlain(() => this.#fail(error));
  }

  /** A peer that closes while we send may have said why: that is delivered first. */
  #fail(error: Error): void {
    if (this.isReading && this.gate === undefined) this.readRest();
    this.destroy(error);
  }

  /** Delivers what has come; nothing else is told. */
  protected abstract readRest(): void;
}
