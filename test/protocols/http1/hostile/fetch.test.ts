/** The same threats over the fetch handler: its bodies end, and are cancelled, with their peers. */
import { describe, expect, test } from "vitest";
import { fetchHandler } from "../../../../src/protocols/http1/index.js";
import { WRITE_HIGH_BYTES } from "../../../../src/streams/index.js";
import { get, heldBytes, post, serve, streamsOf } from "./support.js";

const CHUNK = new Uint8Array(16 << 10).fill(120);
const WRITE_MS = 80;

/** A handler whose answers have no end, and what became of them. */
function endless() {
  const made = { chunks: 0, cancelled: 0 };
  const errors: unknown[] = [];
  const handler = fetchHandler((request) => {
    if (new URL(request.url).pathname === "/ping") return new Response("pong");
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        made.chunks += 1;
        controller.enqueue(CHUNK);
      },
      cancel() {
        made.cancelled += 1;
      },
    });
    return new Response(body);
  });
  const served = serve(
    handler,
    { writeTimeoutMs: WRITE_MS, onError: (error) => errors.push(error) },
    { way: "attached" },
  );
  return { ...served, made, errors };
}

describe("a streamed body", () => {
  test("is pulled no further than a deaf peer leaves room, and cancelled in time", async () => {
    const { client, until, server, made, errors, ...rest } = endless();
    const begun = performance.now();
    client(get()).pause();
    await until(() => server.stats().requests === 1);
    const [stream] = streamsOf({ ...rest, client, until, server });
    let most = 0;
    await until(() => {
      most = Math.max(most, stream?.pendingBytes ?? 0);
      return made.cancelled === 1;
    });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(WRITE_MS);
    expect(most).toBeLessThanOrEqual(WRITE_HIGH_BYTES + 3 * CHUNK.length);
    // One that waits in the stream, one that was asked for, one that is being sent.
    const taken = (stream?.bytesWritten ?? 0) + WRITE_HIGH_BYTES;
    expect(made.chunks * CHUNK.length).toBeLessThanOrEqual(taken + 4 * CHUNK.length);
    await until(() => server.stats().activeConnections === 0);
    const stats = server.stats();
    expect(stats).toMatchObject({ aborted: 1, handlerErrors: 0, activeRequests: 0 });
    expect(stats.timeouts.write).toBe(1);
    expect(errors).toEqual([]);
  });

  test("of fifty deaf peers is held within the limits, while another is served", async () => {
    const { client, until, server, made } = endless();
    const pinger = client(get("/ping"));
    await until(() => pinger.answers === 1);
    const before = heldBytes();
    for (let i = 0; i < 50; i += 1) client(get()).pause();
    for (let i = 2; made.cancelled < 50; i += 1) {
      pinger.send(get("/ping"));
      await until(() => pinger.answers === i);
      if (i % 50 === 0) {
        expect(heldBytes() - before).toBeLessThan(50 * 1.5 * (WRITE_HIGH_BYTES + 4 * CHUNK.length));
      }
    }
    expect(server.stats().timeouts.write).toBe(50);
  });

  test("is cancelled when its peer resets, at whatever point", async () => {
    const { client, until, server, made } = endless();
    for (let i = 0; i < 20; i += 1) {
      const one = client(get());
      await until(() => one.text.length > i * 10_000);
      one.reset();
    }
    await until(() => made.cancelled === 20);
    await until(() => server.stats().activeConnections === 0);
    expect(server.stats()).toMatchObject({ aborted: 20, handlerErrors: 0 });
  });
});

describe("a request's body", () => {
  test("that drips is given up, and who reads it is told", async () => {
    let reason: unknown;
    const handler = fetchHandler(async (request) => {
      try {
        return new Response(await request.text());
      } catch (error) {
        reason = error;
        throw error;
      }
    });
    const { client, until, server } = serve(
      handler,
      { bodyTimeoutMs: WRITE_MS, onError: () => {} },
      { way: "attached" },
    );
    const one = client(post("body").slice(0, -1));
    await until(() => one.isOver && reason !== undefined);
    expect(one.statuses).toEqual([408]);
    expect(server.stats().timeouts.body).toBe(1);
    expect(server.stats().activeRequests).toBe(0);
  });

  test("in chunks of one byte is read in larger ones", async () => {
    let chunks = 0;
    const handler = fetchHandler(async (request) => {
      for await (const _ of request.body as ReadableStream<Uint8Array>) chunks += 1;
      return new Response("done");
    });
    const { client, until } = serve(handler, {}, { way: "attached" });
    const one = client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    one.send(`${"1\r\nx\r\n".repeat(50_000)}0\r\n\r\n`);
    await until(() => one.answers === 1);
    expect(chunks).toBeLessThan(5000);
  });
});

test("a function that never answers hears that its peer has gone, and its answer is dropped", async () => {
  let cancelled = 0;
  let aborted = 0;
  let answer: (response: Response) => void = () => {};
  const handler = fetchHandler((request) => {
    request.signal.addEventListener("abort", () => {
      aborted += 1;
    });
    return new Promise((resolve) => {
      answer = resolve;
    });
  });
  const { client, until, server } = serve(handler, {}, { way: "attached" });
  const one = client(get());
  await until(() => server.stats().activeRequests === 1);
  one.reset();
  await until(() => aborted === 1);
  const body = new ReadableStream({
    cancel() {
      cancelled += 1;
    },
  });
  answer(new Response(body));
  await until(() => cancelled === 1);
  expect(server.stats()).toMatchObject({ aborted: 1, handlerErrors: 0, activeConnections: 0 });
});
