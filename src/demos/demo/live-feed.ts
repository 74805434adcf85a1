/**
 * `GET /live`: server-sent events (HTML standard, §9.2) for the page, one beat for all who listen.
 *
 * The rules of this file: without a listener there is no timer, and nobody asks the kernel. What a
 * beat takes is measured and told with the next one. And a beat is for now: a client that does not
 * read gets none until it does; by their numbers it sees how many it missed.
 */
import type { SocketStream, Timer } from "socket-reactor";
import type { HttpHandler, HttpResponse } from "socket-reactor/protocols/http1";
import { madeNow } from "../http/made-now.js";
import { Refusal } from "../http/refusal.js";
import type { StateChange } from "./connection-book.js";
import { type BeatSource, takeBeat } from "./snapshot.js";

/** Fast enough for the eye, and a CLOSE_WAIT of the echo service is seen several times. */
export const BEAT_MS = 250;

/** All get the same bytes, but each has them sent. */
export const LISTENERS_MAX = 20;

/** The last changes, for who comes or comes back. */
export const CHANGES_KEPT = 30;

/** What a client waits before it comes back. */
const RETRY_MS = 1000;

export interface LiveFeedOptions extends BeatSource {
  /** For the page, said once. */
  readonly about: Readonly<Record<string, unknown>>;
  /** @defaultValue {@link BEAT_MS} */
  readonly beatMs?: number | undefined;
}

export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #beatMs: number;
  readonly #open = new Map<HttpResponse, SocketStream>();
  readonly #kept: StateChange[] = [];
  #timer: Timer | undefined;
  #beats = 0;
  #spentMs = 0;
  #isClosed = false;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#beatMs = options.beatMs ?? BEAT_MS;
  }

  readonly handler: HttpHandler = (request, response) => {
    madeNow(response, "text/event-stream");
    if (request.method === "HEAD" || this.#isClosed) {
      response.end(`retry: ${RETRY_MS}\n\n`);
      return;
    }
    if (this.#open.size >= LISTENERS_MAX) {
      throw new Refusal(503, "Enough others look already", { "Retry-After": "60" });
    }
    this.#start(response, request.stream);
    request.signal.addEventListener("abort", () => this.#end(response));
  };

  get listeners(): number {
    return this.#open.size;
  }

  /** Ends them all, and whoever comes later; browsers come back by themselves. */
  close(): void {
    this.#isClosed = true;
    for (const response of this.#open.keys()) this.#end(response);
  }

  #start(response: HttpResponse, stream: SocketStream): void {
    const { reactor, book, about } = this.#options;
    this.#open.set(response, stream);
    book.isWatched = true;
    this.#timer ??= reactor.timer(this.#beatMs, () => this.#beat(), { repeat: true }).unref();
    const hello = JSON.stringify({ ...about, beatMs: this.#beatMs, changes: this.#kept });
    response.write(`retry: ${RETRY_MS}\n\nevent: hello\ndata: ${hello}\n\n`);
  }

  /** A client that has only ended its side still reads, and is told. */
  #end(response: HttpResponse): void {
    if (!this.#open.delete(response)) return;
    if (!response.isEnded) response.end();
    if (this.#open.size > 0) return;
    this.#timer?.stop();
    this.#timer = undefined;
    this.#options.book.isWatched = false;
  }

  #beat(): void {
    const { reactor } = this.#options;
    const startMs = reactor.kernel.nowMs();
    this.#beats += 1;
    const event = this.#event();
    for (const [response, stream] of this.#open) {
      if (response.isFront && stream.pendingBytes === 0) response.write(event);
    }
    this.#spentMs += reactor.kernel.nowMs() - startMs;
  }

  #event(): string {
    const observers = new Set(this.#open.values());
    const beat = takeBeat(
      this.#options,
      { beats: this.#beats, ms: this.#spentMs, listeners: this.#open.size },
      ({ stream }) => observers.has(stream),
    );
    this.#kept.push(...beat.changes);
    this.#kept.splice(0, this.#kept.length - CHANGES_KEPT);
    return `id: ${this.#beats}\nevent: beat\ndata: ${JSON.stringify(beat)}\n\n`;
  }
}
