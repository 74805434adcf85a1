/** System calls that fail under the echo servers: an error ends one connection at most. */
import { once } from "node:events";
import type { Socket as NodeSocket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { supportedBackends } from "../../src/index.js";
import { differences, openDescriptors } from "../support/descriptors.js";
import { faultKernel } from "../support/fault-kernel.js";
import { whyNoOneByte } from "../support/one-byte/environment.js";
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
} from "./echo-peers.js";
import { startCut } from "./echo-variants.js";
import { refusingKernel } from "./refusing-kernel.js";

const CLIENTS = 30;
const ROUNDS = 12;
const [best] = supportedBackends();
const storms = echoModels.flatMap((model) =>
  [1, 2, 3].map((seed) => ({ model, seed, name: `${model.name}, seed ${seed}` })),
);

test.each(storms)(
  "what the kernel refuses at random ends a connection at most: $name",
  async ({ model, seed }) => {
    const refusing = refusingKernel(seed);
    const before = openDescriptors();
    const server = startServer(model, { kernel: refusing.kernel });
    refusing.begin();
    const clients = await connectMany(server.port, CLIENTS);
    const ends = await Promise.all(
      clients.map((client, at) => echoUntilItBreaks(client, ROUNDS, at * ROUNDS)),
    );
    const { refused, fatal } = refusing.end();
    expect(refused).toBeGreaterThan(CLIENTS);
    // Each that broke had an error of its own.
    expect(ends.filter((end) => end === "broken").length).toBeLessThanOrEqual(fatal);
    expect(ends).toContain("whole");

    for (const [at, client] of clients.entries()) {
      if (ends[at] === "whole") await roundTrip(client, pattern(seed, 5000));
    }
    const late = await connectTo(server.port);
    await roundTrip(late, pattern(seed, 100_000));
    await destroyAll([...clients, late]);
    await server.stop();
    expect(differences(before, openDescriptors())).toEqual([]);
  },
);

test.skipIf(!supportedBackends().includes("epoll")).each(echoModels)(
  "$name on epoll accepts again, although the kernel refuses to watch for it",
  async (model) => {
    const faulty = faultKernel();
    const { kernel } = faulty;
    const { port, said } = startServer(model, { backend: "epoll", kernel, connectionsMax: 1 });
    const first = await connectTo(port);
    await roundTrip(first, pattern(1, 100));
    const second = await connectTo(port);
    // The listener was stopped, for there is no room; it is to be added when there is.
    const lift = faulty.fail({
      call: "epoll_ctl",
      errno: "ENOSPC",
      when: (_, operation) => operation === kernel.constants.EPOLL_CTL_ADD,
      nth: 1,
    });
    first.end();
    await receiveToEnd(first);
    await said(/^accept: ENOSPC/);
    await roundTrip(second, pattern(2, 100));
    lift();
  },
);

describe.skipIf(whyNoOneByte() !== undefined)("transfers", () => {
  test("of the server are cut to one byte, else the suites show nothing", async () => {
    for (const model of echoModels) {
      const server = await startCut({ model, backend: best ?? "poll" });
      await roundTrip(await connectTo(server.port), pattern(1, 10));
      const { calls, cuts } = await server.report();
      // Ten bytes received, and each sent by itself, which is no cut.
      expect(cuts).toBeGreaterThanOrEqual(10);
      expect(calls).toBeGreaterThanOrEqual(20);
    }
  });

  const places = echoModels.flatMap((model) =>
    supportedBackends()
      .filter((backend) => model.name === "selector" || backend === best)
      .map((backend) => ({ model, backend })),
  );
  const failing = places.flatMap((place) =>
    (["EINTR", "EAGAIN"] as const).map((failWith) => ({
      place,
      failWith,
      name: `${place.model.name} on ${place.backend}`,
    })),
  );
  test.each(failing)(
    "that fail with $failWith now and then lose nothing: $name",
    async ({ place, failWith }) => {
      const server = await startCut(place, { cutBytes: 97, failWith });
      const client = await connectTo(server.port);
      const message = pattern(1, 15_000);
      client.end(message);
      expectSame(await receiveToEnd(client), message);
      await server.said(/^CLOSED .*: end of stream$/);
      expect((await server.report()).failures).toBeGreaterThan(50);
    },
  );
});

async function destroyAll(clients: readonly NodeSocket[]): Promise<void> {
  const closed = clients.map((client) => client.closed || once(client, "close"));
  for (const client of clients) client.destroy();
  await Promise.all(closed);
  await nextTurn();
}

/** Round trips; a connection may break, and nothing else: no byte is wrong, none is repeated. */
async function echoUntilItBreaks(
  client: NodeSocket,
  rounds: number,
  seed: number,
): Promise<"whole" | "broken"> {
  for (let n = 0; n < rounds; n += 1) {
    const message = pattern(seed + n, 1 + (((seed + n) * 7919) % 30_000));
    client.write(message);
    const echo = await receive(client, message.length).catch(() => undefined);
    if (echo === undefined) return "broken";
    expectSame(echo, message);
  }
  return "whole";
}
