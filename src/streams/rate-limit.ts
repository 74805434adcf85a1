/**
 * How many bytes a second may pass: of one stream, or of all that share the limit. Here are the
 * settings, the totals and the timer; rate-bucket.ts counts, rate-turn.ts waits for a stream
 * (rate-gate.ts), and a stream that has no limits knows none of them.
 *
 * libevent: ev_token_bucket_cfg, bufferevent_rate_limit_group
 */
import { outOfRange, wrongType } from "../kernel/index.js";
import type { Reactor, Timer } from "../reactor/index.js";
import { RateBucket } from "./rate-bucket.js";

export { RATE_SERVED_MAX, RATE_SHARE_BYTES_MIN, RATE_WAIT_MS } from "./rate-bucket.js";

/** Rates and bursts of 1 or more; a rate of Infinity: no limit. */
export interface RateLimitOptions {
  /** Bytes received in a second. @defaultValue Infinity */
  readonly readBytesPerSecond?: number | undefined;
  /** Bytes sent in a second. @defaultValue Infinity */
  readonly writeBytesPerSecond?: number | undefined;
  /**
   * Bytes that may be received at once after a pause. The reactor's clock is no finer than a
   * millisecond: less than what comes in two of them lowers the rate.
   * @defaultValue one second's worth
   */
  readonly readBurstBytes?: number | undefined;
  /** As `readBurstBytes`, of what is sent. @defaultValue one second's worth */
  readonly writeBurstBytes?: number | undefined;
}

/** As {@link RateLimitOptions}, with nothing left open. */
export type RateLimitSettings = { readonly [K in keyof RateLimitOptions]-?: number };

/**
 * A limit of bytes per second. A stream has any number of limits (`StreamOptions.rateLimits`); one
 * that several streams have limits all of them together, and they take turns: each that waits gets
 * the same share, {@link RATE_SHARE_BYTES_MIN} bytes at least. Waiting costs no more than a timer.
 *
 * The limit is exact in one direction: N bytes never pass in less than (N - burst) / rate seconds
 * since it was made.
 *
 * @example
 * ```ts
 * import { Listener, RateLimit, Reactor } from "socket-reactor";
 * const reactor = new Reactor();
 * const all = new RateLimit(reactor, { writeBytesPerSecond: 10_000_000 });
 * Listener.tcp(reactor, { host: "127.0.0.1", port: 0 }, (stream) => stream.end("hello"), {
 *   stream: { rateLimits: [all] },
 * });
 * reactor.timer(1000, () => console.log(`${all.bytesWritten} bytes, ${all.waitingCount} wait`), {
 *   repeat: true,
 * });
 * all.update({ writeBytesPerSecond: 1_000_000 }); // for the streams that are open, too
 * ```
 */
export class RateLimit {
  readonly reactor: Reactor;
  /** For the streams. */
  readonly readBucket: RateBucket;
  /** For the streams. */
  readonly writeBucket: RateBucket;
  readonly #timer: Timer;
  #dueMs = Infinity;
  #options: RateLimitOptions = {};

  /** @throws RangeError ERR_OUT_OF_RANGE, TypeError ERR_INVALID_ARG_TYPE. */
  constructor(reactor: Reactor, options: RateLimitOptions = {}) {
    checkOptions(options);
    const onWait = (): void => this.#arm();
    this.reactor = reactor;
    this.#timer = reactor.timer(Infinity, () => this.#serve(), { start: false }).unref();
    this.readBucket = new RateBucket(reactor.kernel, onWait);
    this.writeBucket = new RateBucket(reactor.kernel, onWait);
    this.update(options);
  }

  /** What is set now, with the defaults. */
  get options(): RateLimitSettings {
    const { readBytesPerSecond = Infinity, writeBytesPerSecond = Infinity } = this.#options;
    const { readBurstBytes = readBytesPerSecond } = this.#options;
    const { writeBurstBytes = writeBytesPerSecond } = this.#options;
    return { readBytesPerSecond, writeBytesPerSecond, readBurstBytes, writeBurstBytes };
  }

  /** Bytes that have been received through it. */
  get bytesRead(): number {
    return this.readBucket.totalBytes;
  }

  /** Bytes that have been sent through it. */
  get bytesWritten(): number {
    return this.writeBucket.totalBytes;
  }

  /** Open streams that have it. */
  get streamCount(): number {
    return this.readBucket.members;
  }

  /** Directions of streams that wait for their turn: at most two of a stream. */
  get waitingCount(): number {
    return this.readBucket.waiterCount + this.writeBucket.waiterCount;
  }

  /**
   * Changes what is given, at once; undefined sets the default. A burst that was never given
   * follows its rate.
   *
   * @throws as the constructor; then nothing has changed.
   */
  update(options: RateLimitOptions): void {
    checkOptions(options);
    this.#options = { ...this.#options, ...options };
    const now = this.options;
    this.readBucket.configure(now.readBytesPerSecond, now.readBurstBytes);
    this.writeBucket.configure(now.writeBytesPerSecond, now.writeBurstBytes);
  }

  /** Sets the timer to when somebody can be served, if that is nearer than what it is set to. */
  #arm(): void {
    const delayMs = Math.min(this.readBucket.delayMs(), this.writeBucket.delayMs());
    if (delayMs === Infinity || this.reactor.isClosed) return;
    const dueMs = this.reactor.kernel.nowMs() + delayMs;
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    this.#timer.start(delayMs);
  }

  #serve(): void {
    try {
      this.readBucket.serve();
      this.writeBucket.serve();
    } finally {
      // Kept until now: who is served and waits again need not set the timer.
      this.#dueMs = Infinity;
      this.#arm();
    }
  }
}

function checkOptions(options: RateLimitOptions): void {
  for (const name of ["readBytesPerSecond", "writeBytesPerSecond"] as const) {
    const value = options[name];
    if (value !== undefined && value !== Infinity) checkAmount(name, value, ", or Infinity");
  }
  for (const name of ["readBurstBytes", "writeBurstBytes"] as const) {
    const value = options[name];
    if (value !== undefined) checkAmount(name, value, "");
  }
}

function checkAmount(name: string, value: number, orElse: string): void {
  if (typeof value !== "number") throw wrongType(name, "a number of bytes", value);
  if (value >= 1 && value <= Number.MAX_SAFE_INTEGER) return;
  throw outOfRange(name, `from 1 to ${Number.MAX_SAFE_INTEGER}${orElse}`, value);
}
