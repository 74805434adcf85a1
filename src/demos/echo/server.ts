/** What all echo servers have in common: how they are made and run, and how they name things. */
import type { Worker } from "node:worker_threads";
import {
  type Address,
  type Backend,
  formatAddress,
  type Kernel,
  SystemError,
} from "socket-reactor";

/** Connections at a time; further ones wait in the listener's backlog. */
export const CONNECTIONS_MAX = 10_000;

/** select(2) takes low descriptors only. So many may be no connections: listener, Node's own. */
const DESCRIPTORS_RESERVED = 64;

export interface EchoOptions {
  readonly host: string;
  readonly port: number;
  readonly backend?: Backend | undefined;
  readonly connectionsMax?: number;
  /** @defaultValue the system's own; a test hands in one that refuses */
  readonly kernel?: Kernel;
  /** Told of a socket's state as it changes. */
  readonly log: (line: string) => void;
  /** Threads, in the models that have some. @defaultValue the model's own */
  readonly workers?: number | undefined;
  /** thread-pool: connections that may wait for a worker. @defaultValue {@link POOL_QUEUE} */
  readonly queue?: number | undefined;
  /** multi-reactor: who accepts. @defaultValue "reuse-port" */
  readonly accept?: AcceptMode | undefined;
  /** The file that a worker runs; a test hands in one that crashes. */
  readonly workerEntry?: URL | undefined;
}

/** Each worker its own listener on the same port, or one that accepts for all. */
export const ACCEPT_MODES = ["reuse-port", "hand-out"] as const;
export type AcceptMode = (typeof ACCEPT_MODES)[number];

/** thread-per-connection: some 10 MB and six descriptors each, so this is more than half a GB. */
export const THREADS_MAX = 64;
/** thread-pool: a thread that waits costs no processor, so there may be more than processors. */
export const POOL_WORKERS = 8;
/** thread-pool: who waits behind so many should be told by the kernel's queue that it is full. */
export const POOL_QUEUE = 64;

/** A shortcut: what making one opened stays open if that fails. The command ends then. */
export interface EchoServer {
  readonly address: string;
  /** Settles when its threads have begun, if it has some; until then connections wait. */
  readonly ready?: Promise<void>;
  /** Serves until the signal aborts, then closes everything. */
  run(signal: AbortSignal): Promise<void>;
}

/** One that works in several threads. */
export interface ThreadedEchoServer extends EchoServer {
  /** Those that live now. */
  readonly workers: readonly Worker[];
  stats(): ThreadStats;
}

export interface ThreadStats {
  /** Workers that serve somebody. */
  readonly busy: number;
  /** Connections that were accepted and wait for a worker. */
  readonly waiting: number;
  /** Connections that each worker serves, by its place. */
  readonly connections: readonly number[];
}

/** As many as are asked for, or as the backend has numbers for. */
export function connectionsMaxOf(options: EchoOptions, maxFd: number): number {
  return Math.min(options.connectionsMax ?? CONNECTIONS_MAX, maxFd - DESCRIPTORS_RESERVED);
}

export function nameOf(address: Address | undefined): string {
  return address === undefined ? "(gone)" : formatAddress(address);
}

/** The code of an error of the system's; any other is a bug, and goes on. */
export function codeOf(error: unknown): string {
  if (error instanceof SystemError) return error.code;
  throw error;
}
