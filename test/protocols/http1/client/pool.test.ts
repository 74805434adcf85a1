/** Connections that are kept, used again, waited for and given up. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { HttpClient } from "../../../../src/protocols/http1/index.js";
import { Reactor } from "../../../../src/reactor/index.js";
import { Listener } from "../../../../src/streams/index.js";
import {
  answering,
  clientOf,
  type Peer,
  peerOf,
  rawServer,
  rejection,
  runningReactor,
  until,
} from "./support.js";

const EMPTY = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/** Says `EMPTY` for every head that ends. */
function sayEmpty(peer: Peer): void {
  if (peer.take().endsWith("\r\n\r\n")) peer.say(EMPTY);
}

describe("a connection", () => {
  test("serves one request after the other", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, sayEmpty);
    const client = clientOf(reactor, server);
    for (let i = 0; i < 5; i += 1) await (await client.request()).bytes();
    expect(server.peers).toHaveLength(1);
    expect(client.stats()).toEqual({
      connections: 1,
      idle: 1,
      connecting: 0,
      waiting: 0,
      connected: 1,
    });
  });

  test.each([
    ["the server says close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"],
    ["the server speaks 1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
    ["there is more than the response", `${EMPTY}HTTP/1.1 200 OK\r\n`],
    [
      "its time is over at once",
      "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n",
    ],
  ])("is not used again if %s", async (_, answer) => {
    const reactor = runningReactor();
    const server = answering(reactor, answer, answer);
    const client = clientOf(reactor, server);
    for (let i = 0; i < 2; i += 1) await (await client.request()).bytes();
    expect(server.peers).toHaveLength(2);
  });

  test("is not used again if the request said close", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, sayEmpty);
    const client = clientOf(reactor, server);
    await (await client.request({ headers: { connection: "close" } })).bytes();
    expect(client.stats().connections).toBe(0);
  });

  test("that says something unasked is closed", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, sayEmpty);
    const client = clientOf(reactor, server);
    await (await client.request()).bytes();
    expect(client.stats().idle).toBe(1);
    server.peers[0]?.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    await until(() => client.stats().connections === 0);
    const response = await client.request();
    expect(response.headers.get("content-length")).toBe("0");
    expect(server.peers).toHaveLength(2);
  });

  test("that speaks before it was asked is no answer to anything", async () => {
    const reactor = runningReactor();
    const peers: Peer[] = [];
    const listener = Listener.tcp(reactor, { host: "127.0.0.1", port: 0 }, (stream) => {
      peers.push(peerOf(stream, peers.length, () => {}));
      stream.write(EMPTY + EMPTY);
    });
    onTestFinished(() => {
      listener.close();
      for (const { stream } of peers) stream.destroy();
    });
    const client = clientOf(reactor, listener.address as { port: number });
    await (await client.request()).bytes(); // nobody can tell this one from an answer
    await until(() => client.stats().connections === 0);
  });

  test("that the server closes is forgotten", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, sayEmpty);
    const client = clientOf(reactor, server);
    await (await client.request()).bytes();
    server.peers[0]?.stream.end();
    await until(() => client.stats().connections === 0);
  });

  test("that rests is closed after its time, and not before", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, sayEmpty);
    const client = clientOf(reactor, server, { idleTimeoutMs: 30 });
    const startMs = performance.now();
    await (await client.request()).bytes();
    expect(client.stats().idle).toBe(1);
    await until(() => client.stats().connections === 0);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(30);
  });

  test("that rests does not keep the reactor running", async () => {
    const reactor = new Reactor();
    const serving = runningReactor();
    const server = rawServer(serving, sayEmpty);
    const client = clientOf(reactor, server);
    const request = client.request();
    const running = reactor.run();
    await (await request).bytes();
    expect(await running).toBe("empty");
    expect(client.stats().idle).toBe(1);
    const again = client.request();
    const runningAgain = reactor.run();
    await (await again).bytes();
    expect(await runningAgain).toBe("empty");
    expect(client.stats()).toMatchObject({ idle: 1, connected: 1 });
    client.close();
    reactor.close();
  });
});

describe("a stale connection", () => {
  /** The first request of each connection is answered, the second finds it closed. */
  function closingServer(reactor: Reactor) {
    return rawServer(reactor, (peer) => {
      const isFirst = peer.text === peer.take();
      if (isFirst || peer.index > 0) peer.say(EMPTY);
      else peer.stream.destroy();
    });
  }

  test.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])(
    "has %s sent once more, on a new one",
    async (method) => {
      const reactor = runningReactor();
      const server = closingServer(reactor);
      const client = clientOf(reactor, server);
      await (await client.request()).bytes();
      const body = method === "PUT" ? "once more" : undefined;
      const response = await client.request({ method, path: "/again", body });
      expect(response.status).toBe(200);
      expect(server.peers.map(({ text }) => text.includes("/again"))).toEqual([true, true]);
      if (body !== undefined) expect(server.peers[1]?.text).toContain(body);
    },
  );

  test.each([
    ["POST", undefined],
    ["PATCH", "a"],
    ["PUT", (async function* () {})()],
  ])("fails %s, which must not be sent twice: %s", async (method, body) => {
    const reactor = runningReactor();
    const server = closingServer(reactor);
    const client = clientOf(reactor, server);
    await (await client.request()).bytes();
    const error = await rejection(client.request({ method, body }));
    expect(error.code).toBe("ERR_HTTP_CONNECTION_LOST");
    expect(server.peers).toHaveLength(1);
  });

  test.each<[string, (peer: Peer | undefined) => void]>([
    ["ended", (peer) => peer?.stream.destroy()],
    ["spoken unasked", (peer) => void peer?.stream.socket.send(Buffer.from(`${EMPTY}${EMPTY}`))],
  ])("that has %s since the last turn is left, and nothing is lost", async (_, act) => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      if (!peer.take().endsWith("\r\n\r\n")) return;
      peer.say(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\non ${peer.index}`);
    });
    const client = clientOf(reactor, server);
    expect(await (await client.request()).text()).toBe("on 0");
    expect(client.stats().idle).toBe(1);
    act(server.peers[0]);
    const response = await client.request({ method: "POST" });
    expect(await response.text()).toBe("on 1");
    expect(client.stats()).toMatchObject({ connections: 1, connected: 2 });
  });

  test("is no excuse after a byte of the answer", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      if (peer.text === peer.take()) peer.say(EMPTY);
      else {
        peer.say("H");
        peer.stream.end();
      }
    });
    const client = clientOf(reactor, server);
    await (await client.request()).bytes();
    const error = await rejection(client.request());
    expect(error.code).toBe("ERR_HTTP_CONNECTION_LOST");
    expect(server.peers).toHaveLength(1);
  });

  test("is tried once, and a new one is none", async () => {
    const reactor = runningReactor();
    let requests = 0;
    const server = rawServer(reactor, (peer) => {
      requests += 1;
      if (requests === 1) peer.say(EMPTY);
      else peer.stream.destroy();
    });
    const client = clientOf(reactor, server);
    await (await client.request()).bytes();
    expect((await rejection(client.request())).code).toBe("ERR_HTTP_CONNECTION_LOST");
    expect(requests).toBe(3);
    expect((await rejection(client.request())).code).toBe("ERR_HTTP_CONNECTION_LOST");
    expect(requests).toBe(4);
  });
});

describe("the pool", () => {
  test("has so many connections at a time, and the others wait in order", async () => {
    const reactor = runningReactor();
    const order: string[] = [];
    const server = rawServer(reactor, (peer) => void order.push(peer.take().split(" ")[1] ?? ""));
    const client = clientOf(reactor, server, { connectionsMax: 2 });
    const requests = ["/0", "/1", "/2", "/3", "/4"].map((path) => client.request({ path }));
    await until(() => order.length === 2);
    expect(client.stats()).toMatchObject({ connections: 2, waiting: 3 });
    for (let answered = 0; answered < 5; answered += 1) {
      server.peers[answered % 2]?.say(EMPTY);
      await requests[answered];
      await until(() => order.length === Math.min(5, answered + 3));
    }
    await Promise.all(requests);
    expect([...order.slice(0, 2).sort(), ...order.slice(2)]).toEqual([
      "/0",
      "/1",
      "/2",
      "/3",
      "/4",
    ]);
    expect(server.peers).toHaveLength(2);
  });

  test("lets so many wait, and refuses the next", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, () => {});
    const client = clientOf(reactor, server, { connectionsMax: 1, waitingMax: 1 });
    const running = [client.request(), client.request()].map(rejection);
    expect((await rejection(client.request())).code).toBe("ERR_HTTP_CLIENT_BUSY");
    client.close();
    for (const error of await Promise.all(running)) {
      expect(error.code).toBe("ERR_HTTP_CLIENT_CLOSED");
    }
  });

  test("gives the place of a connection that breaks to who waits", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      if (peer.index === 0) peer.stream.destroy();
      else peer.say(EMPTY);
    });
    const client = clientOf(reactor, server, { connectionsMax: 1 });
    const first = rejection(client.request());
    const second = client.request();
    expect((await first).code).toBe("ERR_HTTP_CONNECTION_LOST");
    expect((await second).status).toBe(200);
  });

  test("forgets a request that gives up waiting", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, () => {});
    const client = clientOf(reactor, server, { connectionsMax: 1 });
    const first = rejection(client.request());
    const controller = new AbortController();
    const second = rejection(client.request({ signal: controller.signal }));
    expect(client.stats().waiting).toBe(1);
    controller.abort();
    expect((await second).name).toBe("AbortError");
    expect(client.stats().waiting).toBe(0);
    client.close();
    await first;
  });

  test("fails everything when it is closed, and what comes later", async () => {
    const reactor = runningReactor();
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
    const server = rawServer(reactor, (peer) => peer.index === 0 && peer.say(head));
    const client = clientOf(reactor, server, { connectionsMax: 2 });
    const response = await client.request();
    const others = [client.request(), client.request()].map(rejection);
    client.close();
    client.close();
    expect((await rejection(response.bytes())).code).toBe("ERR_HTTP_CLIENT_CLOSED");
    for (const error of await Promise.all(others)) {
      expect(error.code).toBe("ERR_HTTP_CLIENT_CLOSED");
    }
    expect((await rejection(client.request())).code).toBe("ERR_HTTP_CLIENT_CLOSED");
    expect(client.stats()).toMatchObject({ connections: 0, connecting: 0, waiting: 0, idle: 0 });
  });

  test("fails everything when the reactor is closed", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => peer.index === 0 && sayEmpty(peer));
    const client = clientOf(reactor, server, { connectionsMax: 2 });
    await (await client.request()).bytes();
    const [first, second, third] = [client.request(), client.request(), client.request()].map(
      rejection,
    );
    await until(() => server.peers.length === 2);
    reactor.close();
    await first;
    for (const error of await Promise.all([second, third])) {
      expect(error?.code).toBe("ERR_HTTP_CLIENT_CLOSED");
    }
    expect(client.stats()).toMatchObject({ connections: 0, connecting: 0, waiting: 0 });
  });

  test("connects to a unix path as well", async () => {
    const reactor = runningReactor();
    const directory = mkdtempSync(join(tmpdir(), "http-client-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const path = join(directory, "socket");
    const peers: Peer[] = [];
    const listener = Listener.unix(reactor, { path }, (stream) => {
      peers.push(peerOf(stream, 0, sayEmpty));
    });
    onTestFinished(() => {
      listener.close();
      for (const { stream } of peers) stream.destroy();
    });
    const client = new HttpClient(reactor, { path });
    onTestFinished(() => client.close());
    expect((await client.request()).status).toBe(200);
    expect(peers[0]?.text).toBe("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  });

  test("tells why there is no connection", async () => {
    const reactor = runningReactor();
    const client = new HttpClient(reactor, { path: "/nowhere/at/all" });
    onTestFinished(() => client.close());
    const error = await rejection(client.request());
    expect(error.code).toBe("ERR_HTTP_CONNECT_FAILED");
    expect(error.message).toContain("/nowhere/at/all");
    expect((error.cause as { code: string }).code).toBe("ENOENT");
    const { port } = rawServer(reactor, () => {});
    const lost = new HttpClient(
      reactor,
      { host: "nobody.invalid", port },
      { lookup: () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" })) },
    );
    onTestFinished(() => lost.close());
    const second = await rejection(lost.request());
    expect((second.cause as { code: string }).code).toBe("ENOTFOUND");
  });
});
