/**
 * What every part of the contract suite works with: a backend, the facts about it, and descriptors
 * and selectors that are closed after each test, whatever the test did with them.
 */
import { expect } from "vitest";
import {
  type Backend,
  createSelector,
  type Kernel,
  type Selector,
  Socket,
  systemKernel,
} from "../../src/index.js";
import { FACTS, type Facts } from "./facts.js";

/** A timeout that is long enough to tell a wait from a poll, in milliseconds. */
export const WAIT_MS = 30;

/** What no wait of `WAIT_MS` reaches, on a busy machine either: beyond it something hangs. */
export const HANG_MS = 5000;

/** For waits that something else must end, and whose timeout must not. */
export const LONG_MS = 15_000;

const { AF_UNIX, SOCK_STREAM } = systemKernel.constants;

/** For a test of what a backend lacks, where another test says that it lacks it. */
export function noTest(_name: string, _fn: () => unknown): void {}

export class Contract {
  readonly backend: Backend;
  readonly facts: Facts;
  readonly #closables: { close(): void }[] = [];
  readonly #raw = new Set<number>();
  #kernel: Kernel = systemKernel;

  constructor(backend: Backend) {
    this.backend = backend;
    this.facts = FACTS[backend];
  }

  /** A selector of this backend. */
  open<D = undefined>(kernel: Kernel = systemKernel): Selector<D> {
    this.#kernel = kernel;
    return this.keep(createSelector<D>({ backend: this.backend, kernel }));
  }

  /** Two connected unix stream sockets, of the kernel of the selector that was opened last. */
  pair(): [Socket, Socket] {
    const [left, right] = Socket.pair({ kernel: this.#kernel });
    return [this.keep(left), this.keep(right)];
  }

  /** A bare pair: numbers that anybody may close. */
  rawPair(): [number, number] {
    const out = new Int32Array(2);
    expect(systemKernel.socketpair(AF_UNIX, SOCK_STREAM, 0, false, out)).toBe(0);
    return [this.keepRaw(out[0] as number), this.keepRaw(out[1] as number)];
  }

  /** The read end and the write end. */
  pipe(): [number, number] {
    const out = new Int32Array(2);
    expect(systemKernel.pipe2(false, out)).toBe(0);
    return [this.keepRaw(out[0] as number), this.keepRaw(out[1] as number)];
  }

  dup(fd: number): number {
    const copy = systemKernel.dup(fd);
    expect(copy).toBeGreaterThanOrEqual(0);
    return this.keepRaw(copy);
  }

  /** Makes the closed number `fd` a copy of `source`, as dup2(2) would. */
  dupTo(source: number, fd: number): void {
    const extra: number[] = [];
    let copy = this.dup(source);
    while (copy < fd) {
      extra.push(copy);
      copy = this.dup(source);
    }
    for (const other of extra) this.closeRaw(other);
    expect(copy).toBe(fd);
  }

  closeRaw(fd: number): void {
    this.#raw.delete(fd);
    expect(systemKernel.close(fd)).toBe(0);
  }

  keep<T extends { close(): void }>(closable: T): T {
    this.#closables.push(closable);
    return closable;
  }

  keepRaw(fd: number): number {
    this.#raw.add(fd);
    return fd;
  }

  /** The descriptor belongs to the caller from now on. */
  release(fd: number): number {
    this.#raw.delete(fd);
    return fd;
  }

  cleanUp(): void {
    for (const closable of this.#closables.splice(0)) closable.close();
    for (const fd of this.#raw) systemKernel.close(fd);
    this.#raw.clear();
  }
}

/** What one wait reports, by descriptor; one that is reported twice is a failure. */
export function readyBits<D>(selector: Selector<D>, timeoutMs = 0): Map<number, number> {
  const bits = new Map<number, number>();
  for (const { key, events } of selector.select(timeoutMs)) {
    expect(bits.has(key.fd), `descriptor ${key.fd} is reported twice`).toBe(false);
    bits.set(key.fd, events);
  }
  return bits;
}

/** Runs `action` and answers how many milliseconds it took by the kernel's clock. */
export function elapsedMs(action: () => unknown): number {
  const start = systemKernel.nowMs();
  action();
  return systemKernel.nowMs() - start;
}

/** Fails unless `action` throws an error with one of the codes; answers the error. */
export function expectCode(action: () => unknown, ...codes: string[]): Error & { code: string } {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, `nothing was thrown instead of ${codes.join(" or ")}`).toBeInstanceOf(Error);
  const error = thrown as Error & { code: string };
  expect(codes, `${error.message}`).toContain(error.code);
  return error;
}

/** As {@link expectCode}, for a promise. */
export async function expectRejection(promise: Promise<unknown>, code: string): Promise<Error> {
  const [result] = await Promise.allSettled([promise]);
  expect(result?.status).toBe("rejected");
  const reason = result?.status === "rejected" ? result.reason : undefined;
  return expectCode(() => {
    throw reason;
  }, code);
}
