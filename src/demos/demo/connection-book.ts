/**
 * Which connections a reactor has, and how the TCP state of each changes. live-feed.ts asks once a
 * beat; what happens in between is heard from the library's diagnostics channels.
 *
 * The rule of this file: while nobody looks, a connection costs an entry in a map and no system
 * call. While somebody does, the kernel is asked of so many connections and no more.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  type Address,
  formatAddress,
  isUnixAddress,
  type Reactor,
  Socket,
  SocketStream,
  type StreamMessage,
  type TcpState,
  type WatchMessage,
} from "socket-reactor";
import { reasonOf } from "../errors.js";
import { attempt } from "./attempt.js";

/** Changes kept from one beat to the next. A flood of connections is counted beyond that. */
export const CHANGES_MAX = 100;

export interface Connection {
  /** From 1, in the order in which they were accepted. */
  readonly id: number;
  readonly stream: SocketStream;
  /** In milliseconds of `kernel.nowMs()`. */
  readonly openedMs: number;
  /** Undefined until somebody looks at it. */
  names: ConnectionNames | undefined;
  /** As last seen, before it was over. */
  state: TcpState | undefined;
  /** The kernel has ended it, as by a reset; we have not closed it yet. */
  isOver: boolean;
  /** Received and sent, when last counted. */
  bytes: number;
}

export interface ConnectionNames {
  /** Whose port it came to. */
  readonly service: string;
  readonly peer: string;
}

export interface StateChange extends ConnectionNames {
  readonly id: number;
  readonly from: TcpState | undefined;
  readonly to: TcpState;
  /** In milliseconds of `kernel.nowMs()`. */
  readonly atMs: number;
  /** Why it is over, if that was not in order: ECONNRESET ... */
  readonly reason?: string | undefined;
  /** Whether its peer had ended its side before it was over. */
  readonly peerEnded?: boolean | undefined;
}

export interface ConnectionBookOptions {
  readonly reactor: Reactor;
  /** Of a local port; undefined: nobody's. */
  readonly serviceOf: (port: number) => string | undefined;
}

export class ConnectionBook {
  readonly #reactor: Reactor;
  readonly #serviceOf: (port: number) => string | undefined;
  /** Those last active stand last. */
  readonly #connections = new Map<Socket, Connection>();
  readonly #changes: StateChange[] = [];
  #changesLeftOut = 0;
  #lastId = 0;
  #isWatched = false;

  constructor({ reactor, serviceOf }: ConnectionBookOptions) {
    this.#reactor = reactor;
    this.#serviceOf = serviceOf;
    subscribe("socket-reactor.stream", this.#onStream);
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Notes changes of state from now on, or no more. */
  set isWatched(isWatched: boolean) {
    if (isWatched === this.#isWatched) return;
    this.#isWatched = isWatched;
    if (isWatched) subscribe("socket-reactor.watch", this.#onWatch);
    else unsubscribe("socket-reactor.watch", this.#onWatch);
    this.takeChanges();
    for (const connection of this.#connections.values()) connection.state = undefined;
  }

  /** The ones that were active last, in the order of their numbers, each asked for its state. */
  look(max: number): Connection[] {
    if (this.size > max) this.#sortByActivity();
    const shown: Connection[] = [];
    let left = this.size - max;
    for (const connection of this.#connections.values()) {
      left -= 1;
      if (left >= 0) continue;
      this.#ask(connection, false);
      shown.push(connection);
    }
    return shown.sort((a, b) => a.id - b.id);
  }

  /** Asks at once, where a change is known to have come. */
  changed(stream: SocketStream): void {
    const connection = this.#connections.get(stream.socket);
    if (this.#isWatched && connection !== undefined) this.#note(connection);
  }

  /** It came to one service's port and has become another's: a WebSocket of the chat. */
  handOver(stream: SocketStream, service: string): void {
    const connection = this.#connections.get(stream.socket);
    if (connection === undefined) return;
    connection.names = { ...this.#namesOf(stream.socket), service };
  }

  /** What has changed since this was last called, and how many changes beside. */
  takeChanges(): { changes: StateChange[]; leftOut: number } {
    const leftOut = this.#changesLeftOut;
    this.#changesLeftOut = 0;
    return { changes: this.#changes.splice(0), leftOut };
  }

  close(): void {
    this.isWatched = false;
    unsubscribe("socket-reactor.stream", this.#onStream);
    this.#connections.clear();
  }

  readonly #onStream = (message: unknown): void => {
    const { event, stream, error } = message as StreamMessage;
    if (!(stream instanceof SocketStream) || stream.reactor !== this.#reactor) return;
    if (event === "open") this.#opened(stream);
    else this.#closed(stream.socket, error);
  };

  /** Reading stops when the peer has ended its side: that is when CLOSE_WAIT begins. */
  readonly #onWatch = (message: unknown): void => {
    const { reactor, event, watch } = message as WatchMessage;
    if (reactor !== this.#reactor || event !== "stop" || !(watch.fileobj instanceof Socket)) return;
    const connection = this.#connections.get(watch.fileobj);
    if (connection?.stream.isDestroyed === false) this.#note(connection);
  };

  #opened(stream: SocketStream): void {
    this.#lastId += 1;
    const connection: Connection = {
      ...{ id: this.#lastId, stream, openedMs: this.#reactor.kernel.nowMs() },
      ...{ names: undefined, state: undefined, isOver: false, bytes: 0 },
    };
    this.#connections.set(stream.socket, connection);
    if (this.#isWatched) this.#note(connection);
  }

  #closed(socket: Socket, error: unknown): void {
    const connection = this.#connections.get(socket);
    this.#connections.delete(socket);
    if (!this.#isWatched || connection === undefined) return;
    const { id, names, state: from, stream } = connection;
    const reason = error === undefined ? undefined : reasonOf(error);
    const { hasReadEnded: peerEnded } = stream;
    if (names === undefined) this.#changesLeftOut += 1;
    else this.#add(id, names, { from, to: "CLOSED", reason, peerEnded });
  }

  /** Those that have moved a byte since they were last counted go to the end. */
  #sortByActivity(): void {
    for (const connection of this.#connections.values()) {
      const { stream, bytes } = connection;
      const now = stream.bytesRead + stream.bytesWritten;
      if (now === bytes) continue;
      connection.bytes = now; // before it moves: it is met again at the end
      this.#moveToEnd(connection);
    }
  }

  #moveToEnd(connection: Connection): void {
    const { socket } = connection.stream;
    this.#connections.delete(socket);
    this.#connections.set(socket, connection);
  }

  /** Asks between two beats, for as many connections as there is room for changes. */
  #note(connection: Connection): void {
    if (this.#changes.length >= CHANGES_MAX) {
      this.#changesLeftOut += 1;
      return;
    }
    this.#ask(connection, true);
    this.#moveToEnd(connection);
  }

  /** @param isNews a state where none was known; one that was there before it was seen is none. */
  #ask(connection: Connection, isNews: boolean): void {
    const { socket } = connection.stream;
    connection.names ??= this.#namesOf(socket);
    const { names, state: from } = connection;
    const to = attempt(() => socket.state);
    connection.isOver = to === "CLOSED"; // told when it is closed: only then we know how it ended
    if (to === undefined || to === from || connection.isOver) return;
    connection.state = to;
    if (isNews || from !== undefined) this.#add(connection.id, names, { from, to });
  }

  #namesOf(socket: Socket): ConnectionNames {
    const local = attempt(() => socket.localAddress);
    const port = local === undefined || isUnixAddress(local) ? 0 : local.port;
    const remote: Address | undefined = attempt(() => socket.remoteAddress);
    return {
      service: this.#serviceOf(port) ?? "other",
      peer: remote === undefined ? "(gone)" : formatAddress(remote),
    };
  }

  #add(id: number, names: ConnectionNames, change: Omit<StateChange, "id" | "atMs" | Named>): void {
    const atMs = this.#reactor.kernel.nowMs();
    if (this.#changes.length >= CHANGES_MAX) this.#changesLeftOut += 1;
    else this.#changes.push({ id, ...names, ...change, atMs });
  }
}

type Named = keyof ConnectionNames;
