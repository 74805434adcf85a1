/** The ws package, server and client, on connections of ours. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { connect, type SocketStream, WRITE_HIGH_BYTES } from "../../src/index.js";
import { type House, peerOf, serve, sha1, until } from "./adapters-support.js";

const KIB = 1024;
const clients: WebSocket[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.terminate();
});

interface SocketHouse extends House {
  readonly http: Server;
  readonly wss: WebSocketServer;
  readonly streams: SocketStream[];
}

function serveSockets(onSocket: (socket: WebSocket) => void): SocketHouse {
  const http = createServer();
  const wss = new WebSocketServer({ server: http });
  wss.on("connection", onSocket);
  const streams: SocketStream[] = [];
  const house = serve((stream) => {
    streams.push(stream);
    http.emit("connection", stream.toDuplex());
  });
  return { ...house, http, wss, streams };
}

function echo(socket: WebSocket): void {
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
}

/** Node's own socket below. */
function clientOf({ port }: House): WebSocket {
  return tracked(new WebSocket(`ws://127.0.0.1:${port}`));
}

/** A connection of ours below. */
async function ourClientOf({ reactor, port }: House): Promise<WebSocket> {
  const stream = await connect(reactor, { host: "127.0.0.1", port });
  const createConnection = () => stream.toDuplex();
  return tracked(new WebSocket("ws://127.0.0.1/", { createConnection } as object));
}

function tracked(client: WebSocket): WebSocket {
  clients.push(client);
  client.on("error", () => {});
  return client;
}

describe.each([
  ["node's sockets", async (house: House) => clientOf(house)],
  ["ours", ourClientOf],
] as const)("a client on %s", (_name, make) => {
  test("gets back texts, and bytes of every size, in order", async () => {
    const house = serveSockets(echo);
    const client = await make(house);
    await once(client, "open");
    const sizes = [0, 1, 125, 126, 65_535, 65_536, 1024 * KIB, 3];
    const sent = sizes.map((size) => randomBytes(size));
    const found: string[] = [];
    client.on("message", (data: Buffer, isBinary) => {
      found.push(isBinary ? sha1(data) : data.toString());
    });
    for (const message of sent) client.send(message);
    client.send("grüß");
    await until(() => found.length === sizes.length + 1);
    expect(found).toEqual([...sent.map((message) => sha1(message)), "grüß"]);
    client.close(1000, "bye");
    const [code, reason] = await once(client, "close");
    expect([code, String(reason)]).toEqual([1000, "bye"]);
    expect(await house.over()).toBe("empty");
  });

  test("is pinged and answers", async () => {
    const house = serveSockets((socket) => {
      socket.ping("are you there");
      socket.on("pong", (data) => socket.close(4000, data));
    });
    const [code, reason] = await once(await make(house), "close");
    expect([code, String(reason)]).toEqual([4000, "are you there"]);
    expect(await house.over()).toBe("empty");
  });
});

describe("a server", () => {
  test("serves 100 clients with 50 messages each", async () => {
    const house = serveSockets(echo);
    const message = randomBytes(KIB);
    const wanted = sha1(message);
    let answers = 0;
    const talk = async (client: WebSocket): Promise<void> => {
      await once(client, "open");
      for (let i = 0; i < 50; i += 1) {
        client.send(message);
        const [data] = await once(client, "message");
        if (sha1(data) !== wanted) expect.unreachable(`Message ${i} came back changed`);
        answers += 1;
      }
      client.close();
      await once(client, "close");
    };
    await Promise.all(Array.from({ length: 100 }, () => talk(clientOf(house))));
    expect(answers).toBe(5000);
    expect(await house.over()).toBe("empty");
  });

  test("sees in bufferedAmount that a client does not read", async () => {
    const sockets: WebSocket[] = [];
    const house = serveSockets((socket) => sockets.push(socket));
    const client = clientOf(house);
    await once(client, "open");
    client.pause();
    const [socket] = sockets as [WebSocket];
    const [stream] = house.streams as [SocketStream];
    const message = randomBytes(256 * KIB);
    let sent = 0;
    while (socket.bufferedAmount < 1024 * KIB) {
      socket.send(message);
      sent += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // What the stream has no room for waits in the Duplex, by reference.
    expect(stream.pendingBytes).toBeLessThanOrEqual(WRITE_HIGH_BYTES + message.length + 100);
    let received = 0;
    client.on("message", () => {
      received += 1;
    });
    client.resume();
    await until(() => received === sent);
    expect(socket.bufferedAmount).toBe(0);
    client.close();
    expect(await house.over()).toBe("empty");
  });

  test("hears of clients that vanish in the middle of a message", async () => {
    const codes: number[] = [];
    const house = serveSockets((socket) => {
      socket.on("error", () => {});
      socket.on("close", (code) => codes.push(code));
    });
    for (let i = 0; i < 10; i += 1) {
      const client = clientOf(house);
      client.once("open", () => {
        client.send(randomBytes(64 * KIB), { fin: false });
        client.terminate();
      });
    }
    await until(() => codes.length === 10);
    expect(new Set(codes)).toEqual(new Set([1006]));
    expect(await house.over()).toBe("empty");
  });

  test("ends its clients, and then there is none", async () => {
    const house = serveSockets(echo);
    const open = Array.from({ length: 10 }, () => clientOf(house));
    await Promise.all(open.map((client) => once(client, "open")));
    const closings = open.map((client) => once(client, "close"));
    for (const socket of house.wss.clients) socket.close(1001);
    for (const [code] of await Promise.all(closings)) expect(code).toBe(1001);
    house.wss.close();
    expect(await house.over()).toBe("empty");
  });

  test("keeps what came behind the handshake", async () => {
    const house = serveSockets(echo);
    const peer = peerOf(house.port);
    const key = randomBytes(16).toString("base64");
    const hello = Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from("hello")]);
    const bye = Buffer.from([0x88, 0x80, 0, 0, 0, 0]);
    const head =
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
    peer.end(Buffer.concat([Buffer.from(head), hello, bye]));
    const answer = Buffer.concat(await peer.toArray());
    const frames = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
    expect(frames).toEqual(Buffer.from([0x81, 5, ...Buffer.from("hello"), 0x88, 0]));
    expect(await house.over()).toBe("empty");
  });
});
