/** Peers that do not read: the echo servers keep little of theirs, and lose none of it. */
import { describe, expect, test } from "vitest";
import { SO_LINGER, type Socket } from "../../src/index.js";
import { openDescriptors } from "../support/descriptors.js";
import { BUFFER_BYTES } from "./echo-models.js";
import {
  connectTo,
  expectSame,
  pattern,
  type RunningServer,
  readAfterAll,
  receive,
  receiveToEnd,
  roundTrip,
  serverEndOf,
  stalledClient,
  startServer,
  writeUntilStalled,
} from "./echo-peers.js";
import { byteVariants } from "./echo-variants.js";

/** Many calls of few bytes take their time on a busy machine; this only guards against a hang. */
const HANG_MS = 60_000;
/** More than all buffers between a client and itself hold, when the client's own are small. */
const ENDLESS = pattern(99, 32 * 1024 * 1024);

describe.each(byteVariants)("$name", { timeout: HANG_MS }, (variant) => {
  const { model, backend } = variant;

  test("a peer that never reads costs what the model says, and others are served meanwhile", async () => {
    const server = await variant.start({ cutBytes: 4099 });
    const client = stalledClient(server.port);
    const other = await connectTo(server.port);
    const turn = () => roundTrip(other, pattern(1, 100));
    const sent = await writeUntilStalled(server, client, ENDLESS, turn);
    expect(sent).toBeLessThan(ENDLESS.length);
    if (process.platform === "linux") {
      const held = await bytesHeldByServer(server, client, sent, turn);
      expect(held).toBeLessThanOrEqual(model.bytesKeptMax);
    }
    // As long as the server's buffer: what is kept of one peer must not lie in reach of another.
    await roundTrip(other, pattern(2, BUFFER_BYTES));
    // It reads after all, and finds everything, in order.
    expectSame(await receive(readAfterAll(client), sent), ENDLESS.subarray(0, sent));
  });

  test("a peer that sends FIN and reads late gets all of it back, then FIN", async () => {
    const server = await variant.start({ cutBytes: 4099 });
    const client = stalledClient(server.port);
    const other = await connectTo(server.port);
    const message = pattern(1, 100);
    const sent = await writeUntilStalled(server, client, ENDLESS, () => roundTrip(other, message));
    client.shutdown("write");
    await roundTrip(other, message);
    expectSame(await receiveToEnd(readAfterAll(client)), ENDLESS.subarray(0, sent));
  });

  test("a reset while the server has something to write ends that connection only", async () => {
    const server = await variant.start({ cutBytes: 4099 });
    const client = stalledClient(server.port);
    const other = await connectTo(server.port);
    await writeUntilStalled(server, client, ENDLESS, () => roundTrip(other, pattern(1, 100)));
    client.setOption(SO_LINGER, 0);
    client.close();
    await server.said(/^CLOSED .*: (ECONNRESET|EPIPE)$/);
    await roundTrip(other, pattern(2, 100_000));
  });

  variant.insideTest("abort closes connections that have something to write, too", async () => {
    const server = startServer(model, { backend });
    const client = stalledClient(server.port);
    const other = await connectTo(server.port);
    await writeUntilStalled(server, client, ENDLESS, () => roundTrip(other, pattern(1, 100)));
    const serverEnd = serverEndOf(client);
    expect(openDescriptors().has(serverEnd)).toBe(true);
    await server.stop();
    expect(() => serverEndOf(client)).toThrow("does not have");
  });
});

/**
 * What the server has read and not sent: all that was written, less what lies in the four queues
 * of the kernel. Bytes of which the acknowledgement is under way lie in two queues at once, so it
 * may be more by those; never by much, since the client's buffers are small.
 *
 * The four are asked one after the other. A thread has turns of its own, and what it moves meanwhile
 * would be counted as held: so they count once they are the same twice. Bytes only move on.
 */
async function bytesHeldByServer(
  server: RunningServer,
  client: Socket,
  sent: number,
  turn: () => Promise<void>,
): Promise<number> {
  for (let before: readonly number[] = []; ; await turn()) {
    const { unread, unsent } = server.queuesOf(client);
    const queues = [unread, unsent, client.sendQueueBytes ?? 0, client.receiveQueueBytes ?? 0];
    if (queues.every((bytes, at) => bytes === before[at])) {
      return queues.reduce((held, bytes) => held - bytes, sent);
    }
    before = queues;
  }
}
