/** `socket-reactor echo`: options, help, and errors that say what to do next. */
import { lookup } from "node:dns/promises";
import { parseArgs } from "node:util";
import { type Backend, SystemError, supportedBackends } from "socket-reactor";
import { UsageError } from "../usage-error.js";
import { createEchoServer, type EchoServer } from "./selector.js";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 7000;

const HELP = `Usage: socket-reactor echo [options]

Sends back whatever it receives. Try it: nc 127.0.0.1 ${DEFAULT_PORT}

Options:
  --host HOST        the address or name to listen on (default ${DEFAULT_HOST}; all: ::)
  --port PORT        0 to 65535; 0 takes a free one (default ${DEFAULT_PORT})
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
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => interrupted.abort());
  }
  console.log(`Echo server on ${server.address}, Ctrl-C ends it`);
  await server.run(interrupted.signal);
}

interface Options {
  readonly host: string;
  readonly port: number;
  readonly backend: Backend | undefined;
  readonly verbose: boolean;
  readonly help: boolean;
}

function parse(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      host: { type: "string", default: DEFAULT_HOST },
      port: { type: "string", default: String(DEFAULT_PORT) },
      backend: { type: "string" },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return { ...values, port: parsePort(values.port), backend: parseBackend(values.backend) };
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

async function open({ host, port, backend, verbose }: Options): Promise<EchoServer> {
  try {
    const { address } = await lookup(host);
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

function explain(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new UsageError(`--host "${host}" is neither an address nor a known name (${code})`);
  }
  if (!(error instanceof SystemError)) return error;
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is taken; try another --port, or --port 0 for a free one`,
    EACCES: `no permission to listen on port ${port}; ports below 1024 may need root, try --port ${DEFAULT_PORT}`,
    EADDRNOTAVAIL: `${host} is not an address of this machine; try --host ${DEFAULT_HOST}`,
  };
  return new UsageError(`${reasons[error.code] ?? error.message} (${error.code})`);
}
