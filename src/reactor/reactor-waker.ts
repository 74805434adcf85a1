/**
 * Lets another thread call a function in this reactor's: a waker (see selectors/waker.ts) with a
 * handler. As long as one wake is pending, another costs no system call and counts as the same.
 */
import type { Kernel } from "../kernel/index.js";
import { EVENT_READ, WakeChannel, type WakerHandle } from "../selectors/index.js";
import type { Watch, WatchHandler } from "./watch.js";

export class ReactorWaker implements Disposable {
  /** It counts for `run()` only after `watch.ref()`. */
  readonly watch: Watch;
  readonly #channel: WakeChannel;
  readonly #unhook: () => void;
  #isClosed = false;

  /** Use `reactor.waker`. @param watch makes the watch of the channel's descriptor. */
  constructor(
    kernel: Kernel,
    handler: () => void,
    onReactorClose: (fn: () => void) => () => void,
    watch: (fd: number, events: number, handler: WatchHandler) => Watch,
  ) {
    const channel = new WakeChannel(kernel);
    this.#channel = channel;
    try {
      this.watch = watch(channel.fd, EVENT_READ, () => {
        channel.drain();
        handler();
      }).unref();
    } catch (error) {
      channel.close();
      throw error;
    }
    this.#unhook = onReactorClose(() => this.close());
  }

  /** As plain data, to post to another thread: `Waker.fromHandle(handle).wake()`. */
  get handle(): WakerHandle {
    return this.#channel.waker.handle;
  }

  /** Has the handler called in the next turn. */
  wake(): void {
    this.#channel.waker.wake();
  }

  /** Happens with the reactor's close as well. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unhook();
    this.watch.stop();
    this.#channel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
