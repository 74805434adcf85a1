/**
 * What all selectors share: the arguments' checks, the key table, when the kernel is told, and the
 * delivery of a batch. A backend adds the calls in the `protected` section at the end, near a
 * hundred lines each.
 *
 * When the kernel is told: an addition at once, because EPERM and EBADF belong to `register`. A
 * change or removal of a Registrable may wait until the next wait, where "out, then in again"
 * cancels to no system call; its close hook makes sure the kernel hears of a removal before the
 * number is free. A bare number can be closed by anybody, so its changes are never put off.
 */
import {
  check,
  type HostLoop,
  INTERRUPTED,
  isRegistrable,
  type Kernel,
  misuse,
  SystemError,
  systemHostLoop,
  systemKernel,
} from "../kernel/index.js";
import { checkEvents, checkMode, descriptorOf } from "./arguments.js";
import type { EventMask } from "./events.js";
import { KeyMap } from "./key-map.js";
import { ReadyWait } from "./ready-wait.js";
import { type Registration, RegistrationTable } from "./registration.js";
import type {
  Capabilities,
  DataArguments,
  FileObject,
  ReadyEvent,
  ReadyHandler,
  ReadyOptions,
  Selector,
  SelectorKey,
  SelectorStats,
} from "./selector.js";
import { FOREVER, parseTimeout } from "./timeout.js";
import { WakeChannel } from "./wake-channel.js";
import type { Waker } from "./waker.js";

/** The longest single wait, in milliseconds: a terminated worker ends within it. */
export const WAIT_SLICE_MS = 250;

/** Waits in a row with events of dead registrations before the kernel's queue is rebuilt. */
export const STALE_WAITS_MAX = 8;

export interface SelectorOptions {
  /** @defaultValue the system's own */
  readonly kernel?: Kernel;
  /** @defaultValue Node's own loop */
  readonly hostLoop?: HostLoop;
}

export abstract class BaseSelector<D = undefined> implements Selector<D> {
  abstract readonly capabilities: Capabilities;
  readonly map: ReadonlyMap<number, SelectorKey<D>>;
  protected readonly kernel: Kernel;
  protected readonly table: RegistrationTable<D> = new RegistrationTable<D>();
  /** The batch: (slot, generation, bits) triples. */
  protected events: Int32Array = new Int32Array(256);

  readonly #dirty: Registration<D>[] = [];
  readonly #lingering = new Map<number, Registration<D>>();
  readonly #readyWait: ReadyWait;
  #wakeChannel: WakeChannel | undefined;
  #wakeRegistration: Registration<D> | undefined;
  #batch = 0;
  #next = 0;
  #count = 0;
  #isWoken = false;
  #isDispatching = false;
  #isClosed = false;
  #staleWaits = 0;
  #stats = { waits: 0, events: 0, stale: 0, wakeups: 0, interrupted: 0, changes: 0, rebuilds: 0 };

  constructor({ kernel = systemKernel, hostLoop = systemHostLoop }: SelectorOptions = {}) {
    this.kernel = kernel;
    this.map = new KeyMap(this.table.keys);
    this.#readyWait = new ReadyWait(hostLoop, () => this.#probe());
  }

  register(fileobj: FileObject, events: number, ...data: DataArguments<D>): SelectorKey<D> {
    this.#assertOpen();
    const interest = checkEvents(events);
    const mode = checkMode(data[1]?.mode, this.capabilities);
    const fd = descriptorOf(fileobj, this.capabilities.maxFd);
    if (this.table.byFd(fd) !== undefined) throw alreadyRegistered(fd);
    const key: SelectorKey<D> = { fileobj, fd, events: interest, data: data[0] as D };
    let registration = this.#revive(key, mode);
    if (registration === undefined) {
      registration = this.table.allocate(key, mode);
      this.#reserve();
      const result = this.add(registration);
      this.#stats.changes += 1;
      if (result < 0) {
        this.table.release(registration, this.#batch);
        throw new SystemError(this.changeCall, result);
      }
      registration.kernelEvents = interest;
    }
    registration.bornInBatch = this.#batch;
    this.table.link(registration);
    if (isRegistrable(fileobj)) {
      const registered = registration;
      registration.unhook = fileobj.onClose(() => this.#forget(registered));
    }
    return key;
  }

  unregister(fileobj: FileObject): SelectorKey<D> {
    const registration = this.#find(fileobj);
    this.table.unlink(registration);
    if (this.#mayDefer(fileobj) && registration.kernelEvents !== 0) {
      this.#lingering.set(registration.fd, registration);
      this.#putOff(registration);
    } else {
      this.#drop(registration);
    }
    return registration.key;
  }

  modify(fileobj: FileObject, events: number, ...data: [data?: D]): SelectorKey<D> {
    const registration = this.#find(fileobj);
    const interest = checkEvents(events);
    const { key } = registration;
    const newData = data.length === 0 ? key.data : (data[0] as D);
    const isRearmed = registration.mode === "oneshot";
    if (interest === key.events && newData === key.data && !isRearmed) return key;
    this.table.setKey(registration, { ...key, events: interest, data: newData });
    if (interest !== registration.kernelEvents || isRearmed) this.#changed(registration);
    return registration.key;
  }

  pause(fileobj: FileObject): void {
    const registration = this.#find(fileobj);
    if (registration.key.events === 0) return;
    registration.pausedEvents = registration.key.events;
    this.table.setKey(registration, { ...registration.key, events: 0 });
    this.#changed(registration);
  }

  resume(fileobj: FileObject): void {
    const registration = this.#find(fileobj);
    if (registration.key.events !== 0) return;
    this.table.setKey(registration, { ...registration.key, events: registration.pausedEvents });
    this.#changed(registration);
  }

  getKey(fileobj: FileObject): SelectorKey<D> {
    return this.#find(fileobj).key;
  }

  select(timeoutMs?: number | null): ReadyEvent<D>[] {
    const ready: ReadyEvent<D>[] = [];
    this.dispatch(timeoutMs, (key, events, flags) => ready.push({ key, events, flags }));
    return ready;
  }

  dispatch(timeoutMs: number | null | undefined, fn: ReadyHandler<D>): number {
    this.#assertOpen();
    if (this.#isDispatching) throw busy("A dispatch of this selector is running");
    const timeout = parseTimeout(timeoutMs);
    this.#isDispatching = true;
    try {
      // What a handler's exception left over comes first, without a wait.
      return this.#next < this.#count ? this.#deliver(fn) : this.#waitAndDeliver(timeout, fn);
    } finally {
      this.#isDispatching = false;
    }
  }

  async ready(timeoutMs?: number | null, { signal }: ReadyOptions = {}): Promise<boolean> {
    this.#assertOpen();
    if (this.#readyWait.isPending) throw busy("Another ready() of this selector is waiting");
    const timeout = parseTimeout(timeoutMs);
    signal?.throwIfAborted();
    if (this.#next < this.#count) return true;
    if (timeout === 0) return this.#probe();
    this.#flush();
    const queue = this.capabilities.attachable ? this.queueFd() : undefined;
    return this.#readyWait.start(queue, timeout, signal);
  }

  get waker(): Waker {
    this.#assertOpen();
    if (this.#wakeChannel === undefined) {
      const channel = new WakeChannel(this.kernel);
      const key = { fileobj: channel.fd, fd: channel.fd, events: 1, data: undefined as D } as const;
      const registration = this.table.allocate(key, "level");
      this.#reserve();
      const result = this.add(registration);
      if (result < 0) {
        this.table.release(registration, this.#batch);
        channel.close();
        throw new SystemError(this.changeCall, result);
      }
      registration.kernelEvents = key.events;
      this.#wakeChannel = channel;
      this.#wakeRegistration = registration;
    }
    return this.#wakeChannel.waker;
  }

  stats(): SelectorStats {
    return { ...this.#stats };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#readyWait.close(closed());
    this.#next = this.#count = 0;
    this.#dirty.length = 0;
    this.#lingering.clear();
    this.table.clear();
    this.#wakeChannel?.close();
    this.closeQueue();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // The wait and the delivery.

  #waitAndDeliver(timeout: number, fn: ReadyHandler<D>): number {
    const isTimed = timeout > 0 && timeout !== FOREVER;
    const deadline = isTimed ? this.kernel.nowMs() + timeout : timeout;
    for (let left = timeout; ; left = isTimed ? deadline - this.kernel.nowMs() : timeout) {
      if (left < 0 || this.#wait(Math.min(left, WAIT_SLICE_MS)) === INTERRUPTED) return 0;
      const delivered = this.#deliver(fn);
      if (delivered > 0 || this.#isWoken || timeout === 0 || this.#isClosed) return delivered;
    }
  }

  /** One wait of the kernel's; the events it reported are the new batch. */
  #wait(timeoutMs: number): number {
    this.#flush();
    const count = this.wait(timeoutMs);
    this.#stats.waits += 1;
    this.#isWoken = false;
    this.#next = 0;
    this.#count = Math.max(count, 0);
    this.#batch += 1;
    if (count === INTERRUPTED) this.#stats.interrupted += 1;
    else check(this.waitCall, count);
    return count;
  }

  /** Looks without waiting; true if there is a batch to deliver. For `ready`. */
  #probe(): boolean {
    if (this.#next === this.#count) this.#wait(0);
    return this.#next < this.#count;
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
        if (this.table.releasedIn(slot) !== this.#batch) this.#stats.stale += 1;
      } else if (registration === this.#wakeRegistration) {
        this.#woken();
      } else if (registration.isLive && registration.bornInBatch !== this.#batch) {
        const events = (this.toEvents(bits) & registration.key.events) as EventMask | 0;
        if (events === 0) continue;
        if (registration.mode === "oneshot") this.disarm(registration);
        delivered += 1;
        this.#stats.events += 1;
        fn(registration.key, events, this.toFlags(bits));
      }
    }
    this.#countStale(this.#stats.stale !== staleBefore);
    return delivered;
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
    if (this.#staleWaits < STALE_WAITS_MAX || this.#isClosed) return;
    this.#staleWaits = 0;
    this.#readyWait.detach();
    this.rebuildQueue();
    this.#stats.rebuilds += 1;
    if (this.#readyWait.isPending) this.#readyWait.attach(this.queueFd() as number);
  }

  // Telling the kernel.

  #changed(registration: Registration<D>): void {
    if (this.#mayDefer(registration.key.fileobj)) this.#putOff(registration);
    else this.#tell(registration);
  }

  /** While `ready` waits, Node may sleep at any time: nothing is put off then. */
  #mayDefer(fileobj: FileObject): boolean {
    return !this.#readyWait.isPending && isRegistrable(fileobj) && fileobj.fileno() >= 0;
  }

  #putOff(registration: Registration<D>): void {
    if (registration.isDirty) return;
    registration.isDirty = true;
    this.#dirty.push(registration);
  }

  #flush(): void {
    for (let last = this.#dirty.pop(); last !== undefined; last = this.#dirty.pop()) {
      last.isDirty = false;
      if (last.isLive) this.#tell(last);
      else if (this.#lingering.delete(last.fd)) this.#drop(last);
    }
  }

  /** A kernel that refuses a change leaves no registration behind. */
  #tell(registration: Registration<D>): void {
    const wanted = registration.key.events;
    const isRearmed = registration.mode === "oneshot" && wanted !== 0;
    if (wanted === registration.kernelEvents && !isRearmed) return;
    const result = this.change(registration);
    this.#stats.changes += 1;
    if (result < 0) {
      this.table.unlink(registration);
      this.#drop(registration);
      throw new SystemError(this.changeCall, result);
    }
    registration.kernelEvents = wanted;
  }

  /** Removes it from the kernel, whatever that says: the number may be closed or reused. */
  #drop(registration: Registration<D>): void {
    if (registration.kernelEvents !== 0) {
      this.remove(registration);
      this.#stats.changes += 1;
    }
    this.table.release(registration, this.#batch);
  }

  /** The close hook of a Registrable: its number is about to be free. */
  #forget(registration: Registration<D>): void {
    if (registration.isLive) this.table.unlink(registration);
    this.#lingering.delete(registration.fd);
    this.#drop(registration);
  }

  /** A removal put off, then registered again: the kernel need not hear of either. */
  #revive(key: SelectorKey<D>, mode: string): Registration<D> | undefined {
    const registration = this.#lingering.get(key.fd);
    if (registration === undefined) return undefined;
    this.#lingering.delete(key.fd);
    if (registration.mode !== mode || mode === "oneshot") {
      this.#drop(registration);
      return undefined;
    }
    registration.key = key;
    return registration;
  }

  #find(fileobj: FileObject): Registration<D> {
    this.#assertOpen();
    const found =
      (typeof fileobj === "object" && fileobj !== null && this.table.byObject(fileobj)) ||
      this.table.byFd(descriptorOf(fileobj, this.capabilities.maxFd));
    if (found === undefined) {
      throw misuse(Error, "ERR_NOT_REGISTERED", `Not registered: ${descriptorOf(fileobj)}`);
    }
    return found;
  }

  /** Room to report every registration in one wait, so that none is favoured. */
  #reserve(): void {
    const wanted = this.table.slotCount * this.intsPerEvent;
    if (this.events.length >= wanted) return;
    const grown = new Int32Array(wanted * 2);
    grown.set(this.events); // a batch may be under delivery
    this.events = grown;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closed();
  }

  // What a backend adds.

  /** The system calls that errors name. */
  protected abstract readonly waitCall: string;
  protected abstract readonly changeCall: string;
  /** Room in `events` for one event, in integers. */
  protected abstract readonly intsPerEvent: number;
  /** Tells the kernel of a new registration. 0 or a negative errno, as the next two. */
  protected abstract add(registration: Registration<D>): number;
  /** Replaces `kernelEvents` by `key.events`; either may be 0. */
  protected abstract change(registration: Registration<D>): number;
  protected abstract remove(registration: Registration<D>): void;
  /** Waits and fills `events`; how many, or a negative errno. */
  protected abstract wait(timeoutMs: number): number;
  /** EVENT_READ and EVENT_WRITE of the kernel's bits. */
  protected abstract toEvents(bits: number): number;
  /** The FLAG_ bits of the kernel's. */
  protected abstract toFlags(bits: number): number;
  protected abstract closeQueue(): void;

  /** The descriptor that is readable while anything is ready. */
  protected queueFd(): number | undefined {
    return undefined;
  }

  /** A "oneshot" registration was reported; the kernel may need more than it did by itself. */
  protected disarm(_registration: Registration<D>): void {}

  /** A new queue with the live registrations only. */
  protected rebuildQueue(): void {}
}

function closed(): Error {
  return misuse(Error, "ERR_SELECTOR_CLOSED", "The selector is closed");
}

function busy(reason: string): Error {
  return misuse(Error, "ERR_SELECTOR_BUSY", reason);
}

function alreadyRegistered(fd: number): Error {
  return misuse(Error, "ERR_ALREADY_REGISTERED", `Already registered: descriptor ${fd}`);
}
