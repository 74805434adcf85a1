/** Web handlers whose bodies are silent, used up, or cut off: what is sent, and what is let go. */
import { describe, expect, test } from "vitest";
import { fetchHandler } from "../../../src/protocols/http1/server/fetch-handler.js";
import { SILENT_BODY_MS } from "../../../src/protocols/http1/server/fetch-response.js";
import { Reactor } from "../../../src/reactor/index.js";
import { runningReactor, until } from "./client/support.js";
import { type Served, served } from "./fetch-support.js";

/** A body that says this at once, if anything, and then nothing any more. */
function silent(reactor: Reactor, first?: string): Served & { readonly cancelled: unknown[] } {
  const cancelled: unknown[] = [];
  const handler = fetchHandler(() => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        if (first !== undefined) controller.enqueue(Buffer.from(first));
      },
      cancel: (reason) => void cancelled.push(reason),
    });
    return new Response(body);
  });
  return Object.assign(served(reactor, handler), { cancelled });
}

describe("a body that is silent", () => {
  test("is announced by its head after a while, as an event stream is", async () => {
    const one = silent(runningReactor());
    const begun = performance.now();
    const response = await one.client.request();
    expect(performance.now() - begun).toBeGreaterThanOrEqual(SILENT_BODY_MS);
    expect(response.status).toBe(200);
    one.client.close();
    await until(() => one.cancelled.length === 1);
    expect(one.errors).toEqual([]);
  });

  test("is cancelled for HEAD, which is answered", async () => {
    const one = silent(runningReactor());
    const response = await one.client.request({ method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(one.cancelled).toHaveLength(1);
    await one.client.request({ method: "HEAD" });
    expect(one.client.stats().connected).toBe(1);
  });

  test("is cancelled when the client goes before its head", async () => {
    const one = silent(runningReactor());
    const stream = await one.dial();
    stream.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => one.server.stats().requests === 1);
    stream.destroy();
    await until(() => one.cancelled.length === 1);
    expect(one.errors).toEqual([]);
  });

  test.each([
    ["before its head", undefined],
    ["after its head", "some"],
  ])(
    "is cancelled when reactor and server are closed %s, which throws nothing",
    async (_, first) => {
      const reactor = new Reactor();
      reactor.hold();
      const running = reactor.run();
      const one = silent(reactor, first);
      const request = one.client.request().then(
        (response) => response.text(),
        () => {},
      );
      await until(() => one.server.stats().requests === 1);
      if (first !== undefined) await until(() => one.server.stats().bytesWritten > 0);
      reactor.close();
      one.server.close();
      await running;
      await request.catch(() => {});
      await until(() => one.cancelled.length === 1);
      expect(one.errors).toEqual([]);
    },
  );
});

test("a response that was read, and let go of, does not pass for an empty one", async () => {
  const one = served(
    runningReactor(),
    fetchHandler(async () => {
      const used = new Response("x");
      const reader = used.body?.getReader();
      while ((await reader?.read())?.done === false);
      reader?.releaseLock();
      return used;
    }),
  );
  expect((await one.client.request()).status).toBe(500);
  expect(one.errors).toMatchObject([{ code: "ERR_HTTP_BODY_USED" }]);
});

test("a request passes its signal on to its clone, and to requests that are made of it", async () => {
  let requests: Request[] = [];
  const one = served(
    runningReactor(),
    fetchHandler(async (request) => {
      const clone = request.clone();
      requests = [request, clone, new Request("http://b.example/", request), clone.clone()];
      const text = await clone.text();
      expect(text).toBe("abc");
      return new Promise(() => {});
    }),
  );
  const stream = await one.dial();
  stream.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  await until(() => requests[1]?.bodyUsed === true);
  expect(requests.map(({ method, signal }) => [method, signal.aborted])).toEqual(
    Array(4).fill(["POST", false]),
  );
  stream.destroy();
  await until(() => requests.every(({ signal }) => signal.aborted));
  expect(requests[0]).toBeInstanceOf(Request);
  expect(requests[0]?.signal).toBe(requests[0]?.signal);
  expect(one.errors).toEqual([]);
});
