/**
 * Opens a connection: finds the addresses of a name, connects to the first that answers, and makes
 * it a stream. connector.ts races the addresses; here are the name, the deadline and giving up.
 * libevent: bufferevent_socket_connect_hostname
 */
import { promises as dns } from "node:dns";
import { misuse } from "../kernel/index.js";
import { checkDelay, type Reactor, type Timer } from "../reactor/index.js";
import { type Address, parseIpAddress, type Socket } from "../sockets/index.js";
import {
  ADDRESSES_MAX,
  ATTEMPT_DELAY_MS,
  CONNECT_TIMEOUT_MS,
  type ConnectOptions,
  type Lookup,
  type Target,
  targetOf,
} from "./connect-options.js";
import { type ConnectHandler, Connector } from "./connector.js";
import { SocketStream } from "./socket-stream.js";

/**
 * Connects, for `await`. The stream starts paused if `options.stream.paused` says so; else set its
 * handler at once, before anything else is awaited.
 *
 * @throws SystemError ECONNREFUSED, ENETUNREACH ... of the last address tried, with `errors` if
 *   there were several; Error ENOTFOUND and others of the look-up; Error ERR_CONNECT_TIMEOUT;
 *   `signal.reason`; Error ERR_REACTOR_BLOCKING during a blocking run: see `dial`.
 *
 * @example
 * ```ts
 * import { connect, Reactor } from "socket-reactor";
 * const reactor = new Reactor();
 * const running = reactor.run();
 * try {
 *   const stream = await connect(reactor, { host: "localhost", port: 7000 });
 *   stream.end("hello\n");
 *   for await (const chunk of stream) process.stdout.write(chunk);
 * } catch (error) {
 *   console.error(String(error)); // connect ECONNREFUSED ...
 * }
 * reactor.stop();
 * await running;
 * ```
 */
export function connect(reactor: Reactor, options: ConnectOptions): Promise<SocketStream> {
  reactor.assertNotBlocking("A promise");
  return new Promise((resolve, reject) => {
    dial(reactor, options, (socket, error) => {
      if (socket === undefined) return reject(error);
      try {
        resolve(new SocketStream(reactor, socket, {}, options.stream));
      } catch (refused) {
        socket.close();
        reject(refused);
      }
    });
  });
}

/**
 * Connects, for handlers: also during a blocking run, if the address is numeric.
 *
 * @param onEnd called exactly once, never from within `dial`, unless it is aborted before: with the
 *   socket, which is the caller's then, or with the error.
 * @throws for wrong options, and if `options.signal` is aborted already.
 */
export function dial(reactor: Reactor, options: ConnectOptions, onEnd: ConnectHandler): Dialing {
  return new Dialing(reactor, options, onEnd);
}

/** A connection on its way. */
export class Dialing {
  readonly #reactor: Reactor;
  readonly #options: ConnectOptions;
  readonly #onEnd: ConnectHandler;
  readonly #deadline: Timer;
  readonly #onAbort = (): void => this.#end(undefined, this.#options.signal?.reason as Error);
  readonly #unhook: () => void;
  #connector: Connector | undefined;
  #isOver = false;

  /** Use `dial`. */
  constructor(reactor: Reactor, options: ConnectOptions, onEnd: ConnectHandler) {
    this.#reactor = reactor;
    this.#options = options;
    this.#onEnd = onEnd;
    const target = targetOf(options);
    const timeoutMs = checkDelay("timeoutMs", options.timeoutMs ?? CONNECT_TIMEOUT_MS);
    checkDelay("attemptDelayMs", options.attemptDelayMs ?? ATTEMPT_DELAY_MS);
    const addresses = numericAddresses(reactor, target);
    if (addresses === undefined) reactor.assertNotBlocking("Looking up a name");
    options.signal?.throwIfAborted();
    this.#deadline = reactor.timer(timeoutMs, () => this.#end(undefined, timeout(timeoutMs)));
    this.#unhook = reactor.onClose(() => this.#failed(closedError()));
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (addresses === undefined) void this.#lookUp(target as { host: string; port: number });
    else this.#connectNow(addresses);
  }

  /** Gives up; `onEnd` is not called any more. Idempotent. */
  abort(): void {
    this.#isOver = true;
    this.#deadline.stop();
    this.#unhook();
    this.#connector?.abort();
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }

  async #lookUp({ host, port }: { host: string; port: number }): Promise<void> {
    const lookup: Lookup = this.#options.lookup ?? ((name) => dns.lookup(name, { all: true }));
    try {
      // Later: `onEnd` is not called from within `dial`, even if the look-up throws at once.
      const found = await Promise.resolve(host).then(lookup);
      const { kernel } = this.#reactor;
      const addresses = found.map(({ address }) => parseIpAddress(address, port, { kernel }));
      if (addresses.length === 0) throw noAddress(host);
      if (!this.#isOver) this.#connect(addresses.slice(0, ADDRESSES_MAX));
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  /** Outside any turn: what the caller throws is the reactor's, not a rejection of ours. */
  #failed(error: Error): void {
    try {
      this.#end(undefined, error);
    } catch (second) {
      this.#reactor.fail(second);
    }
  }

  /** What is misuse (a path that is too long) leaves `dial`, and nothing may be called later. */
  #connectNow(addresses: readonly Address[]): void {
    try {
      this.#connect(addresses);
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  #connect(addresses: readonly Address[]): void {
    const { attemptDelayMs = ATTEMPT_DELAY_MS, noDelay = true } = this.#options;
    this.#connector = new Connector(
      this.#reactor,
      addresses,
      { attemptDelayMs, noDelay },
      (socket, error) => this.#end(socket, error),
    );
  }

  #end(socket: Socket | undefined, error: Error | undefined): void {
    if (this.#isOver) {
      socket?.close();
      return;
    }
    this.abort();
    this.#onEnd(socket, error);
  }
}

/** Undefined for a name. */
function numericAddresses(reactor: Reactor, target: Target): Address[] | undefined {
  if ("path" in target) return [target];
  try {
    return [parseIpAddress(target.host, target.port, { kernel: reactor.kernel })];
  } catch {
    return undefined;
  }
}

function timeout(timeoutMs: number): Error {
  return misuse(Error, "ERR_CONNECT_TIMEOUT", `No connection within ${timeoutMs} ms`);
}

function closedError(): Error {
  return misuse(Error, "ERR_REACTOR_CLOSED", "The reactor was closed while it was connecting");
}

function noAddress(host: string): Error {
  return misuse(Error, "ENOTFOUND", `The look-up found no address: ${JSON.stringify(host)}`);
}
