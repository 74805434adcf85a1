/**
 * An open WebSocket: messages in both directions over a stream, pings, and the closing handshake.
 * websocket-sending.ts is the sending half, frame-parser.ts reads, deflate.ts is in between where it
 * was agreed on; accept-websocket.ts and connect-websocket.ts make connections. RFC 6455 §5 to §7
 *
 * States: open; closing, from the first close frame, the peer's FIN or a failure on; closed. The
 * rule of the file: outside "open" nothing is sent but a close frame, and no handler is called but
 * `onClose`, last.
 */
import { isUtf8 } from "node:buffer";
import { outOfRange } from "../../kernel/index.js";
import type { Timer } from "../../reactor/index.js";
import type { BufferedStream, ByteQueue } from "../../streams/index.js";
import { type Agreement, termsOf } from "./agreement.js";
import { Inflater } from "./deflate.js";
import {
  CLOSE_ABNORMAL,
  CLOSE_INTERNAL_ERROR,
  CLOSE_NO_STATUS,
  CLOSE_NORMAL,
  isCloseCode,
  REASON_BYTES_MAX,
} from "./parser/close-codes.js";
import { FIN, OPCODE_PING, OPCODE_PONG } from "./parser/frame-header.js";
import { CLOSE, FrameParser, MESSAGE, NEED_DATA, PING } from "./parser/frame-parser.js";
import { dataError, WebSocketError } from "./parser/websocket-error.js";
import { WebSocketSending } from "./websocket-sending.js";

/**
 * What a connection calls, within a turn of the reactor. All are optional. What one throws goes
 * where the reactor's errors go, and the connection is closed with 1011.
 */
export interface WebSocketHandler {
  /** A message came: a string for a text, else bytes in memory of their own. */
  onMessage?(socket: WebSocketConnection, data: string | Buffer): void;
  /** A ping came; it has been answered. */
  onPing?(socket: WebSocketConnection, data: Buffer): void;
  onPong?(socket: WebSocketConnection, data: Buffer): void;
  /** After a `send` that answered false: there is room again. */
  onDrain?(socket: WebSocketConnection): void;
  /**
   * The last call, exactly one, when the connection is over.
   *
   * @param code of the peer's close frame, 1005 if that had none; 1002, 1007 or 1009 if the peer broke
   *   the rules; 1011 if a handler threw; 1006 if the connection was lost, cut or given up.
   */
  onClose?(socket: WebSocketConnection, code: number, reason: string): void;
}

type State = "open" | "closing" | "closed";

export class WebSocketConnection extends WebSocketSending implements Disposable {
  /** What is called; may be replaced at any time. */
  handler: WebSocketHandler;
  readonly #parser: FrameParser;
  readonly #inflater: Inflater | undefined;
  /** While it is open, the next look at the peer; then the end of the peer's time to close. */
  readonly #timer: Timer;
  #state: State = "open";
  /** What comes is dropped: the peer's close frame was there, or something that broke the rules. */
  #isDeaf = false;
  #code: number = CLOSE_ABNORMAL;
  #reason = "";
  #isPaused = false;
  /** The last ping that came while the stream said stop. RFC 6455 §5.5.3 */
  #owedPong: Buffer | undefined;
  /** When the peer was heard last; where it could not be, as if it had been. */
  #heardMs: number;
  #isPinged = false;

  /** Use `acceptWebSocket` or `connectWebSocket`. */
  constructor(stream: BufferedStream, handler: WebSocketHandler, agreement: Agreement) {
    super(stream, agreement);
    const { settings, isServer, terms } = agreement;
    const allowsCompression = terms !== undefined;
    this.handler = handler;
    this.#parser = new FrameParser({ ...settings, isServer, allowsCompression });
    if (terms !== undefined) {
      this.#inflater = new Inflater(termsOf(terms, !isServer), settings.messageBytesMax);
    }
    this.#heardMs = stream.reactor.kernel.nowMs();
    this.#timer = stream.reactor.timer(settings.pingIntervalMs, () => this.#onTimer());
    stream.allowHalfOpen = false;
    stream.handler = {
      onData: (_, input) => this.#onData(input),
      onDrain: () => this.#onDrain(),
      onEnd: () => this.#beginClosing(),
      onClose: () => this.#onStreamClose(),
    };
    // What came together with the handshake is delivered in the next turn.
    stream.resume();
    // Who was slow to accept has missed the peer's end, which is not told twice.
    if (stream.hasReadEnded || stream.isDestroyed) {
      stream.reactor.deferPlain(() => this.#onMissedEnd());
    }
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /**
   * Begins the closing handshake: what was sent goes out, then a close frame, and messages that still
   * come are dropped. `onClose` is called when the peer has answered, or after `closeTimeoutMs`.
   * Does nothing if it is not open.
   *
   * @param code 1000, 1001 and the others that may be sent, or 3000 to 4999. RFC 6455 §7.4
   * @param reason at most 123 bytes of UTF-8.
   * @throws RangeError ERR_OUT_OF_RANGE
   */
  close(code: number = CLOSE_NORMAL, reason = ""): void {
    if (!isCloseCode(code)) throw outOfRange("code", "a close code that may be sent", code);
    const length = Buffer.byteLength(reason);
    if (length > REASON_BYTES_MAX) {
      throw outOfRange("reason", `at most ${REASON_BYTES_MAX} bytes`, length);
    }
    if (!this.isOpen) return;
    this.sendClose(code, reason);
    this.#beginClosing();
    this.resume();
  }

  [Symbol.dispose](): void {
    this.terminate();
  }

  /** No message is delivered, and nothing is read, until `resume`. */
  pause(): void {
    if (!this.isOpen) return;
    this.#isPaused = true;
    this.stream.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.stream.resume();
  }

  #onData(input: ByteQueue): void {
    this.#heard();
    while (!this.#isPaused && !this.#isDeaf) {
      const event = this.#next(input);
      if (event === NEED_DATA) break;
      if (event === CLOSE) this.#onCloseFrame();
      else if (this.isOpen) this.#deliver(event);
    }
    if (this.#isDeaf) input.clear();
  }

  /** The next event; a peer that breaks the rules is told so, and there is none. */
  #next(input: ByteQueue): number {
    try {
      const event = this.#parser.next(input);
      if (event === MESSAGE && this.#parser.isCompressed && this.isOpen) this.#inflate();
      return event;
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      this.#fail(error.closeCode, error.message);
      return NEED_DATA;
    }
  }

  #inflate(): void {
    const parser = this.#parser;
    const bytes = (this.#inflater as Inflater).inflate(parser.payload);
    parser.payload = bytes;
    if (!parser.isText) return;
    if (!isUtf8(bytes)) throw dataError("Text is not UTF-8");
    parser.text = bytes.toString();
  }

  #deliver(event: number): void {
    const { payload, isText, text } = this.#parser;
    this.#parser.release();
    try {
      if (event === MESSAGE) this.handler.onMessage?.(this, isText ? text : payload);
      else if (event === PING) {
        this.#answer(payload);
        this.handler.onPing?.(this, payload);
      } else this.handler.onPong?.(this, payload);
    } catch (error) {
      this.#onHandlerError(error);
    }
  }

  #answer(payload: Buffer): void {
    if (this.isBlocked) this.#owedPong = payload;
    else this.write(FIN | OPCODE_PONG, payload);
  }

  #onDrain(): void {
    this.isBlocked = false;
    if (!this.isOpen) return;
    const pong = this.#owedPong;
    this.#owedPong = undefined;
    if (pong !== undefined) this.#answer(pong);
    try {
      this.handler.onDrain?.(this);
    } catch (error) {
      this.#onHandlerError(error);
    }
  }

  #onHandlerError(error: unknown): void {
    if (this.#state !== "closed") this.#fail(CLOSE_INTERNAL_ERROR, "");
    this.stream.reactor.fail(error);
  }

  /** The server ends the connection, the client waits for that. RFC 6455 §7.1.1 */
  #onCloseFrame(): void {
    const { closeCode, closeReason } = this.#parser;
    this.#code = closeCode;
    this.#reason = closeReason;
    this.#isDeaf = true;
    this.sendClose(closeCode === CLOSE_NO_STATUS ? undefined : closeCode, "");
    this.#beginClosing();
    if (this.agreement.isServer) this.stream.end();
  }

  /** The peer is told why; what it still sends is dropped until it ends, so that it can read that. */
  #fail(code: number, reason: string): void {
    this.#code = code;
    this.#reason = reason;
    this.#isDeaf = true;
    this.sendClose(code, reason);
    this.#beginClosing();
    this.resume();
    this.stream.end();
  }

  /** From now on the peer has its time. It begins once. */
  #beginClosing(): void {
    if (!this.isOpen) return;
    this.#state = "closing";
    this.#owedPong = undefined;
    this.#timer.start(this.agreement.settings.closeTimeoutMs);
  }

  #onTimer(): void {
    if (!this.isOpen) this.terminate();
    else this.#lookAfterPeer();
  }

  /**
   * Pings a peer that was silent, gives up one that was pinged and still is. One that cannot be heard,
   * because we are paused, or asked, because output waits for it, is the stream's deadlines' affair.
   */
  #lookAfterPeer(): void {
    const { pingIntervalMs, pongTimeoutMs } = this.agreement.settings;
    if (!this.stream.isReading || this.stream.pendingBytes > 0) this.#heard();
    const silentMs = this.stream.reactor.kernel.nowMs() - this.#heardMs;
    if (this.#isPinged) this.terminate();
    else if (silentMs < pingIntervalMs) this.#timer.start(pingIntervalMs - silentMs);
    else {
      this.#isPinged = true;
      this.write(FIN | OPCODE_PING, "");
      this.#timer.start(pongTimeoutMs);
    }
  }

  #heard(): void {
    this.#heardMs = this.stream.reactor.kernel.nowMs();
    if (!this.#isPinged || !this.isOpen) return;
    this.#isPinged = false;
    this.#timer.start(this.agreement.settings.pingIntervalMs);
  }

  #onMissedEnd(): void {
    if (!this.stream.isDestroyed) {
      this.#beginClosing();
      this.stream.end();
    } else if (this.#state !== "closed") this.#onStreamClose();
  }

  #onStreamClose(): void {
    this.#state = "closed";
    this.#isDeaf = true;
    this.#timer.stop();
    this.handler.onClose?.(this, this.#code, this.#reason);
  }
}
