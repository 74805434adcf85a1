/**
 * `selector.ready()`: one wait in Node's loop. A backend with a kernel queue is watched through the
 * queue's descriptor. poll and select have none, so they are looked at from a timer, every
 * millisecond at first, every ten when nothing happens: good enough to teach with.
 */
import type { HostLoop, HostPoll } from "../kernel/index.js";
import { FOREVER } from "./timeout.js";

const PROBE_MS_MIN = 1;
const PROBE_MS_MAX = 10;

/** The longest timer that Node takes; longer ones are set again. */
const TIMER_MS_MAX = 0x7fffffff;

interface Pending {
  readonly resolve: (isReady: boolean) => void;
  readonly reject: (reason: unknown) => void;
  readonly stop: (() => void)[];
}

export class ReadyWait {
  readonly #hostLoop: HostLoop;
  readonly #probe: () => boolean;
  #poll: HostPoll | undefined;
  #pending: Pending | undefined;

  /** @param probe looks without waiting: true if anything is ready. */
  constructor(hostLoop: HostLoop, probe: () => boolean) {
    this.#hostLoop = hostLoop;
    this.#probe = probe;
  }

  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /** @param queue the kernel queue's descriptor; undefined: none, so probe. */
  start(queue: number | undefined, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { resolve, reject, stop: [] };
      this.#pending = pending;
      try {
        if (queue === undefined) this.#probeLater(pending, PROBE_MS_MIN);
        else this.#watch(queue);
      } catch (error) {
        this.#settle(() => reject(error));
        return;
      }
      if (timeoutMs !== FOREVER) this.#endAt(pending, performance.now() + timeoutMs);
      if (signal !== undefined) {
        const abort = () => this.#abandon(() => reject(signal.reason));
        signal.addEventListener("abort", abort, { once: true });
        pending.stop.push(() => signal.removeEventListener("abort", abort));
      }
    });
  }

  /** The queue was rebuilt; its old descriptor is about to be closed. */
  move(queue: number): void {
    this.#release();
    if (this.isPending) this.#watch(queue);
  }

  /** Ends a pending wait with an error. */
  close(error: Error): void {
    this.#settle((pending) => pending.reject(error));
    this.#release();
  }

  #watch(queue: number): void {
    this.#poll ??= this.#hostLoop.poll(queue, () =>
      this.#settle((pending) => pending.resolve(true)),
    );
    this.#poll.arm();
  }

  #release(): void {
    this.#poll?.close();
    this.#poll = undefined;
  }

  #settle(how: (pending: Pending) => void): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    for (const stop of pending.stop) stop();
    how(pending);
  }

  /** Ends the wait for another reason than readiness: nothing is to keep the process alive. */
  #abandon(how: (pending: Pending) => void): void {
    this.#poll?.disarm();
    this.#settle(how);
  }

  #probeLater(pending: Pending, delayMs: number): void {
    let delay = delayMs;
    const look = () => {
      try {
        if (this.#probe()) return this.#settle(() => pending.resolve(true));
      } catch (error) {
        return this.#settle(() => pending.reject(error));
      }
      delay = Math.min(delay * 2, PROBE_MS_MAX);
      timer = setTimeout(look, delay);
    };
    let timer = setTimeout(look, delay);
    pending.stop.push(() => clearTimeout(timer));
  }

  #endAt(pending: Pending, deadlineMs: number): void {
    const end = () => {
      const left = deadlineMs - performance.now();
      // Node's timers may fire up to a millisecond early.
      if (left > 0) timer = setTimeout(end, Math.min(left, TIMER_MS_MAX));
      else this.#abandon(() => pending.resolve(false));
    };
    let timer = setTimeout(end, Math.min(deadlineMs - performance.now(), TIMER_MS_MAX));
    pending.stop.push(() => clearTimeout(timer));
  }
}
