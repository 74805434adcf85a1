/**
 * Connects to the first address that answers. Addresses of both families are tried in turn, the
 * next one after a short delay or as soon as one fails; the first that connects wins and the others
 * are given up. RFC 8305 (Happy Eyeballs)
 *
 * However it ends, it ends once, and everything it has opened is closed or handed over.
 */
import { misuse, type SystemError } from "../kernel/index.js";
import type { Reactor, Timer } from "../reactor/index.js";
import { type Address, isUnixAddress, type Socket } from "../sockets/index.js";
import { Attempt } from "./attempt.js";

/** @param error of the last attempt; with `errors`, all of them, if there were several. */
export type ConnectHandler = (socket: Socket | undefined, error: Error | undefined) => void;

export interface ConnectorOptions {
  readonly attemptDelayMs: number;
  readonly noDelay: boolean;
}

export class Connector {
  readonly #reactor: Reactor;
  readonly #waiting: Address[];
  readonly #options: ConnectorOptions;
  readonly #onEnd: ConnectHandler;
  readonly #attempts = new Set<Attempt>();
  readonly #errors: SystemError[] = [];
  readonly #next: Timer;
  #isOver = false;

  /** @param addresses in the order of preference, at least one. */
  constructor(
    reactor: Reactor,
    addresses: readonly Address[],
    options: ConnectorOptions,
    onEnd: ConnectHandler,
  ) {
    this.#reactor = reactor;
    this.#waiting = interleave(addresses);
    this.#options = options;
    this.#onEnd = onEnd;
    this.#next = reactor.timer(Infinity, () => this.#tryNext(), { start: false });
    this.#tryNext();
  }

  /** Gives up; nothing is called any more. Idempotent. */
  abort(): void {
    this.#isOver = true;
    this.#next.stop();
    for (const attempt of this.#attempts) attempt.abort();
    this.#attempts.clear();
  }

  #tryNext(): void {
    const address = this.#waiting.shift();
    if (address === undefined || this.#isOver) return;
    if (this.#waiting.length > 0) this.#next.start(this.#options.attemptDelayMs);
    const attempt = new Attempt(this.#reactor, address, this.#options.noDelay, (socket, error) => {
      this.#attempts.delete(attempt);
      if (socket !== undefined) this.#won(socket);
      else this.#failed(error as SystemError);
    });
    this.#attempts.add(attempt);
  }

  #won(socket: Socket): void {
    if (this.#isOver) {
      socket.close();
      return;
    }
    this.abort();
    this.#onEnd(socket, undefined);
  }

  #failed(error: SystemError): void {
    if (this.#isOver) return;
    this.#errors.push(error);
    if (this.#waiting.length > 0) {
      this.#tryNext();
    } else if (this.#attempts.size === 0) {
      this.abort();
      this.#onEnd(undefined, summary(this.#errors));
    }
  }
}

/** The families in turn, beginning with that of the first address. RFC 8305 §4 */
export function interleave(addresses: readonly Address[]): Address[] {
  const preferred = addresses.slice(0, 1).map(familyOf)[0];
  const first = addresses.filter((address) => familyOf(address) === preferred);
  const others = addresses.filter((address) => familyOf(address) !== preferred);
  const turns: Address[] = [];
  for (let i = 0; i < Math.max(first.length, others.length); i += 1) {
    for (const list of [first, others]) {
      const address = list[i];
      if (address !== undefined) turns.push(address);
    }
  }
  return turns;
}

function familyOf(address: Address): string {
  return isUnixAddress(address) ? "unix" : address.family;
}

/** The last error tells the outcome; the others are kept with it. */
function summary(errors: readonly SystemError[]): Error {
  const last =
    errors.at(-1) ?? misuse(Error, "ERR_NO_ADDRESS", "There is no address to connect to");
  return errors.length > 1 ? Object.assign(last, { errors }) : last;
}
