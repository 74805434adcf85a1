/**
 * The answers of one connection in the order of its requests, whatever the order in which their
 * handlers finish (RFC 9112 §9.3.2): the first one writes, the others hold what they have. Texts that
 * belong to one batch of requests are put together and written once.
 *
 * request-intake.ts, on top of it, makes the requests; connection.ts has the connection's life.
 */
import type { ByteQueue, SocketStream } from "../../../streams/index.js";
import type { Answer, AnswerChannel, HeldFile } from "./channel.js";
import type { DateLine } from "./date-line.js";
import type { HttpRequest } from "./request.js";
import type { ServerState } from "./server-state.js";

/** Texts of one batch are written when there is so much: it fits a stream's stage. */
const BATCH_TEXT_MAX = 4096;

export abstract class AnswerOrder implements AnswerChannel {
  readonly stream: SocketStream;
  isPeerEnded = false;
  protected readonly server: ServerState;
  /** The request whose answer is written now, and those behind it. */
  protected first: Answer | undefined = undefined;
  protected last: Answer | undefined = undefined;
  protected unanswered = 0;
  protected heldBytes = 0;
  /** Requests are being taken off the input: texts are put together until that is over. */
  protected isBatching = false;
  #text = "";

  constructor(server: ServerState, stream: SocketStream) {
    this.server = server;
    this.stream = stream;
  }

  abstract mustClose(answer: Answer): boolean;
  abstract handOver(answer: Answer): SocketStream;
  /** Answers have ended and gone out; `isLast`: nothing may follow the last of them. */
  protected abstract answered(isLast: boolean): void;

  get dates(): DateLine {
    return this.server.dates;
  }

  writeText(text: string): void {
    if (!this.isBatching) {
      if (!this.stream.isDestroyed) this.stream.write(text);
      return;
    }
    this.#text += text;
    if (this.#text.length > BATCH_TEXT_MAX) this.flushText();
  }

  writeBytes(bytes: Uint8Array): void {
    this.flushText();
    if (!this.stream.isDestroyed) this.stream.write(bytes);
  }

  writeQueue(queue: ByteQueue): void {
    this.flushText();
    if (!this.stream.isDestroyed) this.stream.write(queue);
  }

  writeFile({ fd, offset, length, onSent }: HeldFile): void {
    this.flushText();
    if (this.stream.isDestroyed) onSent?.(false);
    else this.stream.sendFile(fd, offset, length, { onSent });
  }

  hasRoom(): boolean {
    this.flushText();
    return this.stream.isDestroyed ? false : this.stream.write("");
  }

  held(bytes: number): void {
    this.heldBytes += bytes;
  }

  ended(answer: Answer): void {
    const { counters } = this.server;
    counters.responses += 1;
    counters.activeRequests -= 1;
    if (answer.status >= 400) counters.countError(answer.status);
    if (answer !== this.first) return;
    let front: Answer | undefined = answer;
    while (front?.isEnded === true) {
      const { isLast, next }: Answer = front;
      this.shift(next);
      if (isLast) {
        this.answered(true);
        return;
      }
      next?.takeTurn();
      this.wakeFront();
      // It has ended within that, and with it went those behind it, or the connection.
      if (this.first !== next) return;
      front = next;
    }
    this.answered(false);
  }

  protected enqueue(answer: Answer): void {
    this.server.counters.activeRequests += 1;
    this.unanswered += 1;
    if (this.last === undefined) {
      answer.isFront = true;
      this.first = answer;
    } else this.last.next = answer;
    this.last = answer;
  }

  /** The answer whose turn it is may go on, if it was told to stop. */
  protected wakeFront(): void {
    const { first } = this;
    if (first?.needsDrain !== true || !this.hasRoom()) return;
    try {
      first.roomAgain();
    } catch (error) {
      this.server.report(error, undefined);
      this.stream.destroy();
    }
  }

  /** What was put together goes to the stream. */
  protected flushText(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    if (!this.stream.isDestroyed) this.stream.write(text);
  }

  /** Its handler hears that nothing will come of it; what that throws stays here. */
  protected abortRequest(request: HttpRequest | undefined, error: Error): void {
    try {
      request?.aborted(error);
    } catch (failure) {
      this.server.report(failure, request);
    }
  }

  /** Those that have not ended are not going to. */
  protected abortAnswers(error: Error): void {
    let answer = this.first;
    this.first = undefined;
    this.last = undefined;
    this.unanswered = 0;
    const { counters } = this.server;
    while (answer !== undefined) {
      const { next }: Answer = answer;
      if (!answer.isEnded) {
        counters.aborted += 1;
        counters.activeRequests -= 1;
      }
      try {
        answer.abort(error);
      } catch (failure) {
        this.server.report(failure, undefined);
      }
      answer = next;
    }
  }

  protected shift(next: Answer | undefined): void {
    this.first = next;
    if (next === undefined) this.last = undefined;
    this.unanswered -= 1;
  }
}
