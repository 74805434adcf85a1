/** `/live`: what it says of connections and their states, and what it costs. */
import { hasSubscribers } from "node:diagnostics_channel";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { CHANGES_MAX } from "../../../src/demos/demo/connection-book.js";
import { CHANGES_KEPT, LISTENERS_MAX } from "../../../src/demos/demo/live-feed.js";
import { CONNECTIONS_SHOWN_MAX, type ConnectionRow } from "../../../src/demos/demo/snapshot.js";
import { SO_RCVBUF, SO_SNDBUF, Socket, SocketStream } from "../../../src/index.js";
import { connectMany, connectTo, pattern, receiveToEnd, roundTrip } from "../echo-peers.js";
import { ask, begin } from "../http/demo-server.js";
import { Looker, PATIENT, startDemo } from "./demo-peers.js";

/** A beat of so many connections with their rows is no longer than this. */
const BEAT_BYTES_MAX = 48 * 1024;

describe("/live", () => {
  test("says what it is about, then who listens and who is connected", async () => {
    const { server, httpPort, echoPort } = startDemo();
    const looker = await Looker.at(httpPort);
    expect(looker.hello).toMatchObject({ closeWaitMs: 2000, beatMs: 20, changes: [] });
    const client = await connectTo(echoPort);
    await roundTrip(client, pattern(1, 1000));
    const isCounted = ({ bytesRead }: ConnectionRow) => bytesRead === 1000;
    const counted = await looker.until((beat) => beat.rows.some(isCounted));
    expect(counted.rows.find(isCounted)).toMatchObject({
      ...{ service: "echo", peer: `127.0.0.1:${client.localPort}`, isObserver: false },
      ...{ bytesRead: 1000, bytesWritten: 1000, queuedBytes: 0, receiveQueueBytes: 0 },
    });
    const { listeners, rows, connections, observer, stats } = looker.beats.at(-1) ?? {};
    expect(listeners).toMatchObject([
      { service: "echo", state: "LISTEN", address: server.addressOf("echo"), connections: 1 },
      { service: "chat", state: "LISTEN", address: server.addressOf("chat"), connections: 0 },
      { service: "http", state: "LISTEN", address: server.addressOf("http"), connections: 1 },
    ]);
    expect(rows?.map(({ service, isObserver }) => ({ service, isObserver }))).toEqual([
      { service: "http", isObserver: true },
      { service: "echo", isObserver: false },
    ]);
    expect({ connections, observer }).toMatchObject({ connections: 2, observer: { listeners: 1 } });
    expect(stats).toMatchObject({ turns: expect.any(Number), dispatchMs: expect.any(Number) });
  });

  test("ESTABLISHED, CLOSE_WAIT, CLOSED: each is seen, and told as a change", async () => {
    const { httpPort, echoPort } = startDemo({ closeWaitMs: 200 });
    const looker = await Looker.at(httpPort);
    const client = await connectTo(echoPort);
    const { localPort } = client;
    await looker.row(localPort, "ESTABLISHED");
    client.end();
    await looker.row(localPort, "CLOSE_WAIT");
    await receiveToEnd(client);
    const last = await looker.until(() => looker.statesOf(localPort).includes("CLOSED"));
    expect(last.rows.some(({ service }) => service === "echo")).toBe(false);
    // On loopback LAST_ACK is over before anybody can look.
    const states = looker.statesOf(localPort).filter((state) => state !== "LAST_ACK");
    expect(states).toEqual(["ESTABLISHED", "CLOSE_WAIT", "CLOSED"]);
  });

  test("FIN_WAIT2: the HTTP server has ended its side, the client has not", async () => {
    const { httpPort } = startDemo();
    const looker = await Looker.at(httpPort);
    const client = await connectTo(httpPort);
    const { localPort } = client;
    client.write("GET /live.css HTTP/1.0\r\n\r\n");
    await receiveToEnd(client);
    const row = await looker.row(localPort, "FIN_WAIT2");
    expect(row.service).toBe("http");
    client.end();
    await looker.until(() => looker.statesOf(localPort).includes("CLOSED"));
    const changes = looker.beats.flatMap((beat) => beat.changes);
    expect(changes.at(-1)).toMatchObject({ from: "FIN_WAIT2", to: "CLOSED", peerEnded: true });
  });

  test("what comes and goes between two beats is told with the next one", async () => {
    const { server, httpPort, echoPort } = startDemo({ beatMs: 500, closeWaitMs: 0 });
    const looker = await Looker.at(httpPort);
    const before = looker.beats.length;
    const client = await connectTo(echoPort);
    const { localPort } = client;
    client.end("hello");
    await receiveToEnd(client);
    await expect.poll(() => server.echo.listener.streams.size, PATIENT).toBe(0);
    await looker.until(() => looker.statesOf(localPort).includes("CLOSED"));
    const states = looker.statesOf(localPort);
    expect(states.slice(0, 2)).toEqual(["ESTABLISHED", "CLOSE_WAIT"]);
    const rows = looker.beats.slice(before).flatMap((beat) => beat.rows);
    if (looker.beats.length - before > 1) return; // a slow machine: it was there for a beat
    expect(rows.some(({ service }) => service === "echo")).toBe(false);
  });

  test("a reset is told with its reason", async () => {
    const { httpPort, echoPort } = startDemo();
    const looker = await Looker.at(httpPort);
    const client = await connectTo(echoPort);
    await looker.row(client.localPort, "ESTABLISHED");
    const port = client.localPort;
    client.resetAndDestroy();
    const isReset = ({ peer, reason }: { peer: string; reason?: string | undefined }): boolean =>
      peer.endsWith(`:${port}`) && reason === "ECONNRESET";
    await looker.until(({ changes }) => changes.some(isReset));
  });

  test("of a peer that does not read, all three queues are shown", async () => {
    const { httpPort, echoPort } = startDemo();
    const looker = await Looker.at(httpPort);
    const client = await connectTo(echoPort);
    client.pause().write(pattern(2, 32 << 20));
    await looker.until(({ rows }) =>
      rows.some(
        ({ queuedBytes, sendQueueBytes = 0, receiveQueueBytes = 0 }) =>
          queuedBytes > 0 && sendQueueBytes > 0 && receiveQueueBytes > 0,
      ),
    );
  });

  test("who comes later is told the last changes, and no more than that", async () => {
    const { httpPort, echoPort } = startDemo({ closeWaitMs: 0 });
    const first = await Looker.at(httpPort);
    for (let n = 0; n < CHANGES_KEPT; n += 1) {
      const client = await connectTo(echoPort);
      const { localPort } = client;
      client.end();
      await receiveToEnd(client);
      await first.until(() => first.statesOf(localPort).includes("CLOSED"));
    }
    const second = await Looker.at(httpPort);
    expect(second.hello?.changes).toHaveLength(CHANGES_KEPT);
  });

  test("HEAD does not wait for them", async () => {
    const { httpPort } = startDemo();
    expect(await ask(httpPort, "/live", { method: "HEAD" })).toMatchObject({ status: 200 });
  });
});

describe("what it costs to look", () => {
  test("a thousand idle connections are counted, so many are shown", async () => {
    const { httpPort, echoPort } = startDemo();
    const old = await connectTo(echoPort);
    await roundTrip(old, pattern(3, 10));
    const looker = await Looker.at(httpPort);
    await connectMany(echoPort, 1000);
    const all = await looker.until(({ connections }) => connections === 1002);
    expect(all.rows.length).toBe(CONNECTIONS_SHOWN_MAX);
    const told = looker.beats.flatMap((beat) => beat.changes).length;
    const leftOut = looker.beats.reduce((sum, beat) => sum + beat.changesLeftOut, 0);
    expect(told + leftOut).toBe(1000);
    for (const beat of looker.beats) expect(beat.changes.length).toBeLessThanOrEqual(CHANGES_MAX);
    expect(looker.longestBytes).toBeLessThan(BEAT_BYTES_MAX);

    // Who speaks is shown, however old.
    await roundTrip(old, pattern(4, 10));
    await looker.row(old.localPort, "ESTABLISHED");
    expect(looker.longestBytes).toBeLessThan(BEAT_BYTES_MAX);
  });

  test("while nobody looks there is no timer and no question", async () => {
    const { server, httpPort } = startDemo();
    const { reactor, live } = server;
    const timers = reactor.stats().timers;
    const [first, second] = [await Looker.at(httpPort), await Looker.at(httpPort)];
    expect(live.listeners).toBe(2);
    expect(hasSubscribers("socket-reactor.watch")).toBe(true);
    first.leave();
    await expect.poll(() => live.listeners, PATIENT).toBe(1);
    await second.until(({ observer }) => observer.listeners === 1);
    second.leave();
    await expect.poll(() => live.listeners, PATIENT).toBe(0);
    expect(hasSubscribers("socket-reactor.watch")).toBe(false);
    // The HTTP server's own are there as long as there are connections.
    await expect.poll(() => reactor.stats().timers, PATIENT).toBe(timers);
  });

  test("all who look get the same beat, made once", async () => {
    const { httpPort } = startDemo();
    const first = await Looker.at(httpPort);
    const second = await Looker.at(httpPort);
    const wanted = second.ids.at(-1) ?? 0;
    await first.until(() => (first.ids.at(-1) ?? 0) >= wanted);
    const beat = first.beats[first.ids.indexOf(wanted)];
    expect(beat).toEqual(second.beats[second.ids.indexOf(wanted)]);
    expect(beat?.observer.beats).toBe(wanted);
    expect(beat?.observer.ms).toBeGreaterThan(0);
  });

  test("are for so many and no more; who goes makes room", async () => {
    const { server, httpPort } = startDemo();
    const request = "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const clients = Array.from({ length: LISTENERS_MAX }, () => connect(httpPort, "127.0.0.1"));
    for (const client of clients) client.resume().write(request);
    onTestFinished(() => clients.forEach((client) => void client.destroy()));
    await expect.poll(() => server.live.listeners, PATIENT).toBe(LISTENERS_MAX);
    expect(await ask(httpPort, "/live")).toMatchObject({
      status: 503,
      headers: { "retry-after": "60" },
    });
    clients[0]?.destroy();
    await expect.poll(() => server.live.listeners, PATIENT).toBe(LISTENERS_MAX - 1);
    (await begin(httpPort, "/live")).destroy();
  });

  test("a client that does not read gets no more than a beat, until it reads again", async () => {
    const { server, httpPort } = startDemo({ beatMs: 1 });
    const socket = Socket.tcp();
    socket.setOption(SO_RCVBUF, 2048);
    socket.connect({ address: "127.0.0.1", port: httpPort });
    const client = new SocketStream(server.reactor, socket);
    onTestFinished(() => client.destroy());
    client.pause();
    client.write("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const { streams } = server.http.listener;
    await expect.poll(() => streams.size, PATIENT).toBe(1);
    const [stalled] = streams;
    stalled?.socket.setOption(SO_SNDBUF, 2048);
    await expect.poll(() => stalled?.pendingBytes, PATIENT).toBeGreaterThan(0);
    const looker = await Looker.at(httpPort);
    const before = looker.ids.at(-1) ?? 0;
    await looker.until(({ observer }) => observer.beats > before + 200);
    expect(stalled?.pendingBytes).toBeLessThan(2 * looker.longestBytes);

    let all = "";
    const idsOf = (): number[] => [...all.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    for await (const chunk of client) {
      all += chunk;
      if ((idsOf().at(-1) ?? 0) > before + 200) break;
    }
    const ids = idsOf();
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(ids.length).toBeLessThan((ids.at(-1) ?? 0) - (ids[0] ?? 0)); // some are missing
  });
});
