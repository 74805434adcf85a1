/** The echo servers that work in threads, in this process, with what their tests look at. */
import * as multiReactor from "../../../src/demos/echo/multi-reactor.js";
import type { EchoOptions, ThreadedEchoServer } from "../../../src/demos/echo/server.js";
import * as threadPerConnection from "../../../src/demos/echo/thread-per-connection.js";
import * as threadPool from "../../../src/demos/echo/thread-pool.js";
import { LineLog } from "../echo-peers.js";
import { portOf } from "../port-of.js";
import { runUntilStopped } from "../run-until-stopped.js";

export interface ThreadedModel {
  readonly name: string;
  /** The file that its workers run, without its ending. */
  readonly entry: string;
  readonly create: (options: EchoOptions) => ThreadedEchoServer;
  /** With two workers, or as many as are needed. */
  readonly options: Pick<EchoOptions, "workers" | "accept">;
}

export const threadPerConnectionModel: ThreadedModel = {
  name: "thread-per-connection",
  entry: "thread-per-connection-worker",
  create: threadPerConnection.createEchoServer,
  options: {},
};

export const threadPoolModel: ThreadedModel = {
  name: "thread-pool",
  entry: "thread-pool-worker",
  create: threadPool.createEchoServer,
  options: { workers: 2 },
};

export const reusePortModel: ThreadedModel = {
  name: "multi-reactor",
  entry: "multi-reactor-worker",
  create: multiReactor.createEchoServer,
  options: { workers: 2, accept: "reuse-port" },
};

export const handOutModel: ThreadedModel = {
  ...reusePortModel,
  name: "multi-reactor that hands out",
  options: { workers: 2, accept: "hand-out" },
};

/** Those that keep a number of workers. */
export const crewModels: readonly ThreadedModel[] = [threadPoolModel, reusePortModel, handOutModel];
export const threadedModels: readonly ThreadedModel[] = [threadPerConnectionModel, ...crewModels];

export interface ThreadedServer {
  readonly server: ThreadedEchoServer;
  readonly port: number;
  readonly log: LineLog;
  stop(): Promise<void>;
}

/** A server whose threads have begun; it ends with the test. */
export async function startThreaded(
  { create, options }: ThreadedModel,
  own: Partial<EchoOptions> = {},
): Promise<ThreadedServer> {
  const log = new LineLog();
  const server = create({
    ...{ host: "127.0.0.1", port: 0, log: (line) => log.add(line) },
    ...options,
    ...own,
  });
  const stop = runUntilStopped((signal) => server.run(signal));
  await server.ready;
  return { server, port: portOf(server.address), log, stop };
}

/** The same worker, which a peer can crash. */
export function crashing({ entry }: ThreadedModel): URL {
  return new URL(`./fixtures/crashing-${entry}.mjs`, import.meta.url);
}

export const hopeless: URL = new URL("./fixtures/hopeless-worker.mjs", import.meta.url);
