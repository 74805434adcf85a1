/**
 * The server of the demo: whose requests it answers, and how it ends. What it answers is in
 * routes.ts; connections, messages and their limits are HttpServer's.
 */
import { type Address, type Backend, formatAddress, Reactor } from "socket-reactor";
import { type HttpHandler, HttpServer } from "socket-reactor/protocols/http1";
import { reasonOf } from "../errors.js";
import { runUntilAborted } from "../run-until-aborted.js";
import { answering, misdirected } from "./answer.js";
import { hostCheck } from "./host-check.js";
import { BODY_BYTES_MAX } from "./json-echo.js";
import { HttpRoutes, type RoutesOptions } from "./routes.js";

/**
 * Requests of one connection that are begun before the first is answered. Each may hold a file open,
 * and browsers send no second one.
 */
export const PIPELINED_MAX = 8;

export interface HttpDemoOptions extends Omit<RoutesOptions, "reactor" | "serverStats" | "prefix"> {
  /** A numeric address. */
  readonly host: string;
  /** The name it was looked up of: requests to it are answered on a loopback address, too. */
  readonly hostName?: string | undefined;
  readonly port: number;
  readonly backend?: Backend | undefined;
  /** Told of each answer and each failure. */
  readonly log: (line: string) => void;
}

export class HttpDemo {
  readonly reactor: Reactor;
  readonly server: HttpServer;
  readonly #routes: HttpRoutes;

  /** @throws the system's error if there is no such root, or the address cannot be had. */
  constructor(options: HttpDemoOptions) {
    const { host, hostName, port, backend, log } = options;
    this.reactor = new Reactor({ backend });
    try {
      this.#routes = new HttpRoutes({
        ...{ root: options.root, list: options.list },
        ...{ beatMs: options.beatMs, paceMs: options.paceMs },
        ...{ reactor: this.reactor, serverStats: () => this.server.stats() },
      });
      const handler = guarded(this.#routes.handler, { address: host, name: hostName });
      this.server = HttpServer.listen(this.reactor, { host, port }, answering(handler, log), {
        bodyBytesMax: BODY_BYTES_MAX,
        pipelinedMax: PIPELINED_MAX,
        onError: (error, request) => log(`${request?.target ?? "listener"}: ${reasonOf(error)}`),
      });
    } catch (error) {
      this.reactor.close();
      throw error;
    }
  }

  get address(): string {
    return formatAddress(this.server.address as Address);
  }

  /** Serves until `signal` aborts, then finishes what is under way, for `drainMs` at most. */
  async run(signal: AbortSignal, drainMs?: number): Promise<void> {
    const drain = async (): Promise<void> => {
      this.#routes.close();
      await this.server.drain(drainMs);
      this.reactor.stop();
    };
    try {
      await runUntilAborted(this.reactor, signal, drain);
    } finally {
      this.server.close();
      this.reactor.close();
    }
  }
}

/** A handler for requests that are meant for us, see host-check.ts. */
export function guarded(
  handler: HttpHandler,
  own: { readonly address: string; readonly name: string | undefined },
): HttpHandler {
  const isForUs = hostCheck(own);
  return (request, response) => (isForUs(request.host) ? handler : misdirected)(request, response);
}
