/** One attempt to connect to one address: a socket whose connect is under way. */
import { IN_PROGRESS, SystemError, WOULD_BLOCK } from "../kernel/index.js";
import type { Reactor, Watch } from "../reactor/index.js";
import { EVENT_WRITE } from "../reactor/index.js";
import { type Address, isUnixAddress, Socket, TCP_NODELAY } from "../sockets/index.js";

export class Attempt {
  #socket: Socket | undefined;
  #watch: Watch | undefined;

  /**
   * @param onEnd called once, never from within the constructor: with the socket, which is the
   *   caller's then, or the error.
   */
  constructor(
    reactor: Reactor,
    address: Address,
    noDelay: boolean,
    onEnd: (socket: Socket | undefined, error: SystemError | undefined) => void,
  ) {
    try {
      this.#begin(reactor, address, noDelay, onEnd);
    } catch (error) {
      this.abort();
      if (!(error instanceof SystemError)) throw error;
      reactor.defer(() => onEnd(undefined, error));
    }
  }

  /** Gives it up; nothing is called any more. */
  abort(): void {
    this.#watch?.stop();
    this.#socket?.close();
    this.#socket = undefined;
  }

  #begin(
    reactor: Reactor,
    address: Address,
    noDelay: boolean,
    onEnd: (socket: Socket | undefined, error: SystemError | undefined) => void,
  ): void {
    const { kernel } = reactor;
    const isUnix = isUnixAddress(address);
    const socket = isUnix
      ? Socket.unix({ kernel })
      : Socket.tcp({ kernel, family: address.family });
    this.#socket = socket;
    if (!isUnix) socket.setOption(TCP_NODELAY, noDelay);
    const result = socket.connect(address);
    // A unix listener whose queue is full: nothing is under way, and nothing would tell when it is.
    if (result === WOULD_BLOCK)
      throw new SystemError("connect", WOULD_BLOCK, { path: pathOf(address) });
    if (result !== IN_PROGRESS) {
      reactor.defer(() => this.#finish(onEnd));
      return;
    }
    this.#watch = reactor.watch(socket, EVENT_WRITE, () => this.#finish(onEnd), {
      once: true,
      onError: (error) => {
        this.abort();
        onEnd(undefined, error);
      },
    });
  }

  #finish(onEnd: (socket: Socket | undefined, error: SystemError | undefined) => void): void {
    const socket = this.#socket;
    if (socket === undefined) return; // given up
    try {
      socket.finishConnect();
    } catch (error) {
      this.abort();
      onEnd(undefined, error as SystemError);
      return;
    }
    this.#socket = undefined;
    onEnd(socket, undefined);
  }
}

function pathOf(address: Address): string {
  return isUnixAddress(address) ? address.path : "";
}
