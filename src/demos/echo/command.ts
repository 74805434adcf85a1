/**
 * `socket-reactor echo`: its options and its help; listen-options.ts has what all servers share.
 */
import {
  LISTEN_OPTIONS,
  listenHelp,
  openServer,
  parseListenOptions,
  splitArguments,
  untilInterrupted,
} from "../listen-options.js";
import { UsageError } from "../usage-error.js";
import type { EchoOptions, EchoServer } from "./server.js";

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
${listenHelp(DEFAULT_PORT)}
  --model NAME       ${Object.keys(MODELS).join(", ")} (default selector)
  --verbose          say LISTEN, ESTABLISHED and CLOSED as it happens
  --help             show this

Ctrl-C ends it. Exit status: 0 when ended so, 1 on an error.`;

/** Runs the command until it is interrupted. */
export async function echo(args: string[]): Promise<void> {
  const values = splitArguments("echo", args, {
    ...LISTEN_OPTIONS,
    model: { type: "string", default: "selector" },
  });
  const options = parseListenOptions(values, DEFAULT_PORT);
  const load = modelOf(values.model);
  if (options.help) return console.log(HELP);
  const server = await openServer(options, DEFAULT_PORT, async (host) =>
    (await load()).createEchoServer({
      ...{ host, port: options.port, backend: options.backend },
      log: options.verbose ? (line) => console.log(line) : () => {},
    }),
  );
  const interrupted = untilInterrupted();
  console.log(`Echo server on ${server.address}, Ctrl-C ends it`);
  await server.run(interrupted);
  // Left to end by itself, Node first gives its handlers up, and a late second signal would kill.
  process.exit();
}

function modelOf(name: string): () => Promise<EchoModule> {
  const load = Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
  if (load !== undefined) return load;
  throw new UsageError(`--model must be one of ${Object.keys(MODELS).join(", ")}: "${name}"`);
}
