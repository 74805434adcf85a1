/**
 * How a connection gets from the main thread to a worker: as a number, in a message. A descriptor
 * must have one owner at every moment, or it is closed twice (and the second time it is somebody
 * else's), or by nobody. So main makes a second descriptor of the same connection, dup(2):
 *
 * - one is given: main's until it is posted; the worker's once that has said "taken"; and if the
 *   worker is gone before, main's again. A worker says so before it adopts: if it dies in the very
 *   moment between, a descriptor stays open, but none is closed twice.
 * - one is kept by main, which never reads or writes it. The kernel ends a connection with its last
 *   descriptor, so main has the last word: it closes when the worker says "closed", or has crashed.
 */
import * as net from "socket-reactor";
import { nameOf } from "./server.js";
import type { Given } from "./worker-message.js";

/** Main's side of one connection. */
export class HandedOver {
  readonly peer: string;
  readonly #kept: net.Socket;
  readonly #given: net.Socket;
  /** Posted, and not taken yet. */
  #underWay: number | undefined;
  #isTaken = false;

  /** @throws SystemError EMFILE ...: no room for the copy. The socket is the caller's then. */
  constructor(socket: net.Socket) {
    const { kernel } = socket;
    this.peer = nameOf(socket.remoteAddress);
    this.#kept = net.Socket.fromFd(net.check("dup", kernel.dup(socket.fileno())), { kernel });
    this.#given = socket;
  }

  /** No other connection has it as long as this one is open. */
  get id(): number {
    return this.#kept.fileno();
  }

  get state(): string {
    return String(this.#kept.state);
  }

  /** To be posted at once; from then on `taken` or `close` is called. */
  give(): Given {
    const { id } = this;
    this.#underWay = this.#given.detach();
    return { id, fd: this.#underWay };
  }

  /** The worker owns what was given. */
  taken(): void {
    this.#underWay = undefined;
    this.#isTaken = true;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  get isClosed(): boolean {
    return this.#kept.isClosed;
  }

  /** Whoever waits in a call on this connection, in whatever thread, stops waiting: it is over. */
  shutdown(): void {
    if (this.isClosed) return;
    try {
      this.#kept.shutdown("both");
    } catch (error) {
      if (!(error instanceof net.SystemError)) throw error; // ENOTCONN: it was reset
    }
  }

  /** When the worker is done with it, or gone. */
  close(): void {
    const { kernel } = this.#kept;
    if (this.#underWay !== undefined) net.Socket.fromFd(this.#underWay, { kernel }).close();
    this.#underWay = undefined;
    this.#given.close();
    this.#kept.close();
  }
}
