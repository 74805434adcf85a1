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

const CLIENTS = 25;
const ROUNDS = 8;
const [best] = supportedBackends();
// Threads call the system themselves; what may be refused to main, echo/hand-over.test.ts says.
const ofMain = echoModels.filter(({ calls }) => calls === "main");
const storms = ofMain.flatMap((model) =>
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
    await echoAll(clients, ROUNDS);
    const { refused, fatal } = refusing.end();
    // What was refused last may be heard of only now.
    const whole = await echoAll(clients, 1);
    expect(await echoAll(whole, 2)).toEqual(whole);
    expect(whole).not.toEqual([]);
    // Each that broke had an error of its own.
    expect(refused).toBeGreaterThan(CLIENTS);
    expect(clients.length - whole.length).toBeLessThanOrEqual(fatal);
    const late = await connectTo(server.port);
    await roundTrip(late, pattern(seed, 100_000));
    await destroyAll([...clients, late]);
    await server.stop();
    expect(differences(before, openDescriptors())).toEqual([]);
  },
);

const acceptingInMain = echoModels.filter(({ args }) => !args.includes("reuse-port"));
test.skipIf(!supportedBackends().includes("epoll")).each(acceptingInMain)(
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
  const cutModels = echoModels.filter(({ isCut }) => isCut !== "never");

  test("of the server are cut to one byte, else the suites show nothing", async () => {
    for (const model of cutModels) {
      const server = await startCut({ model, backend: best ?? "poll" });
      await roundTrip(await connectTo(server.port), pattern(1, 10));
      const { calls, cuts } = await server.report();
      // Ten bytes received, and each sent by itself, which is no cut.
      expect(cuts).toBeGreaterThanOrEqual(10);
      expect(calls).toBeGreaterThanOrEqual(20);
    }
  });

  const places = cutModels.flatMap((model) =>
    supportedBackends()
      .filter((backend) => model.name === "selector" || backend === best)
      .map((backend) => ({ model, backend })),
  );
  const failing = places.flatMap((place) =>
    (["EINTR", "EAGAIN"] as const)
      // A call that waits until it can be done never says that it cannot be done now.
      .filter((failWith) => failWith === "EINTR" || !place.model.isBlocking)
      .map((failWith) => ({ place, failWith, name: `${place.model.name} on ${place.backend}` })),
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

/**
 * Round trips of all at a time. A connection may break, and nothing else: no byte is wrong, none
 * comes twice.
 *
 * @returns those that did not break.
 */
async function echoAll(clients: readonly NodeSocket[], rounds: number): Promise<NodeSocket[]> {
  const areWhole = await Promise.all(clients.map((client, at) => echo(client, rounds, at)));
  return clients.filter((_, at) => areWhole[at]);
}

async function echo(client: NodeSocket, rounds: number, seed: number): Promise<boolean> {
  for (let n = 0; n < rounds; n += 1) {
    const message = pattern(seed * rounds + n, 1 + (((seed * rounds + n) * 7919) % 30_000));
    client.write(message);
    const answer = await receive(client, message.length).catch(() => undefined);
    if (answer === undefined) return false;
    expectSame(answer, message);
  }
  return true;
}
