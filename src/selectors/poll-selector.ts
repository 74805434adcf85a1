/**
 * poll(2), everywhere: any number of descriptors, but all of them on every call. A descriptor that
 * was closed while registered is reported ready (POLLNVAL), so that its owner learns of it.
 */
import type { SelectorOptions } from "./base-selector.js";
import {
  EVENT_READ,
  EVENT_WRITE,
  type EventMask,
  FLAG_ERROR,
  FLAG_HANGUP,
  FLAG_READ_CLOSED,
  FLAGS_SHIFT,
} from "./events.js";
import { ListSelector } from "./list-selector.js";
import type { Capabilities } from "./selector.js";

/** Python: PollSelector */
export class PollSelector<D = undefined> extends ListSelector<D> {
  readonly capabilities: Capabilities = {
    backend: "poll",
    modes: new Set(["level"] as const),
    attachable: false,
    regularFiles: true,
    maxFd: 0x7fffffff,
  };
  protected readonly waitCall = "poll";
  protected readonly changeCall = "poll";
  readonly #readInterest: number;
  readonly #writeInterest: number;
  readonly #readClosed: number;
  readonly #hangup: number;
  readonly #error: number;

  constructor(options?: SelectorOptions<D>) {
    super(options);
    const { POLLIN, POLLOUT, POLLHUP, POLLERR, POLLNVAL, POLLRDHUP = 0 } = this.kernel.constants;
    this.#readInterest = POLLIN | POLLRDHUP;
    this.#writeInterest = POLLOUT;
    this.#readClosed = POLLRDHUP;
    this.#hangup = POLLHUP;
    this.#error = POLLERR | POLLNVAL;
  }

  protected toBits(events: EventMask): number {
    return (
      ((events & EVENT_READ) !== 0 ? this.#readInterest : 0) |
      ((events & EVENT_WRITE) !== 0 ? this.#writeInterest : 0)
    );
  }

  protected wait(timeoutMs: number): number {
    return this.kernel.poll(this.interests.entries, this.interests.count, this.events, timeoutMs);
  }

  protected translate(bits: number): number {
    const either = this.#hangup | this.#error;
    const events =
      ((bits & (this.#readInterest | either)) !== 0 ? EVENT_READ : 0) |
      ((bits & (this.#writeInterest | either)) !== 0 ? EVENT_WRITE : 0);
    const flags =
      ((bits & this.#hangup) !== 0 ? FLAG_HANGUP : 0) |
      ((bits & this.#error) !== 0 ? FLAG_ERROR : 0) |
      ((bits & this.#readClosed) !== 0 ? FLAG_READ_CLOSED : 0);
    return events | (flags << FLAGS_SHIFT);
  }
}
