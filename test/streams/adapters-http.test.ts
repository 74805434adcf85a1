/** Unmodified express and fastify on node's http.Server, whose connections are ours. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  Agent,
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
} from "node:http";
import { Readable } from "node:stream";
import express from "express";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, describe, expect, test } from "vitest";
import { connect, READ_HIGH_BYTES, type SocketStream, WRITE_HIGH_BYTES } from "../../src/index.js";
import {
  digest,
  type House,
  peerOf,
  portOf,
  serve,
  sha1,
  stuck,
  until,
} from "./adapters-support.js";

const KIB = 1024;
const MIB = 1024 * KIB;

const agents: Agent[] = [];

afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy();
});

function agentOf(maxSockets: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets });
  agents.push(agent);
  return agent;
}

interface HttpHouse extends House {
  readonly server: Server;
  readonly streams: SocketStream[];
}

/** What node does when it listens, without a listener of node's. */
function serveHttp(server: Server): HttpHouse {
  const streams: SocketStream[] = [];
  const house = serve((stream) => {
    streams.push(stream);
    server.emit("connection", stream.toDuplex());
  });
  server.emit("listening");
  return { ...house, server, streams };
}

/** Ends the server as one of node's own is ended. */
async function shutDown({ server, over }: HttpHouse): Promise<void> {
  server.close();
  expect(await over()).toBe("empty");
}

function expressServer(): Server {
  const app = express();
  app.disable("x-powered-by");
  app.post("/echo", (request, response) => {
    response.set("x-remote", `${request.ip}:${request.socket.remotePort}`);
    const length = request.headers["content-length"];
    if (length === undefined) response.set("x-chunked", "yes");
    else response.set("content-length", length);
    request.pipe(response);
  });
  app.post("/hash", async (request, response) => {
    response.json(await digest(request));
  });
  app.get("/zeros/:bytes", (request, response) => {
    let left = Number(request.params.bytes);
    const zeros = new Readable({
      read() {
        const n = Math.min(left, 64 * KIB);
        left -= n;
        this.push(n === 0 ? null : Buffer.alloc(n));
      },
    });
    response.on("close", () => zeros.destroy());
    zeros.pipe(response);
  });
  return createServer(app);
}

async function fastifyServer(): Promise<Server> {
  let server: Server | undefined;
  const app: FastifyInstance = fastify({
    bodyLimit: 2 * MIB,
    serverFactory: (handler) => {
      server = createServer(handler);
      return server;
    },
  });
  app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_, body, done) => {
    done(null, body);
  });
  app.post("/echo", (request, reply) => {
    reply.header("x-remote", `${request.ip}:${request.socket.remotePort}`);
    return reply.type("application/octet-stream").send(request.body ?? Buffer.alloc(0));
  });
  await app.ready();
  return server as Server;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly hash: string;
  readonly bytes: number;
}

async function post(port: number, agent: Agent, path: string, body: Uint8Array): Promise<Answer> {
  const request = httpRequest({
    agent,
    port,
    path,
    host: "127.0.0.1",
    method: "POST",
    headers: { "content-type": "application/octet-stream", "content-length": body.length },
  });
  request.end(body);
  return answerOf(request);
}

async function answerOf(request: ClientRequest): Promise<Answer> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const { statusCode, headers } = response;
  return { status: statusCode, headers, ...(await digest(response)) };
}

interface Load {
  readonly connections: number;
  readonly requests: number;
  /** One of so many carries a megabyte. */
  readonly largeEvery: number;
}

/** Every answer is the body again, as told by its hash. Returns how many there were. */
async function load(port: number, { connections, requests, largeEvery }: Load): Promise<number> {
  const bodies = [Buffer.alloc(0), randomBytes(KIB), randomBytes(MIB)].map((body) => ({
    body,
    hash: sha1(body),
  }));
  let answered = 0;
  const client = async (of: number): Promise<void> => {
    const peer = peerOf(port);
    const answers = new RawAnswers(peer);
    for (let i = 0; i < requests; i += 1) {
      const size = (of + i) % largeEvery === 0 ? 2 : i % 2;
      const { body, hash } = bodies[size] as (typeof bodies)[0];
      peer.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n`);
      peer.write(body);
      const found = await answers.next();
      if (found === hash) answered += 1;
      else expect.unreachable(`Connection ${of}, request ${i}, ${body.length} bytes: ${found}`);
    }
    peer.end();
  };
  await Promise.all(Array.from({ length: connections }, (_, of) => client(of)));
  return answered;
}

const HEAD = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n";

/** The answers of a connection, each as the hash of its body. Far cheaper than node's own client. */
class RawAnswers {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(peer: Readable) {
    this.#chunks = peer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async next(): Promise<string> {
    let end = this.#rest.indexOf("\r\n\r\n");
    for (; end < 0; end = this.#rest.indexOf("\r\n\r\n")) {
      this.#rest = Buffer.concat([this.#rest, await this.#more()]);
    }
    const head = this.#rest.toString("latin1", 0, end);
    if (!head.startsWith("HTTP/1.1 200 ")) return head;
    let left = Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
    const hash = createHash("sha1");
    let part = this.#rest.subarray(end + 4);
    for (;;) {
      const body = part.subarray(0, left);
      hash.update(body);
      left -= body.length;
      this.#rest = part.subarray(body.length);
      if (left === 0) return hash.digest("hex");
      part = await this.#more();
    }
  }

  async #more(): Promise<Buffer> {
    const { done, value } = await this.#chunks.next();
    if (done) throw new Error("The server has ended the connection");
    return value;
  }
}

describe.each([
  ["express", expressServer, 50],
  ["fastify", fastifyServer, 20],
] as const)("%s", (_name, make, requests) => {
  test(`answers 200 kept-alive connections with ${requests} requests each, of 0 B, 1 KB, 1 MB`, {
    timeout: 60_000,
  }, async () => {
    const house = serveHttp(await make());
    const answered = await load(house.port, { connections: 200, requests, largeEvery: 100 });
    expect(answered).toBe(200 * requests);
    expect(house.listener.stats().accepted).toBe(200);
    await shutDown(house);
  });

  test("knows its client's address", async () => {
    const house = serveHttp(await make());
    const { headers } = await post(house.port, agentOf(1), "/echo", Buffer.alloc(0));
    expect(headers["x-remote"]).toBe(`127.0.0.1:${portAt(house)}`);
    await shutDown(house);
  });

  test("answers requests that come in one piece, in order", async () => {
    const house = serveHttp(await make());
    const peer = peerOf(house.port);
    const bodies = ["one", "two", "three"];
    const type = "Content-Type: application/octet-stream";
    const request = (body: string, last: boolean): string =>
      `POST /echo HTTP/1.1\r\nHost: x\r\n${type}\r\nContent-Length: ${body.length}\r\n` +
      `Connection: ${last ? "close" : "keep-alive"}\r\n\r\n${body}`;
    peer.write(bodies.map((body, i) => request(body, i === 2)).join(""));
    const text = Buffer.concat(await peer.toArray()).toString();
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    expect(text.match(/one|two|three/g)).toEqual(bodies);
    peer.end();
    await shutDown(house);
  });
});

function portAt({ streams: [first] }: HttpHouse): number {
  return portOf(first?.socket.remoteAddress);
}

describe("pressure", () => {
  test("a client that does not read stops the producer", async () => {
    const server = expressServer();
    const house = serveHttp(server);
    const total = 64 * MIB;
    const peer = peerOf(house.port);
    peer.pause();
    peer.write(`GET /zeros/${total} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const stream = await streamOf(house);
    await stuck(stream);
    const sent = stream.bytesWritten;
    for (let i = 0; i < 100; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(stream.bytesWritten).toBe(sent);
    expect(stream.pendingBytes).toBeLessThan(WRITE_HIGH_BYTES + 256 * KIB);
    expect((await digest(peer)).bytes).toBeGreaterThan(total);
    peer.end();
    await shutDown(house);
  });

  test("a handler that does not read stops the client", async () => {
    let release: () => void = () => {};
    const server = createServer(async (request, response) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      response.end(JSON.stringify(await digest(request)));
    });
    const house = serveHttp(server);
    const body = randomBytes(32 * MIB);
    const answer = post(house.port, agentOf(1), "/", body);
    const stream = await streamOf(house);
    await until(() => !stream.isReading);
    for (let i = 0; i < 100; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(stream.isReading).toBe(false);
    expect(stream.bytesRead).toBeLessThan(64 * KIB + 3 * READ_HIGH_BYTES);
    release();
    const wanted = JSON.stringify({ hash: sha1(body), bytes: body.length });
    expect((await answer).hash).toBe(sha1(wanted));
    await shutDown(house);
  });

  test("a slow producer at the other end is waited for", async () => {
    const house = serveHttp(expressServer());
    const request = httpRequest({
      agent: agentOf(1),
      port: house.port,
      path: "/echo",
      method: "POST",
      host: "127.0.0.1",
    });
    const answer = answerOf(request);
    const pieces = Array.from({ length: 40 }, () => randomBytes(100));
    for (const piece of pieces) {
      request.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    request.end();
    const { hash, headers } = await answer;
    expect(hash).toBe(sha1(...pieces));
    expect(headers["x-chunked"]).toBe("yes");
    await shutDown(house);
  });
});

async function streamOf({ streams }: HttpHouse): Promise<SocketStream> {
  await until(() => streams.length > 0);
  return streams[0] as SocketStream;
}

describe("ends", () => {
  test.each(["destroy", "resetAndDestroy"] as const)(
    "a client that leaves in the middle of the answer, by %s(), leaves nothing behind",
    async (how) => {
      const server = expressServer();
      const house = serveHttp(server);
      const closings: Promise<unknown>[] = [];
      server.on("request", (_request, response) => closings.push(once(response, "close")));
      const peers = Array.from({ length: 20 }, () => peerOf(house.port));
      for (const peer of peers) {
        peer.write(`GET /zeros/${256 * MIB} HTTP/1.1\r\nHost: x\r\n\r\n`);
        peer.once("data", () => peer[how]());
      }
      await until(() => closings.length === peers.length);
      await Promise.all(closings);
      await shutDown(house);
    },
  );

  test("a client that leaves in the middle of its body is an aborted request", async () => {
    const errors: unknown[] = [];
    const server = createServer((request) => {
      request.resume().on("error", (error: NodeJS.ErrnoException) => errors.push(error.code));
    });
    const house = serveHttp(server);
    const peers = Array.from({ length: 20 }, () => peerOf(house.port));
    for (const peer of peers) {
      peer.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf");
    }
    await until(() => house.streams.filter(({ bytesRead }) => bytesRead > 0).length === 20);
    for (const peer of peers) peer.destroy();
    expect(await house.over()).toBe("empty");
    await until(() => errors.length === 20);
    expect(new Set(errors)).toEqual(new Set(["ECONNRESET"]));
    server.close();
  });

  test("what is no HTTP gets 400 and the end", async () => {
    const house = serveHttp(expressServer());
    const peer = peerOf(house.port);
    peer.write("nonsense\r\n\r\n");
    expect(String(Buffer.concat(await peer.toArray()))).toMatch(/^HTTP\/1\.1 400 Bad Request/);
    peer.end();
    await shutDown(house);
  });

  test("keepAliveTimeout closes an idle connection", async () => {
    const server = expressServer();
    server.keepAliveTimeout = 20;
    const house = serveHttp(server);
    const peer = peerOf(house.port);
    peer.write("GET /zeros/10 HTTP/1.1\r\nHost: x\r\n\r\n");
    peer.resume();
    await once(peer, "end");
    peer.end();
    expect(await house.over()).toBe("empty");
    server.close();
  });

  test('headersTimeout closes a slow one, once the server has heard "listening"', async () => {
    const server = createServer({ headersTimeout: 20, connectionsCheckingInterval: 10 });
    const house = serveHttp(server);
    const peer = peerOf(house.port);
    peer.write("GET / HTTP/1.1\r\n");
    expect(String(Buffer.concat(await peer.toArray()))).toMatch(/^HTTP\/1\.1 408/);
    peer.end();
    await shutDown(house);
  });

  test("close() ends idle connections and lets busy ones finish", async () => {
    let answer: () => void = () => {};
    const server = createServer((request, response) => {
      if (request.url === "/") response.end("idle");
      else answer = () => response.end("busy");
    });
    const house = serveHttp(server);
    const [idle, busy] = [peerOf(house.port), peerOf(house.port)];
    idle.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    busy.write("GET /busy HTTP/1.1\r\nHost: x\r\n\r\n");
    const answered = idle.toArray();
    await until(() => idle.bytesRead > 0 && house.streams[1]?.bytesRead !== 0);
    server.close();
    expect(String(Buffer.concat(await answered))).toMatch(/idle$/);
    idle.end();
    expect(house.listener.streams.size).toBe(1);
    answer();
    await until(() => house.streams[1]?.bytesWritten !== 0);
    server.closeIdleConnections(); // node waits for keepAliveTimeout
    expect(String(Buffer.concat(await busy.toArray()))).toMatch(/busy$/);
    busy.end();
    expect(await house.over()).toBe("empty");
  });
});

describe("node's http client", () => {
  test("runs on connections of ours, kept alive", async () => {
    const house = serveHttp(expressServer());
    const agent = agentOf(4);
    Object.assign(agent, {
      createConnection: (
        { port }: { port: number },
        done: (error: Error | null, socket?: unknown) => void,
      ) => {
        connect(house.reactor, { host: "127.0.0.1", port }).then(
          (stream) => done(null, stream.toDuplex()),
          done,
        );
      },
    });
    const body = randomBytes(MIB);
    const client = async (): Promise<void> => {
      for (let i = 0; i < 20; i += 1) {
        const { hash } = await post(house.port, agent, "/echo", body.subarray(0, i * 50_000));
        expect(hash).toBe(sha1(body.subarray(0, i * 50_000)));
      }
    };
    await Promise.all([client(), client(), client(), client()]);
    expect(house.listener.stats().accepted).toBe(4);
    agent.destroy();
    await shutDown(house);
  });
});
