/** When there are more connections than the echo servers may have, or have descriptors for. */
import type { Socket as NodeSocket } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as timer } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { supportedBackends } from "../../src/index.js";
import { startEcho, startLimitedEcho } from "./cli-process.js";
import { echoModels } from "./echo-models.js";
import {
  connectMany,
  expectSame,
  pattern,
  receive,
  receiveToEnd,
  roundTrip,
  startServer,
} from "./echo-peers.js";
import { echoVariants } from "./echo-variants.js";

/** Many calls of few bytes take their time on a busy machine; this only guards against a hang. */
const HANG_MS = 60_000;
const NO_SHORTAGE = "its own test says what it does, for a thread needs many descriptors to start";
const NO_OPTION = "the command has no option connectionsMax";

describe.each(echoVariants)("$name", { timeout: HANG_MS }, (variant) => {
  const { model, backend } = variant;

  variant.insideTest(
    "with connectionsMax reached, others wait in the backlog, and nothing spins",
    async () => {
      const options = { backend, connectionsMax: 3, ...model.exactLimit };
      const { port, lines, said } = startServer(model, options);
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
    NO_OPTION,
  );

  variant.insideTest(
    "a limit of one connection serves one after the other",
    async () => {
      const { port } = startServer(model, { backend, connectionsMax: 1 });
      const message = pattern(5, 10_000);
      const clients = await connectMany(port, 5);
      for (const client of clients) client.end(message);
      const answers = await Promise.all(clients.map(receiveToEnd));
      for (const answer of answers) expectSame(answer, message);
    },
    NO_OPTION,
  );

  test("without descriptors left it waits instead of spinning, and recovers", async (context) => {
    const { shortage } = model;
    if (shortage === undefined) return context.skip(NO_SHORTAGE);
    const server = await variant.startLimited(shortage.descriptorsMax, { cutBytes: 97 });
    const { port, log } = server;
    const started = performance.now(); // before it can have looked
    const clients = await connectMany(port, 60);
    await log.said(/^accept: EMFILE/);
    await log.said(/^ESTABLISHED/, 3); // a thread may say so later
    const served = servedOf(clients, log.lines);
    expect(served.length).toBeLessThan(shortage.descriptorsMax);
    const message = pattern(6, 500);
    for (let n = 0; n < 5; n += 1) {
      for (const client of served) await roundTrip(client, message);
    }
    const { looksMax, refusedMax } = shortage;
    expect(log.count(/^accept: EMFILE/)).toBeLessThanOrEqual(looksMax(performance.now() - started));

    for (const client of clients) client.end(message);
    const answers = await Promise.allSettled(clients.map(receiveToEnd));
    const echoes = answers.filter((end) => end.status === "fulfilled" && end.value.length > 0);
    for (const echo of echoes) expectSame((echo as PromiseFulfilledResult<Buffer>).value, message);
    expect(echoes.length).toBeGreaterThanOrEqual(served.length);
    expect(clients.length - echoes.length).toBeLessThanOrEqual(refusedMax);
    await log.said(/^CLOSED .*: end of stream$/, echoes.length);
    server.child.kill("SIGINT");
    expect(await server.ended).toMatchObject({ status: 0, stderr: "" });
  });
});

describe.each(echoModels)("$name", { timeout: HANG_MS }, (model) => {
  test("however many connections close meanwhile, it looks less and less for descriptors", async (context) => {
    const { shortage } = model;
    if (shortage === undefined) return context.skip(NO_SHORTAGE);
    if (!model.looksLess)
      return context.skip("its acceptor.ts is seen where multi-reactor hands out");
    const args = ["--verbose", ...model.args];
    const { port, log } = await startLimitedEcho(args, shortage.descriptorsMax);
    const clients = await connectMany(port, 60);
    await log.said(/^accept: EMFILE/);
    // Each that closes makes room for one, so the next accept fails again.
    for (let n = 1; n <= 5; n += 1) {
      const alive = clients.filter((client) => !client.destroyed);
      servedOf(alive, log.lines)[0]?.destroy();
      await log.said(/^accept: EMFILE/, 1 + n);
    }
    const looks = log.count(/^accept: EMFILE/) + 1;
    const first = performance.now();
    await log.said(/^accept: EMFILE/, looks);
    const { count, ms } = shortage.slowLooks;
    await log.said(/^accept: EMFILE/, looks + count);
    // So long in the server's time. The first line may have reached us late, on a busy machine by
    // much; one that spins needs a hundredth of it.
    expect(performance.now() - first).toBeGreaterThan(ms / 4);
  });

  test("select takes only low descriptors: what is above waits, and nobody is dropped", async (context) => {
    if (!supportedBackends().includes("select")) return context.skip("no select here");
    if (model.isBlocking) return context.skip("select watches its listener only");
    const server = await startEcho(["--verbose", ...model.args, "--backend", "select"]);
    const clients = await connectMany(server.port, 1100);
    await server.log.said(/^ESTABLISHED/, 900 / model.descriptorsEach);
    const message = pattern(8, 100);
    for (const client of clients) client.end(message);
    for (const answer of await Promise.all(clients.map(receiveToEnd))) expectSame(answer, message);
    expect(server.log.count(/^accept: /)).toBe(0);
    server.child.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ status: 0, stderr: "" });
  });
});

/** Those of which the server has said that it serves them. */
function servedOf(clients: readonly NodeSocket[], lines: readonly string[]): NodeSocket[] {
  const ports = new Set(lines.map((line) => Number(/^ESTABLISHED .*:(\d+)$/.exec(line)?.[1])));
  return clients.filter(({ localPort }) => ports.has(localPort ?? 0));
}

/** Turns of Node's loop while only five timers pass: few, unless something is ready all the time. */
async function turnsWithoutWork(): Promise<number> {
  const turns = () => performance.nodeTiming.uvMetricsInfo?.loopCount ?? 0; // absent in old Node 20
  const before = turns();
  for (let n = 0; n < 5; n += 1) await timer(10);
  return turns() - before;
}
