/**
 * Node's own loop, as far as this library uses it: to wait for one descriptor without blocking, and
 * to let a reactor live in it. The real one is system-host-loop.ts; nothing else knows libuv.
 *
 * Callbacks come from the loop, never from within a call. Promises and process.nextTick run right
 * after each, before the next; what a callback throws is an uncaught exception.
 */

export interface HostLoop {
  /**
   * Prepares to watch a descriptor, a selector's kernel queue, in Node's loop. It starts disarmed.
   *
   * @param onReadable called from the loop; not called again unless armed again.
   */
  poll(fd: number, onReadable: () => void): HostPoll;

  /**
   * Attaches a reactor to Node's loop. It starts ref'ed, with nothing watched and no timer, and
   * lives until `close()`: one that is forgotten goes on until its thread ends.
   *
   * @param onTurn called from the loop, told why.
   */
  attach(onTurn: (reason: TurnReason) => void): HostAttachment;
}

export interface HostPoll {
  /** Watches until the next `onReadable`, and keeps the process alive meanwhile. Idempotent. */
  arm(): void;
  /** Stops watching; the process may end. Idempotent. */
  disarm(): void;
  /** Gives the descriptor back. Idempotent; must come before the descriptor is closed. */
  close(): void;
}

/** The watched descriptor is readable: said again in every iteration until it no longer is. */
export const TURN_READABLE = 0;
/** The dirty word is set, and Node is about to sleep. */
export const TURN_DIRTY = 1;
/** The time of `setTimer` has come. */
export const TURN_TIMER = 2;

/** Why `onTurn` is called. */
export type TurnReason = typeof TURN_READABLE | typeof TURN_DIRTY | typeof TURN_TIMER;

/**
 * A reactor's place in Node's loop (libuv: uv_poll, uv_prepare, uv_timer). What it watches and its
 * timer keep the process alive while it is ref'ed; with neither, it does not.
 */
export interface HostAttachment {
  /**
   * One word, read by the loop: while `dirty[0]` is not 0, `onTurn(TURN_DIRTY)` is called once in
   * every iteration, before Node sleeps, and Node does not sleep. Whoever attached sets and clears
   * it, at any time and from any callback. It lies in shared memory, so that nobody can detach it.
   *
   * It is no reason to live: when nothing else keeps the loop going, the loop ends without a call.
   * After `close()` it has no effect.
   */
  readonly dirty: Int32Array;

  /**
   * Watches a copy of the descriptor, a kernel queue, in place of the one watched before. It stays
   * watched: a turn costs no system call to stop and start it.
   *
   * @throws SystemError EBADF: no open descriptor, or closed; EPERM: a file that cannot be waited
   *   for. What was watched before still is.
   */
  watch(fd: number): void;

  /** Watches nothing. Idempotent. */
  unwatch(): void;

  /**
   * Calls `onTurn(TURN_TIMER)` once, in place of the timer set before.
   *
   * @param delayMs finite, at least 0, fractions allowed. Never early; late by up to 1 ms, plus
   *   what the loop is busy with. 0: in the next iteration, without sleeping; everything else that
   *   is ready in Node's loop gets its turn between two of these.
   * @throws RangeError ERR_OUT_OF_RANGE: negative, NaN or Infinity (clear it instead).
   * @throws SystemError EBADF: closed.
   */
  setTimer(delayMs: number): void;

  /** The timer does not come. Idempotent. */
  clearTimer(): void;

  /** What is watched and the timer keep the process alive. Idempotent. */
  ref(): void;

  /** They do not; `onTurn` is still called while something else does. Idempotent. */
  unref(): void;

  /** Gives everything back; no callback comes after it. Idempotent, also within `onTurn`. */
  close(): void;
}
