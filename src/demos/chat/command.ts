/**
 * `socket-reactor chat`: its options and its help; listen-options.ts has what all servers share.
 */
import { Reactor } from "socket-reactor";
import { stateLog } from "../colour.js";
import { parsePort } from "../command-line.js";
import { hostAndPort } from "../host-and-port.js";
import {
  LISTEN_OPTIONS,
  type ListenOptions,
  listenHelp,
  openServer,
  parseListenOptions,
  splitArguments,
  untilInterrupted,
} from "../listen-options.js";
import { aborted } from "../run-until-aborted.js";
import { UsageError } from "../usage-error.js";
import type { Backplane, BackplaneOptions } from "./backplane/backplane.js";
import { type ChatLimits, CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX } from "./limits.js";
import { SERVER_NAME_LENGTH } from "./network/limits.js";
import { readMotd, readOperators } from "./option-files.js";
import { ChatServer, type ChatServerOptions } from "./server.js";

const DEFAULT_PORT = 6667;
const DEFAULT_WEB_PORT = 6680;

const HELP = `Usage: socket-reactor chat [options]

A chat server: IRC for irssi, weechat and whoever has nc, and a page for
browsers. All meet in the same rooms. Try it: nc 127.0.0.1 ${DEFAULT_PORT}, and type
NICK me, USER me 0 * :Me, JOIN #lobby, PRIVMSG #lobby :hello

Options:
${listenHelp(DEFAULT_PORT)}
  --web-port PORT    the page's port on the same host (default ${DEFAULT_WEB_PORT})
  --web-name NAME    the page's name, if a proxy serves it (default --host)
  --name NAME        what the server calls itself (default chat.localhost)
  --motd FILE        its welcome: the text of this file
  --opers FILE       operators, NAME:PASSWORD a line; nobody else may read it
  --connections N    open at a time (default ${CONNECTIONS_MAX})
  --per-address N    of one address (default ${CONNECTIONS_PER_ADDRESS_MAX}, and any number of loopback)
  --no-flood-limits  everybody may speak as fast as they like
  --backplane URL    redis://HOST:PORT: joined with all chat servers there
  --verbose          say who comes and goes, and each web answer
  --help             show this

On a loopback address, as the default is, the page is served to requests that
name an address, localhost or --web-name. docs/chat.md has the limits, and more.
Ctrl-C ends it. Exit status: 0 when ended so, 1 on an error.`;

/** Addresses to listen on that are none to connect to. */
const ANY = ["::", "0.0.0.0"];

const WELCOME = ["Welcome.", "JOIN #lobby to meet the others, LIST for what else there is."];

type JoinOptions = Omit<BackplaneOptions, "log">;

/**
 * Runs the command until it is interrupted.
 *
 * @param joining what no option sets: for a program with other beats.
 */
export async function chat(args: string[], joining: JoinOptions = {}): Promise<void> {
  const values = splitArguments("chat", args, {
    ...LISTEN_OPTIONS,
    "web-port": { type: "string", default: String(DEFAULT_WEB_PORT) },
    "web-name": { type: "string" },
    name: { type: "string" },
    motd: { type: "string" },
    opers: { type: "string" },
    connections: { type: "string", default: String(CONNECTIONS_MAX) },
    "per-address": { type: "string" },
    "no-flood-limits": { type: "boolean", default: false },
    backplane: { type: "string" },
  });
  const options = parseListenOptions(values, DEFAULT_PORT);
  if (options.help) return console.log(HELP);
  const webPort = parsePort("--web-port", values["web-port"]);
  const log = (line: string): void => console.log(line);
  const settings: Settings = {
    network: {
      motd: values.motd === undefined ? WELCOME : readMotd(values.motd),
      ...(values.name !== undefined && { serverName: checkName("--name", values.name) }),
      ...(values.opers !== undefined && { operators: readOperators(values.opers) }),
    },
    hostName: checkName("--web-name", values["web-name"]) ?? options.host,
    limits: limitsOf(values.connections, values["per-address"]),
    floodLimits: !values["no-flood-limits"],
    log: stateLog(options.verbose),
  };
  const reactor = new Reactor({ backend: options.backend });
  const server = await open(reactor, options, webPort, settings);
  const interrupted = untilInterrupted();
  const running = reactor.run();
  const over = Promise.race([running, aborted(interrupted)]).then(() => undefined);
  // A Redis that says nothing is waited for, but not by who has pressed Ctrl-C.
  const joined = join(server, values.backplane, { ...joining, log });
  const backplane = await Promise.race([joined, over]);
  if (!interrupted.aborted) {
    console.log(`Chat server on ${server.address}, Ctrl-C ends it`);
    for (const line of invitation(server)) console.log(line);
  }
  await over;
  await server.drain();
  await backplane?.close();
  reactor.stop();
  await running;
  process.exit(); // as echo does
}

type Settings = Omit<ChatServerOptions, "host" | "port">;

async function open(
  reactor: Reactor,
  options: ListenOptions,
  webPort: number,
  settings: Settings,
): Promise<ChatServer> {
  const { port } = options;
  const server = await openServer(options, DEFAULT_PORT, (host) => {
    return new ChatServer(reactor, { ...settings, host, port });
  });
  const web = { option: "--web-port", port: webPort, defaultPort: DEFAULT_WEB_PORT };
  try {
    const listen = (host: string): void => server.listenWeb({ host, port: webPort });
    await openServer(options, DEFAULT_PORT, listen, [web]);
  } catch (error) {
    server.close();
    throw error;
  }
  return server;
}

/** Loaded when asked for: it needs a package that is optional. */
async function join(
  server: ChatServer,
  url: string | undefined,
  options: BackplaneOptions,
): Promise<Backplane | undefined> {
  if (url === undefined) return undefined;
  try {
    const { joinBackplane } = await import("./backplane/backplane.js");
    return await joinBackplane(server.network, url, options);
  } catch (error) {
    server.close();
    throw error;
  }
}

function limitsOf(connections: string, perAddress: string | undefined): Partial<ChatLimits> {
  return {
    connectionsMax: parseCount("--connections", connections),
    ...(perAddress !== undefined && {
      connectionsPerAddressMax: parseCount("--per-address", perAddress),
    }),
  };
}

function parseCount(name: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new UsageError(`${name} must be an integer from 1 to 9999999: "${text}"`);
}

/** One is a word of each line that the server says, the other what browsers ask for. */
function checkName<T extends string | undefined>(option: string, name: T): T {
  if (name === undefined) return name;
  if (/^[a-z0-9][a-z0-9.-]*$/i.test(name) && name.length <= SERVER_NAME_LENGTH) return name;
  const allowed = `1 to ${SERVER_NAME_LENGTH} letters, digits, dots and hyphens`;
  throw new UsageError(`${option} must be ${allowed}, such as chat.example.org: "${name}"`);
}

/** What to try now. */
function invitation({ address, webAddress = "" }: ChatServer): string[] {
  const [host, port] = hostAndPort(address);
  const reached = ANY.includes(host) ? "localhost" : host;
  const [, webPort] = hostAndPort(webAddress);
  const inUrl = reached.includes(":") ? `[${reached}]` : reached;
  return [
    `  in a browser:  http://${inUrl}:${webPort}/`,
    `  with irssi:    irssi -c ${reached} -p ${port}, then /join #lobby`,
    `  with weechat:  weechat irc://${inUrl}:${port}/#lobby`,
    `  by hand:       nc -C ${reached} ${port}, then NICK me, USER me 0 * :Me, JOIN #lobby`,
  ];
}
