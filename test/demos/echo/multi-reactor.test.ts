/** Several reactors: how connections are spread over them, and what a crash leaves alone. */
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { connectTo, pattern, roundTrip } from "../echo-peers.js";
import { handOutModel, reusePortModel, startThreaded } from "./threaded-servers.js";

test("reuse-port: the kernel spreads connections over the workers", async (context) => {
  if (process.platform === "darwin") return context.skip("all go to one listener here");
  const { server, port, log } = await startThreaded(reusePortModel, { workers: 3 });
  let count = 0;
  while (server.stats().connections.some((n) => n === 0)) {
    count += 1;
    await roundTrip(await connectTo(port), pattern(count, 1000));
    await log.said(/^ESTABLISHED/, count); // a thread's words may be later than its bytes
  }
  const { busy, waiting, connections } = server.stats();
  expect({ busy, waiting }).toEqual({ busy: 3, waiting: 0 });
  expect(connections.reduce((sum, n) => sum + n)).toBe(count);
});

test("hand-out: connections go round the workers", async () => {
  const { server, port, log } = await startThreaded(handOutModel, { workers: 3 });
  for (let n = 1; n <= 7; n += 1) await roundTrip(await connectTo(port), pattern(n, 1000));
  expect(server.stats().connections.slice().sort()).toEqual([2, 2, 3]);
  await log.said(/^ESTABLISHED/, 7);
});

test("hand-out: a worker that is not there is left out", async () => {
  const { server, port, log } = await startThreaded(handOutModel, { workers: 2 });
  await server.workers[0]?.terminate();
  await log.said(/^worker 1 crashed: exit 1; another in 100 ms$/);
  for (let n = 1; n <= 3; n += 1) await roundTrip(await connectTo(port), pattern(n, 1000));
});

test("reuse-port: connections in the backlog outlive a crash", async () => {
  const { server, port, log } = await startThreaded(reusePortModel, { workers: 1 });
  await server.workers[0]?.terminate();
  const early = await connectTo(port);
  early.write(pattern(1, 10));
  await log.said(/^worker 1 crashed/);
  await log.said(new RegExp(`^ESTABLISHED 127.0.0.1:${early.localPort}$`));
});

test.each([reusePortModel, handOutModel])(
  "$name: by default there are as many workers as processors",
  async (model) => {
    const { server } = await startThreaded(model, { workers: undefined });
    expect(server.workers).toHaveLength(availableParallelism());
  },
);
