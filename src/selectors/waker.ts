/**
 * Ends a selector's wait from any thread. mio: Waker. Underneath is an eventfd, or a pipe where
 * there is none, and a word of shared memory that coalesces: as long as a wake is pending, another
 * one costs no system call.
 */
import { check, type Fd, type Kernel, misuse, systemKernel, toFd } from "../kernel/index.js";

const IDLE = 0;
const PENDING = 1;
const CLOSED = 2;

/** What an eventfd adds; a pipe does not care. */
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** A waker as plain data, to post to another thread. Valid while the selector is open. */
export interface WakerHandle {
  readonly fd: number;
  readonly state: Int32Array;
}

/**
 * @example
 * ```ts
 * import { Worker } from "node:worker_threads";
 * import { DefaultSelector } from "socket-reactor";
 * const selector = new DefaultSelector();
 * // worker.js: Waker.fromHandle(workerData).wake();
 * new Worker(new URL("./worker.js", import.meta.url), { workerData: selector.waker.handle });
 * selector.select(); // returns [] when the worker wakes it
 * selector.close();
 * ```
 */
export class Waker implements Disposable {
  readonly #kernel: Kernel;
  readonly #fd: Fd;
  readonly #state: Int32Array;
  #isClosed = false;

  private constructor(kernel: Kernel, fd: Fd, state: Int32Array) {
    this.#kernel = kernel;
    this.#fd = fd;
    this.#state = state;
  }

  /** A waker that writes to `fd`, which it owns. For selectors. */
  static own(kernel: Kernel, fd: Fd): Waker {
    return new Waker(kernel, fd, new Int32Array(new SharedArrayBuffer(4)));
  }

  /**
   * The other thread's end: it holds a copy of the descriptor, so that a number reused after the
   * selector closed is never written to.
   *
   * @throws Error ERR_SELECTOR_CLOSED if the selector is closed already.
   * @throws SystemError EMFILE: no room for the copy.
   */
  static fromHandle(
    handle: WakerHandle,
    { kernel = systemKernel }: { kernel?: Kernel } = {},
  ): Waker {
    const copy = Atomics.load(handle.state, 0) === CLOSED ? undefined : kernel.dup(handle.fd);
    // Closing sets the state before it frees the number: open now means open when it was copied.
    if (copy === undefined || Atomics.load(handle.state, 0) === CLOSED) {
      if (copy !== undefined && copy >= 0) kernel.close(copy);
      throw misuse(Error, "ERR_SELECTOR_CLOSED", "The waker's selector is closed");
    }
    return new Waker(kernel, toFd(check("dup", copy)), handle.state);
  }

  /** What to post to another thread; see {@link Waker.fromHandle}. */
  get handle(): WakerHandle {
    return { fd: this.#fd, state: this.#state };
  }

  /**
   * Ends the selector's current wait, or the next one. Any number of calls before it does counts
   * as one. Does nothing once the selector or this waker is closed.
   */
  wake(): void {
    if (this.#isClosed || Atomics.compareExchange(this.#state, 0, IDLE, PENDING) !== IDLE) return;
    // EAGAIN would mean that it is pending already; nothing else can happen to our own descriptor.
    this.#kernel.write(this.#fd, ONE, 0, ONE.length);
  }

  /** The next `wake()` writes again. For selectors, after reading the descriptor empty. */
  rearm(): void {
    Atomics.compareExchange(this.#state, 0, PENDING, IDLE);
  }

  /** Tells the other threads' ends that the selector is gone. For selectors, before `close`. */
  retire(): void {
    Atomics.store(this.#state, 0, CLOSED);
  }

  /** Frees this end's descriptor. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#kernel.close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
