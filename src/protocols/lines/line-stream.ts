/**
 * Text lines in both directions over any buffered stream. The bytes are the parser's affair
 * (parser/line-parser.ts), the loop over lines line-reader.ts's; here are the handler, the end of a
 * peer that sends what is no line, and back-pressure.
 *
 * The rule of the file: nothing that a peer sends throws, and a line that came in may go out.
 */
import { misuse, outOfRange, wrongType } from "../../kernel/index.js";
import type { Timer } from "../../reactor/index.js";
import type { BufferedStream, StreamHandler, StreamTimeout } from "../../streams/index.js";
import { type LineError, lineErrorOf } from "./line-error.js";
import type { LineHandler, LineStreamOptions } from "./line-handler.js";
import { LineReader, type LineSource } from "./line-reader.js";
import { checkLine } from "./line-text.js";
import { LINE, LINE_BYTES_MAX, LineParser, NEED_DATA } from "./parser/line-parser.js";

/** A peer that was told why has so long to end its side; what it sends meanwhile is dropped. */
export const BAD_LINE_LINGER_MS: number = 2000;

export class LineStream<S extends BufferedStream = BufferedStream>
  implements AsyncIterable<string>, Disposable
{
  /** What carries the lines: its deadlines, ends and figures. Its handler is taken. */
  readonly stream: S;
  readonly #parser: LineParser;
  readonly #bytesMax: number;
  readonly #discards: boolean;
  #handler: LineHandler<this>;
  #reader: LineReader | undefined;
  #isPaused = false;
  /** For what the connection is being closed. */
  #fault: LineError | undefined;
  #closing: Timer | undefined;

  /**
   * Takes the place of the stream's handler at once. What the stream has read already comes first.
   *
   * @throws RangeError ERR_OUT_OF_RANGE: a limit that is no integer of 1 or more, or which the
   *   stream, whose reading stops at its high mark, would never reach.
   */
  constructor(
    stream: S,
    handler: LineHandler<LineStream<S>> = {},
    { lineBytesMax = LINE_BYTES_MAX, badLines = "close" }: LineStreamOptions = {},
  ) {
    const most = stream.readHighBytes - 2;
    if (!Number.isInteger(lineBytesMax) || lineBytesMax < 1 || lineBytesMax > most) {
      const allowed = `an integer from 1 to ${most}, two less than the stream's high read mark`;
      throw outOfRange("lineBytesMax", allowed, lineBytesMax);
    }
    if (badLines !== "close" && badLines !== "discard") {
      throw outOfRange("badLines", '"close" or "discard"', badLines);
    }
    this.stream = stream;
    this.#bytesMax = lineBytesMax;
    this.#discards = badLines === "discard";
    this.#parser = new LineParser(lineBytesMax);
    this.#handler = checkHandler(handler);
    stream.handler = this.#face();
    if (stream.isReading && !stream.input.isEmpty) stream.resume();
  }

  /** What is called; may be replaced at any time. `resume` offers it what is unread. */
  get handler(): LineHandler<this> {
    return this.#handler;
  }

  set handler(handler: LineHandler<this>) {
    this.#handler = checkHandler(handler);
  }

  /** True until an end: ours, the peer's, or that of a peer which sent what is no line. */
  get isWritable(): boolean {
    return this.stream.isWritable;
  }

  /** No line is given out until `resume`, not even one that came together with this one. */
  pause(): void {
    this.#isPaused = true;
    this.stream.pause();
  }

  /** Goes on, with the lines that have come already first. */
  resume(): void {
    this.#isPaused = false;
    this.stream.resume();
  }

  /**
   * Sends a line, with CR LF behind it.
   *
   * @returns false at the high mark of the stream: it was taken, but stop until `onDrain`.
   * @throws RangeError ERR_LINE_CHARACTER for a CR, LF or NUL in it; as `stream.write`.
   */
  write(line: string): boolean {
    return this.stream.write(`${checkLine(line)}\r\n`);
  }

  /** As `write`; resolves when there is room for more. Rejects when the stream is destroyed. */
  async writeAsync(line: string): Promise<void> {
    if (!this.write(line)) await this.stream.drained();
  }

  /** Ends our side, after a last line if one is given. */
  end(line?: string): void {
    if (line !== undefined) this.write(line);
    this.stream.end();
  }

  /** Ends both sides now, as `stream.destroy`. */
  destroy(error?: Error): void {
    this.stream.destroy(error);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /**
   * The lines as they come; the peer's end ends it, and leaving the loop early destroys the stream.
   * It takes `onLine`'s place.
   *
   * @throws what `onClose` would get.
   */
  [Symbol.asyncIterator](): AsyncIterator<string, undefined> {
    this.stream.reactor.assertNotBlocking("Async iteration");
    if (this.#reader !== undefined) {
      throw misuse(Error, "ERR_LINE_STREAM_BUSY", "The lines are being iterated over already");
    }
    this.#reader = new LineReader(this.#source());
    this.resume();
    return this.#reader;
  }

  #source(): LineSource {
    const lines = this;
    const { stream } = this;
    return {
      take() {
        try {
          return lines.#take();
        } catch (error) {
          // As the stream does with what its handlers throw.
          lines.destroy(error instanceof Error ? error : new Error(String(error)));
          stream.reactor.fail(error);
          return undefined;
        }
      },
      get isOver() {
        return stream.isDestroyed || stream.hasReadEnded || lines.#fault !== undefined;
      },
      get error() {
        return lines.#fault ?? stream.error;
      },
      readOn() {
        if (!stream.isReading && !lines.#isPaused && !this.isOver) stream.resume();
      },
      destroy: () => this.destroy(),
    };
  }

  /** The stream's handler: one for as long as it lives. */
  #face(): StreamHandler<BufferedStream> {
    const lines = this;
    return {
      onData: () => this.#deliver(),
      onEnd: () => {
        this.#reader?.settle();
        if (this.#fault === undefined) this.#handler.onEnd?.(this);
      },
      onDrain: () => this.#handler.onDrain?.(this),
      onFinish: () => this.#handler.onFinish?.(this),
      // Without one the stream's own way with deadlines holds.
      get onTimeout() {
        if (lines.#handler.onTimeout === undefined || lines.#fault !== undefined) return undefined;
        return (_: BufferedStream, which: StreamTimeout) =>
          lines.#handler.onTimeout?.(lines, which);
      },
      onClose: (_, error) => {
        this.#closing?.stop();
        this.#reader?.settle();
        this.#handler.onClose?.(this, this.#fault ?? error);
      },
    } as StreamHandler<BufferedStream>;
  }

  #deliver(): void {
    const { input } = this.stream;
    if (this.#fault !== undefined) input.clear();
    else if (this.#reader !== undefined) this.#reader.settle();
    else {
      while (!this.#isPaused && this.#reader === undefined && this.#handler.onLine !== undefined) {
        const line = this.#take();
        if (line === undefined) return;
        this.#handler.onLine(this, line);
      }
    }
  }

  /** The next line that is there. What is none is dealt with on the way. */
  #take(): string | undefined {
    while (this.#fault === undefined) {
      const event = this.#parser.next(this.stream.input);
      if (event === NEED_DATA) return undefined;
      if (event === LINE) return this.#parser.line;
      this.#reject(lineErrorOf(event, this.#bytesMax));
      if (this.#isPaused && this.#reader === undefined) break;
    }
    return undefined;
  }

  #reject(error: LineError): void {
    const { stream } = this;
    // After our end an answer would throw, and the peer decides whether that happens.
    const isTold = this.#handler.onBadLine !== undefined && stream.isWritable;
    if (isTold) this.#handler.onBadLine?.(this, error);
    if (this.#discards || stream.isDestroyed) return;
    this.#fault = error;
    if (!isTold) {
      stream.destroy(error);
      return;
    }
    // Not at once: a reset, which is what unread input makes of a close, may overtake the answer.
    stream.end();
    if (stream.isDestroyed) return;
    const giveUp = (): void => stream.destroy(error);
    this.#closing = stream.reactor.timer(BAD_LINE_LINGER_MS, giveUp);
    this.resume();
  }
}

function checkHandler<H extends object>(handler: H): H {
  if (typeof handler === "object" && handler !== null) return handler;
  throw wrongType("handler", "an object", handler);
}
