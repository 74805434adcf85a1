/**
 * An echo server with a thread for each connection. The main thread accepts; each worker makes
 * blocking calls on its one connection (blocking-echo.ts), and nothing could be simpler. The price:
 * a thread costs some ten megabytes, and tens of milliseconds to start.
 *
 * The rule of this file: there are as many threads as connections, and both have an end. Whoever
 * comes beyond it is told so in words and closed, for a thread may be busy as long as its peer likes,
 * and nobody should have to guess why nothing happens.
 */
import * as net from "socket-reactor";
import { reasonOf } from "../errors.js";
import { Acceptor } from "./acceptor.js";
import { HandedOver } from "./hand-over.js";
import {
  CONNECTIONS_MAX,
  codeOf,
  type EchoOptions,
  nameOf,
  THREADS_MAX,
  type ThreadedEchoServer,
} from "./server.js";
import type { WorkerSays } from "./worker-message.js";
import { assertThread, startWorker, type WorkerThread, workerFile } from "./worker-thread.js";

const ENTRY = workerFile("thread-per-connection-worker.js");
/** For one connection and a buffer. */
const HEAP_MB = 32;
/** While it loads the floors up to sockets. */
const DESCRIPTORS = 64;
/** More than begin at a time: one may begin always, before the one before has ended that. */
const LOOK_AHEAD = 32;
/** Threads that begin at a time: it is work for the processor. */
const STARTING_MAX = 4;

interface Serving {
  readonly connection: HandedOver;
  readonly thread: WorkerThread;
}

export function createEchoServer(options: EchoOptions): ThreadedEchoServer {
  const { host, port, backend, log, kernel = net.systemKernel } = options;
  const { workers: threadsMax = THREADS_MAX, connectionsMax = CONNECTIONS_MAX } = options;
  const { workerEntry: entry = ENTRY } = options;
  const kind = { entry, heapMb: HEAP_MB, descriptors: DESCRIPTORS, together: LOOK_AHEAD };
  const listener = net.Socket.listenTcp({ host, port, kernel });
  const reactor = new net.Reactor({ backend, kernel });
  const threads = new Set<Serving>();
  let starting = 0;
  let isStopping = false;
  const hasRoom = () => threads.size < connectionsMax && starting < STARTING_MAX;
  const assertRoom = () => {
    if (threads.size < threadsMax) assertThread(kind); // to refuse somebody takes none
  };
  const acceptor = new Acceptor(reactor, listener, { hasRoom, serve, assertRoom, log });

  function serve(socket: net.Socket): void {
    if (threads.size >= threadsMax) {
      refuse(socket);
      return;
    }
    const connection = new HandedOver(socket);
    try {
      start(connection);
    } catch (error) {
      connection.close();
      failedToStart(reasonOf(error));
    }
  }

  function start(connection: HandedOver): void {
    const thread = startWorker(kind, connection.give(), {
      said: (words) => said(connection, words),
      ended(reason) {
        threads.delete(serving);
        ended(connection, reason);
      },
    });
    const serving = { connection, thread };
    threads.add(serving);
    starting += 1;
  }

  function said(connection: HandedOver, words: WorkerSays): void {
    if (words.says === "taken") {
      connection.taken();
      starting -= 1;
      if (isStopping) return;
      acceptor.update();
      log(`${connection.state} ${connection.peer}`);
    } else if (words.says === "closed") finish(connection, words.reason);
  }

  function ended(connection: HandedOver, reason: string): void {
    if (!connection.isTaken) starting -= 1;
    if (connection.isTaken) finish(connection, `worker crashed: ${reason}`);
    else {
      connection.close();
      failedToStart(reason);
      return;
    }
    acceptor.update(); // there is room again, if there was none
  }

  /** No thread, or no descriptors for what it loads: its peer is closed, and others wait a while. */
  function failedToStart(reason: string): void {
    if (!isStopping) acceptor.pause(reason);
  }

  /** What is closed already is left alone. */
  function finish(connection: HandedOver, reason: string): void {
    if (connection.isClosed) return;
    connection.close();
    if (!isStopping) log(`${connection.state} ${connection.peer}: ${reason}`);
  }

  /** A shortcut: where the kernel has no room for the sentence, or nobody is left, nothing is said. */
  function refuse(socket: net.Socket): void {
    log(`${nameOf(socket.remoteAddress)} refused: all ${threadsMax} workers are busy`);
    try {
      socket.send(Buffer.from(`Busy: all ${threadsMax} workers serve somebody, try again later\n`));
      socket.shutdown("write");
      socket.recv(new Uint8Array(1024)); // a close with something unread would be a reset
    } catch (error) {
      codeOf(error);
    }
    socket.close();
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
      for (const { connection } of threads) connection.shutdown(); // or their calls would wait on
      await Promise.all([...threads].map(({ thread }) => thread.end()));
      reactor.close();
    }
  }

  return {
    address: acceptor.address,
    run,
    get workers() {
      return [...threads].map(({ thread }) => thread.worker);
    },
    stats: () => ({
      busy: threads.size,
      waiting: 0,
      connections: [...threads].map(() => 1),
    }),
  };
}
