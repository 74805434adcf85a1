/**
 * Descriptor numbers with a brand, so that a count or a token is never taken for one, and the
 * promise that whoever owns a descriptor makes to the selectors it is registered with.
 */

import type { Kernel } from "./kernel.js";

declare const brand: unique symbol;

/** A file descriptor number, or -1 for "none" (closed). Made only by the kernel and `toFd`. */
export type Fd = number & { readonly [brand]: "Fd" };

/** What a closed socket's `fileno()` answers. */
export const NO_FD: Fd = -1 as Fd;

/** Brands a number the kernel answered or a caller passed; checks nothing. */
export function toFd(number: number): Fd {
  return number as Fd;
}

/** Anything with a descriptor. Python: an object with `fileno()`. */
export interface HasFileno {
  /** The descriptor, or -1 when there is none any more. */
  fileno(): number;
}

/** Who is to hear that a descriptor is given up. An object, so that a registration can be its own. */
export interface CloseHook {
  /** Right before the descriptor is closed or detached. */
  closing(): void;
}

/**
 * An object that owns its descriptor and says when it gives it up. A selector trusts it to call
 * the hooks before close(2), and may therefore put kernel calls off until the next wait.
 */
export interface Registrable extends HasFileno {
  fileno(): Fd;
  /** Whose descriptor it is: a number means nothing to another kernel. */
  readonly kernel: Kernel;
  /** Calls `hook.closing()` once, right before the descriptor is closed or detached. */
  addCloseHook(hook: CloseHook): void;
  /** Takes a hook back. Does nothing if it is not there. */
  removeCloseHook(hook: CloseHook): void;
}

/** True if `value` owns its descriptor, see {@link Registrable}. */
export function isRegistrable(value: unknown): value is Registrable {
  return (
    typeof value === "object" && value !== null && "addCloseHook" in value && "fileno" in value
  );
}
