/**
 * The Date field, made anew at most once a second, and with it the beginning of the answer that is
 * sent most. No request reads the clock: a timer says that the second is over, and it runs only
 * while answers are made, so that an idle server sleeps.
 */
import type { Reactor, Timer } from "../../../reactor/index.js";

const SECOND_MS = 1000;

export class DateLine {
  readonly #reactor: Reactor;
  readonly #serverLine: string;
  #timer: Timer | undefined;
  #line = "";
  #okLines = "";
  #okPrefix = "";

  /** @param serverLine a field that stands beside it, or "". */
  constructor(reactor: Reactor, serverLine: string) {
    this.#reactor = reactor;
    this.#serverLine = serverLine;
  }

  /** "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110 §5.6.7), and the server's line. */
  get line(): string {
    if (this.#line === "") this.#renew();
    return this.#line;
  }

  /** The server's line alone, for an answer that has a date of its own. */
  get serverLine(): string {
    return this.#serverLine;
  }

  /** The first line of a 200 answer, and `line`. */
  get okLines(): string {
    if (this.#line === "") this.#renew();
    return this.#okLines;
  }

  /** All of a plain 200 answer that stands before the number of its bytes. */
  get okPrefix(): string {
    if (this.#line === "") this.#renew();
    return this.#okPrefix;
  }

  stop(): void {
    this.#timer?.stop();
    this.#line = "";
  }

  #renew(): void {
    const now = Date.now();
    this.#line = `Date: ${new Date(now).toUTCString()}\r\n${this.#serverLine}`;
    this.#okLines = flat(`HTTP/1.1 200 OK\r\n${this.#line}`);
    this.#okPrefix = flat(`${this.#okLines}Content-Length: `);
    if (this.#reactor.isClosed) return;
    const restMs = SECOND_MS - (now % SECOND_MS);
    if (this.#timer !== undefined) this.#timer.start(restMs);
    else {
      this.#timer = this.#reactor
        .timer(restMs, () => {
          this.#line = "";
        })
        .unref();
    }
  }
}

/** No rope: it is copied with every answer. Latin-1 stays what it is. */
function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
