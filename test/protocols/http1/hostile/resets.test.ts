/** Peers that reset their connections, thousands of them, at every point of a request. */
import { describe, expect, onTestFinished, test } from "vitest";
import type { HttpHandler } from "../../../../src/protocols/http1/index.js";
import { openDescriptors } from "../../../support/descriptors.js";
import {
  clocked,
  expectNothingLeft,
  get,
  hello,
  pingerOf,
  post,
  RawClient,
  serve,
  turns,
} from "./support.js";

const large = Buffer.alloc(4 << 20, "x");

/** Answers at once, with much, or never. */
const handler: HttpHandler = (request, response) => {
  if (request.path === "/large") response.end(large);
  else if (request.path !== "/never") response.end("hello");
};

const POINTS = [
  { name: "before anything is sent", text: "" },
  { name: "in a head", text: "GET / HT" },
  { name: "after a request", text: get() },
  { name: "after many requests", text: get().repeat(50) },
  { name: "after a request for much", text: get("/large") },
  { name: "while the handler works", text: get("/never") },
  { name: "while several handlers work", text: get("/never").repeat(10) },
  { name: "in a body", text: post("x".repeat(100)).slice(0, -50) },
  { name: "after what is no request", text: "\0\0\0\0" },
];

describe.each(POINTS)("connect, send and RST, two thousand times: $name", ({ text }) => {
  test("nothing is left, nothing is thrown, others are served", () => {
    const errors: unknown[] = [];
    const served = clocked(handler, { onError: (error) => errors.push(error) });
    const pinger = pingerOf(served);
    const before = openDescriptors().size;
    for (let i = 0; i < 2000; i += 1) {
      new RawClient(served.reactor, served.server).send(text).reset();
      if (i % 50 === 49) pinger.ping();
    }
    turns(served.reactor, 40);
    pinger.ping();
    expect(served.server.stats()).toMatchObject({
      connections: 2001,
      activeConnections: 1,
      activeRequests: 0,
      handlerErrors: 0,
    });
    expect(errors).toEqual([]);
    expect(openDescriptors().size).toBe(before);
    pinger.client.close();
    turns(served.reactor, 5);
    expectNothingLeft(served);
  });
});

test("the server hears of a reset after it has seen the request: its handler is told", async () => {
  const reasons: unknown[] = [];
  const { client, until, server } = serve((request) => {
    request.signal.addEventListener("abort", () => reasons.push(request.signal.reason));
  });
  const all = Array.from({ length: 100 }, () => client(get()));
  await until(() => server.stats().activeRequests === 100);
  for (const one of all) one.reset();
  await until(() => server.stats().activeConnections === 0);
  expect(reasons).toHaveLength(100);
  expect(server.stats()).toMatchObject({ aborted: 100, activeRequests: 0, responses: 0 });
});

test("in the midst of an answer's bytes", async () => {
  const { client, until, server } = serve((_, response) => response.end(large));
  for (let i = 0; i < 20; i += 1) {
    const one = client(get());
    await until(() => one.text.length > 1000 * i);
    one.reset();
  }
  await until(() => server.stats().activeConnections === 0);
  expect(server.stats()).toMatchObject({ requests: 20, activeRequests: 0, handlerErrors: 0 });
});

test("accepting is bounded in a turn: a storm of connections lets the others have theirs", () => {
  const served = clocked(hello);
  const pinger = pingerOf(served);
  const storm = Array.from({ length: 400 }, () => new RawClient(served.reactor, served.server));
  onTestFinished(() => {
    for (const one of storm) one[Symbol.dispose]();
  });
  expect(pinger.ping()).toBeLessThanOrEqual(3);
  // 64 in a turn: most of them are still in the kernel's queue.
  expect(served.server.stats().connections).toBeLessThanOrEqual(1 + 3 * 64);
  for (let i = 0; i < 10; i += 1) pinger.ping(3);
  expect(served.server.stats().connections).toBe(401);
});
