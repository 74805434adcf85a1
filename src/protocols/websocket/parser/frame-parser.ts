/**
 * Takes frames off a queue and gives messages: it checks each frame, unmasks, puts fragments together
 * and validates texts as they come. What has come of a payload is taken off the queue at once, so
 * that no byte is looked at twice and a long message needs no long queue. RFC 6455 §5
 *
 * Neighbours: frame-checks.ts says which frames are in order; payload-buffer.ts holds what has come.
 * Rule: any split of the input gives the same events; nothing is thrown but WebSocketError.
 */
import type { ByteQueue } from "../../../streams/byte-queue.js";
import { CLOSE_NO_STATUS, isCloseCode } from "./close-codes.js";
import { faultOfHead, faultOfLength, isControl, payloadLength } from "./frame-checks.js";
import {
  FIN,
  HEADER_BYTES_MAX,
  headerBytesOf,
  OPCODE_BITS,
  OPCODE_CLOSE,
  OPCODE_CONTINUATION,
  OPCODE_PING,
  OPCODE_TEXT,
  RSV1,
  readWord,
} from "./frame-header.js";
import { applyMask } from "./mask.js";
import {
  compressedBytesMax,
  FRAGMENTS_MAX,
  type FrameLimits,
  MESSAGE_BYTES_MAX,
} from "./parser-limits.js";
import { PayloadBuffer } from "./payload-buffer.js";
import { Utf8Validator } from "./utf8-validator.js";
import { dataError, protocolError, tooBigError, type WebSocketError } from "./websocket-error.js";

/** Nothing whole is left in the queue: call again when there is more. */
export const NEED_DATA = 0;
/** A message came: in `text` if `isText` and not `isCompressed`, else in `payload`. */
export const MESSAGE = 1;
/** A ping came, with `payload`. */
export const PING = 2;
/** A pong came, with `payload`. */
export const PONG = 3;
/** A close frame came, with `closeCode` and `closeReason`. Nothing comes after it. */
export const CLOSE = 4;

export interface FrameParserOptions extends FrameLimits {
  /** True: frames must be masked; false: they must not. RFC 6455 §5.1 */
  readonly isServer: boolean;
  /** permessage-deflate was negotiated: messages may come compressed. @defaultValue false */
  readonly allowsCompression?: boolean | undefined;
}

/** A text that is here as a whole is unmasked and decoded here; others get memory of their own. */
const SCRATCH: Buffer = Buffer.alloc(64 * 1024);
const HEADER: Buffer = Buffer.alloc(HEADER_BYTES_MAX);
const NO_BYTES: Buffer = Buffer.alloc(0);

/** Up to this a payload is copied and unmasked in one loop. */
const LOOP_BYTES_MAX = 64;

export class FrameParser {
  /** The caller's own memory. */
  payload: Buffer = NO_BYTES;
  text = "";
  isText = false;
  /** The payload is as deflate made it, also if `isText`; it is not validated then. */
  isCompressed = false;
  /** {@link CLOSE_NO_STATUS} if the close frame had none. */
  closeCode: number = CLOSE_NO_STATUS;
  closeReason = "";

  readonly #isServer: boolean;
  readonly #allowsCompression: boolean;
  readonly #messageBytesMax: number;
  readonly #frameBytesMax: number;
  readonly #fragmentsMax: number;
  readonly #message: PayloadBuffer = new PayloadBuffer();
  #validator: Utf8Validator | undefined;
  #control: Buffer = NO_BYTES;
  /** The first byte of the frame that is coming; -1 between frames. */
  #head = -1;
  #key = 0;
  /** Bytes of the frame's payload that have come. */
  #received = 0;
  /** Bytes of it that have not. */
  #missing = 0;
  /** Frames of the message that is coming; 0 between messages. */
  #fragments = 0;
  #isOver = false;

  constructor(options: FrameParserOptions) {
    this.#isServer = options.isServer;
    this.#allowsCompression = options.allowsCompression ?? false;
    this.#messageBytesMax = options.messageBytesMax ?? MESSAGE_BYTES_MAX;
    this.#frameBytesMax = options.frameBytesMax ?? Infinity;
    this.#fragmentsMax = options.fragmentsMax ?? FRAGMENTS_MAX;
  }

  /** True where a message may begin: no frame and no message is under way. */
  get isBetweenMessages(): boolean {
    return this.#head < 0 && this.#fragments === 0;
  }

  /**
   * The next event. What was taken is off the queue, with it the bytes of a payload that is not yet
   * whole. After a close frame or an error it takes nothing any more.
   *
   * @throws WebSocketError if the peer broke the rules.
   */
  next(queue: ByteQueue): number {
    while (!this.#isOver) {
      if (this.#head < 0 && !this.#takeHeader(queue)) return NEED_DATA;
      const event = isControl(this.#head) ? this.#takeControl(queue) : this.#takeData(queue);
      if (event !== NEED_DATA || this.#head >= 0) return event;
    }
    return NEED_DATA;
  }

  /** Lets go of the last event's payload and text, so that an idle connection does not hold them. */
  release(): void {
    this.payload = NO_BYTES;
    this.text = "";
  }

  /** False if the header has not come whole. */
  #takeHeader(queue: ByteQueue): boolean {
    const { length } = queue;
    if (length < 2) return false;
    let bytes = queue.frontBytes as Uint8Array;
    let at = queue.frontStart;
    const together = queue.frontEnd - at;
    if (together < HEADER_BYTES_MAX && together < length) {
      queue.copyOut(HEADER, 0, 0, HEADER_BYTES_MAX);
      bytes = HEADER;
      at = 0;
    }
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    const fault =
      faultOfHead(first, second, this.#isServer) ?? this.#faultOfOrder(first & OPCODE_BITS, first);
    if (fault !== undefined) throw this.#fail(protocolError(fault));
    const size = headerBytesOf(second);
    if (length < size) return false;
    this.#key = this.#isServer ? readWord(bytes, at + size - 4) | 0 : 0;
    this.#begin(first, second, payloadLength(bytes, at));
    queue.drain(size);
    return true;
  }

  /** What is wrong with a frame of this kind at this place; undefined: nothing. */
  #faultOfOrder(opcode: number, first: number): string | undefined {
    if (isControl(first)) return undefined;
    if (opcode === OPCODE_CONTINUATION) {
      return this.#fragments === 0 ? "Continuation of no message" : undefined;
    }
    if (this.#fragments > 0) return "New message within a fragmented one";
    return (first & RSV1) !== 0 && !this.#allowsCompression ? "RSV1 is set" : undefined;
  }

  #begin(first: number, second: number, length: number): void {
    const fault = faultOfLength(second, length);
    if (fault !== undefined) throw this.#fail(protocolError(fault));
    if (isControl(first)) this.#control = Buffer.allocUnsafe(length);
    else this.#beginData(first, length);
    this.#head = first;
    this.#received = 0;
    this.#missing = length;
  }

  #beginData(first: number, length: number): void {
    const opcode = first & OPCODE_BITS;
    if (opcode !== OPCODE_CONTINUATION) {
      this.isText = opcode === OPCODE_TEXT;
      this.isCompressed = (first & RSV1) !== 0;
      if (this.isText) this.#validator?.reset();
    }
    const bytesMax = this.isCompressed
      ? compressedBytesMax(this.#messageBytesMax)
      : this.#messageBytesMax;
    if (length > this.#frameBytesMax) throw this.#fail(tooBigError("Frame too long"));
    if (length > bytesMax - this.#message.length) throw this.#fail(tooBigError("Message too long"));
    if (this.#fragments >= this.#fragmentsMax) throw this.#fail(tooBigError("Too many fragments"));
    this.#fragments += 1;
  }

  #takeControl(queue: ByteQueue): number {
    this.#takePayload(queue, this.#control, this.#received, this.#missing);
    if (this.#missing > 0) return NEED_DATA;
    const opcode = this.#head & OPCODE_BITS;
    this.#head = -1;
    this.payload = this.#control;
    this.#control = NO_BYTES;
    if (opcode !== OPCODE_CLOSE) return opcode === OPCODE_PING ? PING : PONG;
    this.#readClose(this.payload);
    this.#isOver = true;
    return CLOSE;
  }

  #readClose(body: Buffer): void {
    if (body.length === 0) return;
    if (body.length === 1) throw this.#fail(protocolError("Close frame of one byte"));
    const code = body.readUInt16BE(0);
    if (!isCloseCode(code)) throw this.#fail(protocolError("Invalid close code"));
    const validator = new Utf8Validator();
    if (!validator.push(body, 2, body.length) || !validator.isComplete) {
      throw this.#fail(dataError("Close reason is not UTF-8"));
    }
    this.closeCode = code;
    this.closeReason = body.toString("utf8", 2);
  }

  #takeData(queue: ByteQueue): number {
    const count = Math.min(this.#missing, queue.length);
    const isFinal = (this.#head & FIN) !== 0;
    const isPlainText = this.isText && !this.isCompressed;
    const isWhole = isFinal && this.#fragments === 1 && this.#received === 0;
    if (isPlainText && isWhole && count === this.#missing && count <= SCRATCH.length) {
      return this.#takeShortText(queue, count);
    }
    const at = this.#message.length;
    const target = this.#message.reserve(count, this.#missing);
    this.#takePayload(queue, target, at, count);
    this.#message.length += count;
    if (isPlainText) this.#validate(target, at, at + count);
    if (this.#missing > 0) return NEED_DATA;
    this.#head = -1;
    if (!isFinal) return NEED_DATA;
    this.#fragments = 0;
    this.payload = this.#message.take();
    if (isPlainText) this.#decode(this.payload, this.payload.length);
    return MESSAGE;
  }

  /** A text that is here as a whole. */
  #takeShortText(queue: ByteQueue, count: number): number {
    this.#takePayload(queue, SCRATCH, 0, count);
    this.#validate(SCRATCH, 0, count);
    this.#head = -1;
    this.#fragments = 0;
    this.#decode(SCRATCH, count);
    return MESSAGE;
  }

  /** Moves at most `limit` bytes of the payload to `target`, unmasked. */
  #takePayload(queue: ByteQueue, target: Buffer, at: number, limit: number): void {
    const count = Math.min(limit, queue.length);
    if (count === 0) return;
    const key = this.#key;
    const { frontBytes, frontStart } = queue;
    if (count <= LOOP_BYTES_MAX && count <= queue.frontEnd - frontStart) {
      for (let i = 0, phase = this.#received; i < count; i += 1, phase += 1) {
        target[at + i] = frontBytes![frontStart + i]! ^ (key >>> (24 - (phase & 3) * 8));
      }
    } else {
      queue.copyOut(target, at, 0, count);
      if (key !== 0) applyMask(target, at, at + count, key, this.#received);
    }
    queue.drain(count);
    this.#received += count;
    this.#missing -= count;
  }

  #validate(bytes: Buffer, start: number, end: number): void {
    this.#validator ??= new Utf8Validator();
    if (!this.#validator.push(bytes, start, end)) throw this.#fail(dataError("Text is not UTF-8"));
  }

  #decode(bytes: Buffer, length: number): void {
    const validator = this.#validator as Utf8Validator;
    if (!validator.isComplete) throw this.#fail(dataError("Text is not UTF-8"));
    this.text = bytes.toString(validator.isAscii ? "latin1" : "utf8", 0, length);
  }

  #fail(error: WebSocketError): WebSocketError {
    this.#isOver = true;
    return error;
  }
}
