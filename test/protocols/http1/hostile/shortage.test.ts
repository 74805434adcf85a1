/** No descriptors left, and no connections left: what a server does with those who still come. */
import { describe, expect, test } from "vitest";
import { ACCEPTS_PER_TURN, type Listener } from "../../../../src/index.js";
import { type FilledTable, fillDescriptors } from "../../../support/fd-limit.js";
import {
  drive,
  get,
  hello,
  type RawClient,
  serve,
  streamsOf,
  track,
  turns,
  WAYS,
} from "./support.js";

const pausesOf = (listener: Listener): number => listener.stats().pauses;

describe.each(WAYS)("EMFILE, in a run that is %s", (way) => {
  test("does not spin, keeps serving who is there, and recovers", async () => {
    const errors: string[] = [];
    const { client, until, server, reactor } = serve(
      hello,
      { onError: (error) => errors.push((error as { code: string }).code) },
      { way },
    );
    const pinger = client(get());
    await until(() => pinger.answers === 1);
    server.listener.pause();
    // In the kernel's queue: their connections stand, only nobody accepts them.
    const waiting = Array.from({ length: 80 }, () => client(get()));
    let table: FilledTable | undefined;
    reactor.timer(0, () => {
      table = fillDescriptors();
      server.listener.resume();
    });
    const { events } = reactor.stats();
    await drive(reactor, way, () => pausesOf(server.listener) === 4);
    // A look for each pause and the timer's: the readable listener is not asked again at once.
    expect(reactor.stats().events - events).toBeLessThanOrEqual(6);
    for (let i = 2; i <= 20; i += 1) {
      pinger.send(get());
      await until(() => pinger.answers === i);
    }
    expect(server.stats().connections).toBe(1);
    table?.free(10);
    await until(() => server.stats().connections === 11);
    table?.release();
    await until(() => waiting.every(({ answers }) => answers === 1));
    expect(server.stats()).toMatchObject({ connections: 81, responses: 100, handlerErrors: 0 });
    expect(new Set(errors)).toEqual(new Set(["EMFILE"]));
    expect(errors.length).toBe(pausesOf(server.listener));
  });
});

describe("connectionsMax", () => {
  test("the others wait in the kernel's queue, and are served as places become free", async () => {
    const { client, until, server, reactor } = serve(hello, { connectionsMax: 10 });
    const inside = Array.from({ length: 10 }, () => client(get()));
    await until(() => inside.every(({ answers }) => answers === 1));
    const outside = Array.from({ length: 30 }, () => client(get("/", "Connection: close")));
    turns(reactor, 10);
    expect(server.stats()).toMatchObject({ connections: 10, activeConnections: 10 });
    for (const one of inside) one.send(get());
    await until(() => inside.every(({ answers }) => answers === 2));
    inside[0]?.close();
    await until(() => outside.filter(({ answers }) => answers === 1).length >= 1);
    expect(server.stats().activeConnections).toBeLessThanOrEqual(10);
    for (const one of inside.slice(1)) one.close();
    await until(() => {
      for (const one of outside) if (one.isEnded && !one.socket.isClosed) one.close();
      return outside.every(({ answers }) => answers === 1);
    });
  });

  test("full of slow ones, they are thrown out by their deadlines, and the next come in", async () => {
    const { client, until, server } = serve(hello, {
      connectionsMax: 10,
      headTimeoutMs: 60,
      lingerMs: 20,
    });
    const slow = Array.from({ length: 10 }, () => client("GET / HT"));
    await until(() => server.stats().activeConnections === 10);
    const honest = client(get());
    await until(() => honest.answers === 1);
    expect(slow.some(({ statuses }) => statuses[0] === 408)).toBe(true);
    expect(server.stats().timeouts.head).toBeGreaterThan(0);
  });
});

describe('overload: "refuse"', () => {
  const options = { connectionsMax: 10, overload: "refuse" } as const;

  test("the others are told so with 503, and it is counted", async () => {
    const { client, until, server } = serve(hello, options);
    const inside = Array.from({ length: 10 }, () => client(get()));
    await until(() => inside.every(({ answers }) => answers === 1));
    const outside = Array.from({ length: 30 }, () => client(get()));
    await until(() => outside.every(({ isOver }) => isOver));
    expect(outside.map(({ statuses }) => statuses[0])).toEqual(outside.map(() => 503));
    for (const one of inside) one.send(get());
    await until(() => inside.every(({ answers }) => answers === 2));
    expect(server.stats()).toMatchObject({ errors: { 503: 30 }, limits: { connections: 30 } });
  });

  test("a thousand who do not even read it hold no more than a few places", async () => {
    const { client, until, server, reactor } = serve(hello, { ...options, lingerMs: 20 });
    const inside = Array.from({ length: 10 }, () => client(get()));
    await until(() => inside.every(({ answers }) => answers === 1));
    const outside: RawClient[] = [];
    for (let i = 0; i < 1000; i += 1) {
      outside.push(client().pause());
      if (i % 20 === 0) reactor.turn(0);
      expect(streamsOf({ server } as never).length).toBeLessThanOrEqual(10 + ACCEPTS_PER_TURN);
    }
    await until(() => server.stats().limits.connections === 1000);
    for (const one of inside) one.send(get());
    await until(() => inside.every(({ answers }) => answers === 2));
  });

  test("who was refused and lingers takes no place from who comes next", async () => {
    const { client, until, server } = serve(hello, { ...options, lingerMs: 60_000 });
    const inside = Array.from({ length: 10 }, () => client(get()));
    await until(() => inside.every(({ answers }) => answers === 1));
    const outside = Array.from({ length: 30 }, () => client(get()));
    await until(() => outside.every(({ isEnded }) => isEnded));
    for (const one of inside.slice(0, 5)) one.close();
    await until(() => server.stats().activeConnections <= 35);
    const next = Array.from({ length: 5 }, () => client(get()));
    await until(() => next.every(({ answers }) => answers === 1));
    expect(next.map(({ statuses }) => statuses[0])).toEqual([200, 200, 200, 200, 200]);
  });

  test("connections that were upgraded keep their places", async () => {
    const { client, until } = serve((request, response) => {
      if (request.upgrade === undefined) response.end();
      else track(response.upgrade("x"));
    }, options);
    const upgraded = Array.from({ length: 9 }, () =>
      client(get("/", "Connection: upgrade", "Upgrade: x")),
    );
    await until(() => upgraded.every(({ statuses }) => statuses[0] === 101));
    const last = client(get());
    await until(() => last.answers === 1);
    const refused = client(get());
    await until(() => refused.answers === 1);
    expect([last.statuses, refused.statuses]).toEqual([[200], [503]]);
  });
});
