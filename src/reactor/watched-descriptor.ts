/**
 * All watches of one descriptor behind one registration, which carries the union of what they ask
 * for: the kernel is told when the union changes, not when a watch comes or goes. libevent: evmap
 */
import { type Fd, isRegistrable, misuse, type SystemError, toFd } from "../kernel/index.js";
import type { FileObject, Selector, SelectorKey } from "../selectors/index.js";

/** "level" reports as long as it is ready, "edge" each time it becomes ready. */
export type WatchMode = "level" | "edge";

/** One who shares the descriptor. */
export interface Watcher {
  readonly fileobj: FileObject;
  /** What it asks for. */
  readonly events: number;
  /** What it asked for is there. */
  ready(events: number, flags: number): void;
  /** The descriptor was closed, or the kernel refused a change. */
  dropped(error: SystemError | undefined): void;
}

export type ReactorSelector = Selector<WatchedDescriptor>;

export class WatchedDescriptor {
  readonly fd: Fd;
  /** In the order they were started, which is the order of their calls. */
  readonly watches: Watcher[];
  readonly #selector: ReactorSelector;
  readonly #mode: WatchMode;

  private constructor(selector: ReactorSelector, fd: number, mode: WatchMode, first: Watcher) {
    this.#selector = selector;
    this.fd = toFd(fd);
    this.#mode = mode;
    this.watches = [first]; // as a rule there is no other, and a literal is no longer than it must
  }

  /**
   * Starts to watch for `watch`, beside what others watch of the same descriptor.
   *
   * @throws Error ERR_MODE_CONFLICT if they do it in the other mode: a descriptor has but one.
   * @throws as `selector.register`; then nothing has changed.
   */
  static join(selector: ReactorSelector, watch: Watcher, mode: WatchMode): WatchedDescriptor {
    const { fileobj } = watch;
    // What has no descriptor is for `register` to refuse.
    const fd = Number(typeof fileobj === "number" ? fileobj : fileobj?.fileno?.());
    const key = selector.map.get(fd);
    const known = key?.data;
    if (known === undefined) {
      const fresh = new WatchedDescriptor(selector, fd, mode, watch);
      selector.register(fileobj, watch.events, fresh, { mode });
      return fresh;
    }
    if (known.#mode !== mode) throw modeConflict(fd, known.#mode, mode);
    known.watches.push(watch);
    if (isRegistrable(fileobj) && !isRegistrable(key?.fileobj)) known.#handOver(fileobj, watch);
    else known.update(watch);
    return known;
  }

  /** Ends it for `watch`; with the last one the registration goes. */
  leave(watch: Watcher): void {
    this.#remove(watch);
    if (this.#selector.map.get(this.fd)?.data !== this) return;
    if (this.watches.length === 0) {
      this.#selector.unregister(this.fd);
      return;
    }
    try {
      this.#selector.modify(this.fd, this.#union());
    } catch (error) {
      this.dropped(error as SystemError);
    }
  }

  /** The interest of `watch` has changed; if the kernel refuses, all are out. */
  update(watch: Watcher): void {
    this.#attempt(watch, () => this.#selector.modify(this.fd, this.#union()));
  }

  /** The registration is gone, with or without an error. */
  dropped(error: SystemError | undefined): void {
    for (const watch of this.watches.splice(0)) watch.dropped(error);
  }

  /** What the selector reports goes to those who asked for it. */
  ready(events: number, flags: number): void {
    const { watches } = this;
    for (let i = 0; i < watches.length; i += 1) {
      const watch = watches[i] as Watcher;
      const hit = events & watch.events;
      if (hit !== 0) watch.ready(hit, flags);
    }
  }

  /** A number was registered; its owner says when it closes it, which a number does not. */
  #handOver(owner: FileObject, watch: Watcher): void {
    this.#attempt(watch, () => {
      this.#selector.unregister(this.fd);
      this.#selector.register(owner, this.#union(), this, { mode: this.#mode });
    });
  }

  /** The error goes to the caller, on behalf of `watch`; the others hear of it too. */
  #attempt(watch: Watcher, change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#remove(watch);
      this.dropped(error as SystemError);
      throw error;
    }
  }

  #remove(watch: Watcher): void {
    const at = this.watches.indexOf(watch);
    if (at >= 0) this.watches.splice(at, 1);
  }

  #union(): number {
    let union = 0;
    for (const watch of this.watches) union |= watch.events;
    return union;
  }
}

export type ReactorKey = SelectorKey<WatchedDescriptor>;

function modeConflict(fd: number, present: WatchMode, wanted: WatchMode): Error {
  return misuse(
    Error,
    "ERR_MODE_CONFLICT",
    `Descriptor ${fd} is watched in mode "${present}", and all its watches must be: "${wanted}"`,
  );
}
