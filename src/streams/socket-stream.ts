/**
 * A stream over a connected stream socket, TCP or unix. It is read through the reactor's
 * transfer-pool.ts together with all others that are ready in a turn, and what it writes goes out
 * with what they write: two system calls a message, and no change of interest unless the kernel's
 * buffer is full. The sending half is socket-sending.ts. libevent: bufferevent_socket
 */
import { misuse, SystemError, WOULD_BLOCK } from "../kernel/index.js";
import type { Reactor, Watch, WatchTarget } from "../reactor/index.js";
import { EVENT_READ, EVENT_WRITE } from "../reactor/index.js";
import type { Socket } from "../sockets/index.js";
import { noteStream } from "./notes.js";
import { checkRateLimits, RateGate } from "./rate-gate.js";
import type { RateTurn } from "./rate-turn.js";
import { SocketSending } from "./socket-sending.js";
import type { StreamHandler } from "./stream-handler.js";
import type { StreamOptions } from "./stream-options.js";
import type { Transfer } from "./transfer.js";
import { ARENA_READ_BYTES } from "./transfer-pool.js";

const NO_HANDLER: StreamHandler<SocketStream> = {};
const NO_OPTIONS: StreamOptions = {};
const UNSTARTED = { start: false } as const;

export class SocketStream extends SocketSending implements Transfer, WatchTarget {
  /** For the pool. */
  lastReceived = 0;
  readonly #watch: Watch;
  #interest = 0;
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
    handler: StreamHandler<SocketStream> = NO_HANDLER,
    options: StreamOptions = NO_OPTIONS,
  ) {
    if (socket.isBlocking) {
      throw misuse(Error, "ERR_SOCKET_BLOCKING", "A stream needs a socket that does not block");
    }
    const { rateLimits } = options;
    if (rateLimits !== undefined) checkRateLimits(reactor, rateLimits);
    super(reactor, socket, handler as StreamHandler<never>, options);
    try {
      this.#watch = reactor.watch(socket, EVENT_READ, this, UNSTARTED).unref();
      this.#setInterest(this.isReading ? EVENT_READ : 0);
    } catch (error) {
      this.deadlines?.stop();
      reactor.release();
      throw error;
    }
    if (rateLimits !== undefined && rateLimits.length > 0) {
      this.gate = new RateGate(
        rateLimits,
        () => this.#onReadTurn(),
        () => this.afterSend(),
      );
    }
    noteStream("open", this);
  }

  /** For the pool: never more than up to the high mark. */
  get readRoom(): number {
    return Math.min(ARENA_READ_BYTES, this.inputRoom);
  }

  override get isReadDue(): boolean {
    return this.pool.awaits(this);
  }

  /** For the pool. */
  received(result: number, arena: Buffer, offset: number): void {
    if (this.isDestroyed) return;
    if (result > 0) this.receivedBytes(arena, offset, offset + result);
    else if (result === 0) this.receivedEnd();
    else if (result !== WOULD_BLOCK) this.destroy(new SystemError("recv", result));
  }

  /** For the reactor. */
  onReady(events: number): void {
    if ((events & EVENT_WRITE) !== 0) {
      this.isBlocked = false;
      this.flush();
      this.updateInterest();
      this.settle();
    }
    if ((events & EVENT_READ) === 0 || !this.isReading) return;
    if (this.gate === undefined) this.pool.read(this);
    else this.#readWithin(this.gate.read);
  }

  /** For the reactor. */
  onRefused(error: Error): void {
    this.destroy(error);
  }

  /** For `reactor.report()`. */
  describe(): Record<string, unknown> {
    return {
      bytesRead: this.bytesRead,
      bytesWritten: this.bytesWritten,
      inputBytes: this.input.length,
      pendingBytes: this.pendingBytes,
      isReading: this.isReading,
      isWritable: this.isWritable,
    };
  }

  protected updateInterest(): void {
    if (this.isDestroyed || this.#isServed) return;
    const interest = (this.isReading ? EVENT_READ : 0) | (this.isBlocked ? EVENT_WRITE : 0);
    if (interest === this.#interest) return;
    try {
      this.#setInterest(interest);
    } catch (error) {
      this.failLater(error as Error);
    }
  }

  /** It is about to be destroyed: an error of this receive is no news. */
  protected readRest(): void {
    const { arena } = this.pool;
    const result = this.reactor.kernel.recv(this.fd, arena, 0, this.readRoom, 0);
    if (result <= 0) return;
    this.received(result, arena, 0);
    this.pool.flush(); // what was lent may be written elsewhere
  }

  protected override release(): void {
    this.#watch.stop();
    super.release();
  }

  #readWithin(turn: RateTurn): void {
    const room = turn.acquire(this.readRoom);
    if (room > 0) this.pool.readWithin(this, turn, room);
    if (this.isDestroyed) return;
    // It was not all there is: as a rule there is more, and it would have to wait for that.
    const isMore = room > 0 && this.lastReceived === room && this.isReading;
    if (room === 0 || (isMore && turn.waitIfShort(this.readRoom))) this.setLimited(true);
  }

  #onReadTurn(): void {
    const turn = this.gate?.read as RateTurn;
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
}
