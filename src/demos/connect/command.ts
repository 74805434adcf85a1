/**
 * `socket-reactor connect`: its options and its help, and which of the files beside it is asked.
 * exchange.ts is the whole of it for streams, datagrams.ts for UDP.
 */
import { supportedBackends } from "socket-reactor";
import { stateLog } from "../colour.js";
import { parseCommandLine, parseSeconds } from "../command-line.js";
import { parseBackend } from "../listen-options.js";
import { UsageError } from "../usage-error.js";
import { endBySignal, untilSignal } from "./interruption.js";
import { type ConnectPlan, run } from "./run.js";
import { parseTarget } from "./target.js";

const OPTIONS = {
  listen: { type: "boolean", short: "l", default: false },
  keep: { type: "boolean", short: "k", default: false },
  udp: { type: "boolean", short: "u", default: false },
  "stay-open": { type: "boolean", default: false },
  "half-open": { type: "boolean", default: false },
  crlf: { type: "boolean", short: "C", default: false },
  timeout: { type: "string", short: "w" },
  backend: { type: "string" },
  verbose: { type: "boolean", short: "v", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

const HELP = `Usage: socket-reactor connect [options] [HOST] PORT | HOST:PORT | PATH
       socket-reactor connect --listen [options] [HOST] PORT | PATH

Sends what it reads from standard input and prints what comes, as netcat does.
Try it: socket-reactor connect --verbose 7000

HOST is a name or an address (default 127.0.0.1). A PATH of a unix socket has
a slash in it; @NAME is an abstract one.

Options:
  --listen           wait for a connection, instead of making one
  --keep             with --listen: serve one connection after another
  --udp              datagrams: each read of the input is one; with --listen
                     they go to whoever sent the last one that came
  --stay-open        do not say that the input has ended: no FIN is sent then
  --half-open        when the peer has ended, send all of the input that is
                     still to come. Else half a second of silence ends it,
                     and at a terminal nothing more is read
  --crlf             end lines with CR LF
  --timeout SECONDS  for connecting (default 30), and then how long nothing may
                     come or go (default: any time)
  --backend NAME     ${supportedBackends().join(", ")} (default the first)
  --verbose          say the socket's states as they change, on standard error
  --help             show this

Short forms, as of nc: -l -k -u -C -v -h, and -w SECONDS.
It ends when the peer does; with --udp by Ctrl-C or --timeout.
Exit status: 0 when ended so, 1 on an error (one line says which), and killed
by the signal, which shells call 130, on Ctrl-C.`;

/** Runs the command until the connection is over. */
export async function connect(args: string[]): Promise<void> {
  const options = { args, options: OPTIONS, allowPositionals: true };
  const { values, positionals } = parseCommandLine("connect", options);
  if (values.help) return console.log(HELP);
  const plan: ConnectPlan = {
    target: parseTarget(positionals, { leastPort: values.listen ? 0 : 1 }),
    ...{ listen: values.listen, keep: values.keep, udp: values.udp, crlf: values.crlf },
    ...{ stayOpen: values["stay-open"], halfOpen: values["half-open"] },
    timeoutMs: values.timeout === undefined ? undefined : parseTimeout(values.timeout),
    backend: parseBackend(values.backend),
    ...{ input: process.stdin, output: process.stdout, notice: (line) => console.error(line) },
    log: values.verbose ? stateLog(true, process.stderr) : undefined,
    signal: untilSignal(),
  };
  check(plan);
  process.stdin.on("error", () => {}); // between two connections nobody else hears of it
  try {
    await run(plan);
  } finally {
    process.stdin.destroy(); // a terminal would be waited for
  }
  endBySignal(plan.signal);
}

function parseTimeout(text: string): number {
  const ms = parseSeconds("--timeout", text);
  if (ms > 0) return ms;
  throw new UsageError("--timeout must be more than 0 seconds");
}

/** @throws UsageError for options that do not go together. */
function check({ target, listen, keep, udp }: ConnectPlan): void {
  if (keep && !listen) throw new UsageError("--keep goes with --listen");
  if (keep && udp) throw new UsageError("--keep is for connections; --udp has none");
  if (udp && "path" in target) throw new UsageError("--udp needs a HOST and a PORT");
}
