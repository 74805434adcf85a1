/** The ws package as the peer, in both directions: an implementation that is not ours. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type ClientOptions, type PerMessageDeflateOptions, WebSocket, WebSocketServer } from "ws";
import { HttpServer } from "../../../src/protocols/http1/index.js";
import {
  type AcceptWebSocketOptions,
  acceptWebSocket,
  type ConnectWebSocketOptions,
  connectWebSocket,
  type DeflateOptions,
  encodeMessage,
  type WebSocketConnection,
  type WebSocketHandler,
} from "../../../src/protocols/websocket/index.js";
import type { Reactor } from "../../../src/reactor/index.js";
import { pattern, reactorOf } from "../../streams/support.js";

const HOST = "127.0.0.1";
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface House {
  readonly reactor: Reactor;
  readonly sockets: WebSocketConnection[];
  /** Ours, for ws. */
  client(options?: ClientOptions, protocols?: string[]): WebSocket;
}

/** A server of ours, running in Node's loop. */
function serve(handler: WebSocketHandler, options: AcceptWebSocketOptions = {}): House {
  const reactor = reactorOf();
  const sockets: WebSocketConnection[] = [];
  const server = HttpServer.listen(reactor, { host: HOST, port: 0 }, (request, response) => {
    const socket = acceptWebSocket(request, response, handler, options);
    if (socket !== undefined) sockets.push(socket);
  });
  const { port } = server.address as AddressInfo;
  const running = reactor.run();
  const clients: WebSocket[] = [];
  cleanups.push(async () => {
    for (const client of clients) client.terminate();
    for (const socket of sockets) socket.terminate();
    server.close();
    expect(await running).toBe("empty");
  });
  const client = (clientOptions?: ClientOptions, protocols: string[] = []): WebSocket => {
    const one = new WebSocket(`ws://${HOST}:${port}/`, protocols, clientOptions);
    one.on("error", () => {});
    clients.push(one);
    return one;
  };
  return { reactor, sockets, client };
}

/** A server of ws. */
async function serveWs(
  onSocket: (socket: WebSocket) => void,
  perMessageDeflate: boolean | PerMessageDeflateOptions = false,
): Promise<string> {
  const server = new WebSocketServer({ host: HOST, port: 0, perMessageDeflate });
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    onSocket(socket);
  });
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of server.clients) socket.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  return `ws://${HOST}:${(server.address() as AddressInfo).port}/`;
}

async function connectTo(
  url: string,
  handler: WebSocketHandler,
  options: ConnectWebSocketOptions = {},
): Promise<WebSocketConnection> {
  const reactor = reactorOf();
  const hold = reactor.timer(Infinity, () => {});
  const running = reactor.run();
  cleanups.push(async () => {
    hold.stop();
    expect(await running).toBe("empty");
  });
  const socket = await connectWebSocket(reactor, url, handler, options);
  cleanups.push(() => socket.terminate());
  return socket;
}

/** Resolves when it holds; a hang is an error. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Not in time: ${holds}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const echo: WebSocketHandler = { onMessage: (socket, data) => void socket.send(data) };

function echoWs(socket: WebSocket): void {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
}

const MESSAGES: readonly (string | Buffer)[] = [
  "",
  "Hello",
  "Größe 日本語 🎉",
  ...[0, 1, 125, 126, 127, 1023, 1024, 16_384, 16_385, 65_535, 65_536, 1024 * 1024].map((n) =>
    pattern(n + 1, n),
  ),
  "all work and no play ".repeat(5000),
  "ü".repeat(40_000),
  ...Array.from({ length: 200 }, (_, i) => `message ${i}, much like the one before`),
];

function expectMessages(found: readonly (string | Buffer)[]): void {
  expect(found.length).toBe(MESSAGES.length);
  for (const [i, wanted] of MESSAGES.entries()) {
    const same =
      Buffer.compare(Buffer.from(found[i] as string), Buffer.from(wanted as string)) === 0;
    if (!same || typeof found[i] !== typeof wanted)
      expect.unreachable(`Message ${i} came back changed`);
  }
}

const COMPRESSION: readonly [
  name: string,
  ours: boolean | DeflateOptions,
  theirs: boolean | PerMessageDeflateOptions,
][] = [
  ["without compression", false, false],
  ["ours has it alone", true, false],
  ["theirs has it alone", false, true],
  ["compressed, as both like best", true, { threshold: 0 }],
  [
    "compressed, everything taken over",
    { serverNoContextTakeover: false, clientNoContextTakeover: false, messageBytesMin: 0 },
    { threshold: 0 },
  ],
  [
    "compressed, nothing taken over",
    { serverNoContextTakeover: true, clientNoContextTakeover: true, messageBytesMin: 0 },
    { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  ],
  ...[8, 9, 10, 12, 15].map((bits): (typeof COMPRESSION)[number] => [
    `compressed, windows of 2^${bits}`,
    {
      serverNoContextTakeover: false,
      clientNoContextTakeover: false,
      serverMaxWindowBits: bits,
      clientMaxWindowBits: bits,
      messageBytesMin: 0,
    },
    { threshold: 0, serverMaxWindowBits: bits, clientMaxWindowBits: bits },
  ]),
];

describe.each(COMPRESSION)("%s", (_name, ours, theirs) => {
  const isDeflating = ours !== false && theirs !== false;

  test("a client of ws gets its messages back from our server", async () => {
    const house = serve(echo, { permessageDeflate: ours, messageBytesMax: 2 ** 20 });
    const client = house.client({ perMessageDeflate: theirs });
    const found: (string | Buffer)[] = [];
    client.on("message", (data: Buffer, isBinary) => found.push(isBinary ? data : data.toString()));
    await once(client, "open");
    for (const message of MESSAGES) client.send(message);
    await until(() => found.length === MESSAGES.length);
    expectMessages(found);
    expect(client.extensions.startsWith("permessage-deflate")).toBe(isDeflating);
    expect(house.sockets[0]?.isDeflating).toBe(isDeflating);
    client.close(4000, "bye");
    const [code] = await once(client, "close");
    expect(code).toBe(4000);
  });

  test("our client gets its messages back from a server of ws", async () => {
    const url = await serveWs(echoWs, theirs);
    const found: (string | Buffer)[] = [];
    const closed: unknown[] = [];
    const socket = await connectTo(
      url,
      {
        onMessage: (_, data) => void found.push(data),
        onClose: (_, code) => void closed.push(code),
      },
      { permessageDeflate: ours },
    );
    expect(socket.isDeflating).toBe(isDeflating);
    for (const message of MESSAGES) socket.send(message);
    await until(() => found.length === MESSAGES.length);
    expectMessages(found);
    socket.close();
    await until(() => closed.length === 1);
    expect(closed).toEqual([1000]);
  });
});

describe("our server", () => {
  test("is pinged, and pings", async () => {
    const log: string[] = [];
    const { client: make, sockets } = serve({ onPong: (_, data) => void log.push(`pong ${data}`) });
    const client = make();
    await once(client, "open");
    client.ping("are you there");
    const [answer] = await once(client, "pong");
    expect(String(answer)).toBe("are you there");
    sockets[0]?.ping("and you");
    await until(() => log.length === 1);
    expect(log).toEqual(["pong and you"]);
  });

  test("closes first, with a reason", async () => {
    const closed: unknown[] = [];
    const house = serve({ onClose: (_, code, reason) => void closed.push([code, reason]) });
    const client = house.client();
    await once(client, "open");
    house.sockets[0]?.close(1001, "going away");
    const [code, reason] = await once(client, "close");
    expect([code, String(reason)]).toEqual([1001, "going away"]);
    await until(() => closed.length === 1);
    expect(closed).toEqual([[1001, "going away"]]); // ws repeats the reason
  });

  test("takes the first subprotocol of the client's that it has", async () => {
    const house = serve(echo, { protocols: ["other", "chat"] });
    const client = house.client({}, ["none", "chat", "other"]);
    await once(client, "open");
    expect([client.protocol, house.sockets[0]?.protocol]).toEqual(["chat", "chat"]);
  });

  test("tells a client that sends too much", async () => {
    const { client: make } = serve(echo, { messageBytesMax: 100 });
    const client = make();
    await once(client, "open");
    client.send("x".repeat(101));
    const [code, reason] = await once(client, "close");
    expect([code, String(reason)]).toEqual([1009, "Message too long"]);
  });

  test("bears a client that does not read, and goes on when it does", async () => {
    let drains = 0;
    const house = serve({
      onDrain() {
        drains += 1;
      },
    });
    const client = house.client();
    await once(client, "open");
    client.pause();
    const [socket] = house.sockets as [WebSocketConnection];
    let sent = 1;
    while (socket.send(pattern(sent, 100_000))) sent += 1;
    expect(socket.pendingBytes).toBeLessThan(1_000_000);
    let received = 0;
    client.on("message", (data: Buffer) => {
      received += 1;
      if (Buffer.compare(data, pattern(received, 100_000)) !== 0) throw new Error("Changed");
    });
    client.resume();
    await until(() => received === sent && drains === 1);
    expect(socket.pendingBytes).toBe(0);
  });

  test("makes a client wait while it is paused", async () => {
    let received = 0;
    const house = serve({
      onMessage() {
        received += 1;
      },
    });
    const client = house.client();
    await once(client, "open");
    const [socket] = house.sockets as [WebSocketConnection];
    socket.pause();
    const data = Buffer.alloc(100_000);
    for (let i = 0; i < 200; i += 1) client.send(data);
    await until(() => client.bufferedAmount > 0);
    expect(received).toBe(0);
    expect(socket.stream.input.length).toBeLessThan(600_000);
    socket.resume();
    await until(() => received === 200);
  });

  test("sends one message to 50 clients, half of which have agreed on compression", async () => {
    const house = serve(echo, { permessageDeflate: true });
    const clients = Array.from({ length: 50 }, (_, i) =>
      house.client({ perMessageDeflate: i % 2 === 0 }),
    );
    const found: string[] = [];
    for (const client of clients) client.on("message", (data) => found.push(String(data)));
    await Promise.all(clients.map((client) => once(client, "open")));
    const message = encodeMessage("x".repeat(5000));
    for (const socket of house.sockets) socket.sendEncoded(message);
    await until(() => found.length === 50);
    expect(new Set(found)).toEqual(new Set(["x".repeat(5000)]));
  });

  test("tells a connection that vanished from one that was closed", async () => {
    const codes: number[] = [];
    const house = serve({ onClose: (_, code) => void codes.push(code) });
    const client = house.client();
    await once(client, "open");
    client.terminate();
    await until(() => codes.length === 1);
    expect(codes).toEqual([1006]);
  });
});

describe("our client", () => {
  test("agrees on a subprotocol, and sends fields of its own", async () => {
    let cookie: unknown;
    const server = new WebSocketServer({ host: HOST, port: 0 });
    await once(server, "listening");
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    server.on("connection", (_, request) => {
      cookie = [request.headers.cookie, request.headers.host, request.url];
    });
    const { port } = server.address() as AddressInfo;
    const socket = await connectTo(
      `ws://${HOST}:${port}/path?query=1`,
      {},
      { protocols: ["b", "a"], headers: { Cookie: "id=1" } },
    );
    expect(socket.protocol).toBe("b");
    expect(cookie).toEqual(["id=1", `${HOST}:${port}`, "/path?query=1"]);
    socket.terminate();
  });

  test("gets what came together with the answer", async () => {
    const found: unknown[] = [];
    const url = await serveWs((socket) => {
      socket.send("at once");
      socket.close(4001);
    });
    await connectTo(url, {
      onMessage: (_, data) => void found.push(data),
      onClose: (_, code) => void found.push(code),
    });
    await until(() => found.length === 2);
    expect(found).toEqual(["at once", 4001]);
  });

  test("is told when the server is gone", async () => {
    const codes: number[] = [];
    const url = await serveWs((socket) => socket.terminate());
    await connectTo(url, { onClose: (_, code) => void codes.push(code) });
    await until(() => codes.length === 1);
    expect(codes).toEqual([1006]);
  });
});
