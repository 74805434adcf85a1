/** A server of this library with one handler, and a client of it, in one reactor. */
import { onTestFinished } from "vitest";
import { HttpClient } from "../../../src/protocols/http1/client/http-client.js";
import type { HttpHandler } from "../../../src/protocols/http1/server/handler.js";
import { HttpServer } from "../../../src/protocols/http1/server/http-server.js";
import type { HttpServerOptions } from "../../../src/protocols/http1/server/options.js";
import type { Reactor } from "../../../src/reactor/index.js";
import { connect, type SocketStream } from "../../../src/streams/index.js";

export interface Served {
  readonly server: HttpServer;
  readonly client: HttpClient;
  readonly port: number;
  /** What its handler threw. */
  readonly errors: unknown[];
  /** A bare connection to it. */
  dial(): Promise<SocketStream>;
}

export function served(
  reactor: Reactor,
  handler: HttpHandler,
  options: HttpServerOptions = {},
): Served {
  const errors: unknown[] = [];
  const server = HttpServer.listen(reactor, { host: "127.0.0.1", port: 0 }, handler, {
    onError: (error) => void errors.push(error),
    ...options,
  });
  const { port } = server.address as { port: number };
  const client = new HttpClient(reactor, { host: "127.0.0.1", port });
  onTestFinished(() => {
    client.close();
    server.close();
  });
  const dial = async (): Promise<SocketStream> => {
    const stream = await connect(reactor, { host: "127.0.0.1", port });
    onTestFinished(() => stream.destroy());
    return stream;
  };
  return { server, client, port, errors, dial };
}
