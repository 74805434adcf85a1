/**
 * A server on a free port and raw clients of it in the same reactor: bytes go in as a test wrote
 * them and come out as they were sent. `drive` of the streams' tests runs it, both ways.
 */
import type { Kernel } from "../../../../src/index.js";
import {
  type HttpHandler,
  HttpServer,
  type HttpServerOptions,
} from "../../../../src/protocols/http1/index.js";
import type { Reactor } from "../../../../src/reactor/index.js";
import { Socket } from "../../../../src/sockets/index.js";
import {
  drive,
  reactorOf,
  receiveSome,
  resetOnClose,
  track,
  type Way,
} from "../../../streams/support.js";

export { drive, reactorOf, track, WAYS, type Way } from "../../../streams/support.js";

/** Answers "hello". */
export const hello: HttpHandler = (_, response) => response.end("hello");

export function get(path = "/", ...fields: string[]): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
}

export function post(body: string, ...fields: string[]): string {
  const lines = ["Host: a", `Content-Length: ${Buffer.byteLength(body)}`, ...fields];
  return `POST / HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** A bare client. What it receives is kept as text in latin1. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  text = "";
  /** The last bytes: to look at in a long answer, which `text` would put together each time. */
  tail = "";
  /** The peer's FIN has come. */
  isEnded = false;
  /** The connection failed. */
  error: Error | undefined;
  #unsent: Buffer = Buffer.alloc(0);
  readonly #reactor: Reactor;
  readonly #watch: ReturnType<Reactor["watch"]>;

  constructor(reactor: Reactor, server: HttpServer) {
    const { address, port } = server.address as { address: string; port: number };
    this.#reactor = reactor;
    this.socket = Socket.tcp({ kernel: reactor.kernel });
    this.socket.connect({ address, port });
    this.#watch = reactor.watch(this.socket, 1, () => this.#receive()).unref();
  }

  get isOver(): boolean {
    return this.isEnded || this.error !== undefined;
  }

  /** How many answers have begun. */
  get answers(): number {
    return this.text.split(/HTTP\/1\.1 (?!1\d\d)/).length - 1;
  }

  /** The statuses of all answers. */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  }

  /** The text without Date lines, and what stands behind the head of the last answer. */
  get plain(): string {
    return this.text.replace(/Date: [^\r]*\r\n/g, "");
  }

  get lastBody(): string {
    return this.text.slice(this.text.lastIndexOf("\r\n\r\n") + 4);
  }

  send(data: string | Uint8Array): this {
    this.#unsent = Buffer.concat([this.#unsent, Buffer.from(data as string, "latin1")]);
    this.#flush();
    return this;
  }

  /** FIN: we send no more. */
  endSending(): this {
    this.socket.shutdown("write");
    return this;
  }

  /** Does not read; `resume` does. */
  pause(): this {
    this.#watch.stop();
    return this;
  }

  resume(): this {
    this.#watch.start();
    return this;
  }

  reset(): void {
    resetOnClose(this.socket);
    this.close();
  }

  close(): void {
    this.#watch.stop();
    this.socket.close();
  }

  [Symbol.dispose](): void {
    if (!this.socket.isClosed) this.close();
  }

  #flush(): void {
    if (this.#unsent.length === 0 || this.socket.isClosed) return;
    let n = -1;
    try {
      n = this.socket.send(this.#unsent);
    } catch (error) {
      this.error = error as Error;
      return;
    }
    if (n > 0) this.#unsent = this.#unsent.subarray(n);
    if (this.#unsent.length > 0) this.#reactor.timer(1, () => this.#flush());
  }

  #receive(): void {
    try {
      const some = receiveSome(this.socket);
      if (some === undefined) return;
      if (some.length > 0) {
        const text = some.toString("latin1");
        this.text += text;
        this.tail = (this.tail + text).slice(-16);
        return;
      }
      this.isEnded = true;
    } catch (error) {
      this.error = error as Error;
    }
    this.#watch.stop();
  }
}

export interface Served {
  readonly reactor: Reactor;
  readonly server: HttpServer;
  /** A client that is connected, and has sent this. */
  client(text?: string): RawClient;
  until(condition: () => boolean): Promise<void>;
  /** Sends all of a text and waits until the peer has closed; what came. */
  exchange(text: string): Promise<RawClient>;
}

/** A server whose errors fail the test, unless they are asked for. */
export function serve(
  handler: HttpHandler = hello,
  options: HttpServerOptions = {},
  { way = "blocking", kernel }: { way?: Way; kernel?: Kernel } = {},
): Served {
  const reactor = reactorOf(kernel === undefined ? {} : { kernel });
  const server = track(HttpServer.listen(reactor, { port: 0 }, handler, options));
  const until = (condition: () => boolean): Promise<void> => drive(reactor, way, condition);
  const client = (text = ""): RawClient => track(new RawClient(reactor, server)).send(text);
  return {
    reactor,
    server,
    client,
    until,
    exchange: async (text) => {
      const one = client(text);
      await until(() => one.isOver);
      return one;
    },
  };
}

/** The answer to one request, without its date; the connection is closed. */
export async function answerOf(
  handler: HttpHandler,
  request: string = get("/", "Connection: close"),
): Promise<string> {
  const { exchange } = serve(handler);
  return (await exchange(request)).plain;
}
