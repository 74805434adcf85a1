/** A pool of threads: who gets one, who waits and where, and how one sees it. */
import type { Socket as NodeSocket } from "node:net";
import { expect, test } from "vitest";
import {
  connectMany,
  connectTo,
  expectSame,
  pattern,
  receive,
  receiveToEnd,
  roundTrip,
} from "../echo-peers.js";
import { startThreaded, threadPoolModel } from "./threaded-servers.js";

/** Round trips after which whatever could happen has happened. */
const TURNS = 30;

test("a silent peer pins its worker: the next waits, and stats and log say so", async () => {
  const { server, port, log } = await startThreaded(threadPoolModel, { workers: 2 });
  const [silent, other] = (await connectMany(port, 2)) as [NodeSocket, NodeSocket];
  await log.said(/^ESTABLISHED/, 2);
  expect(server.stats()).toEqual({ busy: 2, waiting: 0, connections: [1, 1] });
  expect(log.count(/waits/)).toBe(0);

  const waiting = await connectTo(port);
  waiting.write(pattern(1, 1000));
  const name = `127.0.0.1:${waiting.localPort}`;
  await log.said(new RegExp(`^${name} waits: 2 of 2 workers busy, 1 wait$`));
  for (let n = 0; n < TURNS; n += 1) await roundTrip(other, pattern(n, 100));
  expect(server.stats()).toEqual({ busy: 2, waiting: 1, connections: [1, 1] });
  expect(waiting.readableLength).toBe(0);
  expect(log.count(/^ESTABLISHED/)).toBe(2);

  silent.end();
  await log.said(new RegExp(`^ESTABLISHED ${name}$`));
  expectSame(await receive(waiting, 1000), pattern(1, 1000));
  expect(server.stats()).toEqual({ busy: 2, waiting: 0, connections: [1, 1] });
});

test("the queue has an end; beyond it connections wait in the kernel, in their order", async () => {
  const { server, port, log } = await startThreaded(threadPoolModel, { workers: 1, queue: 2 });
  const first = await connectTo(port);
  await roundTrip(first, pattern(0, 100));
  const others: NodeSocket[] = [];
  for (let n = 1; n <= 5; n += 1) others.push(await connectTo(port));
  await log.said(/ waits: 1 of 1 workers busy, 2 wait$/);
  for (let n = 0; n < TURNS; n += 1) await roundTrip(first, pattern(n, 100));
  expect(server.stats()).toEqual({ busy: 1, waiting: 2, connections: [1] });
  expect(log.count(/ waits: /)).toBe(2);
  const inOrder = [first, ...others].map(({ localPort }) => `127.0.0.1:${localPort}`);

  first.end();
  for (const [at, client] of others.entries()) client.end(pattern(at, 10_000));
  for (const [at, client] of others.entries()) {
    expectSame(await receiveToEnd(client), pattern(at, 10_000));
  }
  // Whoever has said all in the meantime is in CLOSE_WAIT when its turn comes.
  const taken = log.lines.map((line) => /^(?:ESTABLISHED|CLOSE_WAIT) (.*)$/.exec(line)?.[1]);
  expect(taken.filter((name) => name !== undefined)).toEqual(inOrder);
});

test("whoever leaves the queue before its turn keeps nobody", async () => {
  const { port, log } = await startThreaded(threadPoolModel, { workers: 1 });
  const first = await connectTo(port);
  await roundTrip(first, pattern(0, 100));
  const [ended, reset, patient] = (await connectMany(port, 3)) as [
    NodeSocket,
    NodeSocket,
    NodeSocket,
  ];
  await log.said(/ 3 wait$/);
  ended.destroy();
  reset.write("for nobody");
  reset.resetAndDestroy();
  first.end();
  await roundTrip(patient, pattern(1, 10_000));
  await log.said(/^CLOSED/, 3);
});
