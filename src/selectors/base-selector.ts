/**
 * The waiting half of all selectors: one wait of the kernel's is a batch, and its events are handed
 * out one by one. The registration half is registry.ts. A backend adds the calls in the `protected`
 * sections at the end of both, near a hundred lines each.
 */
import {
  check,
  type HostLoop,
  INTERRUPTED,
  type Kernel,
  misuse,
  pollOnce,
  systemHostLoop,
  systemKernel,
} from "../kernel/index.js";
import { descriptorOf } from "./arguments.js";
import { EVENT_READ, type EventMask, FLAGS_SHIFT } from "./events.js";
import { ReadyWait } from "./ready-wait.js";
import type { Registration } from "./registration.js";
import { closedError, Registry } from "./registry.js";
import type {
  DroppedHandler,
  ReadyEvent,
  ReadyHandler,
  ReadyOptions,
  Selector,
  SelectorStats,
} from "./selector.js";
import { FOREVER, parseTimeout } from "./timeout.js";
import { WakeChannel } from "./wake-channel.js";
import type { Waker } from "./waker.js";

/** The longest single wait, in milliseconds: a terminated worker ends within it. */
export const WAIT_SLICE_MS = 250;

/** Waits in a row with events of dead registrations before the kernel's queue is rebuilt. */
export const STALE_WAITS_MAX = 8;

export interface SelectorOptions<D = undefined> {
  /** @defaultValue the system's own */
  readonly kernel?: Kernel;
  /** @defaultValue Node's own loop */
  readonly hostLoop?: HostLoop;
  /** Hears of registrations that went without `unregister`. */
  readonly onDropped?: DroppedHandler<D> | undefined;
}

export abstract class BaseSelector<D = undefined> extends Registry<D> implements Selector<D> {
  readonly #readyWait: ReadyWait;
  #wakeChannel: WakeChannel | undefined;
  #wakeRegistration: Registration<D> | undefined;
  /** The next event of the batch, and how many it has. */
  #next = 0;
  #count = 0;
  #isWoken = false;
  #isDispatching = false;
  #staleWaits = 0;
  readonly #stats = { waits: 0, events: 0, stale: 0, wakeups: 0, interrupted: 0, rebuilds: 0 };

  constructor({
    kernel = systemKernel,
    hostLoop = systemHostLoop,
    onDropped,
  }: SelectorOptions<D> = {}) {
    super(kernel, onDropped);
    this.#readyWait = new ReadyWait(hostLoop, () => this.#probe());
  }

  select(timeoutMs?: number | null): ReadyEvent<D>[] {
    const ready: ReadyEvent<D>[] = [];
    this.dispatch(timeoutMs, (key, events, flags) => ready.push({ key, events, flags }));
    return ready;
  }

  dispatch(timeoutMs: number | null | undefined, fn: ReadyHandler<D>): number {
    this.assertOpen();
    if (this.#isDispatching) throw busy("A dispatch of this selector is running");
    const timeout = parseTimeout(timeoutMs);
    this.#isDispatching = true;
    try {
      // What a handler's exception left over comes first, without a wait.
      this.#isWoken = false;
      const rest = this.#next < this.#count ? this.#deliver(fn) : 0;
      const isOver = rest > 0 || this.#isWoken || this.isClosed;
      return isOver ? rest : this.#waitAndDeliver(timeout, fn);
    } finally {
      this.#isDispatching = false;
    }
  }

  async ready(timeoutMs?: number | null, { signal }: ReadyOptions = {}): Promise<boolean> {
    this.assertOpen();
    if (this.#readyWait.isPending) throw busy("Another ready() of this selector is waiting");
    const timeout = parseTimeout(timeoutMs);
    signal?.throwIfAborted();
    if (this.#next < this.#count) return true;
    if (timeout === 0) return this.#probe();
    this.flush();
    return this.#readyWait.start(this.queueFd(), timeout, signal);
  }

  get waker(): Waker {
    this.assertOpen();
    this.#wakeChannel ??= this.#openWakeChannel();
    return this.#wakeChannel.waker;
  }

  stats(): SelectorStats {
    this.assertOpen();
    return { ...this.#stats, changes: this.changes };
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#readyWait.close(closedError());
    this.#next = this.#count = 0;
    this.clear();
    this.#wakeChannel?.close();
    this.closeQueue();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  protected get mayPutOff(): boolean {
    return !this.#readyWait.isPending;
  }

  #waitAndDeliver(timeout: number, fn: ReadyHandler<D>): number {
    const isTimed = timeout > 0 && timeout !== FOREVER;
    const deadline = isTimed ? this.kernel.nowMs() + timeout : timeout;
    for (let left = timeout; ; left = isTimed ? deadline - this.kernel.nowMs() : timeout) {
      if (left < 0 || this.#wait(Math.min(left, WAIT_SLICE_MS)) === INTERRUPTED) return 0;
      const delivered = this.#deliver(fn);
      if (delivered > 0 || this.#isWoken || timeout === 0 || this.isClosed) return delivered;
    }
  }

  /** One wait of the kernel's; the events it reported are the new batch. */
  #wait(timeoutMs: number): number {
    this.flush();
    const count = this.wait(timeoutMs);
    this.#stats.waits += 1;
    this.#isWoken = false;
    this.#next = 0;
    this.#count = Math.max(count, 0);
    this.batch += 1;
    if (count === INTERRUPTED) this.#stats.interrupted += 1;
    else check(this.waitCall, count);
    return count;
  }

  /**
   * Looks without waiting, for `ready`: true if anything is ready. What it sees is left to the next
   * wait: level-triggered lists report it again, and of a kernel queue only the queue is asked.
   */
  #probe(): boolean {
    const queue = this.queueFd();
    if (queue === undefined) {
      if (this.#next < this.#count) return true;
      const count = this.#wait(0);
      this.#count = 0;
      this.putBack(count);
      return count > 0;
    }
    this.flush();
    return pollOnce(this.kernel, queue, this.kernel.constants.POLLIN, 0);
  }

  #deliver(fn: ReadyHandler<D>): number {
    const staleBefore = this.#stats.stale;
    let delivered = 0;
    while (this.#next < this.#count) {
      const at = this.#next * 3;
      this.#next += 1;
      const bits = this.events[at + 2] as number;
      const slot = this.events[at] as number;
      const registration = this.table.at(slot, this.events[at + 1] as number);
      if (registration === undefined) {
        // Removed by an earlier handler of this batch, or not removed from the kernel at all.
        if (this.table.releasedIn(slot) !== this.batch) this.#stats.stale += 1;
      } else if (registration === this.#wakeRegistration) {
        this.#woken();
      } else if (registration.isLive && registration.mutedInBatch !== this.batch) {
        const readiness = this.translate(bits);
        const events = (readiness & registration.key.events) as EventMask | 0;
        if (events === 0) {
          // Paused: put off, or its number was closed before and the kernel has not let go of it.
          if (registration.kernelEvents === 0) this.#stats.stale += 1;
          continue;
        }
        if (registration.mode === "oneshot") this.#fired(registration);
        delivered += 1;
        this.#stats.events += 1;
        fn(registration.key, events, readiness >> FLAGS_SHIFT);
      }
    }
    this.#countStale(this.#stats.stale !== staleBefore);
    return delivered;
  }

  #fired(registration: Registration<D>): void {
    registration.hasFired = true;
    this.disarm(registration);
  }

  #woken(): void {
    this.#wakeChannel?.drain();
    this.#isWoken = true;
    this.#stats.wakeups += 1;
  }

  /**
   * A closed descriptor whose open file lives on through a dup keeps reporting, and no epoll_ctl
   * can reach it any more: its number is gone. A new queue without it is the only way out.
   */
  #countStale(wasStale: boolean): void {
    this.#staleWaits = wasStale ? this.#staleWaits + 1 : 0;
    if (this.#staleWaits < STALE_WAITS_MAX || this.isClosed) return;
    const old = this.queueFd();
    this.rebuildQueue();
    const queue = this.queueFd();
    if (queue === old || queue === undefined) return; // no descriptor left: tried again next time
    this.#staleWaits = 0;
    this.#stats.rebuilds += 1;
    this.#readyWait.move(queue);
    this.kernel.close(old as number);
  }

  /** It has a slot as any registration has, but no key in the map. */
  #openWakeChannel(): WakeChannel {
    const channel = new WakeChannel(this.kernel);
    try {
      const fd = descriptorOf(channel.fd, this.capabilities.maxFd);
      const key = { fileobj: fd, fd, events: EVENT_READ, data: undefined as D } as const;
      this.#wakeRegistration = this.introduce(key, "level");
      return channel;
    } catch (error) {
      channel.close();
      throw error;
    }
  }

  // What a backend adds.

  /** The system call that errors name. */
  protected abstract readonly waitCall: string;
  /** Waits and fills `events`; how many, or a negative errno. */
  protected abstract wait(timeoutMs: number): number;
  /** The kernel's bits as ours: EVENT_ bits, and above them, from FLAGS_SHIFT on, FLAG_ bits. */
  protected abstract translate(bits: number): number;
  protected abstract closeQueue(): void;

  /** The descriptor that is readable while anything is ready. */
  protected queueFd(): number | undefined {
    return undefined;
  }

  /** `ready` looked at the `count` events in `events`, and nobody was given them. */
  protected putBack(_count: number): void {}

  /** A "oneshot" registration was reported; the kernel may need more than it did by itself. */
  protected disarm(_registration: Registration<D>): void {}

  /** Goes over to a new queue with the live registrations only, if there is one to be had. */
  protected rebuildQueue(): void {}
}

function busy(reason: string): Error {
  return misuse(Error, "ERR_SELECTOR_BUSY", reason);
}
