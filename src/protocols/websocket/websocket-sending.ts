/**
 * The sending half of a connection: messages, pings and the close frame, masked if we are a client,
 * compressed if that was agreed on. The receiving half, and with it the whole, is
 * websocket-connection.ts; frame-writer.ts puts frames on the stream.
 *
 * The rule of the file: nothing is written to a stream that is ending, and no handler is called.
 */
import { misuse, outOfRange, wrongType } from "../../kernel/index.js";
import type { BufferedStream } from "../../streams/index.js";
import { type Agreement, termsOf } from "./agreement.js";
import { Deflater } from "./deflate.js";
import { writeFrame, writeOwned } from "./frame-writer.js";
import { randomKey } from "./masks.js";
import { encodeCloseBody } from "./parser/frame-encoder.js";
import {
  FIN,
  OPCODE_BINARY,
  OPCODE_CLOSE,
  OPCODE_PING,
  OPCODE_TEXT,
  RSV1,
} from "./parser/frame-header.js";
import { CONTROL_BYTES_MAX } from "./parser/parser-limits.js";

export abstract class WebSocketSending {
  /** What carries it. To be looked at: nothing else may be written to it. */
  readonly stream: BufferedStream;
  /** The subprotocol that was agreed on; "" if none. */
  readonly protocol: string;
  protected readonly agreement: Agreement;
  /** The stream said stop, and `onDrain` will come. */
  protected isBlocked = false;
  readonly #deflater: Deflater | undefined;
  #hasSentClose = false;

  protected constructor(stream: BufferedStream, agreement: Agreement) {
    const { terms, isServer, settings } = agreement;
    this.stream = stream;
    this.protocol = agreement.protocol;
    this.agreement = agreement;
    if (terms === undefined || settings.deflate === undefined) return;
    this.#deflater = new Deflater(termsOf(terms, isServer), settings.deflate.level);
  }

  /** True until the first close frame, the peer's end, or a failure. */
  abstract readonly isOpen: boolean;

  /** Whether permessage-deflate was agreed on. */
  get isDeflating(): boolean {
    return this.#deflater !== undefined;
  }

  /** Bytes that were sent and that the kernel has not taken. */
  get pendingBytes(): number {
    return this.stream.pendingBytes;
  }

  /**
   * Sends a message: a text for a string, else bytes, which may be changed afterwards.
   *
   * @returns false: stop until `onDrain`, everything was taken; or, if `isOpen` is false, nothing is
   *   sent any more and `onClose` is called, or was.
   * @throws TypeError ERR_INVALID_ARG_TYPE
   */
  send(data: string | Uint8Array): boolean {
    const isText = typeof data === "string";
    if (!isText && !(data instanceof Uint8Array)) {
      throw wrongType("data", "a string or a Uint8Array", data);
    }
    if (!this.#maySend()) return false;
    const opcode = FIN | (isText ? OPCODE_TEXT : OPCODE_BINARY);
    const deflater = this.#deflater;
    const bytesMin = this.agreement.settings.deflate?.messageBytesMin ?? 0;
    if (deflater === undefined || data.length < bytesMin) return this.write(opcode, data);
    const deflated = deflater.deflate(isText ? Buffer.from(data) : data);
    return this.#wrote(writeOwned(this.stream, opcode | RSV1, deflated, this.#key()));
  }

  /**
   * Sends what `encodeMessage` made, without a copy: it must not be changed any more.
   *
   * @returns as `send`.
   * @throws Error ERR_WEBSOCKET_CLIENT: a client masks each message for itself.
   */
  sendEncoded(message: Buffer): boolean {
    if (!(message instanceof Uint8Array)) throw wrongType("message", "a Buffer", message);
    if (!this.agreement.isServer) {
      throw misuse(Error, "ERR_WEBSOCKET_CLIENT", "A client cannot send what was encoded for all");
    }
    if (!this.#maySend()) return false;
    return this.#wrote(this.stream.writeReference(message));
  }

  /**
   * Sends a ping; the peer answers with the same data.
   *
   * @param data at most 125 bytes.
   * @returns as `send`.
   * @throws RangeError ERR_OUT_OF_RANGE
   */
  ping(data: string | Uint8Array = ""): boolean {
    const length = Buffer.byteLength(data);
    if (length > CONTROL_BYTES_MAX) {
      throw outOfRange("data", `at most ${CONTROL_BYTES_MAX} bytes`, length);
    }
    return this.#maySend() && this.write(FIN | OPCODE_PING, data);
  }

  /** Ends the connection now, without a close frame; `onClose` is called within. Idempotent. */
  terminate(): void {
    this.stream.destroy();
  }

  protected write(first: number, data: string | Uint8Array): boolean {
    return this.#wrote(writeFrame(this.stream, first, data, this.#key()));
  }

  /** Once. @param code undefined: none. */
  protected sendClose(code: number | undefined, reason: string): void {
    if (this.#hasSentClose || !this.stream.isWritable) return;
    this.#hasSentClose = true;
    this.write(FIN | OPCODE_CLOSE, encodeCloseBody(code, reason));
  }

  #maySend(): boolean {
    if (!this.isOpen || !this.stream.isWritable) return false;
    if (this.stream.pendingBytes <= this.agreement.settings.pendingBytesMax) return true;
    this.terminate();
    return false;
  }

  #key(): number | undefined {
    return this.agreement.isServer ? undefined : randomKey();
  }

  #wrote(hasRoom: boolean): boolean {
    this.isBlocked = !hasRoom;
    return hasRoom;
  }
}
