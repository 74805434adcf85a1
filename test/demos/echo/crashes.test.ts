/** A thread that crashes takes its own connections with it, and nothing else. */
import { once } from "node:events";
import type { Socket as NodeSocket } from "node:net";
import { describe, expect, test } from "vitest";
import { openDescriptors, settledDifferences } from "../../support/descriptors.js";
import { connectTo, pattern, roundTrip } from "../echo-peers.js";
import {
  crashing,
  crewModels,
  hopeless,
  startThreaded,
  type ThreadedServer,
  threadedModels,
} from "./threaded-servers.js";

/** Memory has to fill up, and threads to start again; this only guards against a hang. */
const HANG_MS = 60_000;

const ways = [
  { way: "an error that nobody catches", words: "crash: throw", reason: "thrown by the test" },
  { way: "process.exit()", words: "crash: exit", reason: "exit 3" },
  { way: "no memory left", words: "crash: heap", reason: "ERR_WORKER_OUT_OF_MEMORY" },
] as const;

describe.each(threadedModels)("$name", { timeout: HANG_MS }, (model) => {
  test.each(ways)("$way: peers see the end, others are served", async ({ words, reason }) => {
    const before = openDescriptors();
    const running = await startThreaded(model, { workerEntry: crashing(model) });
    const { server, port, log } = running;
    const clients = await connectToTwoWorkers(running);
    const [victim] = clients as [NodeSocket];
    const [name, ...others] = clients.map(({ localPort }) => `127.0.0.1:${localPort}`);
    const closed = once(victim, "close");
    victim.resume().write(words);
    await closed;
    // What a stream's handler throws ends the stream first, then the thread.
    await log.said(new RegExp(`^CLOSED ${name}: (worker crashed: )?${reason}$`));

    if (crewModels.includes(model)) await log.said(/^worker \d crashed/);
    const survivors = clients.filter(
      (_, at) => at > 0 && log.count(new RegExp(`^CLOSED ${others[at - 1]}:`)) === 0,
    );
    expect(survivors.length).toBeGreaterThan(0);
    expect(server.stats().connections.reduce((sum, n) => sum + n)).toBe(survivors.length);
    for (const client of survivors) await roundTrip(client, pattern(1, 100_000));
    const late = await connectTo(port);
    await roundTrip(late, pattern(2, 100_000));
    if (crewModels.includes(model)) {
      await log.said(new RegExp(`^worker \\d crashed: ${reason}; another in 100 ms$`));
    }
    await running.stop();
    for (const client of [...clients, late]) client.destroy();
    expect(await settledDifferences(before)).toEqual([]);
  });

  test("terminate(), again and again: no descriptor stays", async () => {
    const before = openDescriptors();
    const { server, port, log, stop } = await startThreaded(model);
    for (let n = 1; n <= 3; n += 1) {
      const client = await connectTo(port);
      await roundTrip(client, pattern(n, 1000));
      const closed = once(client.resume(), "close");
      client.on("end", () => client.destroy());
      await server.workers[server.stats().connections.findIndex((count) => count > 0)]?.terminate();
      await closed;
      await log.said(/^CLOSED .*: worker crashed: exit 1$/, n);
    }
    await stop();
    expect(await settledDifferences(before)).toEqual([]);
  });

  test("after connections that came and went there are as many descriptors as before", async () => {
    const { port, log } = await startThreaded(model);
    const before = openDescriptors();
    for (let n = 1; n <= 6; n += 1) {
      const client = await connectTo(port);
      await roundTrip(client, pattern(n, 1000));
      if (n % 2 === 0) client.resetAndDestroy();
      else client.end();
      await log.said(/^CLOSED/, n);
      client.destroy();
    }
    expect(await settledDifferences(before)).toEqual([]);
  });
});

describe.each(crewModels)("$name", { timeout: HANG_MS }, (model) => {
  test("a worker that crashes at once is tried less and less, and Ctrl-C ends that", async () => {
    const options = { workerEntry: hopeless, workers: 1 };
    const { port, log, stop, server } = await startThreaded(model, options);
    const client = await connectTo(port);
    client.write("Is anybody there?");
    await log.said(/^worker 1 crashed/, 4);
    expect(log.lines.filter((line) => line.startsWith("worker"))).toEqual(
      [100, 200, 400, 800].map((ms) => `worker 1 crashed: exit 7; another in ${ms} ms`),
    );
    expect(server.workers).toEqual([]);
    await stop();
    expect(client.readableLength).toBe(0);
  });
});

/** Until two workers have somebody; the kernel may choose the same one for many. */
async function connectToTwoWorkers({ server, port, log }: ThreadedServer): Promise<NodeSocket[]> {
  const clients: NodeSocket[] = [];
  while (server.stats().connections.filter((count) => count > 0).length < 2) {
    const client = await connectTo(port);
    await roundTrip(client, pattern(clients.length, 1000));
    client.on("end", () => client.destroy());
    clients.push(client);
    await log.said(/^ESTABLISHED/, clients.length); // a thread's words may be later than its bytes
  }
  return clients;
}
