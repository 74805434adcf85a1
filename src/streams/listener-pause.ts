/**
 * How a listener waits when descriptors have run out: a time that doubles, and after a while the
 * spare descriptor. That one is given up to accept a connection and close it at once, so that the
 * client learns that nobody will serve it, and is then opened again.
 */
import { type Kernel, toFd } from "../kernel/index.js";
import type { Reactor, Timer } from "../reactor/index.js";
import type { Socket } from "../sockets/index.js";

/** The first pause, in milliseconds. */
export const PAUSE_MS_MIN: number = 10;

/** The longest pause, in milliseconds. */
export const PAUSE_MS_MAX: number = 1000;

/** Clients wait so long in the kernel's queue before they are refused, in milliseconds. */
export const REFUSE_AFTER_MS: number = 1000;

/** Clients refused after one pause; the others wait for the next. */
const REFUSALS_MAX = 64;

export class ListenerPause {
  readonly #kernel: Kernel;
  readonly #socket: Socket;
  readonly #onChange: () => void;
  readonly #timer: Timer;
  #spare: number;
  #delayMs = PAUSE_MS_MIN;
  #sinceMs: number | undefined;
  #pauses = 0;
  #refused = 0;

  /** @param onChange called when a pause begins, and when it is over. */
  constructor(reactor: Reactor, socket: Socket, onChange: () => void) {
    this.#kernel = reactor.kernel;
    this.#socket = socket;
    this.#onChange = onChange;
    this.#timer = reactor.timer(Infinity, () => this.#over(), { start: false });
    this.#spare = this.#kernel.dup(socket.fileno());
  }

  get isPausing(): boolean {
    return this.#timer.isStarted;
  }

  get pauses(): number {
    return this.#pauses;
  }

  get refused(): number {
    return this.#refused;
  }

  /** There is no descriptor for the next connection. */
  begin(): void {
    this.#pauses += 1;
    this.#sinceMs ??= this.#kernel.nowMs();
    this.#timer.start(this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, PAUSE_MS_MAX);
    this.#onChange();
  }

  /** A connection was accepted: the shortage is over. */
  reset(): void {
    if (this.#sinceMs === undefined) return;
    this.#sinceMs = undefined;
    this.#delayMs = PAUSE_MS_MIN;
    if (this.#spare < 0) this.#spare = this.#kernel.dup(this.#socket.fileno());
  }

  close(): void {
    this.#timer.stop();
    if (this.#spare >= 0) this.#kernel.close(this.#spare);
    this.#spare = -1;
  }

  #over(): void {
    const lastedMs = this.#kernel.nowMs() - (this.#sinceMs ?? Infinity);
    if (lastedMs >= REFUSE_AFTER_MS) this.#refuse();
    this.#onChange();
  }

  /** The spare is a copy of the listener's own descriptor: it costs nothing but the number. */
  #refuse(): void {
    if (this.#spare < 0) return;
    this.#kernel.close(this.#spare);
    this.#spare = -1;
    for (let i = 0; i < REFUSALS_MAX; i += 1) {
      const fd = this.#kernel.accept4(this.#socket.fileno(), false, undefined);
      if (fd < 0) break;
      this.#kernel.close(toFd(fd));
      this.#refused += 1;
    }
    this.#spare = this.#kernel.dup(this.#socket.fileno());
  }
}
