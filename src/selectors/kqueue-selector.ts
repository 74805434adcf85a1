/**
 * kqueue(2), macOS and the BSDs. Interest is one filter a direction, registered and reported
 * separately: a descriptor that is ready both ways comes back as two events, merged here into one.
 * Closing a descriptor removes its filters, so there are no ghosts. Over a library whose queue
 * cannot be polled (queue-test.ts), `ready` looks from a timer (kept-events.ts).
 */
import { CHANGE_INTS, check, type Fd, toFd } from "../kernel/index.js";
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
import { KeptEvents } from "./kept-events.js";
import { isPollable } from "./queue-test.js";
import type { Registration } from "./registration.js";
import type { Capabilities } from "./selector.js";

const MODES: ReadonlySet<Mode> = new Set<Mode>(["level", "edge", "oneshot"]);
const NO_CHANGES = new Int32Array(0);
const NO_EVENTS = new Int32Array(0);

/** Python: KqueueSelector */
export class KqueueSelector<D = undefined> extends BaseSelector<D> {
  readonly capabilities: Capabilities;
  protected readonly waitCall = "kevent";
  protected readonly changeCall = "kevent";
  protected readonly intsPerEvent: number;
  readonly #changes = new Int32Array(2 * CHANGE_INTS);
  readonly #filters: readonly (readonly [event: number, filter: number])[];
  readonly #delete: number;
  readonly #modeFlags: Readonly<Record<Mode, number>>;
  /** Where in the batch a slot was reported first, plus one. */
  readonly #mergedAt: number[] = [];
  /** Empty for ever if the queue can be polled. */
  readonly #kept = new KeptEvents<D>(this.table);
  #kq: Fd;

  /** @throws SystemError ENOSYS (no kqueue here), EMFILE, ENFILE, ENOMEM. */
  constructor(options?: SelectorOptions<D>) {
    super(options);
    this.#kq = toFd(check("kqueue", this.kernel.kqueue()));
    this.capabilities = {
      backend: "kqueue",
      modes: MODES,
      attachable: isPollable(this.kernel, this.#kq),
      regularFiles: true,
      maxFd: 0x7fffffff,
    };
    const { constants } = this.kernel;
    const { EVFILT_READ = 0, EVFILT_WRITE = 0, EV_ADD = 0, EV_DELETE = 0 } = constants;
    this.#filters = [
      [EVENT_READ, EVFILT_READ],
      [EVENT_WRITE, EVFILT_WRITE],
    ];
    this.#delete = EV_DELETE;
    this.#modeFlags = {
      level: EV_ADD,
      edge: EV_ADD | (constants.EV_CLEAR ?? 0),
      oneshot: EV_ADD | (constants.EV_ONESHOT ?? 0),
    };
    // Two filters a registration.
    this.intsPerEvent = 2 * constants.KEVENT_INTS;
  }

  fileno(): Fd {
    this.assertOpen();
    return this.#kq;
  }

  protected add(registration: Registration<D>): number {
    return this.#submit(registration, 0, registration.key.events);
  }

  protected change(registration: Registration<D>): number {
    // A "oneshot" that fired has no filter left: all of its interest is submitted again.
    const known = registration.hasFired ? 0 : registration.kernelEvents;
    return this.#submit(registration, known, registration.key.events);
  }

  protected remove(registration: Registration<D>): void {
    this.#submit(registration, registration.kernelEvents, 0);
  }

  /** The filter that did not fire is still armed; "once" is meant for both together. */
  protected override disarm(registration: Registration<D>): void {
    this.#submit(registration, registration.kernelEvents, 0);
  }

  protected wait(timeoutMs: number): number {
    const timeout = this.#kept.isEmpty ? timeoutMs : 0;
    const count = this.kernel.kevent(this.#kq, NO_CHANGES, 0, this.events, timeout);
    const merged = count > 0 ? this.#merge(count) : count;
    return merged < 0 || this.#kept.isEmpty ? merged : this.#kept.moveTo(this.events, merged);
  }

  protected override putBack(count: number): void {
    this.#kept.keep(this.events, count);
  }

  /** `merge` has done it. */
  protected translate(bits: number): number {
    return bits;
  }

  protected override queueFd(): Fd | undefined {
    return this.capabilities.attachable ? this.#kq : undefined;
  }

  protected closeQueue(): void {
    this.kernel.close(this.#kq);
  }

  /** Filters of `wanted` that are not in `known` are added, the others of `known` deleted. */
  #submit(registration: Registration<D>, known: number, wanted: number): number {
    let firstError = 0;
    for (const [event, filter] of this.#filters) {
      if (((known ^ wanted) & event) === 0) continue;
      const isAddition = (wanted & event) !== 0;
      const flags = isAddition ? this.#modeFlags[registration.mode] : this.#delete;
      const { fd, slot, generation } = registration;
      this.#changes.set([fd, filter, flags, slot, generation]);
      const result = this.kernel.kevent(this.#kq, this.#changes, 1, NO_EVENTS, 0);
      // A filter that is to go may be gone: fired once, or its descriptor closed.
      if (result < 0 && isAddition && firstError === 0) firstError = result;
    }
    // All or nothing: READ may have been added before WRITE was refused.
    if (firstError < 0) this.#submit(registration, known | wanted, 0);
    return firstError;
  }

  /** Joins the events of one slot; the batch keeps the order of the first of each. */
  #merge(count: number): number {
    const { events } = this;
    const { KEVENT_READ, KEVENT_WRITE, KEVENT_EOF, KEVENT_ERROR } = this.kernel.constants;
    let merged = 0;
    for (let i = 0; i < count; i += 1) {
      const slot = events[3 * i] as number;
      const generation = events[3 * i + 1] as number;
      const raw = events[3 * i + 2] as number;
      const isRead = (raw & KEVENT_READ) !== 0;
      const isEof = (raw & KEVENT_EOF) !== 0;
      const flags =
        (isEof ? (isRead ? FLAG_READ_CLOSED : FLAG_HANGUP) : 0) |
        ((raw & KEVENT_ERROR) !== 0 ? FLAG_ERROR : 0);
      const bits =
        (isRead ? EVENT_READ : (raw & KEVENT_WRITE) !== 0 ? EVENT_WRITE : 0) |
        (flags << FLAGS_SHIFT);
      const seenAt = (this.#mergedAt[slot] ?? 0) - 1;
      if (seenAt >= 0 && events[3 * seenAt + 1] === generation) {
        events[3 * seenAt + 2] = (events[3 * seenAt + 2] as number) | bits;
        continue;
      }
      this.#mergedAt[slot] = merged + 1;
      events[3 * merged] = slot;
      events[3 * merged + 1] = generation;
      events[3 * merged + 2] = bits;
      merged += 1;
    }
    for (let i = 0; i < merged; i += 1) this.#mergedAt[events[3 * i] as number] = 0;
    return merged;
  }
}
