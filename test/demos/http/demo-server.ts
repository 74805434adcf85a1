/** The HTTP demo in this process, and Node's own HTTP client, which knows nothing of ours. */
import { once } from "node:events";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { HttpDemo, type HttpDemoOptions } from "../../../src/demos/http/server.js";
import { portOf } from "../port-of.js";
import { runUntilStopped } from "../run-until-stopped.js";
import { type ServedFolder, servedFolder } from "./served-folder.js";

export interface RunningDemo {
  readonly demo: HttpDemo;
  readonly port: number;
  readonly log: readonly string[];
  /** Drains it. */
  stop(): Promise<void>;
}

/** Listens on a free port and ends with the test, at the latest. */
export function startDemo(options: Partial<HttpDemoOptions> = {}): RunningDemo {
  const log: string[] = [];
  const demo = new HttpDemo({
    ...{ host: "127.0.0.1", port: 0, log: (line: string) => log.push(line) },
    ...options,
  });
  const stop = runUntilStopped((signal) => demo.run(signal, 1000));
  return { demo, log, stop, port: portOf(demo.address) };
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  readonly trailers: NodeJS.Dict<string>;
}

/** One request on a connection of its own. The path goes out as it is. */
export async function ask(port: number, path: string, question: Question = {}): Promise<Reply> {
  const message = await begin(port, path, question);
  const body = await buffer(message);
  return {
    ...{ status: message.statusCode ?? 0, headers: message.headers, trailers: message.trailers },
    ...{ body, text: body.toString() },
  };
}

/** The same up to the head of the answer; not more is read. */
export async function begin(
  port: number,
  path: string,
  { method = "GET", headers = {}, body = "" }: Question = {},
): Promise<IncomingMessage> {
  const agent = new Agent();
  const asking = request({ host: "127.0.0.1", port, path, method, headers, agent });
  asking.on("error", () => {}); // heard by `once` before, by the message after
  asking.end(body);
  const [message] = (await once(asking, "response")) as [IncomingMessage];
  return message.pause();
}

/** What comes for these bytes until the server ends the connection. */
export async function askRaw(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(request, "latin1");
  return text(socket.setEncoding("latin1"));
}

/** 1000 bytes, each place of which can be told. */
export const TEXT: string = Array.from({ length: 250 }, (_, n) => String(n).padStart(4, "0")).join(
  "",
);

export interface ServedDemo extends RunningDemo {
  readonly folder: ServedFolder;
  get(path: string, headers?: Question["headers"], method?: string): Promise<Reply>;
}

/** A server of one folder, in which there is `a.txt` with `TEXT`. */
export function serve(
  files: Readonly<Record<string, string | Uint8Array>> = {},
  options: Partial<HttpDemoOptions> = {},
): ServedDemo {
  const folder = servedFolder({ "a.txt": TEXT, ...files });
  const demo = startDemo({ root: folder.path, ...options });
  return {
    ...demo,
    folder,
    get: (path, headers = {}, method = "GET") => ask(demo.port, path, { headers, method }),
  };
}
