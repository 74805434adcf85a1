/** What a stream calls. */
import type { ByteQueue } from "./byte-queue.js";

/** Which deadline is over. */
export type StreamTimeout = "read" | "write" | "idle" | "total" | "linger";

/**
 * The face of a stream that allocates nothing per event. All are optional; they are called within a
 * turn of the reactor, in the asynchronous context of the code that made the stream. One that
 * throws destroys its stream, and the error goes where the reactor's errors go.
 *
 * libevent: the read, write and event callbacks of a bufferevent
 */
export interface StreamHandler<S> {
  /**
   * Bytes have come. `input` holds all that are unread; what the handler leaves there stays for the
   * next call, and is offered once more when the peer has ended. Views of it (`peek`) are lent and
   * hold only during the call.
   */
  onData?(stream: S, input: ByteQueue): void;
  /**
   * The peer will send no more (FIN). Unread input is left in `stream.input`. Afterwards the stream
   * ends its own side, unless `allowHalfOpen`.
   */
  onEnd?(stream: S): void;
  /** After a `write` that answered false: output is down to the low mark. */
  onDrain?(stream: S): void;
  /** After `end`: the kernel has taken everything, and our FIN. */
  onFinish?(stream: S): void;
  /**
   * A deadline is over. Without this handler the stream is destroyed with ERR_STREAM_TIMEOUT; with
   * it that is the handler's choice, and the time starts anew.
   */
  onTimeout?(stream: S, which: StreamTimeout): void;
  /**
   * The last call, exactly one: both sides have ended (no error), `destroy` was called, or a system
   * call failed. It is made within `destroy`, and nothing is called after it.
   */
  onClose?(stream: S, error: Error | undefined): void;
}
