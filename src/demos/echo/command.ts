/** `socket-reactor echo`: options, help, and errors that say what to do next. */
import { lookup } from "node:dns/promises";
import { parseArgs } from "node:util";
import { type Backend, SystemError, supportedBackends } from "socket-reactor";
import { UsageError } from "../usage-error.js";
import type { EchoOptions, EchoServer } from "./server.js";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 7000;

/** The same behaviour from three floors, to be read side by side. */
const MODELS: Readonly<Record<string, () => Promise<EchoModule>>> = {
  selector: () => import("./selector.js"),
  reactor: () => import("./reactor.js"),
  stream: () => import("./stream.js"),
};

interface EchoModule {
  createEchoServer(options: EchoOptions): EchoServer;
}

const HELP = `Usage: socket-reactor echo [options]

Sends back whatever it receives. Try it: nc 127.0.0.1 ${DEFAULT_PORT}

Options:
  --host HOST        an address or a name (default ${DEFAULT_HOST}; all: ::)
  --port PORT        0 to 65535; 0 takes a free one (default ${DEFAULT_PORT})
  --model NAME       ${Object.keys(MODELS).join(", ")} (default selector)
  --backend NAME     ${supportedBackends().join(", ")} (default the first)
  --verbose          say LISTEN, ESTABLISHED and CLOSED as it happens
  --help             show this

Ctrl-C ends it. Exit status: 0 when ended so, 1 on an error.`;

/** Runs the command until it is interrupted. */
export async function echo(args: string[]): Promise<void> {
  const options = parse(args);
  if (options.help) return console.log(HELP);
  const server = await open(options);
  const interrupted = new AbortController();
  // Not once: npm passes Ctrl-C on to a process that has had it from the terminal already.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => interrupted.abort());
  console.log(`Echo server on ${server.address}, Ctrl-C ends it`);
  await server.run(interrupted.signal);
  // Left to end by itself, Node first gives its handlers up, and a late second signal would kill.
  process.exit();
}

interface Options {
  readonly host: string;
  readonly port: number;
  readonly backend: Backend | undefined;
  readonly model: string;
  readonly verbose: boolean;
  readonly help: boolean;
}

function parse(args: string[]): Options {
  const values = split(args);
  if (values.host === "")
    throw new UsageError(`--host must not be empty; all addresses: --host ::`);
  return {
    ...values,
    port: parsePort(values.port),
    backend: parseBackend(values.backend),
    model: parseModel(values.model),
  };
}

function split(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        host: { type: "string", default: DEFAULT_HOST },
        port: { type: "string", default: String(DEFAULT_PORT) },
        backend: { type: "string" },
        model: { type: "string", default: "selector" },
        verbose: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    if (!codeOf(error).startsWith("ERR_PARSE_ARGS")) throw error;
    const [reason] = (error as Error).message.split(/\.?(?:\n| This command|$)/);
    throw new UsageError(`${reason}; see socket-reactor echo --help`);
  }
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new UsageError(`--port must be an integer from 0 to 65535: "${text}"`);
}

function parseBackend(name: string | undefined): Backend | undefined {
  const backend = supportedBackends().find((supported) => supported === name);
  if (name === undefined || backend !== undefined) return backend;
  throw new UsageError(`--backend must be one of ${supportedBackends().join(", ")}: "${name}"`);
}

function parseModel(name: string): string {
  if (Object.hasOwn(MODELS, name)) return name;
  throw new UsageError(`--model must be one of ${Object.keys(MODELS).join(", ")}: "${name}"`);
}

async function open({ host, port, backend, model, verbose }: Options): Promise<EchoServer> {
  try {
    const { address } = await lookup(host);
    const { createEchoServer } = await (MODELS[model] as () => Promise<EchoModule>)();
    return createEchoServer({
      host: address,
      port,
      backend,
      log: verbose ? (line) => console.log(line) : () => {},
    });
  } catch (error) {
    throw explain(error, host, port);
  }
}

/** One line about what can be mended; anything else is a bug, and keeps its stack. */
function explain(error: unknown, host: string, port: number): unknown {
  const code = codeOf(error);
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is taken; try another --port, or --port 0 for a free one`,
    EACCES: `no permission to listen on port ${port}; ports below 1024 may need root, try --port ${DEFAULT_PORT}`,
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

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
