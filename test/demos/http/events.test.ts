/** Server-sent events: their numbers, and clients that go, do not read, or wait for their turn. */
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { LISTENERS_MAX } from "../../../src/demos/http/events.js";
import { SO_RCVBUF, SO_SNDBUF, Socket, SocketStream } from "../../../src/index.js";
import { ask, begin, startDemo } from "./demo-server.js";

describe("/events", () => {
  /** What comes until there are so many events. */
  async function eventsOf(message: IncomingMessage, count: number): Promise<string[]> {
    let all = "";
    for await (const chunk of message.setEncoding("utf8")) {
      all += chunk;
      if (all.split("\nevent: ").length > count) break; // which ends the connection, too
    }
    return all.split("\n\n").filter((event) => event.includes("\ndata: "));
  }

  test("come one after the other, numbered, with what the reactor counts", async () => {
    const { port } = startDemo({ beatMs: 5 });
    const message = await begin(port, "/events");
    expect(message.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    });
    const events = await eventsOf(message, 4);
    events.slice(0, 3).forEach((event, n) => {
      const [, id, data = ""] = /id: (\d+)\nevent: stats\ndata: (.*)$/.exec(event) ?? [];
      expect(Number(id)).toBe(n + 1);
      expect(JSON.parse(data)).toMatchObject({ turns: expect.any(Number), listeners: 1 });
    });
  });

  test("go on after the one that was seen last", async () => {
    const { port } = startDemo({ beatMs: 5 });
    for (const [last, next] of [
      ["41", 42],
      ["-1", 1],
      ["x", 1],
      ["9".repeat(30), 1],
    ] as const) {
      const message = await begin(port, "/events", { headers: { "Last-Event-ID": last } });
      expect((await eventsOf(message, 1))[0]).toMatch(new RegExp(`^(retry.*\n\n)?id: ${next}\n`));
    }
  });

  test("HEAD does not wait for them", async () => {
    const { port } = startDemo();
    expect(await ask(port, "/events", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
  });

  test("are for so many and no more; who goes makes room", async () => {
    const { port, demo } = startDemo();
    const request = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const clients = Array.from({ length: LISTENERS_MAX / 5 }, () => connect(port, "127.0.0.1"));
    for (const client of clients) client.resume().write(request.repeat(5));
    const { reactor } = demo;
    await expect.poll(() => reactor.stats().timers).toBeGreaterThanOrEqual(LISTENERS_MAX);
    const refused = await ask(port, "/events");
    expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "60" } });
    expect(refused.headers["content-type"]).toMatch(/^text\/plain/);
    clients.pop()?.destroy();
    await expect.poll(() => reactor.stats().timers).toBeLessThan(LISTENERS_MAX);
    const message = await begin(port, "/events");
    expect(message.statusCode).toBe(200);
    message.destroy();
    for (const client of clients) client.destroy();
  });

  test("are made for nobody who has gone", async () => {
    const { port, demo } = startDemo({ beatMs: 5 });
    const messages = [await begin(port, "/events"), await begin(port, "/events")];
    const timers = demo.reactor.stats().timers;
    messages[0]?.destroy();
    const watcher = messages[1] as IncomingMessage;
    let seen = "";
    for await (const chunk of watcher.setEncoding("utf8")) {
      seen += chunk;
      if (seen.includes('"listeners":1')) break;
    }
    expect(demo.reactor.stats().timers).toBeLessThan(timers);
  });

  test("are not made for a client that does not read, until it reads again", async () => {
    const { port, demo } = startDemo({ beatMs: 1 });
    const socket = Socket.tcp();
    socket.setOption(SO_RCVBUF, 2048);
    socket.connect({ address: "127.0.0.1", port });
    const client = new SocketStream(demo.reactor, socket);
    client.pause();
    client.write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await expect.poll(() => demo.server.listener.streams.size).toBe(1);
    const [stalled] = demo.server.listener.streams;
    stalled?.socket.setOption(SO_SNDBUF, 2048);

    await expect.poll(() => stalled?.pendingBytes).toBeGreaterThan(0);
    await eventsOf(await begin(port, "/events"), 300);
    expect(stalled?.pendingBytes).toBeLessThan(1000); // one event, no more

    let all = "";
    const idsOf = (): number[] => [...all.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    for await (const chunk of client) {
      all += chunk;
      if ((idsOf().at(-1) ?? 0) > 300) break;
    }
    const ids = idsOf();
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(ids.length).toBeLessThan(300);
    client.destroy();
  });
});

test("/events behind another answer waits for its turn with one event, not with all", async () => {
  const { port } = startDemo({ beatMs: 1, paceMs: 20 });
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  socket.write(
    ["/slow", "/events"].map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(""),
  );
  let all = "";
  const ids = (): string[] => [...all.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id ?? "");
  for await (const chunk of socket) {
    all += chunk;
    if (ids().length > 2) break;
  }
  expect(ids()[0]).toBe("1");
  expect(Number(ids()[1])).toBeGreaterThan(2);
});
