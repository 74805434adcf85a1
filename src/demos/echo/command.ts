/**
 * `socket-reactor echo`: its options and its help; listen-options.ts has what all servers share.
 */
import { stateLog } from "../colour.js";
import {
  LISTEN_OPTIONS,
  listenHelp,
  openServer,
  parseListenOptions,
  splitArguments,
  untilInterrupted,
} from "../listen-options.js";
import { UsageError } from "../usage-error.js";
import {
  ACCEPT_MODES,
  type AcceptMode,
  type EchoOptions,
  type EchoServer,
  POOL_QUEUE,
  POOL_WORKERS,
  THREADS_MAX,
} from "./server.js";

const DEFAULT_PORT = 7000;

/** The most that --workers and --queue take: what a slip of the finger may cost. */
const COUNT_MAX = 1000;

/** Options that not every model has. */
const MODEL_OPTIONS = {
  workers: { type: "string" },
  queue: { type: "string" },
  accept: { type: "string" },
} as const;

type ModelOption = keyof typeof MODEL_OPTIONS;
type ModelValues = Partial<Record<ModelOption, string>>;

interface Model {
  readonly load: () => Promise<EchoModule>;
  readonly has: readonly ModelOption[];
}

interface EchoModule {
  createEchoServer(options: EchoOptions): EchoServer;
}

/** The same behaviour in the server models of the field, to be read side by side. */
const MODELS: Readonly<Record<string, Model>> = {
  "thread-per-connection": { load: () => import("./thread-per-connection.js"), has: ["workers"] },
  "thread-pool": { load: () => import("./thread-pool.js"), has: ["workers", "queue"] },
  selector: { load: () => import("./selector.js"), has: [] },
  reactor: { load: () => import("./reactor.js"), has: [] },
  stream: { load: () => import("./stream.js"), has: [] },
  "multi-reactor": { load: () => import("./multi-reactor.js"), has: ["workers", "accept"] },
};

const HELP = `Usage: socket-reactor echo [options]

Sends back whatever it receives. Try it: nc 127.0.0.1 ${DEFAULT_PORT}

Options:
${listenHelp(DEFAULT_PORT)}
  --model NAME       how it serves many at a time (default selector):
      selector, reactor, stream    one thread, on three floors of the library
      thread-per-connection        a thread with a blocking socket for each
      thread-pool                  a fixed number of such threads, and a queue
      multi-reactor                a reactor in each of several threads
  --verbose          say LISTEN, ESTABLISHED and CLOSED as it happens
  --help             show this

Options of the models with threads:
  --workers N        thread-per-connection: threads at most; further connections
                     are told so and closed (default ${THREADS_MAX})
                     thread-pool: threads (default ${POOL_WORKERS})
                     multi-reactor: threads (default one for each processor)
  --queue N          thread-pool: accepted connections that wait for a thread;
                     further ones wait in the kernel (default ${POOL_QUEUE})
  --accept WAY       multi-reactor: reuse-port, each thread by itself (default),
                     or hand-out, one for all, in turn

Ctrl-C ends it. Exit status: 0 when ended so, 1 on an error.`;

/** Runs the command until it is interrupted. */
export async function echo(args: string[]): Promise<void> {
  const values = splitArguments("echo", args, {
    ...LISTEN_OPTIONS,
    ...MODEL_OPTIONS,
    model: { type: "string", default: "selector" },
  });
  const options = parseListenOptions(values, DEFAULT_PORT);
  const model = modelOf(values.model);
  const ofModel = parseModelOptions(values.model, model, values);
  if (options.help) return console.log(HELP);
  const server = await openServer(options, DEFAULT_PORT, async (host) =>
    (await model.load()).createEchoServer({
      ...{ host, port: options.port, backend: options.backend },
      ...ofModel,
      log: stateLog(options.verbose),
    }),
  );
  const interrupted = untilInterrupted();
  await server.ready;
  console.log(`Echo server on ${server.address}, Ctrl-C ends it`);
  await server.run(interrupted);
  // Left to end by itself, Node first gives its handlers up, and a late second signal would kill.
  process.exit();
}

function modelOf(name: string): Model {
  const model = Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
  if (model !== undefined) return model;
  throw new UsageError(`--model must be one of ${Object.keys(MODELS).join(", ")}: "${name}"`);
}

function parseModelOptions(
  name: string,
  { has }: Model,
  values: ModelValues,
): Pick<EchoOptions, ModelOption> {
  for (const option of Object.keys(MODEL_OPTIONS) as ModelOption[]) {
    if (values[option] === undefined || has.includes(option)) continue;
    const having = Object.keys(MODELS).filter((other) => MODELS[other]?.has.includes(option));
    throw new UsageError(
      `--model ${name} has no --${option}; models that do: ${having.join(", ")}`,
    );
  }
  return {
    workers: parseCount("workers", values.workers),
    queue: parseCount("queue", values.queue),
    accept: parseAccept(values.accept),
  };
}

function parseCount(option: ModelOption, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= COUNT_MAX) return Number(text);
  throw new UsageError(`--${option} must be an integer from 1 to ${COUNT_MAX}: "${text}"`);
}

function parseAccept(text: string | undefined): AcceptMode | undefined {
  const mode = ACCEPT_MODES.find((known) => known === text);
  if (text === undefined || mode !== undefined) return mode;
  throw new UsageError(`--accept must be one of ${ACCEPT_MODES.join(", ")}: "${text}"`);
}
