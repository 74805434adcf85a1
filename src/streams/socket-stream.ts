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
import { FileParts, type SendFileOptions } from "./file-parts.js";
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

  /**
   * Takes the socket over: it is closed with the stream.
   *
   * @param socket connected and non-blocking, of the reactor's kernel.
   * @throws Error ERR_SOCKET_BLOCKING; as `reactor.watch`. The socket stays the caller's then.
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
      reactor.release();
      throw error;
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
    return this.output.isEmpty && this.#files === undefined && !this.isLimited;
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
    const files = this.#files ?? new FileParts();
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

  protected get isLimited(): boolean {
    return false;
  }

  protected transmit(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    if (!this.mayStage) {
      this.output.append(bytes, start, end);
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
    if (this.isDestroyed) return;
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
    this.#files?.clear();
  }

  #onReady(events: number): void {
    if ((events & EVENT_WRITE) !== 0) {
      this.#isBlocked = false;
      this.#flush();
      this.updateInterest();
      this.#settle();
    }
    if ((events & EVENT_READ) !== 0 && this.isReading) this.#pool.read(this);
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

  /** Sends what waits, until the kernel takes no more or the turn's share is used up. */
  #flush(): void {
    let left = WRITE_TURN_BYTES;
    while (left > 0 && this.#error === undefined) {
      const wanted = this.#files === undefined ? this.output.length : this.#files.lead(this.output);
      const n = wanted > 0 ? this.#sendQueue(wanted) : this.#sendPartOfFile();
      if (n === undefined) return;
      if (n === WOULD_BLOCK) {
        this.#block();
        return;
      }
      left -= n;
    }
    if (this.pendingBytes > 0 && this.#error === undefined) this.#block();
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
  #sendPartOfFile(): number | undefined {
    const part = this.#files?.first;
    if (part === undefined) {
      this.#files = undefined;
      return undefined;
    }
    const result = this.reactor.kernel.sendfile(this.fd, part.fd, part.offset, part.length);
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
