/**
 * A stream as to-duplex.ts and to-web.ts see it. An interface rather than the class, because
 * buffered-stream.ts imports them for its methods of these names.
 */
import type { Reactor } from "../reactor/index.js";
import type { Socket } from "../sockets/index.js";
import type { ByteQueue } from "./byte-queue.js";
import type { StreamHandler } from "./stream-handler.js";
import type { StreamTimeouts } from "./stream-options.js";

/** What can be adapted: every BufferedStream. */
export interface AdaptableStream {
  readonly reactor: Reactor;
  readonly input: ByteQueue;
  /** Absent for a stream that no socket carries. */
  readonly socket?: Socket | undefined;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly pendingBytes: number;
  readonly isDestroyed: boolean;
  readonly error: Error | undefined;
  readonly isWritable: boolean;
  readonly hasReadEnded: boolean;
  allowHalfOpen: boolean;
  handler: StreamHandler<never>;
  write(data: Uint8Array | string): boolean;
  writeReference(bytes: Uint8Array, onRelease?: () => void): boolean;
  writeAsync(data: Uint8Array): Promise<void>;
  end(): void;
  destroy(error?: Error): void;
  pause(): void;
  resume(): void;
  setTimeouts(timeouts: StreamTimeouts): void;
}
