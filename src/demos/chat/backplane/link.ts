/** A way to the other servers: what is published there reaches everybody on the channel. */

export interface LinkHandler {
  /** Everything on the channel, our own texts among it. */
  onMessage(text: string): void;
  /** Once, never from within `publish`, and not for a link that we closed. Nothing comes after it. */
  onLost(reason: string): void;
}

export interface Link {
  /** Never throws; what cannot be sent is a reason for `onLost`. */
  publish(text: string): void;
  /** Ends it once what was published has arrived, or after a short while. Idempotent. */
  close(): Promise<void>;
  /** Ends it at once. Idempotent. */
  destroy(): void;
}

/** @throws an Error with a message for the log: no link within a deadline, or `signal` aborted. */
export type OpenLink = (handler: LinkHandler, signal: AbortSignal) => Promise<Link>;
