/**
 * What the page is told: the messages, and how a beat is made of what the reactor and the kernel
 * say. Counters are sums; the page makes rates of two of them.
 *
 * `reactor.report()` would ask of every socket, however many there are, and a socket that is at
 * rest, as in CLOSE_WAIT, is none that it watches. So the listeners and the connections are asked
 * themselves, with the same questions; `/api/report` has the report.
 */
import { type Address, formatAddress, type Listener, type Reactor } from "socket-reactor";
import { attempt } from "./attempt.js";
import type { Connection, ConnectionBook, StateChange } from "./connection-book.js";

/** Connections of which a beat tells. Others are counted; each costs three system calls. */
export const CONNECTIONS_SHOWN_MAX = 64;

export interface ListenerRow {
  readonly service: string;
  readonly address: string;
  readonly state: string | undefined;
  readonly connections: number;
  /** Connections that wait to be accepted, and how many may. Where the system tells. */
  readonly waiting: number | undefined;
  readonly waitingMax: number | undefined;
}

export interface ConnectionRow {
  readonly id: number;
  readonly service: string;
  readonly peer: string;
  readonly state: string | undefined;
  readonly ageMs: number;
  /** Written by us, not yet taken by the kernel. */
  readonly queuedBytes: number;
  /** Sent, not yet acknowledged by the peer. SIOCOUTQ */
  readonly sendQueueBytes: number | undefined;
  /** Come, not yet received by us. SIOCINQ */
  readonly receiveQueueBytes: number | undefined;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** It listens to these beats. */
  readonly isObserver: boolean;
}

export interface Beat {
  /** In milliseconds of `kernel.nowMs()`, as all times here. */
  readonly nowMs: number;
  readonly listeners: readonly ListenerRow[];
  readonly rows: readonly ConnectionRow[];
  /** Also those without a row. */
  readonly connections: number;
  readonly changes: readonly StateChange[];
  readonly changesLeftOut: number;
  readonly stats: BeatStats;
  /** What looking has cost so far. */
  readonly observer: { readonly beats: number; readonly ms: number; readonly listeners: number };
}

/** Of `reactor.stats()`. */
export interface BeatStats {
  readonly turns: number;
  readonly events: number;
  readonly callbacks: number;
  readonly timeouts: number;
  readonly timers: number;
  readonly waitMs: number;
  readonly dispatchMs: number;
}

export interface BeatSource {
  readonly reactor: Reactor;
  readonly book: ConnectionBook;
  readonly listeners: ReadonlyMap<string, Listener>;
}

/** @param isObserver whose connection is that? */
export function takeBeat(
  { reactor, book, listeners }: BeatSource,
  observer: Beat["observer"],
  isObserver: (connection: Connection) => boolean,
): Beat {
  const nowMs = reactor.kernel.nowMs();
  const shown = book.look(CONNECTIONS_SHOWN_MAX);
  const { changes, leftOut } = book.takeChanges();
  return {
    nowMs: round(nowMs),
    listeners: Array.from(listeners, ([service, listener]) => listenerRow(service, listener)),
    rows: shown.map((connection) => connectionRow(connection, nowMs, isObserver(connection))),
    connections: book.size,
    changes: changes.map((change) => ({ ...change, atMs: round(change.atMs) })),
    changesLeftOut: leftOut,
    stats: beatStats(reactor),
    observer: { ...observer, ms: round(observer.ms) },
  };
}

function listenerRow(service: string, { socket, address, streams }: Listener): ListenerRow {
  const queue = socket.isClosed ? undefined : socket.acceptQueue;
  return {
    service,
    address: formatAddress(address as Address),
    state: socket.state,
    connections: streams.size,
    waiting: queue?.connections,
    waitingMax: queue?.max,
  };
}

function connectionRow(
  { id, stream, names, state, isOver, openedMs }: Connection,
  nowMs: number,
  isObserver: boolean,
): ConnectionRow {
  const { socket } = stream;
  return {
    ...{ id, service: names?.service ?? "other", peer: names?.peer ?? "" },
    state: isOver ? "CLOSED" : state,
    ageMs: Math.round(nowMs - openedMs),
    queuedBytes: stream.pendingBytes,
    sendQueueBytes: attempt(() => socket.sendQueueBytes),
    receiveQueueBytes: attempt(() => socket.receiveQueueBytes),
    bytesRead: stream.bytesRead,
    bytesWritten: stream.bytesWritten,
    isObserver,
  };
}

function beatStats(reactor: Reactor): BeatStats {
  const { turns, events, callbacks, timeouts, timers, waitMs, dispatchMs } = reactor.stats();
  return {
    ...{ turns, events, callbacks, timeouts, timers },
    ...{ waitMs: round(waitMs), dispatchMs: round(dispatchMs) },
  };
}

/** To microseconds: further digits would only be sent. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
