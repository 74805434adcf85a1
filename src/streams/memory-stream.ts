/**
 * Two streams joined in memory: what one writes the other receives, with no socket in between. In
 * place of the kernel's buffer there is a wire for each direction, so that the rest is as it is
 * with sockets: what is written is taken at once, and delivered at the end of a turn; an end comes
 * behind it; a full wire is what back-pressure, deadlines and `onDrain` are about.
 *
 * Bytes that are written are copied once, onto the wire; from there chunks change hands. A
 * ByteQueue that is written goes all the way without a copy.
 *
 * The rule of the file: handlers are called from `#work` and a limit's turn alone, never from
 * within a call of the other stream's. libevent: bufferevent_pair
 */
import { errnoOf, SystemError } from "../kernel/index.js";
import type { Reactor } from "../reactor/index.js";
import { BufferedStream } from "./buffered-stream.js";
import { ByteQueue } from "./byte-queue.js";
import { noteStream } from "./notes.js";
import { checkRateLimits, RateGate } from "./rate-gate.js";
import type { StreamOptions } from "./stream-options.js";

/** Bytes on their way in one direction; about what the kernel holds for a socket. */
export const WIRE_BYTES: number = 256 * 1024;

/**
 * Two streams of which each receives what the other writes: for tests, and for parts of a program
 * that speak through a stream. They behave as the two ends of `Socket.pair()`: after `destroy` the
 * other reads what was written before, then the end, or ECONNRESET if it had written what was not
 * read; what it writes fails with EPIPE. Nothing is delivered within `write`. libevent:
 * bufferevent_pair_new
 *
 * @param options of the left one; of the right one, too, unless `rightOptions` is given.
 * @throws as `SocketStream`, for wrong options.
 *
 * @example
 * ```ts
 * import { Reactor, streamPair } from "socket-reactor";
 * const reactor = new Reactor();
 * const [client, server] = streamPair(reactor);
 * server.handler = { onData: (stream, input) => void stream.write(input) };
 * client.handler = {
 *   onData(stream, input) {
 *     console.log(input.readLine()); // hello
 *     stream.end();
 *   },
 * };
 * client.write("hello\n");
 * await reactor.run();
 * ```
 */
export function streamPair(
  reactor: Reactor,
  options: StreamOptions = {},
  rightOptions: StreamOptions = options,
): [left: MemoryStream, right: MemoryStream] {
  return MemoryStream.pair(reactor, options, rightOptions);
}

/** One direction. */
class Wire {
  readonly queue: ByteQueue = new ByteQueue();
  /** The writer has ended it: what is on it is the last. */
  hasEnded = false;
  /** The writer is gone and has not read all that it was sent. */
  isReset = false;
  /** The reader is gone. */
  isBroken = false;

  get room(): number {
    return Math.max(0, WIRE_BYTES - this.queue.length);
  }
}

/** One end of a `streamPair`. */
export class MemoryStream extends BufferedStream {
  readonly #incoming: Wire;
  readonly #outgoing: Wire;
  readonly #gate: RateGate | undefined;
  #peer: MemoryStream | undefined;
  #bytesWritten = 0;
  #isDue = false;

  private constructor(reactor: Reactor, options: StreamOptions, incoming: Wire, outgoing: Wire) {
    const { rateLimits = [] } = options;
    checkRateLimits(reactor, rateLimits);
    super(reactor, {}, options);
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    if (rateLimits.length === 0) return;
    this.#gate = new RateGate(
      rateLimits,
      () => this.#onReadTurn(),
      () => this.#flush(),
    );
  }

  /** Use `streamPair`. */
  static pair(
    reactor: Reactor,
    options: StreamOptions,
    rightOptions: StreamOptions,
  ): [MemoryStream, MemoryStream] {
    const [there, back] = [new Wire(), new Wire()];
    const left = new MemoryStream(reactor, options, back, there);
    try {
      const right = new MemoryStream(reactor, rightOptions, there, back);
      left.#peer = right;
      right.#peer = left;
      for (const end of [left, right]) noteStream("open", end);
      return [left, right];
    } catch (error) {
      left.destroy();
      throw error;
    }
  }

  /** Bytes that the wire took. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  get pendingBytes(): number {
    return this.outputBytes;
  }

  /** Not while the limit is what keeps it: the deadline is for the peer. */
  override get hasPendingOutput(): boolean {
    return this.outputBytes > 0 && this.#gate?.write.isWaiting !== true;
  }

  protected transmit(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    const border = start + Math.min(this.#freeRoom, end - start);
    if (border > start) {
      this.#outgoing.queue.append(bytes, start, border);
      this.#took(border - start);
    }
    if (border === end) return;
    const wasEmpty = this.outputBytes === 0;
    this.output.append(bytes, border, end);
    if (wasEmpty) this.#beginWaiting();
  }

  protected transmitText(text: string): void {
    const bytes = Buffer.from(text);
    this.transmit(bytes, 0, bytes.length);
  }

  protected transmitQueue(queue: ByteQueue): void {
    const n = queue.moveTo(this.#outgoing.queue, this.#freeRoom);
    if (n > 0) this.#took(n);
    const wasEmpty = this.outputBytes === 0;
    if (queue.moveTo(this.output) > 0 && wasEmpty) this.#beginWaiting();
  }

  protected updateInterest(): void {
    const { queue, hasEnded } = this.#incoming;
    if (this.isReading && (hasEnded || !queue.isEmpty)) this.#schedule();
  }

  protected finish(): void {
    this.#outgoing.hasEnded = true;
    this.#wakePeer();
  }

  protected release(): void {
    this.#gate?.leave();
    this.#outgoing.hasEnded = true;
    this.#outgoing.isReset = !this.#incoming.queue.isEmpty;
    this.#incoming.isBroken = true;
    this.#incoming.queue.clear();
    this.#wakePeer();
  }

  /** What the wire takes of something that is written now. */
  get #freeRoom(): number {
    const isBehind = this.outputBytes > 0 || this.#gate !== undefined || this.#outgoing.isBroken;
    return isBehind ? 0 : this.#outgoing.room;
  }

  #took(bytes: number): void {
    this.#bytesWritten += bytes;
    this.deadlines?.sent();
    this.#wakePeer();
  }

  /** Output waits for the peer, or for the limits, which `#work` asks. */
  #beginWaiting(): void {
    this.blocked();
    this.#schedule();
  }

  #wakePeer(): void {
    const peer = this.#peer;
    if (peer !== undefined) peer.#schedule();
  }

  #schedule(): void {
    if (this.#isDue || this.isDestroyed) return;
    this.#isDue = true;
    this.reactor.deferPlain(this.#work);
  }

  readonly #work = (): void => {
    this.#isDue = false;
    if (this.isDestroyed) return;
    if (this.outputBytes > 0) this.#flush();
    if (this.isReading) this.#receive();
  };

  /** Puts on the wire what waits, as far as there is room. */
  #flush(): void {
    if (this.#outgoing.isBroken) {
      this.destroy(new SystemError("send", errnoOf("EPIPE")));
      return;
    }
    const turn = this.#gate?.write;
    const wanted = Math.min(this.outputBytes, this.#outgoing.room);
    const n = turn === undefined || wanted === 0 ? wanted : turn.acquire(wanted);
    if (n > 0) {
      this.output.moveTo(this.#outgoing.queue, n);
      this.#took(n);
    }
    if (turn?.isWaiting === false) {
      turn.settle(n);
      if (this.outputBytes > 0 && this.#outgoing.room > 0) this.#schedule();
    }
    if (n > 0) this.progressed();
  }

  #onReadTurn(): void {
    this.setLimited(false);
    if (this.isReading) this.#receive();
    else this.#gate?.read.settle(0);
  }

  #receive(): void {
    const { queue } = this.#incoming;
    const turn = this.#gate?.read;
    if (!queue.isEmpty) {
      const wanted = Math.min(queue.length, this.inputRoom);
      const n = turn === undefined ? wanted : turn.acquire(wanted);
      if (n === 0) {
        this.setLimited(true);
        return;
      }
      turn?.settle(n);
      if ((this.#peer?.outputBytes ?? 0) > 0) this.#wakePeer();
      this.receivedQueue(queue, n);
    } else turn?.settle(0);
    if (!this.isReading) return;
    if (!queue.isEmpty) this.#schedule();
    else if (this.#incoming.isReset) this.destroy(new SystemError("recv", errnoOf("ECONNRESET")));
    else if (this.#incoming.hasEnded) this.receivedEnd();
  }
}
