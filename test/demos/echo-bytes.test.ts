/** What the echo servers receive comes back: every byte, in order, to whom it belongs. */
import type { Socket as NodeSocket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, test } from "vitest";
import { supportedBackends } from "../../src/index.js";
import { echoModels } from "./echo-models.js";
import {
  connectMany,
  connectTo,
  expectSame,
  pattern,
  receive,
  receiveToEnd,
  roundTrip,
  startServer,
  tinyClient,
  toNode,
} from "./echo-peers.js";
import { byteVariants, echoVariants } from "./echo-variants.js";

/** Many calls of few bytes take their time on a busy machine; this only guards against a hang. */
const HANG_MS = 60_000;

describe.each(byteVariants)("$name", { timeout: HANG_MS }, (variant) => {
  test("every byte comes back, of messages from one byte to 8 MiB", async () => {
    const { port } = await variant.start();
    const client = await connectTo(port);
    for (const size of [1, 2, 63, 64, 256, 1000, 65_535, 65_536, 65_537, 1 << 20, 8 << 20]) {
      if (size <= variant.messageMax) await roundTrip(client, pattern(size, size));
    }
  });

  test("many messages of one connection come back in order", async () => {
    const { port } = await variant.start({ cutBytes: 997 });
    const client = await connectTo(port);
    for (let n = 0; n < 100; n += 1) await roundTrip(client, pattern(n, 1 + ((n * 37) % 500)));
    const messages = Array.from({ length: 1000 }, (_, n) => pattern(n, 1 + ((n * 37) % 500)));
    for (const message of messages) client.write(message);
    const all = Buffer.concat(messages);
    expectSame(await receive(client, all.length), all);
  });

  const many = Math.min(100, variant.model.together);
  test(`${many} connections, their messages interleaved, each get their own bytes`, async () => {
    const { port } = await variant.start({ cutBytes: 97 });
    const clients = await connectMany(port, many);
    const streams = clients.map((_, seed) => pattern(seed, 10 * 333));
    for (let n = 0; n < 10; n += 1) {
      for (const [at, client] of clients.entries()) {
        client.write(streams[at]?.subarray(n * 333, (n + 1) * 333) ?? "");
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
    const { port } = await variant.start({ cutBytes: 997 });
    const clients = [1, 2, 3].map(() => toNode(tinyClient(port)));
    await Promise.all(clients.map((client, seed) => roundTrip(client, pattern(seed, 50_000))));
  });

  test("a peer that stops in the middle of a message holds up nobody", async () => {
    const { port } = await variant.start({ cutBytes: 97 });
    const [slow, other] = (await connectMany(port, 2)) as [NodeSocket, NodeSocket];
    const message = pattern(7, 50_000);
    await roundTrip(slow, message.subarray(0, 20_000));
    for (let n = 0; n < 20; n += 1) await roundTrip(other, pattern(n, 64));
    await roundTrip(slow, message.subarray(20_000));
  });

  test("a peer that sends FIN after its data gets all of it back, then FIN", async () => {
    const { port, said } = await variant.start({ cutBytes: 4099 });
    const client = await connectTo(port);
    const message = pattern(3, 1_000_000);
    client.end(message);
    expectSame(await receiveToEnd(client), message);
    await said(/^CLOSED .*: end of stream$/);
  });
});

const elsewhere = echoModels
  .filter(({ name, isElsewhere }) => isElsewhere && name !== "selector")
  .flatMap((model) =>
    supportedBackends()
      .filter((backend) => !echoVariants.some((on) => on.model === model && on.backend === backend))
      .map((backend) => ({ model, backend, name: `${model.name} on ${backend}` })),
  );

test.each(elsewhere)("$name echoes, ends and survives a reset", async ({ model, backend }) => {
  const { port, said } = startServer(model, { backend });
  const [one, other] = (await connectMany(port, 2)) as [NodeSocket, NodeSocket];
  await roundTrip(one, pattern(1, 300_000));
  other.resetAndDestroy();
  await said(/^CLOSED .*: ECONNRESET$/);
  one.end(pattern(2, 1000));
  expectSame(await receiveToEnd(one), pattern(2, 1000));
  await said(/^CLOSED .*: end of stream$/);
});
