/**
 * permessage-deflate through node:zlib, a message at a time. RFC 7692 §7.2
 *
 * The synchronous calls are used, and no zlib stream is kept. A call through the thread pool costs
 * several times what inflating a usual message does, messages would have to wait for each other to
 * stay in order, and each stream holds 7 to 260 KiB. So what a window would remember is kept here,
 * as the last bytes of the messages before, and given to zlib as a dictionary: the peer cannot tell
 * the difference. A call is short because a message is: `messageBytesMax` is enforced while
 * inflating, so that a bomb ends after so many bytes.
 */
import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from "node:zlib";
import { dataError, tooBigError } from "./parser/websocket-error.js";

/** What each message leaves out at its end. RFC 7692 §7.2.1 */
const TAIL: Buffer = Buffer.from([0, 0, 0xff, 0xff]);

/** Final blocks in one message; each costs a start of zlib, and senders use none, or one. */
const STREAMS_MAX = 16;

/** zlib cannot make the smallest window; it makes the next one, of which it uses less. */
const DEFLATE_BITS_MIN = 9;

export interface DirectionTerms {
  /** Each message stands for itself. */
  readonly noContextTakeover: boolean;
  /** 8 to 15. */
  readonly windowBits: number;
}

/** The last bytes of what went by: a window, which is empty if there is no takeover. */
class History {
  readonly #bytesMax: number;
  #bytes: Buffer | undefined;

  constructor({ noContextTakeover, windowBits }: DirectionTerms) {
    this.#bytesMax = noContextTakeover ? 0 : 2 ** windowBits;
  }

  get bytes(): Buffer | undefined {
    return this.#bytes;
  }

  /** Copies: the bytes belong to whoever gets the message. */
  add(bytes: Uint8Array): void {
    if (this.#bytesMax > 0) this.#bytes = lastOf(this.#bytes, bytes, this.#bytesMax);
  }
}

/** The last `bytesMax` bytes of two pieces, as a copy. */
function lastOf(before: Buffer | undefined, bytes: Uint8Array, bytesMax: number): Buffer {
  if (bytes.length >= bytesMax) return Buffer.from(bytes.subarray(bytes.length - bytesMax));
  const kept = before?.subarray(Math.max(0, before.length + bytes.length - bytesMax));
  return kept === undefined ? Buffer.from(bytes) : Buffer.concat([kept, bytes]);
}

export class Deflater {
  readonly #history: History;
  readonly #options: ZlibOptions;

  constructor(terms: DirectionTerms, level: number) {
    this.#history = new History(terms);
    this.#options = {
      level,
      windowBits: Math.max(DEFLATE_BITS_MIN, terms.windowBits),
      finishFlush: constants.Z_SYNC_FLUSH,
    };
  }

  /** A message's payload. It must be sent: the next one may refer to it. */
  deflate(bytes: Uint8Array): Buffer {
    const options = withDictionary(this.#options, this.#history.bytes);
    const deflated = deflateRawSync(bytes, options);
    this.#history.add(bytes);
    return deflated.subarray(0, deflated.length - TAIL.length);
  }
}

export class Inflater {
  readonly #history: History;
  readonly #options: ZlibOptions;
  readonly #bytesMax: number;

  constructor(terms: DirectionTerms, bytesMax: number) {
    this.#history = new History(terms);
    this.#bytesMax = bytesMax;
    this.#options = { windowBits: terms.windowBits, finishFlush: constants.Z_SYNC_FLUSH };
  }

  /**
   * The message of a payload, in memory of its own.
   *
   * @throws WebSocketError 1009 for more than the limit, 1007 for what is no deflate.
   */
  inflate(payload: Uint8Array): Buffer {
    const parts: Buffer[] = [];
    let rest: Uint8Array = Buffer.concat([payload, TAIL]);
    let room = this.#bytesMax;
    // A final block ends a stream of zlib's, and what follows is a new one. RFC 7692 §7.2.3.5
    for (let streams = 0; rest.length > 0; streams += 1) {
      if (streams === STREAMS_MAX) throw tooBigError("Too many final blocks");
      const { bytes, consumed } = this.#inflateStream(rest, room);
      this.#history.add(bytes);
      room -= bytes.length;
      if (bytes.length > 0) parts.push(bytes);
      rest = rest.subarray(consumed);
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  #inflateStream(bytes: Uint8Array, room: number): { bytes: Buffer; consumed: number } {
    const options = withDictionary(this.#options, this.#history.bytes);
    if (room < Infinity) options.maxOutputLength = Math.max(1, room);
    try {
      const { buffer, engine } = inflateWithInfo(bytes, { ...options, info: true });
      if (buffer.length > room) throw tooBigError("Message too long");
      return { bytes: buffer, consumed: engine.bytesWritten };
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "ERR_BUFFER_TOO_LARGE") throw tooBigError("Message too long");
      if (code?.startsWith("Z_")) throw dataError("Message cannot be inflated");
      throw error;
    }
  }
}

/** With `info` zlib tells how much it took, of which its types know nothing. */
const inflateWithInfo = inflateRawSync as unknown as (
  bytes: Uint8Array,
  options: ZlibOptions,
) => { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };

/** A copy, which may be changed. */
function withDictionary(options: ZlibOptions, dictionary: Buffer | undefined): ZlibOptions {
  return dictionary === undefined ? { ...options } : { ...options, dictionary };
}
