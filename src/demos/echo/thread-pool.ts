/**
 * An echo server with a fixed number of threads. The main thread accepts and queues; whichever
 * worker is free takes the next connection, and makes blocking calls on it until it is over
 * (blocking-echo.ts).
 *
 * The rule of this file: a worker has one connection at a time, and keeps it. So a peer that is slow,
 * or only silent, pins its worker; as many of them as there are workers, and everybody else waits.
 * The log says so. The queue has an end: beyond it nothing is accepted, and the kernel's backlog
 * fills, which every client understands.
 */
import * as net from "socket-reactor";
import { Acceptor } from "./acceptor.js";
import { Crew, type CrewMember } from "./crew.js";
import { HandedOver } from "./hand-over.js";
import {
  CONNECTIONS_MAX,
  type EchoOptions,
  POOL_QUEUE,
  POOL_WORKERS,
  type ThreadedEchoServer,
} from "./server.js";
import type { WorkerSays } from "./worker-message.js";
import { workerFile } from "./worker-thread.js";

const ENTRY = workerFile("thread-pool-worker.js");
/** For one connection at a time and a buffer. */
const HEAP_MB = 32;
/** While it loads the floors up to sockets. */
const DESCRIPTORS = 64;

export function createEchoServer(options: EchoOptions): ThreadedEchoServer {
  const { host, port, backend, log, kernel = net.systemKernel } = options;
  const { workers: size = POOL_WORKERS, queue: queueMax = POOL_QUEUE } = options;
  const { connectionsMax = CONNECTIONS_MAX, workerEntry: entry = ENTRY } = options;
  const listener = net.Socket.listenTcp({ host, port, kernel });
  const reactor = new net.Reactor({ backend, kernel });
  const queue: HandedOver[] = [];
  const free: CrewMember[] = [];
  const serving = new Map<CrewMember, HandedOver>();
  let isStopping = false;
  const hasRoom = () => queue.length < queueMax && queue.length + serving.size < connectionsMax;
  const acceptor = new Acceptor(reactor, listener, { hasRoom, serve, log });
  const crew = new Crew({
    ...{ kind: { entry, heapMb: HEAP_MB, descriptors: DESCRIPTORS, together: size }, size, log },
    dataFor: () => undefined,
    onReady: (member) => isFree(member),
    onSaid: said,
    onLost: lost,
  });

  function serve(socket: net.Socket): void {
    const connection = new HandedOver(socket);
    queue.push(connection);
    handOut();
    if (queue.length === 0 || serving.size < crew.members.length) return;
    log(`${connection.peer} waits: ${serving.size} of ${size} workers busy, ${queue.length} wait`);
  }

  function handOut(): void {
    while (free.length > 0) {
      const connection = queue.shift();
      if (connection === undefined) return;
      const member = free.shift() as CrewMember;
      serving.set(member, connection);
      member.thread.worker.postMessage(connection.give());
    }
  }

  function said(member: CrewMember, words: WorkerSays): void {
    const connection = serving.get(member);
    if (connection === undefined) return;
    if (words.says === "taken") {
      connection.taken();
      if (!isStopping) log(`${connection.state} ${connection.peer}`);
    } else if (words.says === "closed") {
      finish(member, connection, words.reason);
      isFree(member);
    }
  }

  function isFree(member: CrewMember): void {
    free.push(member);
    handOut();
    acceptor.update(); // there is room again, if there was none
  }

  function finish(member: CrewMember, connection: HandedOver, reason: string): void {
    serving.delete(member);
    connection.close();
    if (!isStopping) log(`${connection.state} ${connection.peer}: ${reason}`);
  }

  function lost(member: CrewMember, reason: string): void {
    if (free.includes(member)) free.splice(free.indexOf(member), 1);
    const connection = serving.get(member);
    if (connection !== undefined) finish(member, connection, `worker crashed: ${reason}`);
    acceptor.update();
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
      for (const connection of queue.splice(0)) connection.close();
      for (const connection of serving.values()) connection.shutdown(); // or their calls wait on
      await crew.stop();
      for (const connection of serving.values()) connection.close();
      reactor.close();
    }
  }

  return {
    address: acceptor.address,
    ready: crew.ready,
    run,
    get workers() {
      return crew.members.map(({ thread }) => thread.worker);
    },
    stats: () => ({
      busy: serving.size,
      waiting: queue.length,
      connections: crew.members.map((member) => (serving.has(member) ? 1 : 0)),
    }),
  };
}
