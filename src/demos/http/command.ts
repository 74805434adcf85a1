/**
 * `socket-reactor http`: its options and its help; listen-options.ts has what all servers share.
 */
import { statSync } from "node:fs";
import { parseSeconds } from "../command-line.js";
import {
  ANSWERS_UNDER_WAY,
  LISTEN_OPTIONS,
  listenHelp,
  openServer,
  parseListenOptions,
  splitArguments,
  untilInterrupted,
} from "../listen-options.js";
import { UsageError } from "../usage-error.js";
import { HttpDemo } from "./server.js";

const DEFAULT_PORT = 8080;
const DEFAULT_DRAIN_SECONDS = 5;

const HELP = `Usage: socket-reactor http [options]

An HTTP/1.1 server: the files of a folder, and routes to try it out.
Try it: curl -i http://127.0.0.1:${DEFAULT_PORT}/, or open it in a browser.

Options:
  --root DIR         serve the files of this folder. Without it none of yours
                     is served, only the demo's own page. Hidden files and
                     links that lead outside are never served
  --list             show what is in folders that have no index.html
${listenHelp(DEFAULT_PORT)}
  --drain SECONDS    how long Ctrl-C waits for answers that are under way
                     (default ${DEFAULT_DRAIN_SECONDS})
  --verbose          say each answer as it begins
  --help             show this

On a loopback address, as the default is, requests must name an address,
localhost or --host: a web page with another name gets 421, and no files.

Routes: /api/echo (POST JSON), /api/files, /events, /slow; all else are files.
Ctrl-C ends it; again, a second later, at once.
Exit status: 0 when ended so, 1 on an error.`;

/** Runs the command until it is interrupted. */
export async function http(args: string[]): Promise<void> {
  const values = splitArguments("http", args, {
    ...LISTEN_OPTIONS,
    root: { type: "string" },
    list: { type: "boolean", default: false },
    drain: { type: "string", default: String(DEFAULT_DRAIN_SECONDS) },
  });
  const options = parseListenOptions(values, DEFAULT_PORT);
  const drainMs = parseSeconds("--drain", values.drain);
  const root = parseRoot(values.root);
  if (options.help) return console.log(HELP);
  const demo = await openServer(options, DEFAULT_PORT, (host) => {
    const log = options.verbose ? (line: string) => console.log(line) : () => {};
    const { host: hostName, port, backend } = options;
    return new HttpDemo({ host, hostName, port, backend, root, list: values.list, log });
  });
  const interrupted = untilInterrupted(ANSWERS_UNDER_WAY);
  console.log(`HTTP server on http://${demo.address}/, Ctrl-C ends it`);
  await demo.run(interrupted, drainMs);
  process.exit(); // as echo does
}

function parseRoot(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  if (path !== "" && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new UsageError(`--root must be a folder that exists: "${path}"`);
}
