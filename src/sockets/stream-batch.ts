/**
 * Many streams for one crossing into C++: the ready sockets of a wait are collected, received from
 * in one call (`recv_each`), and answered in one call (`send_each`). The system calls stay as many
 * as they were; what is saved is the way to them, see docs/decisions/0005. Its twin for datagrams
 * is datagram-batch.ts.
 *
 * The rule of this file: a descriptor's number is asked of its socket right before each call, never
 * kept, for a socket may be closed in between and its number given to another. Nothing is allocated
 * for a message.
 */
import {
  check,
  type Kernel,
  MOVE_FD,
  MOVE_INTS,
  MOVE_LENGTH,
  MOVE_OFFSET,
  MOVE_RESULT,
  misuse,
  NO_FD,
  outOfRange,
  SystemError,
  systemKernel,
  WOULD_BLOCK,
} from "../kernel/index.js";
import type { Socket } from "./socket.js";

/**
 * The default room for what one call receives. More would seem to save calls, but what is received
 * has to be in the cache still when it is sent: four times as much doubled the cost of 64 KiB.
 */
const BYTES = 64 * 1024;

/** The most room: offsets are 32-bit integers. */
const BYTES_MAX = 2 ** 31 - 1;

/** The default number of sockets: their moves, 8 KiB, stay in the innermost cache. */
const SOCKETS = 256;

/** Far more than one wait reports; only bounds what is allocated. */
const SOCKETS_MAX = 65_536;

export interface StreamBatchOptions {
  /** Bytes of room for what one `recv` receives, 1 to 2^31 - 1. @defaultValue 65536 */
  readonly bytes?: number;
  /** Sockets it has room for, 1 to 65536. @defaultValue 256 */
  readonly sockets?: number;
  /** The most that one `recv` takes of one socket, 1 to `bytes`. @defaultValue `bytes` */
  readonly socketBytes?: number;
  /** @defaultValue systemKernel */
  readonly kernel?: Kernel;
}

/**
 * Receives from many stream sockets in one call, and sends to many in one.
 *
 * For who writes the loop on a selector: it pays where many sockets are ready at once and messages
 * are short. For one socket it costs about what `Socket.recv` and `Socket.send` cost, and in bulk
 * those are better: a socket that filled its room is best read on by itself. A `recv` or `send` is
 * O(n) over the sockets added; each tried socket is one system call.
 *
 * @example
 * ```ts
 * import { EpollSelector, type Socket, StreamBatch, WOULD_BLOCK } from "socket-reactor";
 * const batch = new StreamBatch();
 * function echoOnce(selector: EpollSelector): void {
 *   selector.dispatch(null, ({ fileobj }) => {
 *     batch.add(fileobj as Socket);
 *     if (batch.isFull) echo();
 *   });
 *   echo();
 * }
 * function echo(): void {
 *   for (let i = 0; i < batch.count; ) {
 *     const end = batch.recv(i); // not all of them, if the room is used up
 *     for (; i < end; i++) {
 *       const n = batch.received(i);
 *       if (n > 0) batch.setReply(i, batch.offset(i), n);
 *       else if (n !== WOULD_BLOCK) batch.socketAt(i).close(); // the end, or errorAt(i)
 *     }
 *     batch.send(); // then sent(i) says how much of it went
 *   }
 *   batch.clear();
 * }
 * ```
 */
export class StreamBatch {
  /** Where `recv` puts what it receives, and `send` takes the replies from. */
  readonly buffer: Uint8Array;
  /** How many sockets it has room for. */
  readonly sockets: number;
  /** The most that one `recv` takes of one socket. */
  readonly socketBytes: number;
  readonly #kernel: Kernel;
  readonly #added: (Socket | undefined)[];
  #count = 0;
  /** Moves of the sockets from `#start` on, of which those before `#end` were tried. */
  readonly #receives: Int32Array;
  #start = 0;
  #end = 0;
  /** One move for each socket; a length of 0 is no reply. */
  readonly #replies: Int32Array;

  constructor({
    bytes = BYTES,
    sockets = SOCKETS,
    socketBytes = bytes,
    kernel = systemKernel,
  }: StreamBatchOptions = {}) {
    checkInteger("bytes", bytes, 1, BYTES_MAX);
    checkInteger("sockets", sockets, 1, SOCKETS_MAX);
    checkInteger("socketBytes", socketBytes, 1, bytes);
    this.buffer = new Uint8Array(bytes);
    this.sockets = sockets;
    this.socketBytes = socketBytes;
    this.#kernel = kernel;
    this.#added = new Array(sockets).fill(undefined);
    this.#receives = new Int32Array(sockets * MOVE_INTS);
    this.#replies = new Int32Array(sockets * MOVE_INTS);
  }

  /** How many sockets were added. */
  get count(): number {
    return this.#count;
  }

  /** True if no socket can be added any more. */
  get isFull(): boolean {
    return this.#count === this.sockets;
  }

  /**
   * Adds a socket; the same one may be added twice.
   *
   * @returns its index, by which everything else is asked.
   * @throws Error ERR_SOCKET_CLOSED, ERR_SOCKET_BLOCKING (a batch never waits),
   *   ERR_KERNEL_MISMATCH for a socket of another kernel than the batch's.
   * @throws TypeError ERR_NOT_A_STREAM: of a datagram, what finds no room would be lost.
   * @throws RangeError ERR_OUT_OF_RANGE if the batch is full.
   */
  add(socket: Socket): number {
    const index = this.#count;
    if (index === this.sockets) throw outOfRange("socket", "added to a batch with room", "full");
    if (!this.#canUse(socket)) throw unusable(socket);
    this.#added[index] = socket;
    this.#replies[index * MOVE_INTS + MOVE_LENGTH] = 0;
    this.#replies[index * MOVE_INTS + MOVE_RESULT] = 0;
    this.#count = index + 1;
    return index;
  }

  /** The socket at an index. @throws RangeError ERR_OUT_OF_RANGE unless 0 <= `index` < `count`. */
  socketAt(index: number): Socket {
    const socket = this.#added[index];
    if (socket === undefined) throw outOfRange("index", "that of an added socket", index);
    return socket;
  }

  /**
   * Receives from the sockets at `start` and behind, until the room is used up, over what was
   * received before: replies from there have to be sent first. A socket that was not tried stays
   * readable: go on with `recv(end)`, or leave it to the next wait. recv(2)
   *
   * @param start 0 to `count`, default 0.
   * @returns the index behind the last socket tried, at least `start + 1` if there is one: what was
   *   received may be asked of the indices from `start` to before it.
   * @throws RangeError ERR_OUT_OF_RANGE for `start`.
   */
  recv(start = 0): number {
    checkInteger("start", start, 0, this.#count);
    const moves = this.#receives;
    const waiting = this.#count - start;
    for (let i = 0, at = 0; i < waiting; i++, at += MOVE_INTS) {
      moves[at + MOVE_FD] = this.#added[start + i]?.fileno() ?? NO_FD;
      moves[at + MOVE_LENGTH] = this.socketBytes;
    }
    this.#start = this.#end = start;
    const { length } = this.buffer;
    const tried = this.#kernel.recv_each(moves, waiting, this.buffer, 0, length);
    this.#end = start + check("recv_each", tried);
    return this.#end;
  }

  /**
   * What the last `recv` answered for a socket: bytes, which lie in `buffer` at `offset(index)`; 0
   * at the end of the stream; WOULD_BLOCK; or a negative errno, EBADF for a socket that was closed
   * since it was added.
   *
   * @throws RangeError ERR_OUT_OF_RANGE if it was not tried.
   */
  received(index: number): number {
    return this.#receives[this.#triedAt(index) + MOVE_RESULT]!;
  }

  /** Where what was received begins in `buffer`. @throws as `received`. */
  offset(index: number): number {
    return this.#receives[this.#triedAt(index) + MOVE_OFFSET]!;
  }

  /**
   * The bytes of `buffer` that the next `send` sends to a socket; a length of 0 takes the reply
   * back. They need not be those that came from it.
   *
   * @throws RangeError ERR_OUT_OF_RANGE for an index that was not added, or bytes that are not in
   *   `buffer`.
   */
  setReply(index: number, offset: number, length: number): void {
    const at = this.#addedAt(index);
    checkInteger("offset", offset, 0, this.buffer.length);
    checkInteger("length", length, 0, this.buffer.length - offset);
    this.#replies[at + MOVE_OFFSET] = offset;
    this.#replies[at + MOVE_LENGTH] = length;
  }

  /**
   * Sends all replies and forgets them; how many there were. How much of each the kernel took says
   * `sent`: what it did not take is yours to keep, for the next `recv` writes over it. send(2)
   */
  send(): number {
    const moves = this.#replies;
    const end = this.#count * MOVE_INTS;
    let replies = 0;
    for (let i = 0, at = 0; at < end; i++, at += MOVE_INTS) {
      moves[at + MOVE_RESULT] = 0;
      if (moves[at + MOVE_LENGTH] === 0) continue;
      moves[at + MOVE_FD] = this.#added[i]?.fileno() ?? NO_FD;
      replies++;
    }
    if (replies === 0) return 0;
    check("send_each", this.#kernel.send_each(moves, this.#count, this.buffer));
    for (let at = MOVE_LENGTH; at < end; at += MOVE_INTS) moves[at] = 0;
    return replies;
  }

  /**
   * What the last `send` answered for a socket: how many bytes, which may be fewer than its reply
   * has; WOULD_BLOCK; a negative errno; 0 if it had no reply.
   *
   * @throws RangeError ERR_OUT_OF_RANGE for an index that was not added.
   */
  sent(index: number): number {
    return this.#replies[this.#addedAt(index) + MOVE_RESULT]!;
  }

  /**
   * The error of a socket's last `send` or, if there was none, of its last `recv`; undefined if
   * both went well or would block. Made anew each time.
   *
   * @throws RangeError ERR_OUT_OF_RANGE for an index that was not added.
   */
  errorAt(index: number): SystemError | undefined {
    const sent = this.sent(index);
    if (isError(sent)) return new SystemError("send", sent);
    if (index < this.#start || index >= this.#end) return undefined;
    const received = this.received(index);
    return isError(received) ? new SystemError("recv", received) : undefined;
  }

  /** Forgets all sockets and replies. */
  clear(): void {
    this.#added.fill(undefined, 0, this.#count);
    this.#count = this.#start = this.#end = 0;
  }

  #canUse(socket: Socket): boolean {
    const isOurs = socket.kernel === this.#kernel;
    return isOurs && !socket.isClosed && !socket.isBlocking && socket.type === "stream";
  }

  #triedAt(index: number): number {
    checkInteger("index", index, this.#start, this.#end - 1);
    return (index - this.#start) * MOVE_INTS;
  }

  #addedAt(index: number): number {
    checkInteger("index", index, 0, this.#count - 1);
    return index * MOVE_INTS;
  }
}

function isError(result: number): boolean {
  return result < 0 && result !== WOULD_BLOCK;
}

/** Why a socket cannot be added. */
function unusable({ isClosed, isBlocking, type }: Socket): Error {
  if (isClosed) return misuse(Error, "ERR_SOCKET_CLOSED", "The socket is closed");
  if (isBlocking) return misuse(Error, "ERR_SOCKET_BLOCKING", "A batch takes no blocking socket");
  if (type !== "stream") {
    return misuse(TypeError, "ERR_NOT_A_STREAM", `A batch takes stream sockets only: "${type}"`);
  }
  return misuse(Error, "ERR_KERNEL_MISMATCH", "The socket has another kernel than the batch");
}

// Positional: an object for the range would be allocated for each reply.
function checkInteger(name: string, value: number, from: number, to: number): void {
  if (!Number.isInteger(value) || value < from || value > to) {
    throw outOfRange(name, `an integer from ${from} to ${to}`, value);
  }
}
