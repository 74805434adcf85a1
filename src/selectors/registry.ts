/**
 * The registration half of all selectors: checks of arguments, the key table, and when the kernel
 * is told. The waiting half is base-selector.ts.
 *
 * When the kernel is told: an addition at once, because EPERM and EBADF belong to `register`. A
 * change or removal of a Registrable may wait until the next wait, where "out, then in again"
 * cancels to no system call; its close hook makes sure the kernel hears of a removal before the
 * number is free. A bare number can be closed by anybody, so its changes are never put off.
 */
import { isRegistrable, type Kernel, misuse, SystemError } from "../kernel/index.js";
import { checkEvents, checkMode, descriptorOf } from "./arguments.js";
import type { Mode } from "./events.js";
import { KeyMap } from "./key-map.js";
import { type Registration, RegistrationTable } from "./registration.js";
import type {
  Capabilities,
  DataArguments,
  DroppedHandler,
  FileObject,
  SelectorKey,
} from "./selector.js";

export abstract class Registry<D> {
  abstract readonly capabilities: Capabilities;
  readonly map: ReadonlyMap<number, SelectorKey<D>>;
  protected readonly kernel: Kernel;
  protected readonly table: RegistrationTable<D> = new RegistrationTable<D>();
  /** Room for the events of one wait. */
  protected events: Int32Array = new Int32Array(256);
  /** The number of the batch that is being delivered, or was last. */
  protected batch = 0;
  /** Changes given to the kernel so far. */
  protected changes = 0;
  protected isClosed = false;
  readonly #onDropped: DroppedHandler<D> | undefined;
  readonly #onClosing = (registration: Registration<D>): void => this.#forget(registration);
  /** Live ones whose interest changed, and removed ones that the kernel still knows. */
  readonly #dirty: Registration<D>[] = [];
  readonly #lingering = new Map<number, Registration<D>>();

  constructor(kernel: Kernel, onDropped?: DroppedHandler<D>) {
    this.kernel = kernel;
    this.#onDropped = onDropped;
    this.map = new KeyMap(this.table.keys);
  }

  register(fileobj: FileObject, events: number, ...data: DataArguments<D>): SelectorKey<D> {
    this.assertOpen();
    const interest = checkEvents(events);
    const mode = checkMode(data[1]?.mode, this.capabilities);
    if (isRegistrable(fileobj) && fileobj.kernel !== this.kernel) throw foreignKernel();
    const fd = descriptorOf(fileobj, this.capabilities.maxFd);
    if (this.table.byFd(fd) !== undefined) throw alreadyRegistered(fd);
    const key: SelectorKey<D> = { fileobj, fd, events: interest, data: data[0] as D };
    const registration = this.#revive(key, mode) ?? this.introduce(key, mode);
    registration.mutedInBatch = this.batch;
    this.table.link(registration);
    registration.hook(this.#onClosing);
    return key;
  }

  unregister(fileobj: FileObject): SelectorKey<D> {
    const registration = this.#find(fileobj);
    this.table.unlink(registration);
    if (registration.kernelEvents !== 0 && this.#mayDefer(registration.key.fileobj)) {
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

  /** Gives the key a slot and the kernel its interest; nothing stays if the kernel refuses. */
  protected introduce(key: SelectorKey<D>, mode: Mode): Registration<D> {
    const registration = this.table.allocate(key, mode);
    this.#reserve();
    const result = this.add(registration);
    this.changes += 1;
    if (result < 0) {
      this.table.release(registration, this.batch);
      throw new SystemError(this.changeCall, result);
    }
    registration.kernelEvents = key.events;
    return registration;
  }

  protected clear(): void {
    this.#dirty.length = 0;
    this.#lingering.clear();
    this.table.clear();
  }

  protected assertOpen(): void {
    if (this.isClosed) throw closedError();
  }

  #changed(registration: Registration<D>): void {
    if (this.#mayDefer(registration.key.fileobj)) this.#putOff(registration);
    else this.#tell(registration);
  }

  #mayDefer(fileobj: FileObject): boolean {
    return this.mayPutOff && isRegistrable(fileobj) && fileobj.fileno() >= 0;
  }

  #putOff(registration: Registration<D>): void {
    if (registration.isDirty) return;
    registration.isDirty = true;
    this.#dirty.push(registration);
  }

  flush(): void {
    this.assertOpen();
    for (let last = this.#dirty.pop(); last !== undefined; last = this.#dirty.pop()) {
      last.isDirty = false;
      if (last.isLive) this.#tellLate(last);
      else if (this.#lingering.get(last.fd) === last) this.#drop(last);
    }
  }

  /** A refusal comes too late for the caller of `modify`; whoever listens for it gets it. */
  #tellLate(registration: Registration<D>): void {
    try {
      this.#tell(registration);
    } catch (error) {
      if (this.#onDropped === undefined) throw error;
      this.#onDropped(registration.key, error as SystemError);
    }
  }

  /** A kernel that refuses a change leaves no registration behind. */
  #tell(registration: Registration<D>): void {
    const wanted = registration.key.events;
    const isRearmed = registration.mode === "oneshot" && wanted !== 0;
    if (wanted === registration.kernelEvents && !isRearmed) return;
    const result = this.change(registration);
    this.changes += 1;
    if (result < 0) {
      this.table.unlink(registration);
      this.#drop(registration);
      throw new SystemError(this.changeCall, result);
    }
    registration.kernelEvents = wanted;
    registration.hasFired = false;
    if (wanted === 0) registration.mutedInBatch = this.batch;
  }

  /** Removes it from the kernel, whatever that says: the number may be closed or reused. */
  #drop(registration: Registration<D>): void {
    if (this.#lingering.get(registration.fd) === registration) {
      this.#lingering.delete(registration.fd);
    }
    if (registration.kernelEvents !== 0) {
      this.remove(registration);
      this.changes += 1;
    }
    registration.unhook();
    this.table.release(registration, this.batch);
  }

  /**
   * The close hook of a Registrable: its number is about to be free. A removal that was put off
   * keeps the hook until the kernel has heard of it, else the number's next owner would be taken
   * for the old one.
   */
  #forget(registration: Registration<D>): void {
    const { isLive } = registration;
    if (isLive) this.table.unlink(registration);
    this.#drop(registration);
    if (isLive) this.#onDropped?.(registration.key, undefined);
  }

  /**
   * A removal put off, then registered again: the kernel need not hear of either. The other modes
   * are promised a report of the present state, which only a new entry gives.
   */
  #revive(key: SelectorKey<D>, mode: Mode): Registration<D> | undefined {
    const registration = this.#lingering.get(key.fd);
    if (registration === undefined) return undefined;
    if (registration.mode !== mode || mode !== "level") {
      this.#drop(registration);
      return undefined;
    }
    this.#lingering.delete(key.fd);
    registration.unhook();
    registration.key = key;
    return registration;
  }

  #find(fileobj: FileObject): Registration<D> {
    this.assertOpen();
    const found =
      (typeof fileobj === "object" && fileobj !== null && this.table.byObject(fileobj)) ||
      this.table.byFd(descriptorOf(fileobj));
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

  // What the waiting half and a backend add.

  /** False while Node may sleep in a `ready()` at any time. */
  protected abstract readonly mayPutOff: boolean;
  /** The system call that errors name. */
  protected abstract readonly changeCall: string;
  /** Room in `events` for one event, in integers. */
  protected abstract readonly intsPerEvent: number;
  /** Tells the kernel of a new registration. 0 or a negative errno. */
  protected abstract add(registration: Registration<D>): number;
  /** Replaces `kernelEvents` by `key.events`; either may be 0. 0 or a negative errno. */
  protected abstract change(registration: Registration<D>): number;
  protected abstract remove(registration: Registration<D>): void;
}

export function closedError(): Error {
  return misuse(Error, "ERR_SELECTOR_CLOSED", "The selector is closed");
}

function foreignKernel(): Error {
  return misuse(
    Error,
    "ERR_KERNEL_MISMATCH",
    "The socket belongs to another kernel than the selector: give both the same { kernel }",
  );
}

function alreadyRegistered(fd: number): Error {
  return misuse(Error, "ERR_ALREADY_REGISTERED", `Already registered: descriptor ${fd}`);
}
