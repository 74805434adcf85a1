/** Node's own loop, as far as this library uses it: to wait for one descriptor without blocking. */

export interface HostLoop {
  /**
   * Prepares to watch a descriptor, a selector's kernel queue, in Node's loop. It starts disarmed.
   *
   * @param onReadable called from the loop, promises and process.nextTick run right after it; not
   *   called again unless armed again.
   */
  poll(fd: number, onReadable: () => void): HostPoll;
}

export interface HostPoll {
  /** Watches until the next `onReadable`, and keeps the process alive meanwhile. Idempotent. */
  arm(): void;
  /** Stops watching; the process may end. Idempotent. */
  disarm(): void;
  /** Gives the descriptor back. Idempotent; must come before the descriptor is closed. */
  close(): void;
}
