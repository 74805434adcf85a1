/**
 * A kernel that fails as planned and notes what is asked of it: any other kernel, wrapped. It says
 * what cannot be had from the real one at will (ENFILE, ENOMEM, a reset at this very call), and
 * counts, so that a test can say "two system calls a message".
 *
 * `nowMs` is passed through and neither noted nor counted: a clock is no system call.
 */
import { errnoOf, type Kernel, systemKernel } from "../../src/index.js";

/** The methods of a kernel that are system calls. */
export type CallName = Exclude<
  {
    [Name in keyof Kernel]: Kernel[Name] extends () => unknown ? Name : CallOf<Name>;
  }[keyof Kernel],
  "nowMs"
>;
type CallOf<Name extends keyof Kernel> = Kernel[Name] extends (...args: never[]) => number
  ? Name
  : never;

export type ErrnoName = Parameters<typeof errnoOf>[0];

/** Which calls fail, and how. Without `fd`, `when` and `nth` all of that name. */
export interface Fault<Name extends CallName = CallName> {
  readonly call: Name;
  readonly errno: ErrnoName;
  /** Only where this is the first argument. */
  readonly fd?: number;
  /** Only with such arguments. */
  readonly when?: (...args: Parameters<Kernel[Name]>) => boolean;
  /** Only the nth call, 1 or more, of those meant by the above; counted from when it is planned. */
  readonly nth?: number;
}

/** A fault of any call, its arguments typed. */
export type AnyFault = { [Name in CallName]: Fault<Name> }[CallName];

/** One call as it was made. Arrays are the caller's own: by now they may hold something else. */
export interface Call {
  readonly name: CallName;
  readonly args: readonly unknown[];
  readonly result: number;
  /** True if it was answered by a fault. */
  readonly isFault: boolean;
}

interface Planned {
  readonly fault: Fault;
  seen: number;
}

export class FaultKernel {
  /** What is handed to sockets, selectors and reactors. */
  readonly kernel: Kernel;
  /** The calls since the beginning, or since `clear`. */
  readonly log: Call[] = [];
  readonly #planned = new Set<Planned>();

  constructor(base: Kernel, plan: readonly AnyFault[]) {
    const wrapped: Record<string, unknown> = {};
    for (const name of namesOf(base)) {
      const value = base[name as keyof Kernel];
      const isCall = typeof value === "function" && name !== "nowMs";
      wrapped[name] = isCall
        ? (...args: unknown[]) => this.#call(base, name as CallName, args)
        : typeof value === "function"
          ? value.bind(base)
          : value;
    }
    this.kernel = wrapped as unknown as Kernel;
    for (const fault of plan) this.fail(fault);
  }

  /** Plans one more fault; where several are meant, the first planned answers. */
  fail(fault: AnyFault): () => void {
    const { nth = 1 } = fault;
    if (!Number.isInteger(nth) || nth < 1) throw new RangeError(`No call is the ${nth}th`);
    const planned: Planned = { fault: fault as Fault, seen: 0 };
    this.#planned.add(planned);
    return () => void this.#planned.delete(planned);
  }

  /** How many calls were made, of one name or of all. */
  count(name?: CallName): number {
    return name === undefined ? this.log.length : this.calls(name).length;
  }

  /** Those of one name, in order. */
  calls(name: CallName): Call[] {
    return this.log.filter((call) => call.name === name);
  }

  /** Forgets the calls, not the plan. */
  clear(): void {
    this.log.length = 0;
  }

  #call(base: Kernel, name: CallName, args: readonly unknown[]): number {
    const fault = this.#faultOf(name, args);
    const really = (): number => Reflect.apply(base[name], base, args);
    // close(2) gives the number up whatever it answers; not to call it would leak.
    const answer = fault === undefined || name === "close" ? really() : 0;
    const result = fault === undefined ? answer : errnoOf(fault.errno);
    this.log.push({ name, args, result, isFault: fault !== undefined });
    return result;
  }

  /** All that are meant count this call, even if another answers. */
  #faultOf(name: CallName, args: readonly unknown[]): Fault | undefined {
    let found: Fault | undefined;
    for (const planned of this.#planned) {
      const { call, fd, when, nth } = planned.fault;
      if (call !== name || (fd !== undefined && args[0] !== fd)) continue;
      if (when !== undefined && !Reflect.apply(when, undefined, args)) continue;
      planned.seen += 1;
      if (nth === undefined || nth === planned.seen) found ??= planned.fault;
    }
    return found;
  }
}

/** Wraps `base`. */
export function faultKernel(
  base: Kernel = systemKernel,
  plan: readonly AnyFault[] = [],
): FaultKernel {
  return new FaultKernel(base, plan);
}

/** Own names and those of its classes: a kernel may be an object or an instance. */
function namesOf(base: object): Set<string> {
  const names = new Set<string>();
  for (let at = base; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  names.delete("constructor");
  return names;
}
