/**
 * A stream over a connected stream socket, TCP or unix. It is read through the reactor's
 * transfer-pool.ts together with all others that are ready in a turn, and what it writes goes out
 * with what they write: two system calls a message, and no change of interest unless the kernel's
 * buffer is full.
 *
 * Output is in three places, in this order: bytes staged in the pool, the queue `output`, and parts
 * of files, each of which says how many bytes of the queue go before it. `write` stages while the
 * other two are empty. libevent: bufferevent_socket
 */
import { misuse, SystemError, WOULD_BLOCK } from "../kernel/index.js";
import type { Reactor, Watch } from "../reactor/index.js";
import { EVENT_READ, EVENT_WRITE } from "../reactor/index.js";
import type { Socket } from "../sockets/index.js";
import { BufferedStream } from "./buffered-stream.js";
import type { ByteQueue } from "./byte-queue.js";
import { checkPart, FileParts, type SendFileOptions } from "./file-parts.js";
import { checkRateLimits, RateGate } from "./rate-gate.js";
import type { RateTurn } from "./rate-turn.js";
import type { StreamHandler } from "./stream-handler.js";
import type { StreamOptions } from "./stream-options.js";
import { ARENA_READ_BYTES, STAGE_BYTES_MAX, type Transfer, TransferPool } from "./transfer-pool.js";

/** Bytes of waiting output that one stream sends in one turn; then it is the others' turn. */
export const WRITE_TURN_BYTES: number = 1024 * 1024;

export class SocketStream extends BufferedStream implements Transfer {
  readonly socket: Socket;
  // For the pool.
  stagedAt = -1;
  lastReceived = 0;
  readonly #pool: TransferPool;
  readonly #watch: Watch;
  #interest = 0;
  #stagedBytes = 0;
  #bytesWritten = 0;
  /** The kernel takes no more for now. */
  #isBlocked = false;
  #error: Error | undefined;
  #files: FileParts | undefined;
  /** Its rate limits; then nothing is staged, and it is received from by itself. */
  readonly #gate: RateGate | undefined;
  #isFlushDue = false;
  /** Its turn to read has come; what it may wait for next is settled in the end. */
  #isServed = false;

  /**
   * Takes the socket over: it is closed with the stream.
   *
   * @param socket connected and non-blocking, of the reactor's kernel.
   * @throws Error ERR_SOCKET_BLOCKING; as `reactor.watch`; for wrong options. The socket stays the
   *   caller's then.
   */
  constructor(
    reactor: Reactor,
    socket: Socket,
    handler: StreamHandler<SocketStream> = {},
    options: StreamOptions = {},
  ) {
    if (socket.isBlocking) {
      throw misuse(Error, "ERR_SOCKET_BLOCKING", "A stream needs a socket that does not block");
    }
    const { rateLimits } = options;
    if (rateLimits !== undefined) checkRateLimits(reactor, rateLimits);
    const pool = TransferPool.of(reactor);
    super(reactor, handler as StreamHandler<never>, options);
    this.socket = socket;
    this.#pool = pool;
    try {
      this.#watch = reactor
        .watch(socket, EVENT_READ, (events) => this.#onReady(events), {
          start: false,
          asyncContext: false,
          onError: (error) => this.destroy(error),
        })
        .unref();
      this.#watch.describe = () => this.#describe();
      this.#setInterest(this.isReading ? EVENT_READ : 0);
    } catch (error) {
      this.deadlines.stop();
      reactor.release();
      throw error;
    }
    if (rateLimits !== undefined && rateLimits.length > 0) {
      this.#gate = new RateGate(
        rateLimits,
        () => this.#onReadTurn(),
        () => this.afterSend(),
      );
    }
  }

  /** For the pool. */
  get fd(): number {
    return this.socket.fileno();
  }

  /** For the pool: never more than up to the high mark. */
  get readRoom(): number {
    return Math.min(ARENA_READ_BYTES, this.inputRoom);
  }

  /** For the pool. */
  get mayStage(): boolean {
    // After an error nothing more goes out: what failed would be missing in between.
    if (this.#error !== undefined || !this.output.isEmpty) return false;
    return this.#files === undefined && !this.isLimited;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  get pendingBytes(): number {
    return this.#stagedBytes + this.output.length + (this.#files?.bytes ?? 0);
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
    const staged = this.#pool.unstage(this);
    if (staged !== undefined) this.output.prepend(staged);
    this.#stagedBytes = 0;
    this.#files = files;
    files.add({ fd, offset, length, lead: this.output.length - files.leadBytes, ...options });
    this.reactor.deferPlain(() => this.afterSend());
    return this.write("");
  }

  received(result: number, arena: Buffer, offset: number): void {
    if (this.isDestroyed) return;
    if (result > 0) this.receivedBytes(arena, offset, offset + result);
    else if (result === 0) this.receivedEnd();
    else if (result !== WOULD_BLOCK) this.destroy(this.#failed("recv", result));
  }

  sent(result: number, arena: Buffer, offset: number, length: number): boolean {
    this.#stagedBytes = 0;
    if (this.isDestroyed) return false;
    const n = this.#account("send", result);
    if (n === length) return this.awaitsProgress || !this.output.isEmpty;
    if (this.#error === undefined) {
      this.output.prepend(arena.subarray(offset + n, offset + length));
      this.#block();
    }
    return true;
  }

  afterSend(): void {
    if (!this.#isBlocked && this.#error === undefined) this.#flush();
    this.#settle();
  }

  /** Not while the limit is what keeps it: the deadline is for the peer. */
  override get hasPendingOutput(): boolean {
    return this.pendingBytes > 0 && this.#gate?.write.isWaiting !== true;
  }

  protected get isLimited(): boolean {
    return this.#gate !== undefined;
  }

  protected transmit(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    if (!this.mayStage) {
      this.output.append(bytes, start, end);
      if (this.#gate !== undefined) this.#flushLater();
      return;
    }
    const staged = this.#pool.stage(this, bytes, start, end);
    if (staged > 0) this.#stagedBytes += staged;
    else if (end - start > STAGE_BYTES_MAX) this.#sendNow(bytes, start, end);
    else this.output.append(bytes, start, end);
  }

  protected transmitText(text: string): void {
    if (text === "") return;
    const staged = this.mayStage ? this.#pool.stageText(this, text) : -1;
    if (staged >= 0) this.#stagedBytes += staged;
    else this.transmit(Buffer.from(text), 0, Buffer.byteLength(text));
  }

  protected transmitQueue(queue: ByteQueue): void {
    for (let bytes = queue.frontBytes; bytes !== undefined; bytes = queue.frontBytes) {
      const { frontStart, frontEnd } = queue;
      this.transmit(bytes, frontStart, frontEnd);
      queue.drain(frontEnd - frontStart);
    }
  }

  protected updateInterest(): void {
    if (this.isDestroyed || this.#isServed) return;
    const interest = (this.isReading ? EVENT_READ : 0) | (this.#isBlocked ? EVENT_WRITE : 0);
    if (interest === this.#interest) return;
    try {
      this.#setInterest(interest);
    } catch (error) {
      this.#failLater(error as Error);
    }
  }

  protected finish(): void {
    try {
      this.socket.shutdown("write");
    } catch (error) {
      // ENOTCONN: the peer has reset the connection, which reading would tell as well.
      this.#failLater(error as Error);
    }
  }

  /** What is staged was written before: it is sent, as if every write had gone out at once. */
  protected release(): void {
    if (this.stagedAt >= 0) this.#pool.flush();
    this.#watch.stop();
    this.socket.close();
    this.#gate?.leave();
    this.#files?.clear();
  }

  #onReady(events: number): void {
    if ((events & EVENT_WRITE) !== 0) {
      this.#isBlocked = false;
      this.#flush();
      this.updateInterest();
      this.#settle();
    }
    if ((events & EVENT_READ) === 0 || !this.isReading) return;
    if (this.#gate === undefined) this.#pool.read(this);
    else this.#readWithin(this.#gate.read);
  }

  #readWithin(turn: RateTurn): void {
    const room = turn.acquire(this.readRoom);
    if (room > 0) this.#pool.readWithin(this, turn, room);
    if (this.isDestroyed) return;
    // It was not all there is: as a rule there is more, and it would have to wait for that.
    const isMore = room > 0 && this.lastReceived === room && this.isReading;
    if (room === 0 || (isMore && turn.waitIfShort(this.readRoom))) this.setLimited(true);
  }

  #onReadTurn(): void {
    const turn = this.#gate?.read as RateTurn;
    this.#isServed = true;
    this.setLimited(false);
    if (this.isReading) this.#readWithin(turn);
    else turn.settle(0);
    this.#isServed = false;
    this.updateInterest();
  }

  #setInterest(interest: number): void {
    this.#interest = interest;
    if (interest === 0) this.#watch.stop();
    else if (this.#watch.isStarted) this.#watch.modify(interest);
    else this.#watch.modify(interest).start();
  }

  /** Too much to be copied: sent at once, behind what is staged; the rest is kept. */
  #sendNow(bytes: Uint8Array, start: number, end: number): void {
    const { kernel } = this.reactor;
    const staged = this.#pool.unstage(this);
    this.#stagedBytes = 0;
    const n =
      staged === undefined
        ? this.#account("send", kernel.send(this.fd, bytes, start, end - start, 0))
        : this.#sendTwo(staged, bytes.subarray(start, end));
    const stagedLength = staged?.length ?? 0;
    if (n === stagedLength + end - start || this.#error !== undefined) return;
    if (staged !== undefined && n < stagedLength) this.output.append(staged, n);
    this.output.append(bytes, start + Math.max(0, n - stagedLength), end);
    this.#block();
  }

  #sendTwo(first: Uint8Array, second: Uint8Array): number {
    const { kernel } = this.reactor;
    return this.#account(
      "sendmsg",
      kernel.sendmsg(this.fd, [first, second], 0, undefined, undefined),
    );
  }

  #flushLater(): void {
    if (this.#isFlushDue || this.#isBlocked || this.#gate?.write.isWaiting === true) return;
    this.#isFlushDue = true;
    this.reactor.deferPlain(() => {
      this.#isFlushDue = false;
      this.afterSend();
    });
  }

  /** Sends what waits, until the kernel takes no more or the turn's share is used up. */
  #flush(): void {
    if (this.#gate !== undefined) this.#flushWithin(this.#gate.write);
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
    while (left > 0 && this.#error === undefined) {
      const queued = this.#files === undefined ? this.output.length : this.#files.lead(this.output);
      const n = queued > 0 ? this.#sendQueue(Math.min(queued, left)) : this.#sendPartOfFile(left);
      if (n === undefined) return false;
      if (n === WOULD_BLOCK) {
        this.#block();
        return false;
      }
      left -= n;
    }
    return this.pendingBytes > 0 && this.#error === undefined;
  }

  /** @returns how many bytes went; WOULD_BLOCK. */
  #sendQueue(wanted: number): number {
    const { output } = this;
    const bytes = output.frontBytes as Uint8Array;
    const length = Math.min(output.frontEnd - output.frontStart, wanted);
    const result = this.reactor.kernel.send(this.fd, bytes, output.frontStart, length, 0);
    const n = this.#account("send", result);
    output.drain(n);
    this.#files?.sentBytes(n);
    return n < length && this.#error === undefined ? WOULD_BLOCK : n;
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
      this.#error = misuse(
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
      this.deadlines.sent();
      return result;
    }
    if (result !== WOULD_BLOCK) this.#failLater(this.#failed(syscall, result));
    return 0;
  }

  #block(): void {
    if (!this.#isBlocked) this.deadlines.blocked();
    this.#isBlocked = true;
    this.updateInterest();
  }

  /** What may call handlers, once the sending is done. */
  #settle(): void {
    if (this.#error !== undefined) this.destroy(this.#error);
    else this.progressed();
  }

  #failLater(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.reactor.deferPlain(() => this.destroy(error));
  }

  #failed(syscall: string, errno: number): SystemError {
    return new SystemError(syscall, errno);
  }

  #describe(): Record<string, unknown> {
    return {
      bytesRead: this.bytesRead,
      bytesWritten: this.#bytesWritten,
      inputBytes: this.input.length,
      pendingBytes: this.pendingBytes,
      isReading: this.isReading,
      isWritable: this.isWritable,
    };
  }
}
