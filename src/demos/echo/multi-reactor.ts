/**
 * An echo server with a reactor in each of several threads, by default one for each processor. Each
 * serves any number of connections, as stream.ts does; what is left to choose is who accepts.
 *
 * - reuse-port: each worker has a listener, all on one port, and the kernel chooses by a hash of the
 *   addresses: evenly on the whole, never exactly, and also a worker that has too much to do. Main has
 *   no part in it. (Linux and FreeBSD spread so; on macOS all go to one listener.)
 * - hand-out: main accepts, and gives each connection to the next worker in turn.
 *
 * The rule of this file: main opens all listeners and keeps them open; a worker has a copy. So a
 * crash costs the connections that its worker had accepted, but not those that wait: the kernel
 * resets a backlog only with the last descriptor, and whoever replaces the worker finds it as it was.
 */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import * as net from "socket-reactor";
import { Acceptor } from "./acceptor.js";
import { Crew, type CrewMember } from "./crew.js";
import { HandedOver } from "./hand-over.js";
import type { ReactorData } from "./multi-reactor-worker.js";
import {
  CONNECTIONS_MAX,
  type EchoOptions,
  type EchoServer,
  nameOf,
  type ThreadedEchoServer,
} from "./server.js";
import { workerFile } from "./worker-thread.js";

const ENTRY = workerFile("multi-reactor-worker.js");
/** For some ten thousand connections each: their buffers lie elsewhere. */
const HEAP_MB = 128;
/** While it loads the whole package. */
const DESCRIPTORS = 192;
/** Where select(2) takes low descriptors only: what a thread needs of them for itself. */
const DESCRIPTORS_PER_WORKER = 16;

export function createEchoServer(options: EchoOptions): ThreadedEchoServer {
  return options.accept === "hand-out" ? handOut(options) : reusePort(options);
}

function reusePort(options: EchoOptions): ThreadedEchoServer {
  const { backend, log, workerEntry: entry = ENTRY } = options;
  const { workers = availableParallelism() } = options;
  const connectionsMax = connectionsMaxOf(options, workers, 1);
  const size = Math.min(workers, connectionsMax);
  const listeners = openListeners(size, options);
  const address = nameOf(listeners[0]?.localAddress);
  const peers = listeners.map(() => new Map<number, string>());
  let isStopping = false;
  log(`LISTEN ${address}`);
  const crew = new Crew({
    kind: { entry, heapMb: HEAP_MB, descriptors: DESCRIPTORS, together: size },
    size,
    log,
    dataFor: (place): ReactorData => ({
      backend,
      listener: listeners[place]?.fileno(),
      connectionsMax: Math.floor((connectionsMax + place) / size), // they add up to the whole
    }),
    onReady() {},
    onSaid({ place }, words) {
      const mine = peers[place];
      if (isStopping) return;
      if (words.says === "accepted") {
        mine?.set(words.id, words.peer);
        log(`${words.state} ${words.peer}`);
      } else if (words.says === "closed") {
        log(`CLOSED ${mine?.get(words.id)}: ${words.reason}`);
        mine?.delete(words.id);
      } else if (words.says === "paused") log(`accept: ${words.code}, trying again soon`);
    },
    onLost({ place }, reason) {
      // The thread's end has closed them: nobody else had a descriptor.
      for (const peer of peers[place]?.values() ?? []) {
        log(`CLOSED ${peer}: worker crashed: ${reason}`);
      }
      peers[place]?.clear();
    },
  });

  async function run(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await once(signal, "abort");
    isStopping = true;
    await crew.stop(); // a thread that ends closes what it has
    for (const listener of listeners) listener.close();
  }

  return threaded(address, crew, run, ({ place }) => peers[place]?.size ?? 0);
}

/**
 * The first is alone for a moment, without SO_REUSEPORT. That finds a free port; and if the port
 * belongs to another server, it says so, where sharing would take half of its connections away.
 */
function openListeners(size: number, { host, port, kernel }: EchoOptions): net.Socket[] {
  const where = { host, kernel: kernel ?? net.systemKernel };
  const probe = net.Socket.listenTcp({ ...where, port });
  const address = probe.localAddress;
  probe.close();
  const found = address !== undefined && "port" in address ? address.port : port;
  return Array.from({ length: size }, () =>
    net.Socket.listenTcp({ ...where, port: found, reusePort: true }),
  );
}

function handOut(options: EchoOptions): ThreadedEchoServer {
  const { host, port, backend, log, kernel = net.systemKernel } = options;
  const { workers: size = availableParallelism(), workerEntry: entry = ENTRY } = options;
  const listener = net.Socket.listenTcp({ host, port, kernel });
  const reactor = new net.Reactor({ backend, kernel });
  const connectionsMax = connectionsMaxOf(options, size, 2);
  const connections = new Map<HandedOver, CrewMember>();
  const byId = new Map<number, HandedOver>();
  const turns: CrewMember[] = [];
  let isStopping = false;
  const hasRoom = () => turns.length > 0 && connections.size < connectionsMax;
  const acceptor = new Acceptor(reactor, listener, { hasRoom, serve, log });
  const crew = new Crew({
    kind: { entry, heapMb: HEAP_MB, descriptors: DESCRIPTORS, together: size },
    size,
    log,
    dataFor: (): ReactorData => ({ backend, listener: undefined, connectionsMax }),
    onReady(member) {
      turns.push(member);
      acceptor.update();
    },
    onSaid(_, words) {
      const connection = "id" in words ? byId.get(words.id) : undefined;
      if (connection === undefined) return;
      if (words.says === "taken") {
        connection.taken();
        if (!isStopping) log(`${connection.state} ${connection.peer}`);
      } else if (words.says === "closed") finish(connection, words.reason);
    },
    onLost(member, reason) {
      if (turns.includes(member)) turns.splice(turns.indexOf(member), 1);
      for (const [connection, its] of connections) {
        if (its === member) finish(connection, `worker crashed: ${reason}`);
      }
    },
  });

  function serve(socket: net.Socket): void {
    const connection = new HandedOver(socket);
    const member = turns.shift() as CrewMember; // hasRoom() says that there is one
    turns.push(member);
    connections.set(connection, member);
    byId.set(connection.id, connection);
    member.thread.worker.postMessage(connection.give());
  }

  function finish(connection: HandedOver, reason: string): void {
    connections.delete(connection);
    byId.delete(connection.id);
    connection.close();
    if (!isStopping) log(`${connection.state} ${connection.peer}: ${reason}`);
    acceptor.update(); // there is room again, if there was none
  }

  async function run(signal: AbortSignal): Promise<void> {
    const stop = () => reactor.stop();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    try {
      await reactor.run();
    } finally {
      signal.removeEventListener("abort", stop);
      isStopping = true;
      acceptor.close();
      await crew.stop();
      for (const connection of connections.keys()) connection.close();
      reactor.close();
    }
  }

  const count = (member: CrewMember) =>
    [...connections.values()].filter((m) => m === member).length;
  return threaded(acceptor.address, crew, run, count);
}

/** As many as are asked for, or as the backend has numbers for: of all threads, for they share them. */
function connectionsMaxOf(
  { backend, connectionsMax = CONNECTIONS_MAX }: EchoOptions,
  workers: number,
  descriptorsEach: number,
): number {
  const selector = net.createSelector({ backend });
  const numbers = selector.capabilities.maxFd - DESCRIPTORS_PER_WORKER * (workers + 2);
  selector.close();
  return Math.min(connectionsMax, Math.max(1, Math.floor(numbers / descriptorsEach)));
}

function threaded(
  address: string,
  crew: Crew,
  run: EchoServer["run"],
  count: (member: CrewMember) => number,
): ThreadedEchoServer {
  return {
    address,
    ready: crew.ready,
    run,
    get workers() {
      return crew.members.map(({ thread }) => thread.worker);
    },
    stats() {
      const connections = crew.members.map(count);
      return { busy: connections.filter((n) => n > 0).length, waiting: 0, connections };
    },
  };
}
