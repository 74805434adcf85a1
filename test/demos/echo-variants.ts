/**
 * What the suite of the echo server runs over: each model on its backends, in two ways. In this
 * process, plainly; and as the command in a process of its own, whose stream sockets move a few
 * bytes a call (support/one-byte). Both answer the same `RunningServer`; only what looks into the
 * server's process is for one of them. Models with threads run plainly only: their calls are the
 * same as elsewhere, and echo-models.ts says where.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, type TestContext, test } from "vitest";
import { type Backend, isUnixAddress, type Socket, supportedBackends } from "../../src/index.js";
import {
  type OneByteOptions,
  type OneByteReport,
  oneByteEnvironment,
  readReport,
  whyNoOneByte,
} from "../support/one-byte/environment.js";
import { type RunningCli, startEcho, startLimitedEcho } from "./cli-process.js";
import { type EchoModel, echoModels } from "./echo-models.js";
import { type RunningServer, type ServerQueues, startServer } from "./echo-peers.js";

/** Not so many bytes in all where each is a call; and the fewer the slower calls are. */
const CUT_MESSAGE_MAX = { quick: 1000, slow: 64 };

export interface StartOptions {
  /** The most bytes of one call, where calls are cut. @defaultValue 1 */
  readonly cutBytes?: number;
}

/** One of the models, on one of the backends, in one of the ways. */
export interface EchoVariant {
  readonly name: string;
  readonly model: EchoModel;
  readonly backend: Backend;
  /** No message of more bytes, where each is a call. */
  readonly messageMax: number;
  start(options?: StartOptions): Promise<RunningServer>;
  /** The command, in a process that cannot open more descriptors. */
  startLimited(max: number, options?: StartOptions): Promise<RunningCli>;
  /** A test that needs the server in this process, skipped where it is in another. */
  readonly insideTest: (name: string, fn: () => Promise<void>, reason?: string) => void;
}

type Place = Pick<EchoVariant, "model" | "backend">;

function plainly({ model, backend }: Place): EchoVariant {
  return {
    ...{ model, backend },
    name: `${model.name} on ${backend}, plainly`,
    messageMax: Infinity,
    start: async () => startServer(model, { backend }),
    startLimited: (max) => startLimitedEcho(argumentsOf({ model, backend }), max),
    insideTest: (name, fn) => test(name, fn),
  };
}

function fewBytesACall({ model, backend }: Place): EchoVariant {
  return {
    ...{ model, backend },
    name: `${model.name} on ${backend}, few bytes a call`,
    messageMax: CUT_MESSAGE_MAX[isQuick(backend) ? "quick" : "slow"],
    start: ({ cutBytes } = {}) =>
      startCut({ model, backend }, { cutBytes: cutFor(backend, cutBytes) }),
    startLimited: (max, { cutBytes } = {}) =>
      startLimitedEcho(
        argumentsOf({ model, backend }),
        max,
        oneByteEnvironment({ cutBytes: cutFor(backend, cutBytes) }),
      ),
    insideTest: (name, _, reason = "it looks into the server, another process here") => {
      test(name, ({ skip }: TestContext) => skip(reason));
    },
  };
}

/** poll and select look once a millisecond at best: there many calls take long. */
function isQuick(backend: Backend): boolean {
  return backend === "epoll" || backend === "kqueue";
}

function cutFor(backend: Backend, cutBytes = 1): number {
  return cutBytes === 1 || isQuick(backend) ? cutBytes : 10 * cutBytes;
}

function argumentsOf({ model, backend }: Place): string[] {
  return ["--verbose", ...model.args, "--backend", backend];
}

/** The selector floor everywhere; the floors above on the system's own queue, see echo-bytes.test.ts. */
const places: readonly Place[] = echoModels.flatMap((model) =>
  supportedBackends()
    .filter((backend) => model.name === "selector" || isQuick(backend))
    .map((backend) => ({ model, backend })),
);

const reason = whyNoOneByte();
if (reason !== undefined) console.log(`skipped: the echo server with few bytes a call: ${reason}`);

export const echoVariants: readonly EchoVariant[] = places.flatMap((place) =>
  reason === undefined && place.model.isCut === "always"
    ? [plainly(place), fewBytesACall(place)]
    : [plainly(place)],
);

/** Those whose bytes take a way of their own. */
export const byteVariants: readonly EchoVariant[] = echoVariants.filter(
  ({ model }) => model.movesBytes,
);

export interface CutServer extends RunningServer {
  /** Ends the command, and answers what was done to its sockets. */
  report(): Promise<OneByteReport>;
}

/** The echo command with its calls cut. */
export async function startCut(place: Place, options: OneByteOptions = {}): Promise<CutServer> {
  const folder = mkdtempSync(join(tmpdir(), "echo-server-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const report = join(folder, "report.json");
  const env = oneByteEnvironment({ ...options, report });
  const { child, port, log, ended } = await startEcho(argumentsOf(place), { env });
  // The line of the command itself is none of the server's.
  log.lines.splice(
    log.lines.findIndex((line) => line.startsWith("Echo server on ")),
    1,
  );
  const stop = async (): Promise<void> => {
    child.kill("SIGINT");
    const { status, stderr } = await ended;
    if (status !== 0) throw new Error(`The server ended with ${status}: ${stderr}`);
  };
  return {
    port,
    lines: log.lines,
    ready: Promise.resolve(),
    said: (pattern, count) => log.said(pattern, count),
    queuesOf: (client) => queuesInProc(client),
    stop,
    async report() {
      await stop();
      return readReport(report);
    },
  };
}

/** The queues of the other end of a connection, whosoever it is. proc(5), /proc/net/tcp */
function queuesInProc(client: Socket): ServerQueues {
  const [local, remote] = [procName(client.remoteAddress), procName(client.localAddress)];
  for (const line of readFileSync("/proc/net/tcp", "latin1").split("\n")) {
    const [, from, to, , queues = ""] = line.trim().split(/\s+/);
    if (from !== local || to !== remote) continue;
    const [unsent = 0, unread = 0] = queues.split(":").map((hex) => Number.parseInt(hex, 16));
    return { unread, unsent };
  }
  throw new Error("The server does not have this connection");
}

/** "0100007F:1F90": the address as it lies in memory, little-endian here; the port as we write it. */
function procName(address: Socket["localAddress"]): string {
  if (address === undefined || isUnixAddress(address)) throw new Error("No IPv4 address");
  const bytes = address.address.split(".").map((part) => hex(Number(part), 2));
  return `${bytes.reverse().join("")}:${hex(address.port, 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}
