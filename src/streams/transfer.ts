/** Streams over sockets as the pool that moves their bytes sees them, see transfer-pool.ts. */

/** A stream that sends, as the pool sees it. */
export interface Sender {
  /** Its descriptor at this moment; -1 when closed. */
  readonly fd: number;
  /** Its place in the batch of what is to be sent; -1 when it has none. */
  stagedAt: number;
  /** False while it has unsent bytes outside the batch: what is written goes behind those. */
  readonly mayStage: boolean;
  /** The result of sending; keeps what was not sent. True if `afterSend` is to be called. */
  sent(result: number, arena: Buffer, offset: number, length: number): boolean;
  /** Here handlers may be called. */
  afterSend(): void;
}

/** A stream that receives as well. */
export interface Transfer extends Sender {
  /** The most it wants to receive now, 1 or more. */
  readonly readRoom: number;
  /** What it received last. */
  lastReceived: number;
  /** Bytes, 0 at the end of the stream, or a negative errno. The bytes are lent. */
  received(result: number, arena: Buffer, offset: number): void;
}
