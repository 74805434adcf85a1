/** The selector's side of its waker: the descriptor it watches, and reading it empty. */
import { check, type Fd, type Kernel, toFd } from "../kernel/index.js";
import { Waker } from "./waker.js";

export class WakeChannel {
  readonly waker: Waker;
  /** Readable while a wake is pending. */
  readonly fd: Fd;
  readonly #kernel: Kernel;
  readonly #drained = new Uint8Array(64);
  readonly #isPipe: boolean;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    const eventfd = kernel.eventfd();
    this.#isPipe = eventfd < 0;
    if (this.#isPipe) {
      const ends = new Int32Array(2);
      check("pipe2", kernel.pipe2(false, ends));
      this.fd = toFd(ends[0] ?? -1);
      this.waker = Waker.own(kernel, toFd(ends[1] ?? -1));
    } else {
      this.fd = toFd(eventfd);
      this.waker = Waker.own(kernel, this.fd);
    }
  }

  /**
   * Takes the pending wake. A wake that comes between the two lines writes nothing and is lost in
   * this one, which is right: the wait it was to end is over.
   */
  drain(): void {
    this.#kernel.read(this.fd, this.#drained, 0, this.#drained.length);
    this.waker.rearm();
  }

  close(): void {
    this.waker.retire();
    this.waker.close();
    if (this.#isPipe) this.#kernel.close(this.fd);
  }
}
