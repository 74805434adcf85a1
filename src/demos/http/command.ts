/**
 * `socket-reactor http`: its options and its help; listen-options.ts has what all servers share.
 */
import { statSync } from "node:fs";
import {
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

/** Ctrl-C by a person, again; sooner than that, it is npm that passes the first one on. */
const AGAIN_MS = 1000;

/** Who waits so long may wonder why, or not want to. */
const WAITING = "Answers are under way; Ctrl-C again ends them";

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
  const drainMs = parseDrain(values.drain);
  const root = parseRoot(values.root);
  if (options.help) return console.log(HELP);
  const demo = await openServer(options, DEFAULT_PORT, (host) => {
    const log = options.verbose ? (line: string) => console.log(line) : () => {};
    const { host: hostName, port, backend } = options;
    return new HttpDemo({ host, hostName, port, backend, root, list: values.list, log });
  });
  let isPerson = false;
  const interrupted = untilInterrupted(() => {
    if (isPerson) process.exit();
  });
  interrupted.addEventListener("abort", () => {
    const wonder = (): void => {
      isPerson = true;
      console.log(WAITING);
    };
    setTimeout(wonder, AGAIN_MS).unref();
  });
  console.log(`HTTP server on http://${demo.address}/, Ctrl-C ends it`);
  await demo.run(interrupted, drainMs);
  process.exit(); // as echo does
}

function parseDrain(text: string): number {
  if (/^\d{1,5}(\.\d{1,3})?$/.test(text)) return Number(text) * 1000;
  throw new UsageError(`--drain must be a number of seconds from 0 to 99999: "${text}"`);
}

function parseRoot(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  if (path !== "" && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new UsageError(`--root must be a folder that exists: "${path}"`);
}
