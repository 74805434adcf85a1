/** How connections and the echo servers themselves end, and what they say of it. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setImmediate as nextTurn, setTimeout as timer } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { SO_LINGER, Socket } from "../../src/index.js";
import { differences, openDescriptors } from "../support/descriptors.js";
import {
  connectMany,
  connectTo,
  pattern,
  receiveToEnd,
  roundTrip,
  startServer,
} from "./echo-peers.js";
import { echoVariants } from "./echo-variants.js";

/** Many calls of few bytes take their time on a busy machine; this only guards against a hang. */
const HANG_MS = 60_000;
const thisFile = fileURLToPath(import.meta.url);

describe.each(echoVariants)("$name", { timeout: HANG_MS }, (variant) => {
  const { model, backend } = variant;

  test("a connection that only sends FIN is closed", async () => {
    const { port, lines, said } = await variant.start();
    const client = await connectTo(port);
    client.end();
    expect(await receiveToEnd(client)).toHaveLength(0);
    await said(/^CLOSED/);
    expect(lines.at(-1)).toMatch(/^CLOSED 127\.0\.0\.1:\d+: end of stream$/);
  });

  test("a reset while the server waits for bytes ends that connection only", async () => {
    const { port, said } = await variant.start({ cutBytes: 97 });
    const client = await connectTo(port);
    const other = await connectTo(port);
    await roundTrip(client, pattern(1, 100));
    client.resetAndDestroy();
    await said(/^CLOSED .*: ECONNRESET$/);
    await roundTrip(other, pattern(2, 100_000));
  });

  test("resets right after connect, before they are accepted, leave it serving", async () => {
    const { port, said } = await variant.start({ cutBytes: 97 });
    const count = Math.min(50, model.together);
    // All of it in one turn: a server in this thread cannot accept in between.
    for (let n = 0; n < count; n += 1) {
      const client = Socket.tcp();
      client.setOption(SO_LINGER, 0);
      client.connect({ address: "127.0.0.1", port });
      client.close();
    }
    if (process.platform === "linux") await said(/^CLOSED .*: ECONNRESET$/, count);
    await roundTrip(await connectTo(port), pattern(2, 100_000));
  });

  variant.insideTest(
    "abort closes everything: no descriptor stays, and the port is free",
    async () => {
      const before = openDescriptors();
      const server = startServer(model, { backend });
      const clients = await connectMany(server.port, Math.min(10, model.together));
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

  variant.insideTest("aborted before run, it closes at once", async () => {
    const before = openDescriptors();
    const log: string[] = [];
    const server = model.create({
      host: "127.0.0.1",
      port: 0,
      backend,
      log: (line) => log.push(line),
    });
    await server.run(AbortSignal.abort());
    expect(differences(before, openDescriptors())).toEqual([]);
    expect(log).toEqual([`LISTEN ${server.address}`]);
  });

  variant.insideTest("a port that is taken leaves no descriptor open", async () => {
    const { port, ready } = startServer(model, { backend });
    await ready;
    const before = openDescriptors();
    const open = () => model.create({ host: "127.0.0.1", port, backend, log: () => {} });
    expect(open).toThrow(expect.objectContaining({ code: "EADDRINUSE" }));
    expect(differences(before, openDescriptors())).toEqual([]);
  });

  test("the log says LISTEN, ESTABLISHED and CLOSED in order, with the peer's address", async () => {
    const { port, lines, said } = await variant.start();
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

  variant.insideTest("Node's own timers, promises and files go on under load", async () => {
    const { port } = startServer(model, { backend });
    let isLoaded = true;
    let rounds = 0;
    const load = (await connectMany(port, 4)).map(async (client, seed) => {
      const message = pattern(seed, 200_000);
      for (; isLoaded; rounds += 1) await roundTrip(client, message);
    });
    for (let n = 0; n < 10; n += 1) {
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
