/** `reactor.report()`: what a reactor watches, with what the kernel says of each socket. */
import { Socket } from "../sockets/index.js";
import type { Core } from "./core.js";
import { type ReactorStats, statsOf } from "./stats.js";
import { Watch, type WatchHandler, type WatchTarget } from "./watch.js";
import type { Watcher } from "./watched-descriptor.js";

export interface WatchReport {
  readonly fd: number;
  /** EVENT_READ, EVENT_WRITE or both. */
  readonly events: number;
  readonly priority: number;
  /** Milliseconds to its deadline, if it has one. */
  readonly remainingMs: number | undefined;
  /** Of a socket: its kind, addresses, TCP state and queue depths in bytes. */
  readonly socket: SocketReport | undefined;
  /** What the owner of the watch says, such as a stream. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

export interface SocketReport {
  readonly type: string;
  readonly family: string;
  readonly localAddress: unknown;
  readonly remoteAddress: unknown;
  /** Of TCP: LISTEN, ESTABLISHED ... */
  readonly state: string | undefined;
  /** Bytes received and not read. */
  readonly receiveQueueBytes: number | undefined;
  /** Bytes sent and not acknowledged. */
  readonly sendQueueBytes: number | undefined;
}

export interface ReactorReport {
  readonly backend: string;
  readonly mode: string;
  readonly stats: ReactorStats;
  readonly watches: readonly WatchReport[];
}

export function reportOf(core: Core, mode: string): ReactorReport {
  const watches: WatchReport[] = [];
  for (const { data } of core.selector.map.values()) {
    for (const watch of data.watches) watches.push(reportWatch(data.fd, watch));
  }
  return { backend: core.selector.capabilities.backend, mode, stats: statsOf(core), watches };
}

function reportWatch(fd: number, watcher: Watcher): WatchReport {
  const watch = watcher instanceof Watch ? watcher : undefined;
  return {
    fd,
    events: watcher.events,
    priority: watch?.priority ?? 0,
    remainingMs: watch?.remainingMs,
    socket: watcher.fileobj instanceof Socket ? reportSocket(watcher.fileobj) : undefined,
    details: attempt(() => describe(watch?.handler)),
  };
}

function describe(handler: WatchHandler | WatchTarget | undefined): WatchReport["details"] {
  return typeof handler === "object" ? handler.describe?.() : undefined;
}

function reportSocket(socket: Socket): SocketReport {
  return {
    type: socket.type,
    family: socket.family,
    localAddress: attempt(() => socket.localAddress),
    remoteAddress: attempt(() => socket.remoteAddress),
    state: attempt(() => socket.state),
    receiveQueueBytes: attempt(() => socket.receiveQueueBytes),
    sendQueueBytes: attempt(() => socket.sendQueueBytes),
  };
}

/** What a socket cannot say at this moment is left open; a report never fails. */
function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
