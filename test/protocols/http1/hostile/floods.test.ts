/** Pipelining floods: more requests than answers, and more answers than the peer reads. */
import { describe, expect, test } from "vitest";
import {
  type HttpHandler,
  type HttpResponse,
  PIPELINED_MAX,
  UNREAD_BYTES_MAX,
} from "../../../../src/protocols/http1/index.js";
import { WRITE_HIGH_BYTES } from "../../../../src/streams/index.js";
import { ARENA_READ_BYTES } from "../../../../src/streams/transfer-pool.js";
import {
  clocked,
  expectNothingLeft,
  flood,
  get,
  hello,
  pingerOf,
  serve,
  streamsOf,
  turns,
} from "./support.js";

/** Unread input never exceeds this: the mark, and what one receive brings over it. */
const INPUT_MAX = UNREAD_BYTES_MAX + ARENA_READ_BYTES;

describe("a thousand requests in one segment", () => {
  test("only so many are begun as may be unanswered; the others follow, in order", async () => {
    const waiting: HttpResponse[] = [];
    let most = 0;
    const { client, until, server } = serve((_, response) => {
      waiting.push(response);
      most = Math.max(most, waiting.length);
    });
    const one = client(Array.from({ length: 1000 }, (_, i) => get(`/${i}`)).join(""));
    await until(() => waiting.length === PIPELINED_MAX);
    expect(server.stats().activeRequests).toBe(PIPELINED_MAX);
    expect(server.stats().limits.pipelined).toBeGreaterThan(0);
    let answered = 0;
    while (answered < 1000) {
      await until(() => waiting.length > 0);
      // The last one first: they are sent in the order of their requests all the same.
      for (const response of waiting.splice(0).reverse()) {
        response.end(`<${response.request?.path}>`);
        answered += 1;
      }
    }
    await until(() => one.answers === 1000);
    const order = [...one.text.matchAll(/<\/(\d+)>/g)].map(([, n]) => Number(n));
    expect(order).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(most).toBe(PIPELINED_MAX);
  });

  test("with a limit of one they are served one by one", async () => {
    let active = 0;
    const { client, until, reactor } = serve(
      (_, response) => {
        active += 1;
        expect(active).toBe(1);
        reactor.timer(0, () => {
          active -= 1;
          response.end();
        });
      },
      { pipelinedMax: 1 },
    );
    const one = client(get().repeat(50));
    await until(() => one.answers === 50);
  });
});

test("a flood to a handler that never answers is not read beyond the limit", () => {
  const served = clocked(
    (request, response) => void (request.path === "/ping" && response.end("pong")),
  );
  const { server } = served;
  const pinger = pingerOf(served);
  const one = served.client().pause();
  turns(served.reactor, 3);
  const hostile = streamsOf(served).at(-1);
  let sent = 0;
  for (let i = 0; i < 100; i += 1) {
    sent += flood(one.socket, get("/slow"), 4 << 20);
    pinger.ping(4);
    expect(hostile?.input.length).toBeLessThanOrEqual(INPUT_MAX);
  }
  expect(sent).toBeGreaterThan(INPUT_MAX);
  expect(server.stats().activeRequests).toBe(PIPELINED_MAX);
  expect(hostile?.bytesRead).toBeLessThanOrEqual(2 * INPUT_MAX);
  expect(hostile?.isReading).toBe(false);
  expect(server.stats().limits.pipelined).toBeGreaterThan(0);
  expect(pinger.count).toBe(100);
  const before = server.stats().requests;
  turns(served.reactor, 50);
  expect(server.stats().requests).toBe(before);
});

describe.each([
  { name: "cheap answers", size: 5 },
  { name: "answers of 4 KiB", size: 4096 },
  { name: "answers of 100 KiB", size: 100 << 10 },
  { name: "answers of 4 MiB", size: 4 << 20 },
])("a flood for $name that are not read", ({ size }) => {
  const body = "x".repeat(size);
  const bytes = Buffer.from(body);
  const handler: HttpHandler = (request, response) => {
    response.end(request.path === "/ping" ? "pong" : request.path === "/text" ? body : bytes);
  };

  test.each(["/text", "/bytes"])("stops being read, and is given up in time (%s)", (path) => {
    const served = clocked(handler, { writeTimeoutMs: 400 });
    const { server } = served;
    const pinger = pingerOf(served);
    const one = served.client().pause();
    turns(served.reactor, 3);
    const hostile = streamsOf(served).at(-1);
    // The mark, one answer above it, and the short texts that are put together before it is asked.
    const bound = WRITE_HIGH_BYTES + size + 8192;
    for (let last = -1, read = 0; read > last; read = hostile?.bytesRead ?? 0) {
      last = read;
      for (let i = 0; i < 8; i += 1) {
        flood(one.socket, get(path), 1 << 20);
        pinger.ping(4);
        expect(hostile?.pendingBytes).toBeLessThanOrEqual(bound);
        expect(hostile?.input.length).toBeLessThanOrEqual(INPUT_MAX);
      }
    }
    expect(hostile?.pendingBytes).toBeGreaterThan(0);
    const { requests } = server.stats();
    const ms = served.passUntil(
      () => server.stats().timeouts.write === 1,
      1000,
      () => pinger.ping(),
    );
    expect(ms).toBeGreaterThanOrEqual(400);
    expect(server.stats().requests).toBe(requests + ms / 10);
    one.close();
    pinger.client.close();
    turns(served.reactor, 5);
    expectNothingLeft(served);
  });
});

test("one connection's flood does not keep another's answer for more than a few turns", () => {
  const served = clocked(hello);
  const pinger = pingerOf(served);
  const hostile = Array.from({ length: 8 }, () => served.client());
  turns(served.reactor, 5);
  let most = 0;
  for (let i = 0; i < 50; i += 1) {
    for (const one of hostile) {
      flood(one.socket, get(), 1 << 14);
      one.text = "";
    }
    most = Math.max(most, pinger.ping(10));
  }
  expect(most).toBeLessThanOrEqual(3);
  expect(pinger.count).toBe(50);
  expect(served.server.stats().responses).toBeGreaterThan(10_000);
});
