/**
 * epoll(7), Linux: registrations live in the kernel, so a wait costs what is ready, not what is
 * registered.
 *
 * epoll knows an entry by the pair (descriptor number, open file). Closing a number removes its
 * entry only when no dup keeps the file open; otherwise the entry stays, cannot be named any more,
 * and reports for ever: a ghost. Hence tokens, hence `rebuildQueue`.
 *
 * EPOLLHUP and EPOLLERR are reported whatever one asks for. A registration without interest would
 * make every wait return at once, so a paused one is removed from the kernel.
 */
import { check, errnoOf, type Fd, toFd } from "../kernel/index.js";
import { BaseSelector, type SelectorOptions } from "./base-selector.js";
import {
  EVENT_READ,
  EVENT_WRITE,
  FLAG_ERROR,
  FLAG_HANGUP,
  FLAG_READ_CLOSED,
  FLAGS_SHIFT,
  type Mode,
} from "./events.js";
import type { Registration } from "./registration.js";
import type { Capabilities } from "./selector.js";

const EEXIST = errnoOf("EEXIST");
const MODES: ReadonlySet<Mode> = new Set<Mode>(["level", "edge", "oneshot"]);

/** Python: EpollSelector */
export class EpollSelector<D = undefined> extends BaseSelector<D> {
  readonly capabilities: Capabilities = {
    backend: "epoll",
    modes: MODES,
    attachable: true,
    regularFiles: false,
    maxFd: 0x7fffffff,
  };
  protected readonly waitCall = "epoll_wait";
  protected readonly changeCall = "epoll_ctl";
  protected readonly intsPerEvent: number;
  readonly #add: number;
  readonly #mod: number;
  readonly #del: number;
  readonly #justReadable: number;
  readonly #readInterest: number;
  readonly #writeInterest: number;
  readonly #readBits: number;
  readonly #writeBits: number;
  readonly #modeBits: Readonly<Record<Mode, number>>;
  readonly #hangup: number;
  readonly #error: number;
  readonly #readClosed: number;
  #epfd: Fd;

  /** @throws SystemError ENOSYS (no epoll here), EMFILE, ENFILE, ENOMEM. */
  constructor(options?: SelectorOptions<D>) {
    super(options);
    this.#epfd = toFd(check("epoll_create1", this.kernel.epoll_create1()));
    const { constants } = this.kernel;
    const number = (name: keyof typeof constants) => constants[name] ?? 0;
    this.intsPerEvent = number("EPOLL_INTS");
    this.#add = number("EPOLL_CTL_ADD");
    this.#mod = number("EPOLL_CTL_MOD");
    this.#del = number("EPOLL_CTL_DEL");
    this.#hangup = number("EPOLLHUP");
    this.#error = number("EPOLLERR");
    this.#readClosed = number("EPOLLRDHUP");
    this.#justReadable = number("EPOLLIN");
    // RDHUP only beside IN: to a writer it is no news, and it would be reported again and again.
    this.#readInterest = this.#justReadable | this.#readClosed;
    this.#writeInterest = number("EPOLLOUT");
    this.#readBits = this.#readInterest | this.#hangup | this.#error;
    this.#writeBits = this.#writeInterest | this.#hangup | this.#error;
    this.#modeBits = { level: 0, edge: number("EPOLLET"), oneshot: number("EPOLLONESHOT") };
  }

  fileno(): Fd {
    this.assertOpen();
    return this.#epfd;
  }

  /**
   * EEXIST for a number that our table does not know: it was closed and made again as a dup of the
   * same open file, which to epoll is the old entry. That one is taken over.
   */
  protected add(registration: Registration<D>): number {
    const result = this.#control(this.#add, registration);
    return result === EEXIST ? this.#control(this.#mod, registration) : result;
  }

  protected change(registration: Registration<D>): number {
    if (registration.kernelEvents === 0) return this.add(registration);
    if (registration.key.events !== 0) return this.#control(this.#mod, registration);
    this.remove(registration);
    return 0;
  }

  protected remove(registration: Registration<D>): void {
    this.#control(this.#del, registration);
  }

  protected wait(timeoutMs: number): number {
    return this.kernel.epoll_wait(this.#epfd, this.events, timeoutMs);
  }

  protected translate(bits: number): number {
    if (bits === this.#justReadable) return EVENT_READ; // by far the most frequent
    const events =
      ((bits & this.#readBits) !== 0 ? EVENT_READ : 0) |
      ((bits & this.#writeBits) !== 0 ? EVENT_WRITE : 0);
    const flags =
      ((bits & this.#hangup) !== 0 ? FLAG_HANGUP : 0) |
      ((bits & this.#error) !== 0 ? FLAG_ERROR : 0) |
      ((bits & this.#readClosed) !== 0 ? FLAG_READ_CLOSED : 0);
    return events | (flags << FLAGS_SHIFT);
  }

  protected override queueFd(): Fd {
    return this.#epfd;
  }

  protected override rebuildQueue(): void {
    const fresh = this.kernel.epoll_create1();
    if (fresh < 0) return;
    this.#epfd = toFd(fresh);
    for (const registration of this.table) {
      // Adding would arm a "oneshot" that has fired; `modify` adds it instead.
      if (registration.hasFired) registration.kernelEvents = 0;
      if (registration.kernelEvents !== 0) this.#control(this.#add, registration);
    }
  }

  protected closeQueue(): void {
    this.kernel.close(this.#epfd);
  }

  #control(operation: number, registration: Registration<D>): number {
    const { fd, key, mode, slot, generation } = registration;
    const bits =
      ((key.events & EVENT_READ) !== 0 ? this.#readInterest : 0) |
      ((key.events & EVENT_WRITE) !== 0 ? this.#writeInterest : 0) |
      this.#modeBits[mode];
    return this.kernel.epoll_ctl(this.#epfd, operation, fd, bits >>> 0, slot, generation);
  }
}
