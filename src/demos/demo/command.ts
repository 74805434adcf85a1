/**
 * `socket-reactor demo`: its options, its help, and what it says to try; listen-options.ts has what
 * all servers share.
 */
import { supportedBackends } from "socket-reactor";
import { stateLog } from "../colour.js";
import { parsePort, parseSeconds } from "../command-line.js";
import {
  ANSWERS_UNDER_WAY,
  LISTEN_OPTIONS,
  openServer,
  type PortOption,
  parseListenOptions,
  splitArguments,
  untilInterrupted,
} from "../listen-options.js";
import { UsageError } from "../usage-error.js";
import { CLOSE_WAIT_MS } from "./echo-service.js";
import { DemoServer } from "./server.js";
import { thingsToTry } from "./things-to-try.js";

const PORTS = { echo: 7000, chat: 6667, http: 8080 } as const;
type Service = keyof typeof PORTS;
const SERVICES = Object.keys(PORTS) as readonly Service[];

/** As that of socket-reactor http: /http/slow takes three. */
const DEFAULT_DRAIN_SECONDS = 5;

const HELP = `Usage: socket-reactor demo [options]

Echo, chat and HTTP in one process on one reactor, and a page that shows it
live: every connection with its TCP state, and what the reactor does.
Try it: open http://127.0.0.1:${PORTS.http}/ and type in nc -N 127.0.0.1 ${PORTS.echo}

Options:
  --host HOST        an address or a name (default 127.0.0.1; all: ::)
  --echo-port PORT   0 to 65535; 0 takes a free one (default ${PORTS.echo})
  --chat-port PORT   the same, of IRC (default ${PORTS.chat})
  --http-port PORT   the same, of the pages (default ${PORTS.http})
  --backend NAME     ${supportedBackends().join(", ")} (default the first)
  --drain SECONDS    how long Ctrl-C waits for answers that are under way
                     (default ${DEFAULT_DRAIN_SECONDS})
  --verbose          say each answer, and who comes to chat
  --help             show this

When a peer of the echo ends its side, as nc -N does at Ctrl-D, the echo leaves
its own open for ${CLOSE_WAIT_MS / 1000} s, so that CLOSE_WAIT can be seen.

On a loopback address, as the default is, requests must name an address,
localhost or --host: a web page with another name gets 421.

Paths: / the live page, /live its events, /api/report reactor.report(),
/chat/ the chat's page, /http/ the routes of socket-reactor http.
Ctrl-C ends it; again, a second later, at once.
Exit status: 0 when ended so, 1 on an error.`;

/** Runs the command until it is interrupted. */
export async function demo(args: string[]): Promise<void> {
  const { host, backend, verbose, help } = LISTEN_OPTIONS;
  const values = splitArguments("demo", args, {
    ...{ host, backend, verbose, help },
    "echo-port": { type: "string", default: String(PORTS.echo) },
    "chat-port": { type: "string", default: String(PORTS.chat) },
    "http-port": { type: "string", default: String(PORTS.http) },
    drain: { type: "string", default: String(DEFAULT_DRAIN_SECONDS) },
  });
  const options = parseListenOptions(values, 0);
  const drainMs = parseSeconds("--drain", values.drain);
  const ports = parsePorts(values);
  if (options.help) return console.log(HELP);
  const { echo: echoPort, chat: chatPort, http: httpPort } = ports;
  const open = (address: string): DemoServer => {
    const { host: hostName, backend } = options;
    const log = stateLog(options.verbose);
    return new DemoServer({ host: address, hostName, backend, log, echoPort, chatPort, httpPort });
  };
  const server = await openServer(options, 0, open, portOptions(ports));
  const interrupted = untilInterrupted(ANSWERS_UNDER_WAY);
  console.log(thingsToTry(addressesOf(server)));
  await server.run(interrupted, drainMs);
  process.exit(); // as echo does
}

type Ports = Readonly<Record<Service, number>>;

/** @throws UsageError for what is no port, and for one that two are to have. */
function parsePorts(values: Readonly<Record<`${Service}-port`, string>>): Ports {
  const portOf = (service: Service): number =>
    parsePort(`--${service}-port`, values[`${service}-port`]);
  const ports = { echo: portOf("echo"), chat: portOf("chat"), http: portOf("http") };
  for (const [index, service] of SERVICES.entries()) {
    const other = SERVICES.slice(0, index).find((before) => ports[before] === ports[service]);
    if (other === undefined || ports[service] === 0) continue;
    throw new UsageError(`--${other}-port and --${service}-port must differ: ${ports[service]}`);
  }
  return ports;
}

/** So that it is said which of the three cannot be had. */
function portOptions(ports: Ports): PortOption[] {
  return SERVICES.map((service) => ({
    ...{ option: `--${service}-port`, port: ports[service], service },
    defaultPort: PORTS[service],
  }));
}

function addressesOf(server: DemoServer): Readonly<Record<Service, string>> {
  const addressOf = (service: Service): string => server.addressOf(service);
  return { echo: addressOf("echo"), chat: addressOf("chat"), http: addressOf("http") };
}
