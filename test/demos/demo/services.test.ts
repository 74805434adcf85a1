/** Three services on one reactor: each answers, whose requests are answered, and how it ends. */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { CLOSE_WAIT_MS } from "../../../src/demos/demo/echo-service.js";
import { REPORT_CONNECTIONS_MAX } from "../../../src/demos/demo/report-route.js";
import { DemoServer } from "../../../src/demos/demo/server.js";
import { supportedBackends } from "../../../src/index.js";
import { connectMany, connectTo, pattern, receiveToEnd, roundTrip } from "../echo-peers.js";
import { ask, begin } from "../http/demo-server.js";
import { Looker, PATIENT, startDemo } from "./demo-peers.js";

/** What a chat server says to who comes in. */
async function greeting(port: number): Promise<string> {
  const socket = await connectTo(port);
  socket.write("NICK anna\r\nUSER anna 0 * :Anna\r\n");
  for await (const line of createInterface(socket)) if (line.includes(" 001 ")) return line;
  return "";
}

describe("the demo of all", () => {
  test.each(supportedBackends())("on %s: echo, chat and HTTP answer", async (backend) => {
    const { server, echoPort, chatPort, httpPort } = startDemo({ backend });
    await roundTrip(await connectTo(echoPort), pattern(1, 100_000));
    expect(await greeting(chatPort)).toMatch(/^:\S+ 001 anna :/);
    expect((await ask(httpPort, "/")).text).toContain("<h1>socket-reactor, live</h1>");
    expect(server.reactor.capabilities.backend).toBe(backend);
  });

  test("the pages and routes of all are below one port", async () => {
    const { httpPort: port } = startDemo();
    expect((await ask(port, "/http/")).text).toContain("<h1>socket-reactor</h1>");
    expect((await ask(port, "/chat/")).text).toContain("chat");
    const echo = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
    expect(await ask(port, "/http/api/echo", echo)).toMatchObject({ status: 200 });
    const events = await begin(port, "/http/events");
    expect(events.headers["content-type"]).toBe("text/event-stream");
    events.destroy();
    for (const path of ["/http", "/chat"]) {
      const { status, headers } = await ask(port, path);
      expect({ status, location: headers.location }).toEqual({ status: 301, location: `${path}/` });
    }
    for (const path of ["/none", "/http/none", "/server.ts", "/../command.ts"]) {
      expect(await ask(port, path), path).toMatchObject({ status: 404 });
    }
  });

  test("the chat's WebSocket speaks IRC, and is shown as chat", async () => {
    const { httpPort } = startDemo();
    const looker = await Looker.at(httpPort);
    const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/chat/irc`, "text.ircv3.net");
    onTestFinished(() => socket.terminate());
    await once(socket, "open");
    socket.send("NICK anna");
    socket.send("USER anna 0 * :Anna");
    const [first] = await once(socket, "message");
    expect(String(first)).toMatch(/^:\S+ 001 anna :/);
    const isChat = ({ service }: { service: string }) => service === "chat";
    await looker.until(({ rows }) => rows.some(isChat));
  });

  test("what is no page of ours is told neither peers nor files", async () => {
    const { httpPort: port } = startDemo();
    const headers = { Host: `evil.example:${port}` };
    for (const path of ["/", "/live", "/live.js", "/api/report", "/http/", "/chat/", "/chat"]) {
      expect(await ask(port, path, { headers }), path).toMatchObject({ status: 421 });
    }
    const name = { Host: `localhost:${port}` };
    expect(await ask(port, "/", { headers: name })).toMatchObject({ status: 200 });
  });

  test("/api/report is what the reactor says, unless that would take long", async () => {
    const { httpPort, echoPort } = startDemo();
    const report = JSON.parse((await ask(httpPort, "/api/report")).text);
    const states = report.watches.map(
      (watch: { socket?: { state?: string } }) => watch.socket?.state,
    );
    expect(states.filter((state?: string) => state === "LISTEN")).toHaveLength(3);
    await connectMany(echoPort, REPORT_CONNECTIONS_MAX);
    await expect.poll(async () => (await ask(httpPort, "/api/report")).status, PATIENT).toBe(503);
  });

  test("a port that is taken leaves nothing open", () => {
    const { httpPort } = startDemo();
    const options = { host: "127.0.0.1", echoPort: 0, chatPort: 0, httpPort, log: () => {} };
    expect(() => new DemoServer(options)).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
    // That no descriptor stays is looked at after each file.
  });
});

describe("the echo of the demo", () => {
  test("answers what is left, and ends its own side after a while", async () => {
    const closeWaitMs = 150;
    const { echoPort } = startDemo({ closeWaitMs });
    const client = await connectTo(echoPort);
    const message = pattern(2, 300_000);
    const startMs = performance.now();
    client.end(message);
    expect(await receiveToEnd(client)).toEqual(message);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(closeWaitMs);
    expect(CLOSE_WAIT_MS).toBeGreaterThan(closeWaitMs);
  });

  test("a connection that is destroyed in CLOSE_WAIT leaves no timer", async () => {
    const { server, echoPort } = startDemo({ closeWaitMs: 60_000 });
    const { reactor, echo } = server;
    const { timers } = reactor.stats();
    const client = await connectTo(echoPort);
    await roundTrip(client, pattern(3, 10));
    client.end();
    await expect.poll(() => reactor.stats().timers, PATIENT).toBe(timers + 1);
    for (const stream of echo.listener.streams) stream.destroy();
    expect(reactor.stats().timers).toBe(timers);
  });
});

describe("its end", () => {
  test("lets answers end, and everybody else go at once", async () => {
    const { stop, echoPort, chatPort, httpPort } = startDemo();
    const looker = await Looker.at(httpPort);
    const idle = await connectTo(echoPort);
    await roundTrip(idle, pattern(4, 10));
    const leaving = await connectTo(echoPort);
    leaving.end();
    const chat = await connectTo(chatPort);
    await looker.row(leaving.localPort, "CLOSE_WAIT");
    const ended = Promise.all([idle, leaving].map(receiveToEnd));
    chat.resume().on("end", () => chat.end());
    await stop();
    await ended;
    looker.leave();
  });

  test("waits no longer than it is told to", async () => {
    const { stop, echoPort, httpPort } = startDemo();
    const slow = await begin(httpPort, "/http/slow");
    slow.on("error", () => {}).resume();
    const stalled = await connectTo(echoPort);
    stalled.pause().write(pattern(5, 16 << 20));
    const looker = await Looker.at(httpPort);
    await looker.until(({ rows }) => rows.some(({ queuedBytes }) => queuedBytes > 0));
    await stop(); // within a second: what the helper tells it
  });
});
