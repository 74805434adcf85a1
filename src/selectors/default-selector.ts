/** Choosing a backend: the best that this system has, or the one that is asked for by name. */
import { misuse, systemKernel } from "../kernel/index.js";
import type { SelectorOptions } from "./base-selector.js";
import { EpollSelector } from "./epoll-selector.js";
import { KqueueSelector } from "./kqueue-selector.js";
import { PollSelector } from "./poll-selector.js";
import { SelectSelector } from "./select-selector.js";
import type { Backend, Selector } from "./selector.js";

/** A selector class. */
export type SelectorConstructor = new <D = undefined>(options?: SelectorOptions<D>) => Selector<D>;

/** The classes by name, best first. */
export const BACKENDS: Readonly<Record<Backend, SelectorConstructor>> = {
  kqueue: KqueueSelector,
  epoll: EpollSelector,
  poll: PollSelector,
  select: SelectSelector,
};

const NAMES = Object.keys(BACKENDS) as Backend[];

/** The backends that work here, best first: each was really made once, for a kernel may refuse. */
export function supportedBackends(): Backend[] {
  return NAMES.filter(works);
}

/**
 * The best selector of this system: kqueue, epoll, poll, select, in this order. The environment
 * variable SOCKET_REACTOR_BACKEND names another. Python: DefaultSelector
 */
export const DefaultSelector: SelectorConstructor = BACKENDS[defaultBackend()];
export type DefaultSelector<D = undefined> = Selector<D>;

export interface CreateSelectorOptions<D = undefined> extends SelectorOptions<D> {
  /** @defaultValue that of `DefaultSelector` */
  readonly backend?: Backend | undefined;
}

/**
 * A selector of the named backend.
 *
 * @throws Error ERR_NOT_SUPPORTED for a name that is none.
 * @throws SystemError ENOSYS for one whose calls this system lacks.
 */
export function createSelector<D = undefined>({
  backend,
  ...options
}: CreateSelectorOptions<D> = {}): Selector<D> {
  if (backend === undefined) return new DefaultSelector<D>(options);
  if (!Object.hasOwn(BACKENDS, backend)) throw unknownBackend("The backend", backend);
  return new BACKENDS[backend]<D>(options);
}

function defaultBackend(): Backend {
  const wanted = process.env["SOCKET_REACTOR_BACKEND"];
  // Stops at the first that works: this runs at every import.
  const chosen = NAMES.find((backend) => (!wanted || backend === wanted) && works(backend));
  if (chosen === undefined) throw unknownBackend("SOCKET_REACTOR_BACKEND", wanted ?? "");
  return chosen;
}

function works(backend: Backend): boolean {
  try {
    new BACKENDS[backend]({ kernel: systemKernel }).close();
    return true;
  } catch {
    return false;
  }
}

function unknownBackend(what: string, found: string): Error {
  return misuse(
    Error,
    "ERR_NOT_SUPPORTED",
    `${what} must be one of ${supportedBackends().join(", ")} here: "${found}"`,
  );
}
