/** What all echo servers have in common: how they are made and run, and how they name things. */
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
}

/** A shortcut: what making one opened stays open if that fails. The command ends then. */
export interface EchoServer {
  readonly address: string;
  /** Serves until the signal aborts, then closes everything. */
  run(signal: AbortSignal): Promise<void>;
}

/** As many as are asked for, or as the backend has numbers for. */
export function connectionsMaxOf(options: EchoOptions, maxFd: number): number {
  return Math.min(options.connectionsMax ?? CONNECTIONS_MAX, maxFd - DESCRIPTORS_RESERVED);
}

export function nameOf(address: Address | undefined): string {
  return address === undefined ? "(gone)" : formatAddress(address);
}

/** Why a connection is over. */
export function reasonOf(error: Error | undefined): string {
  if (error === undefined) return "end of stream";
  return "code" in error ? String(error.code) : error.message;
}

/** The code of an error of the system's; any other is a bug, and goes on. */
export function codeOf(error: unknown): string {
  if (error instanceof SystemError) return error.code;
  throw error;
}
