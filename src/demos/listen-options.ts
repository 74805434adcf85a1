/**
 * What the commands of all servers have in common: where to listen, on which backend, how errors
 * are explained to the person, and when it is over.
 */
import { lookup } from "node:dns/promises";
import type { ParseArgsConfig, parseArgs } from "node:util";
import { type Backend, SystemError, supportedBackends } from "socket-reactor";
import { parseCommandLine, parsePort } from "./command-line.js";
import { UsageError } from "./usage-error.js";

/** For `parseArgs`, beside a command's own. */
export const LISTEN_OPTIONS = {
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string" },
  backend: { type: "string" },
  verbose: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

const DEFAULT_HOST: string = LISTEN_OPTIONS.host.default;

/** Lines of the help. */
export function listenHelp(defaultPort: number): string {
  return `  --host HOST        an address or a name (default ${DEFAULT_HOST}; all: ::)
  --port PORT        0 to 65535; 0 takes a free one (default ${defaultPort})
  --backend NAME     ${supportedBackends().join(", ")} (default the first)`;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly backend: Backend | undefined;
  readonly verbose: boolean;
  readonly help: boolean;
}

/** @throws UsageError that names the option, for a command line that is none. */
export function splitArguments<T extends NonNullable<ParseArgsConfig["options"]>>(
  command: string,
  args: string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T }>>["values"] {
  return parseCommandLine(command, { args, options }).values;
}

interface ListenValues {
  readonly host: string;
  readonly port?: string | undefined;
  readonly backend?: string | undefined;
  readonly verbose: boolean;
  readonly help: boolean;
}

/** @throws UsageError that names the option and what is allowed. */
export function parseListenOptions(values: ListenValues, defaultPort: number): ListenOptions {
  const { host, port = String(defaultPort), backend, verbose, help } = values;
  if (host === "") throw new UsageError(`--host must not be empty; all addresses: --host ::`);
  return { host, port: parsePort("--port", port), backend: parseBackend(backend), verbose, help };
}

/** @throws UsageError that names those of this system. */
export function parseBackend(name: string | undefined): Backend | undefined {
  const backend = supportedBackends().find((supported) => supported === name);
  if (name === undefined || backend !== undefined) return backend;
  throw new UsageError(`--backend must be one of ${supportedBackends().join(", ")}: "${name}"`);
}

/**
 * Makes a server with the address of a host that may be a name.
 *
 * @throws UsageError, one line about what can be mended; anything else is a bug, and keeps its
 *   stack.
 */
export async function openServer<T>(
  { host, port }: ListenOptions,
  defaultPort: number,
  open: (address: string) => T | Promise<T>,
): Promise<T> {
  try {
    const { address } = await lookup(host);
    return await open(address);
  } catch (error) {
    throw explain(error, host, port, defaultPort);
  }
}

function explain(error: unknown, host: string, port: number, defaultPort: number): unknown {
  const code = codeOf(error);
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is taken; try another --port, or --port 0 for a free one`,
    EACCES: `no permission to listen on port ${port}; ports below 1024 may need root, try --port ${defaultPort}`,
    EADDRNOTAVAIL: `${host} is not an address of this machine; try --host ${DEFAULT_HOST}`,
  };
  if (error instanceof SystemError) {
    return new UsageError(code in reasons ? `${reasons[code]} (${code})` : error.message);
  }
  if (error instanceof Error && "syscall" in error && error.syscall === "getaddrinfo") {
    return new UsageError(`--host "${host}" is neither an address nor a known name (${code})`);
  }
  // An IPv6 scope, as in fe80::1%eth9, that is no interface here.
  return code === "ERR_INVALID_ADDRESS" ? new UsageError((error as Error).message) : error;
}

/** Aborts at the first Ctrl-C or SIGTERM. `onAgain` hears of each later one. */
export function untilInterrupted(onAgain: () => void = () => {}): AbortSignal {
  const interrupted = new AbortController();
  // Not once: npm passes Ctrl-C on to a process that has had it from the terminal already.
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => (interrupted.signal.aborted ? onAgain() : interrupted.abort()));
  }
  return interrupted.signal;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
