/**
 * What the commands of all servers have in common: where to listen, on which backend, how errors
 * are explained to the person, and when it is over.
 */
import { lookup } from "node:dns/promises";
import type { ParseArgsConfig, parseArgs } from "node:util";
import { type Backend, SystemError, supportedBackends } from "socket-reactor";
import { parseCommandLine, parsePort } from "./command-line.js";
import { codeOf } from "./errors.js";
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

/** A port of the command line, for what is said when it cannot be had. */
export interface PortOption {
  /** As it is typed, with its hyphens. */
  readonly option: string;
  readonly port: number;
  /** What may work instead. */
  readonly defaultPort: number;
  /** Where there are several: whose it is. */
  readonly service?: string | undefined;
}

/**
 * Makes a server with the address of a host that may be a name.
 *
 * @param ports those that it is to have, if they are not `--port` alone.
 * @throws UsageError, one line about what can be mended; anything else is a bug, and keeps its
 *   stack.
 */
export async function openServer<T>(
  { host, port }: ListenOptions,
  defaultPort: number,
  open: (address: string) => T | Promise<T>,
  ports: readonly PortOption[] = [{ option: "--port", port, defaultPort }],
): Promise<T> {
  try {
    const { address } = await lookup(host);
    return await open(address);
  } catch (error) {
    throw explain(error, host, ports);
  }
}

function explain(error: unknown, host: string, ports: readonly PortOption[]): unknown {
  const code = codeOf(error);
  if (error instanceof SystemError) {
    const asked = ports.find(({ port }) => port === error.port);
    const reason = reasonOf(code, host, asked);
    return new UsageError(reason === undefined ? error.message : `${reason} (${code})`);
  }
  if (error instanceof Error && "syscall" in error && error.syscall === "getaddrinfo") {
    return new UsageError(`--host "${host}" is neither an address nor a known name (${code})`);
  }
  // An IPv6 scope, as in fe80::1%eth9, that is no interface here.
  return code === "ERR_INVALID_ADDRESS" ? new UsageError((error as Error).message) : error;
}

function reasonOf(code: string, host: string, asked: PortOption | undefined): string | undefined {
  if (code === "EADDRNOTAVAIL") {
    return `${host} is not an address of this machine; try --host ${DEFAULT_HOST}`;
  }
  if (asked === undefined) return undefined;
  const { option, port, defaultPort, service } = asked;
  const purpose = service === undefined ? "" : `, for ${service},`;
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host}${purpose} is taken; try another ${option}, or ${option} 0 for a free one`,
    EACCES: `no permission to listen on port ${port}; ports below 1024 may need root, try ${option} ${defaultPort}`,
  };
  return reasons[code];
}

/** Ctrl-C by a person, again; sooner than that, it is npm that passes the first one on. */
const AGAIN_MS = 1000;

/**
 * Aborts at the first Ctrl-C or SIGTERM.
 *
 * @param waiting what to say when the process is still there a second later: who waits so long may
 *   wonder why, or not want to. From then on the next one ends it at once.
 */
export function untilInterrupted(waiting?: string): AbortSignal {
  const interrupted = new AbortController();
  let isPerson = false;
  const wonder = (): void => {
    isPerson = true;
    console.log(waiting);
  };
  const onSignal = (): void => {
    if (isPerson) process.exit();
    if (!interrupted.signal.aborted && waiting !== undefined) setTimeout(wonder, AGAIN_MS).unref();
    interrupted.abort();
  };
  // Not once: npm passes Ctrl-C on to a process that has had it from the terminal already.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, onSignal);
  return interrupted.signal;
}

/** What a server says that finishes its answers, for `untilInterrupted`. */
export const ANSWERS_UNDER_WAY = "Answers are under way; Ctrl-C again ends them";
