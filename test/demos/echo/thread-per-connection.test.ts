/** A thread for each connection: how many there may be, and what the next one is told. */
import { once } from "node:events";
import type { Socket as NodeSocket } from "node:net";
import { expect, test } from "vitest";
import { startEcho, startLimitedEcho } from "../cli-process.js";
import {
  connectMany,
  connectTo,
  expectSame,
  pattern,
  receiveToEnd,
  roundTrip,
} from "../echo-peers.js";
import { startThreaded, threadPerConnectionModel } from "./threaded-servers.js";

/** Each thread takes its time on a busy machine; this only guards against a hang. */
const HANG_MS = 60_000;

test("beyond the bound a connection is told so in words, then closed", async () => {
  const { server, port, log } = await startThreaded(threadPerConnectionModel, { workers: 2 });
  const clients = await connectMany(port, 2);
  for (const client of clients) await roundTrip(client, pattern(1, 1000));
  expect(server.stats()).toEqual({ busy: 2, waiting: 0, connections: [1, 1] });
  expect(server.workers).toHaveLength(2);

  const refused = await connectTo(port);
  const words = (await receiveToEnd(refused)).toString();
  expect(words).toBe("Busy: all 2 workers serve somebody, try again later\n");
  await log.said(new RegExp(`^127.0.0.1:${refused.localPort} refused: all 2 workers are busy$`));
  for (const client of clients) await roundTrip(client, pattern(2, 1000));

  const [worker] = server.workers;
  const gone = worker && once(worker, "exit");
  clients[0]?.end();
  await gone;
  await roundTrip(await connectTo(port), pattern(3, 1000));
  expect(log.count(/refused/)).toBe(1);
});

test("a crowd is refused, and the process is well", { timeout: HANG_MS }, async () => {
  const args = ["--verbose", "--model", "thread-per-connection", "--workers", "3"];
  const { child, port, log, ended } = await startEcho(args);
  const clients = await connectMany(port, 300);
  await log.said(/refused/, 297);
  await log.said(/^ESTABLISHED/, 3);
  const served = servedOf(clients, log.lines);
  expect(served).toHaveLength(3);
  for (const client of served) await roundTrip(client, pattern(1, 10_000));
  const refused = clients.filter((client) => !served.includes(client));
  for (const end of await Promise.all(refused.map(receiveToEnd))) {
    expect(end.toString()).toMatch(/^Busy: all 3 workers /);
  }
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ status: 0, stderr: "" });
});

test("without descriptors for another thread connections wait, and all are served", {
  timeout: HANG_MS,
}, async () => {
  const args = ["--verbose", "--model", "thread-per-connection"];
  const { child, port, log, ended } = await startLimitedEcho(args, 128);
  const clients = await connectMany(port, 16);
  await log.said(/^accept: EMFILE, trying again in 1000 ms$/);
  for (const client of clients) client.end(pattern(1, 10_000));
  for (const answer of await Promise.all(clients.map(receiveToEnd))) {
    expectSame(answer, pattern(1, 10_000));
  }
  expect(log.count(/INIT_FAILED/)).toBe(0); // to look for descriptors took none of a thread's
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ status: 0, stderr: "" });
});

function servedOf(clients: readonly NodeSocket[], lines: readonly string[]): NodeSocket[] {
  return clients.filter(({ localPort }) => lines.includes(`ESTABLISHED 127.0.0.1:${localPort}`));
}
