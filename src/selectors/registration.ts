/**
 * The key table that all backends share. A registration lives in a slot; the kernel carries
 * (slot, generation) and gives it back with every event. A slot's generation grows each time it is
 * given out, so an event that was meant for a former registration, or for a former owner of a
 * reused descriptor number, never reaches a new one.
 */
import { type CloseHook, type Fd, isRegistrable } from "../kernel/index.js";
import type { EventMask, Mode } from "./events.js";
import type { FileObject, SelectorKey } from "./selector.js";

const GENERATION_MAX = 0x7fffffff;

/** One registered descriptor: what the caller wants and what the kernel knows. */
export class Registration<D> implements CloseHook {
  readonly slot: number;
  readonly fd: Fd;
  generation: number;
  key: SelectorKey<D>;
  mode: Mode;
  /** What the kernel was told; differs from `key.events` while a change is put off. */
  kernelEvents: EventMask | 0 = 0;
  /** What `resume` restores; `key.events` is 0 meanwhile. */
  pausedEvents: EventMask | 0 = 0;
  /** Whether it stands in the list of changes put off. */
  isDirty = false;
  /** False once removed; the kernel may learn of it later. */
  isLive = true;
  /** A "oneshot" that was reported and not armed again. */
  hasFired = false;
  /** It gets nothing from the batch during which it was registered, or its pause reached the kernel. */
  mutedInBatch = 0;
  /** What to do when its object closes; set while it is that object's close hook. */
  onClosing: ((registration: Registration<D>) => void) | undefined;

  constructor(slot: number, generation: number, key: SelectorKey<D>, mode: Mode) {
    this.slot = slot;
    this.generation = generation;
    this.fd = key.fd;
    this.key = key;
    this.mode = mode;
  }

  /** Its object is about to close; the hook is gone with that. */
  closing(): void {
    const { onClosing } = this;
    this.onClosing = undefined;
    onClosing?.(this);
  }

  /** Becomes the close hook of its object, if that announces its closing. */
  hook(onClosing: (registration: Registration<D>) => void): void {
    const { fileobj } = this.key;
    if (!isRegistrable(fileobj)) return;
    this.onClosing = onClosing;
    fileobj.addCloseHook(this);
  }

  unhook(): void {
    const { fileobj } = this.key;
    if (this.onClosing !== undefined && isRegistrable(fileobj)) fileobj.removeCloseHook(this);
    this.onClosing = undefined;
  }
}

/** Slots, and the look-up by descriptor and by object. */
export class RegistrationTable<D> {
  readonly keys: Map<number, SelectorKey<D>> = new Map();
  readonly #byFd = new Map<number, Registration<D>>();
  readonly #byObject = new Map<FileObject, Registration<D>>();
  readonly #slots: (Registration<D> | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #releasedIn: number[] = [];
  readonly #freeSlots: number[] = [];

  /** How many slots there are, the highest number of registrations so far. */
  get slotCount(): number {
    return this.#slots.length;
  }

  /** The registration that an event belongs to, or undefined if it is stale. */
  at(slot: number, generation: number): Registration<D> | undefined {
    const registration = this.#slots[slot];
    return registration?.generation === generation ? registration : undefined;
  }

  byFd(fd: number): Registration<D> | undefined {
    return this.#byFd.get(fd);
  }

  /** For an object that has no descriptor any more. O(1). */
  byObject(fileobj: FileObject): Registration<D> | undefined {
    return this.#byObject.get(fileobj);
  }

  /** All registrations, the removed ones that the kernel still knows included. */
  *[Symbol.iterator](): IterableIterator<Registration<D>> {
    for (const registration of this.#slots) {
      if (registration !== undefined) yield registration;
    }
  }

  /** Gives a slot out, under a generation of its own. */
  allocate(key: SelectorKey<D>, mode: Mode): Registration<D> {
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    const last = this.#generations[slot] ?? 0;
    const generation = last === GENERATION_MAX ? 1 : last + 1;
    this.#generations[slot] = generation;
    const registration = new Registration(slot, generation, key, mode);
    this.#slots[slot] = registration;
    return registration;
  }

  /** Takes the slot back, during or after batch number `batch`: its later events are stale. */
  release(registration: Registration<D>, batch: number): void {
    this.#slots[registration.slot] = undefined;
    this.#releasedIn[registration.slot] = batch;
    this.#freeSlots.push(registration.slot);
  }

  /** The batch in which the slot was last taken back. */
  releasedIn(slot: number): number | undefined {
    return this.#releasedIn[slot];
  }

  /** Makes it findable. */
  link(registration: Registration<D>): void {
    const { key } = registration;
    registration.isLive = true;
    this.#byFd.set(key.fd, registration);
    this.keys.set(key.fd, key);
    if (typeof key.fileobj === "object") this.#byObject.set(key.fileobj, registration);
  }

  /** Makes it unfindable; the slot stays. */
  unlink(registration: Registration<D>): void {
    const { key } = registration;
    registration.isLive = false;
    this.#byFd.delete(key.fd);
    this.keys.delete(key.fd);
    this.#byObject.delete(key.fileobj);
  }

  setKey(registration: Registration<D>, key: SelectorKey<D>): void {
    registration.key = key;
    this.keys.set(key.fd, key);
  }

  clear(): void {
    for (const registration of this) registration.unhook();
    this.#byFd.clear();
    this.#byObject.clear();
    this.keys.clear();
    this.#slots.length = 0;
    this.#freeSlots.length = 0;
  }
}
