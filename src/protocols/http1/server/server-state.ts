/**
 * What the connections of a server share: its settings, counters and date, the parsers that nobody
 * needs at the moment, the list of the connections, and the one timer that looks at their deadlines.
 */
import type { Reactor, Timer } from "../../../reactor/index.js";
import { RequestParser } from "../parser/index.js";
import { DateLine } from "./date-line.js";
import type { HttpHandler } from "./handler.js";
import { SWEEP_MS_MAX, SWEEP_MS_MIN, UNREAD_BYTES_MAX } from "./limits.js";
import type { Settings } from "./options.js";
import type { HttpRequest } from "./request.js";
import { Counters } from "./stats.js";

/** Connections between two requests need no parser; so many are kept for those that begin one. */
const SPARE_PARSERS_MAX = 64;

/** Looks at a deadline so often while it runs that it is late by a quarter of it at most. */
const SWEEPS_PER_DEADLINE = 8;

/** A connection in the list, which links them without an object of its own. */
export interface Listed {
  previous: Listed | undefined;
  following: Listed | undefined;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /**
   * Looks at its deadlines. @param askedMs when the kernel was asked last, before `nowMs`: what the
   * peer has done since is not known.
   */
  sweep(nowMs: number, askedMs: number): void;
  /** The server drains: ends now if nothing is under way. @param isNewToo also before a request. */
  drain(isNewToo: boolean): void;
  destroy(): void;
}

export class ServerState {
  readonly reactor: Reactor;
  readonly handler: HttpHandler;
  readonly settings: Settings;
  readonly counters: Counters = new Counters();
  readonly dates: DateLine;
  /** Unread input at which a connection's stream stops: a whole head fits. */
  readonly unreadBytesMax: number;
  isDraining = false;
  /** Connections that were turned away and are not gone yet: they take nobody's place. */
  turnedAway = 0;
  /** Called when the last connection is gone. */
  onEmpty: (() => void) | undefined;
  readonly #parsers: RequestParser[] = [];
  readonly #sweepMs: number;
  #first: Listed | undefined;
  #sweeper: Timer | undefined;

  constructor(reactor: Reactor, handler: HttpHandler, settings: Settings) {
    this.reactor = reactor;
    this.handler = handler;
    this.settings = settings;
    const { serverName, headBytesMax } = settings;
    this.unreadBytesMax = Math.max(UNREAD_BYTES_MAX, 2 * headBytesMax);
    this.dates = new DateLine(reactor, serverName === "" ? "" : `Server: ${serverName}\r\n`);
    this.#sweepMs = sweepMsOf(settings);
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  takeParser(): RequestParser {
    return this.#parsers.pop() ?? new RequestParser(this.settings);
  }

  /** @param parser a fresh one. */
  giveParser(parser: RequestParser): void {
    if (this.#parsers.length < SPARE_PARSERS_MAX) this.#parsers.push(parser);
  }

  add(one: Listed): void {
    this.counters.connections += 1;
    this.counters.activeConnections += 1;
    const first = this.#first;
    one.following = first;
    if (first !== undefined) first.previous = one;
    this.#first = one;
    if (first === undefined) this.#startSweeping();
  }

  remove(one: Listed): void {
    const { previous, following } = one;
    if (previous !== undefined) previous.following = following;
    else if (this.#first === one) this.#first = following;
    else return;
    if (following !== undefined) following.previous = previous;
    one.previous = undefined;
    one.following = undefined;
    this.counters.activeConnections -= 1;
    this.counters.bytesRead += one.bytesRead;
    this.counters.bytesWritten += one.bytesWritten;
    if (this.#first !== undefined) return;
    this.#sweeper?.stop();
    this.onEmpty?.();
  }

  /** The callback may remove the one it is called with, or any other. */
  each(fn: (one: Listed) => void): void {
    const all: Listed[] = [];
    for (let one = this.#first; one !== undefined; one = one.following) all.push(one);
    for (const one of all) fn(one);
  }

  /** An error that is not the peer's doing. */
  report(error: unknown, request: HttpRequest | undefined): void {
    const { onError } = this.settings;
    if (onError === undefined) {
      this.reactor.fail(error);
      return;
    }
    try {
      onError(error, request);
    } catch (failure) {
      this.reactor.fail(failure);
    }
  }

  #startSweeping(): void {
    if (this.#sweepMs === Infinity || this.reactor.isClosed) return;
    this.#sweeper ??= this.reactor
      .timer(this.#sweepMs, () => this.#sweep(), { repeat: true, start: false })
      .unref();
    this.#sweeper.start();
  }

  #sweep(): void {
    const askedMs = this.reactor.nowMs;
    const nowMs = this.reactor.kernel.nowMs();
    let one = this.#first;
    while (one !== undefined) {
      const { following } = one;
      one.sweep(nowMs, askedMs);
      one = following;
    }
  }
}

function sweepMsOf(settings: Settings): number {
  const shortestMs = Math.min(
    settings.headTimeoutMs,
    settings.bodyTimeoutMs,
    settings.idleTimeoutMs,
    settings.writeTimeoutMs,
    settings.requestTimeoutMs,
  );
  if (shortestMs === Infinity) return Infinity;
  const wantedMs = Math.ceil(shortestMs / SWEEPS_PER_DEADLINE);
  return Math.min(Math.max(wantedMs, SWEEP_MS_MIN), SWEEP_MS_MAX);
}
