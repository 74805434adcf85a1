/**
 * The limits of an HTTP/1.1 server with their names and reasons: everything a peer controls has one.
 * Those of the syntax (head, fields, chunk extensions) are the parser's. options.ts reads them.
 */

/** From the first byte of a head, or from the connection, to its last: absolute, not per byte. */
export const HEAD_TIMEOUT_MS: number = 60_000;

/** A request body that stands still for so long, while somebody reads it. */
export const BODY_TIMEOUT_MS: number = 60_000;

/** A connection without a request: longer than what proxies keep one for (60 s), so they close. */
export const IDLE_TIMEOUT_MS: number = 75_000;

/** A peer that takes nothing of a waiting answer for so long is given up. */
export const WRITE_TIMEOUT_MS: number = 60_000;

/** From the first byte of a request to the last of its body: a bound for who drips. */
export const REQUEST_TIMEOUT_MS: number = 300_000;

/** Requests of one connection that wait for their answers; then no more are read. */
export const PIPELINED_MAX: number = 64;

/** The largest body unless the server's owner says more; larger ones get 413. */
export const SERVER_BODY_BYTES_MAX: number = 1024 * 1024;

/** After the last answer a connection's input is read and dropped for so long (RFC 9112 §9.6). */
export const HTTP_LINGER_MS: number = 1000;

/** As much of it, too; who sends more is cut off. */
export const LINGER_BYTES_MAX: number = 64 * 1024;

/** Of a body that its handler did not read so much is dropped; for more the connection closes. */
export const UNREAD_BODY_BYTES_MAX: number = 64 * 1024;

/** Answers that wait for their turn hold so much; then no more requests are read. */
export const HELD_BYTES_MAX: number = 256 * 1024;

/** Unread input of one connection: a body nobody reads, or requests that have to wait. */
export const UNREAD_BYTES_MAX: number = 64 * 1024;

/** How long `drain` waits for answers that are under way. */
export const DRAIN_MS: number = 30_000;

/** A connection that had no request yet may still send its first one for so long in a `drain`. */
export const DRAIN_GRACE_MS: number = 1000;

/** How often deadlines are looked at, at the least: so late is one at most. */
export const SWEEP_MS_MAX: number = 500;

/** How often at the most, whatever the deadlines. */
export const SWEEP_MS_MIN: number = 10;
