/** Peers that are slow on purpose: with the head, with the body, with nothing at all. */
import { describe, expect, test } from "vitest";
import type { HttpHandler } from "../../../../src/protocols/http1/index.js";
import {
  clocked,
  drip,
  eager,
  expectNothingLeft,
  get,
  hello,
  pingerOf,
  post,
  type RawClient,
  STEP_MS,
  serve,
  turns,
} from "./support.js";

/** Eight looks within a deadline; it runs from the first that saw its reason. */
const HEAD_MS = 400;
const LATE_MS = (2 * HEAD_MS) / 8 + STEP_MS;

const HEAD = `GET / HTTP/1.1\r\nHost: a\r\n${"X-Slow: 1\r\n".repeat(50)}`;

const readAll: HttpHandler = (request, response) => {
  request.read({
    onData: (_, input) => input.clear(),
    onEnd: () => response.end("read"),
  });
};

describe("a head that drips", () => {
  test("gets 408 in its time, however often a byte comes, and never earlier", () => {
    const served = clocked(hello, { headTimeoutMs: HEAD_MS });
    const one = served.client("G");
    turns(served.reactor, 3);
    const next = drip(one, HEAD.slice(1));
    const ms = served.passUntil(() => one.answers > 0, 2 * HEAD_MS, next);
    expect(ms).toBeGreaterThanOrEqual(HEAD_MS);
    expect(ms).toBeLessThanOrEqual(HEAD_MS + LATE_MS);
    served.pass(2 * STEP_MS);
    expect(one.statuses).toEqual([408]);
    expect(one.text).toContain("Connection: close\r\n");
    expect(one.isEnded).toBe(true);
    const { timeouts, errors } = served.server.stats();
    expect(timeouts).toMatchObject({ head: 1, idle: 0, request: 0 });
    expect(errors).toEqual({ 408: 1 });
  });

  test("never gets it early by the real clock either", async () => {
    const { client, until } = serve(hello, { headTimeoutMs: 100 });
    const begun = performance.now();
    const one = client("GET / HT");
    await until(() => one.isOver);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(100);
    expect(one.statuses).toEqual([408]);
  });

  test("is measured anew for each request of a connection", () => {
    const served = clocked(hello, { headTimeoutMs: HEAD_MS });
    const one = eager(served.client());
    for (let i = 1; i <= 3; i += 1) {
      one.send("GET / HTTP/1.1\r\n");
      served.pass(HEAD_MS - STEP_MS);
      one.send("Host: a\r\n\r\n");
      turns(served.reactor, 3);
      expect(one.statuses).toEqual(Array.from({ length: i }, () => 200));
    }
  });

  test("a thousand at once: who is honest is served, and then all of them are gone", () => {
    const served = clocked(hello, { headTimeoutMs: HEAD_MS });
    const { server } = served;
    const pinger = pingerOf(served);
    const slow: RawClient[] = [];
    for (let i = 0; i < 1000; i += 1) {
      slow.push(served.client(HEAD.slice(0, 1 + (i % 400))));
      if (i % 100 === 99) turns(served.reactor, 4);
    }
    turns(served.reactor, 20);
    expect(server.stats().activeConnections).toBe(1001);
    const drips = slow.map((one, i) => drip(one, HEAD.slice(1 + (i % 400))));
    let step = 0;
    served.pass(HEAD_MS - STEP_MS, () => {
      step += 1;
      if (step % 4 === 0) for (const next of drips) next();
      pinger.ping();
    });
    expect(server.stats().timeouts.head).toBe(0);
    served.passUntil(
      () => server.stats().timeouts.head === 1000,
      2 * HEAD_MS,
      () => pinger.ping(),
    );
    served.pass(2 * STEP_MS);
    expect(slow.filter(({ statuses }) => statuses[0] === 408)).toHaveLength(1000);
    for (const one of slow) one.close();
    turns(served.reactor, 20);
    expect(server.stats()).toMatchObject({ activeConnections: 1, activeRequests: 0 });
    pinger.ping();
    expect(server.stats().responses).toBe(pinger.count + 1000);
  });
});

describe("who says nothing", () => {
  test.each([
    { idleTimeoutMs: HEAD_MS, headTimeoutMs: 10_000 },
    { idleTimeoutMs: 10_000, headTimeoutMs: HEAD_MS },
  ])("is let go without a word after the shorter time of %o", (options) => {
    const served = clocked(hello, options);
    const one = served.client();
    turns(served.reactor, 3);
    const ms = served.passUntil(() => one.isEnded, 2 * HEAD_MS);
    expect(ms).toBeGreaterThanOrEqual(HEAD_MS);
    expect(one.text).toBe("");
    expect(served.server.stats().timeouts).toMatchObject({ idle: 1, head: 0 });
  });

  test("but empty lines, one at a time, has no longer", () => {
    const served = clocked(hello, { headTimeoutMs: HEAD_MS });
    const one = served.client();
    turns(served.reactor, 3);
    const ms = served.passUntil(() => one.isOver, 2 * HEAD_MS, drip(one, "\r\n".repeat(500)));
    expect(ms).toBeLessThanOrEqual(HEAD_MS + LATE_MS);
    one.close();
    turns(served.reactor, 3);
    expectNothingLeft(served);
  });

  test("between two requests is let go after the idle time, and a request begins it anew", () => {
    const served = clocked(hello, { idleTimeoutMs: HEAD_MS });
    const one = eager(served.client(get()));
    served.pass(HEAD_MS - STEP_MS);
    one.send(get());
    turns(served.reactor, 3);
    const ms = served.passUntil(() => one.isEnded, 2 * HEAD_MS);
    expect(ms).toBeGreaterThanOrEqual(HEAD_MS);
    expect(one.statuses).toEqual([200, 200]);
  });

  test("after its last answer, and does not close, is cut off after the linger time", () => {
    const served = clocked(hello, { lingerMs: HEAD_MS });
    const one = served.client(get("/", "Connection: close"));
    turns(served.reactor, 6);
    expect(one.isEnded).toBe(true);
    served.pass(HEAD_MS - STEP_MS);
    expect(served.server.stats()).toMatchObject({ activeConnections: 1, timeouts: { linger: 0 } });
    served.pass(2 * STEP_MS);
    expect(served.server.stats()).toMatchObject({ activeConnections: 0, timeouts: { linger: 1 } });
  });
});

describe("a body that drips", () => {
  const body = "x".repeat(1000);

  test("may, while it moves, until the whole request's time is over", () => {
    const served = clocked(readAll, { bodyTimeoutMs: 100, requestTimeoutMs: HEAD_MS });
    const one = served.client("P");
    turns(served.reactor, 3);
    const [head = ""] = post(body).split(body);
    one.send(head.slice(1));
    const ms = served.passUntil(() => one.answers > 0, 2 * HEAD_MS, drip(one, body));
    expect(ms).toBeGreaterThanOrEqual(HEAD_MS);
    expect(ms).toBeLessThanOrEqual(HEAD_MS + LATE_MS);
    expect(one.statuses).toEqual([408]);
    const { timeouts, aborted } = served.server.stats();
    expect({ ...timeouts, aborted }).toMatchObject({ request: 1, body: 0, head: 0, aborted: 0 });
  });

  test("and stands still gets 408 after the body's time", () => {
    const served = clocked(readAll, { bodyTimeoutMs: HEAD_MS });
    const one = served.client(post(body).slice(0, -1));
    turns(served.reactor, 3);
    const ms = served.passUntil(() => one.answers > 0, 2 * HEAD_MS);
    expect(ms).toBeGreaterThanOrEqual(HEAD_MS);
    expect(one.statuses).toEqual([408]);
    expect(served.server.stats().timeouts).toMatchObject({ body: 1, request: 0 });
  });

  test("in chunks is no better: neither sizes nor extensions nor trailers buy time", () => {
    const pieces = [
      "1\r\nx\r\n".repeat(300),
      `1;${"e".repeat(1000)}`,
      `0\r\nA: ${"b".repeat(1000)}`,
    ];
    for (const piece of pieces) {
      const served = clocked(readAll, { requestTimeoutMs: HEAD_MS });
      const one = served.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      turns(served.reactor, 3);
      const ms = served.passUntil(() => one.answers > 0, 2 * HEAD_MS, drip(one, piece));
      expect(ms).toBeGreaterThanOrEqual(HEAD_MS);
      expect(one.statuses).toEqual([408]);
      expect(served.server.stats().timeouts.request).toBe(1);
    }
  });

  test("to a handler that does not read it does not hold the connection for ever either", () => {
    const served = clocked(() => {}, { bodyTimeoutMs: 50, requestTimeoutMs: HEAD_MS });
    const one = served.client(post(body).slice(0, 100));
    turns(served.reactor, 3);
    const ms = served.passUntil(() => one.answers > 0, 2 * HEAD_MS);
    expect(ms).toBeGreaterThanOrEqual(HEAD_MS);
    expect(served.server.stats().timeouts).toMatchObject({ request: 1, body: 0 });
  });

  test("two hundred at once leave the honest alone, and nothing behind", () => {
    const served = clocked(
      (request, response) =>
        request.method === "GET" ? response.end() : readAll(request, response),
      { requestTimeoutMs: HEAD_MS },
    );
    const pinger = pingerOf(served);
    const slow = Array.from({ length: 200 }, () => served.client(post(body).slice(0, 100)));
    turns(served.reactor, 20);
    const drips = slow.map((one) => drip(one, body));
    served.passUntil(
      () => served.server.stats().timeouts.request === 200,
      2 * HEAD_MS,
      () => {
        for (const next of drips) next();
        pinger.ping();
      },
    );
    for (const one of [...slow, pinger.client]) one.close();
    turns(served.reactor, 10);
    expectNothingLeft(served);
  });
});
