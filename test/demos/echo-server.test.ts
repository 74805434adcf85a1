/** The echo server of the selector floor, on every backend, over real sockets. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Socket as NodeSocket } from "node:net";
import { performance } from "node:perf_hooks";
import { setImmediate as nextTurn, setTimeout as timer } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createEchoServer } from "../../src/demos/echo/selector.js";
import { SO_LINGER, Socket, supportedBackends } from "../../src/index.js";
import { differences, openDescriptors } from "../support/descriptors.js";
import { whyNoOneByte } from "../support/one-byte/environment.js";
import { startEcho, startLimitedEcho } from "./cli-process.js";
import { echoModes, startCut } from "./echo-modes.js";
import {
  connectMany,
  connectTo,
  expectSame,
  pattern,
  type RunningServer,
  receive,
  receiveToEnd,
  roundTrip,
  serverEndOf,
  startServer,
  tinyClient,
  toNode,
  writeUntilStalled,
} from "./echo-peers.js";

/** What the server reads at a time, and keeps of a peer that does not read. */
const SERVER_BUFFER_BYTES = 64 * 1024;
/** Many calls of few bytes take their time on a busy machine; this only guards against a hang. */
const HANG_MS = 60_000;
/** More than all buffers between a client and itself hold, when the client's own are small. */
const ENDLESS = pattern(99, 32 * 1024 * 1024);
const thisFile = fileURLToPath(import.meta.url);

const variants = echoModes.flatMap((mode) =>
  supportedBackends().map((backend) => ({ mode, backend, name: `${backend}, ${mode.name}` })),
);

describe.each(variants)("echo server on $name", { timeout: HANG_MS }, ({ mode, backend }) => {
  test("every byte comes back, of messages from one byte to 8 MiB", async () => {
    const { port } = await mode.start(backend);
    const client = await connectTo(port);
    for (const size of [1, 2, 63, 64, 1000, 65_535, 65_536, 65_537, 1 << 20, 8 << 20]) {
      if (size <= mode.messageMax) await roundTrip(client, pattern(size, size));
    }
  });

  test("many messages of one connection come back in order", async () => {
    const { port } = await mode.start(backend, { cutBytes: 997 });
    const client = await connectTo(port);
    for (let n = 0; n < 200; n += 1) await roundTrip(client, pattern(n, 1 + ((n * 37) % 500)));
    const messages = Array.from({ length: 2000 }, (_, n) => pattern(n, 1 + ((n * 37) % 500)));
    for (const message of messages) client.write(message);
    const all = Buffer.concat(messages);
    expectSame(await receive(client, all.length), all);
  });

  test("100 connections, their messages interleaved, each get their own bytes", async () => {
    const { port } = await mode.start(backend, { cutBytes: 97 });
    const clients = await connectMany(port, 100);
    const streams = clients.map((_, seed) => pattern(seed, 20 * 777));
    for (let n = 0; n < 20; n += 1) {
      for (const [at, client] of clients.entries()) {
        client.write(streams[at]?.subarray(n * 777, (n + 1) * 777) ?? "");
      }
      await nextTurn();
    }
    await Promise.all(
      clients.map(async (client, at) => {
        const expected = streams[at] ?? Buffer.alloc(0);
        expectSame(await receive(client, expected.length), expected);
      }),
    );
  });

  test("what the kernel takes only in parts stays in order: smallest buffers", async () => {
    const { port } = await mode.start(backend, { cutBytes: 997 });
    const clients = [1, 2, 3].map(() => toNode(tinyClient(port)));
    await Promise.all(clients.map((client, seed) => roundTrip(client, pattern(seed, 100_000))));
  });

  test("a peer that never reads costs one buffer, and others are served meanwhile", async () => {
    const server = await mode.start(backend, { cutBytes: 4099 });
    const client = tinyClient(server.port);
    const other = await connectTo(server.port);
    // As long as the server's buffer: what is kept of one peer must not lie in reach of another.
    const message = pattern(1, SERVER_BUFFER_BYTES);
    const sent = await writeUntilStalled(server, client, ENDLESS, () => roundTrip(other, message));
    expect(sent).toBeLessThan(ENDLESS.length);
    if (process.platform === "linux") {
      expect(bytesHeldByServer(server, client, sent)).toBeLessThanOrEqual(SERVER_BUFFER_BYTES);
    }
    // It reads after all, and finds everything, in order.
    expectSame(await receive(toNode(client), sent), ENDLESS.subarray(0, sent));
  });

  test("a peer that stops in the middle of a message holds up nobody", async () => {
    const { port } = await mode.start(backend, { cutBytes: 97 });
    const [slow, other] = (await connectMany(port, 2)) as [NodeSocket, NodeSocket];
    const message = pattern(7, 50_000);
    await roundTrip(slow, message.subarray(0, 20_000));
    for (let n = 0; n < 50; n += 1) await roundTrip(other, pattern(n, 64));
    await roundTrip(slow, message.subarray(20_000));
  });

  test("a peer that sends FIN after its data gets all of it back, then FIN", async () => {
    const { port, said } = await mode.start(backend, { cutBytes: 4099 });
    const client = await connectTo(port);
    const message = pattern(3, 3_000_000);
    client.end(message);
    expectSame(await receiveToEnd(client), message);
    await said(/^CLOSED .*: end of stream$/);
  });

  test("a peer that sends FIN and reads late gets all of it back, then FIN", async () => {
    const server = await mode.start(backend, { cutBytes: 4099 });
    const client = tinyClient(server.port);
    const other = await connectTo(server.port);
    const message = pattern(1, 100);
    const sent = await writeUntilStalled(server, client, ENDLESS, () => roundTrip(other, message));
    client.shutdown("write");
    await roundTrip(other, message);
    expectSame(await receiveToEnd(toNode(client)), ENDLESS.subarray(0, sent));
  });

  test("a connection that only sends FIN is closed", async () => {
    const { port, lines, said } = await mode.start(backend);
    const client = await connectTo(port);
    client.end();
    expect(await receiveToEnd(client)).toHaveLength(0);
    await said(/^CLOSED/);
    expect(lines.at(-1)).toMatch(/^CLOSED 127\.0\.0\.1:\d+: end of stream$/);
  });

  test("a reset while the server has something to write ends that connection only", async () => {
    const server = await mode.start(backend, { cutBytes: 4099 });
    const client = tinyClient(server.port);
    const other = await connectTo(server.port);
    await writeUntilStalled(server, client, ENDLESS, () => roundTrip(other, pattern(1, 100)));
    client.setOption(SO_LINGER, 0);
    client.close();
    await server.said(/^CLOSED .*: (ECONNRESET|EPIPE)$/);
    await roundTrip(other, pattern(2, 100_000));
  });

  test("a reset while the server waits for bytes ends that connection only", async () => {
    const { port, said } = await mode.start(backend, { cutBytes: 97 });
    const client = await connectTo(port);
    const other = await connectTo(port);
    await roundTrip(client, pattern(1, 100));
    client.resetAndDestroy();
    await said(/^CLOSED .*: ECONNRESET$/);
    await roundTrip(other, pattern(2, 100_000));
  });

  test("resets right after connect, before they are accepted, leave it serving", async () => {
    const { port, said } = await mode.start(backend, { cutBytes: 97 });
    // All of it in one turn: the server cannot accept in between.
    for (let n = 0; n < 50; n += 1) {
      const client = Socket.tcp();
      client.setOption(SO_LINGER, 0);
      client.connect({ address: "127.0.0.1", port });
      client.close();
    }
    if (process.platform === "linux") await said(/^CLOSED .*: ECONNRESET$/, 50);
    await roundTrip(await connectTo(port), pattern(2, 100_000));
  });

  mode.insideTest(
    "with connectionsMax reached, others wait in the backlog, and nothing spins",
    async () => {
      const { port, lines, said } = startServer(backend, { connectionsMax: 3 });
      const [first, second, third] = (await connectMany(port, 3)) as [
        NodeSocket,
        NodeSocket,
        NodeSocket,
      ];
      await said(/^ESTABLISHED/, 3);
      const message = pattern(4, 1000);
      const waiting = await connectMany(port, 2);
      for (const client of waiting) client.write(message);
      for (let n = 0; n < 50; n += 1) await roundTrip(first, message);
      expect(lines.filter((line) => line.startsWith("ESTABLISHED"))).toHaveLength(3);
      expect(await turnsWithoutWork()).toBeLessThan(200);

      second.end();
      await said(/^ESTABLISHED/, 4);
      third.resetAndDestroy();
      await said(/^ESTABLISHED/, 5);
      for (const client of waiting) expectSame(await receive(client, message.length), message);
    },
  );

  mode.insideTest("a limit of one connection serves one after the other", async () => {
    const { port } = startServer(backend, { connectionsMax: 1 });
    const message = pattern(5, 10_000);
    const clients = await connectMany(port, 5);
    for (const client of clients) client.end(message);
    for (const answer of await Promise.all(clients.map(receiveToEnd))) expectSame(answer, message);
  });

  test("without descriptors left it waits instead of spinning, and recovers", async () => {
    const server = await mode.startLimited(backend, 48, { cutBytes: 97 });
    const { port, log } = server;
    const clients = await connectMany(port, 60);
    await log.said(/^accept: EMFILE/);
    const started = performance.now();
    const served = log.count(/^ESTABLISHED/);
    expect(served).toBeGreaterThan(2);
    expect(served).toBeLessThan(48);
    const message = pattern(6, 500);
    // The backlog is in order: these are the ones that were accepted.
    for (let n = 0; n < 20; n += 1) {
      for (const client of clients.slice(0, served)) await roundTrip(client, message);
    }
    // One look a second, and one at the start: each says a line.
    const looksMax = 1 + Math.ceil((performance.now() - started) / 1000);
    expect(log.count(/^accept: EMFILE/)).toBeLessThanOrEqual(looksMax);

    for (const client of clients) client.end(message);
    const answers = await Promise.all(clients.map(receiveToEnd));
    for (const answer of answers) expectSame(answer, message);
    await log.said(/^CLOSED .*: end of stream$/, 60);
    server.child.kill("SIGINT");
    expect(await server.ended).toMatchObject({ status: 0, stderr: "" });
  });

  mode.insideTest(
    "abort closes everything: no descriptor stays, and the port is free",
    async () => {
      const before = openDescriptors();
      const server = startServer(backend);
      const clients = await connectMany(server.port, 10);
      for (const client of clients) await roundTrip(client, pattern(1, 10));
      const closed = clients.map((client) => once(client, "close"));
      for (const client of clients) client.resume().on("end", () => client.destroy());
      await server.stop();
      await Promise.all(closed);
      await nextTurn();
      expect(differences(before, openDescriptors())).toEqual([]);

      const next = createServer().listen(server.port, "127.0.0.1");
      await once(next, "listening");
      next.close();
      await once(next, "close");
    },
  );

  mode.insideTest("abort closes connections that have something to write, too", async () => {
    const server = startServer(backend);
    const client = tinyClient(server.port);
    const other = await connectTo(server.port);
    await writeUntilStalled(server, client, ENDLESS, () => roundTrip(other, pattern(1, 100)));
    const serverEnd = serverEndOf(client);
    expect(openDescriptors().has(serverEnd)).toBe(true);
    await server.stop();
    expect(() => serverEndOf(client)).toThrow("does not have");
  });

  mode.insideTest("aborted before run, it closes at once", async () => {
    const before = openDescriptors();
    const log: string[] = [];
    const server = createEchoServer({
      host: "127.0.0.1",
      port: 0,
      backend,
      log: (line) => log.push(line),
    });
    await server.run(AbortSignal.abort());
    expect(differences(before, openDescriptors())).toEqual([]);
    expect(log).toEqual([`LISTEN ${server.address}`]);
  });

  mode.insideTest("a port that is taken leaves no descriptor open", async () => {
    const { port } = startServer(backend);
    const before = openDescriptors();
    const open = () => createEchoServer({ host: "127.0.0.1", port, backend, log: () => {} });
    expect(open).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
    expect(differences(before, openDescriptors())).toEqual([]);
  });

  test("the log says LISTEN, ESTABLISHED and CLOSED in order, with the peer's address", async () => {
    const { port, lines, said } = await mode.start(backend);
    for (let n = 1; n <= 2; n += 1) {
      const client = await connectTo(port);
      const peer = `127.0.0.1:${client.localPort}`;
      await said(/^ESTABLISHED/, n);
      client.end();
      await receiveToEnd(client);
      await said(/^CLOSED/, n);
      expect(lines.slice(-2)).toEqual([`ESTABLISHED ${peer}`, `CLOSED ${peer}: end of stream`]);
    }
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe(`LISTEN 127.0.0.1:${port}`);
  });

  mode.insideTest("Node's own timers, promises and files go on under load", async () => {
    const { port } = startServer(backend);
    let isLoaded = true;
    let rounds = 0;
    const load = (await connectMany(port, 4)).map(async (client, seed) => {
      const message = pattern(seed, 200_000);
      for (; isLoaded; rounds += 1) await roundTrip(client, message);
    });
    for (let n = 0; n < 20; n += 1) {
      const roundsBefore = rounds;
      await timer(1);
      expect(await readFile(thisFile, "utf8")).toContain("go on under load");
      await Promise.resolve();
      // Both go on: it does not stop for Node, and Node does not stop for it.
      while (rounds === roundsBefore) await nextTurn();
    }
    isLoaded = false;
    await Promise.all(load);
  });
});

describe.skipIf(whyNoOneByte() !== undefined)("transfers", () => {
  test("of the server are cut to one byte, else the suite above shows nothing", async () => {
    const server = await startCut("poll");
    await roundTrip(await connectTo(server.port), pattern(1, 10));
    const { calls, cuts } = await server.report();
    // Ten bytes received, and each sent by itself, which is no cut.
    expect(cuts).toBeGreaterThanOrEqual(10);
    expect(calls).toBeGreaterThanOrEqual(20);
  });

  const failing = supportedBackends().flatMap((backend) =>
    (["EINTR", "EAGAIN"] as const).map((failWith) => ({ backend, failWith })),
  );
  test.each(failing)(
    "that fail with $failWith now and then lose nothing, on $backend",
    async (to) => {
      const server = await startCut(to.backend, { cutBytes: 97, failWith: to.failWith });
      const client = await connectTo(server.port);
      const message = pattern(1, 30_000);
      client.end(message);
      expectSame(await receiveToEnd(client), message);
      await server.said(/^CLOSED .*: end of stream$/);
      expect((await server.report()).failures).toBeGreaterThan(100);
    },
  );
});

test("however many connections close meanwhile, a server without descriptors looks once a second", async () => {
  const { port, log } = await startLimitedEcho(["--verbose"], 48);
  const clients = await connectMany(port, 60);
  await log.said(/^accept: EMFILE/);
  // Each that closes makes room for one, so the next accept fails again.
  for (let n = 1; n <= 5; n += 1) {
    clients[n]?.destroy();
    await log.said(/^accept: EMFILE/, 1 + n);
  }
  const looks = log.count(/^accept: EMFILE/);
  await log.said(/^accept: EMFILE/, looks + 1);
  const first = performance.now();
  await log.said(/^accept: EMFILE/, looks + 2);
  // A second in the server's time; its lines reach us a little sooner or later.
  expect(performance.now() - first).toBeGreaterThan(500);
});

test("select takes only low descriptors: what is above waits, and nobody is dropped", async (context) => {
  if (!supportedBackends().includes("select")) return context.skip("no select here");
  const server = await startEcho(["--verbose", "--backend", "select"]);
  const clients = await connectMany(server.port, 1100);
  await server.log.said(/^ESTABLISHED/, 900);
  const message = pattern(8, 100);
  for (const client of clients) client.end(message);
  for (const answer of await Promise.all(clients.map(receiveToEnd))) expectSame(answer, message);
  expect(server.log.count(/^accept: /)).toBe(0);
  server.child.kill("SIGTERM");
  expect(await server.ended).toMatchObject({ status: 0, stderr: "" });
});

/**
 * What the server has read and not sent: all that was written, less what lies in the four queues
 * of the kernel. Bytes of which the acknowledgement is under way lie in two queues at once, so it
 * may be more by those; never by much, since the client's buffers are small.
 */
function bytesHeldByServer(server: RunningServer, client: Socket, sent: number): number {
  const { unread, unsent } = server.queuesOf(client);
  return sent - unread - unsent - (client.sendQueueBytes ?? 0) - (client.receiveQueueBytes ?? 0);
}

/** Turns of Node's loop while only five timers pass: few, unless something is ready all the time. */
async function turnsWithoutWork(): Promise<number> {
  const turns = () => performance.nodeTiming.uvMetricsInfo?.loopCount ?? 0; // absent in old Node 20
  const before = turns();
  for (let n = 0; n < 5; n += 1) await timer(10);
  return turns() - before;
}
