/** How a server ends: in order (line 28), or now. */
import { describe, expect, test } from "vitest";
import type { HttpResponse } from "../../../../src/protocols/http1/index.js";
import { turns } from "../../../streams/support.js";
import { get, hello, post, serve, WAYS } from "./support.js";

describe.each(WAYS)("drain in a reactor that is %s (line 28)", (way) => {
  test("closes idle connections, lets running answers finish, and resolves", async () => {
    const waiting: HttpResponse[] = [];
    const { client, until, server } = serve(
      (request, response) => {
        if (request.path === "/slow") waiting.push(response);
        else response.end("fast");
      },
      {},
      { way },
    );
    const idle = client(get());
    const running = client(get("/slow"));
    await until(() => idle.answers === 1 && waiting.length === 1);
    let isDone = false;
    void server.drain().then(() => {
      isDone = true;
    });
    await until(() => idle.isEnded);
    expect(running.isEnded).toBe(false);
    expect(server.listener.isClosed).toBe(true);
    waiting[0]?.end("slow");
    await until(() => running.isEnded);
    expect(running.text).toContain("Connection: close\r\n");
    expect(running.lastBody).toBe("slow");
    idle.close();
    running.close();
    await until(() => server.stats().activeConnections === 0);
    await new Promise(setImmediate);
    expect(isDone).toBe(true);
  });

  test("loses no request that was sent before, accepted or not", async () => {
    const { client, until, server } = serve(hello, {}, { way });
    const idle = client(get());
    await until(() => idle.answers === 1);
    idle.send(get() + get());
    const fresh = Array.from({ length: 5 }, () => client(get()));
    void server.drain();
    await until(() => idle.isEnded && fresh.every((one) => one.isEnded));
    expect(idle.answers).toBe(3);
    for (const one of fresh) expect(one.lastBody).toBe("hello");
    expect(fresh.every((one) => one.text.includes("Connection: close"))).toBe(true);
  });

  test("ends what is left at its deadline", async () => {
    const { client, until, server } = serve(() => {}, {}, { way });
    const one = client(get());
    await until(() => server.stats().activeRequests === 1);
    const startedMs = performance.now();
    void server.drain(40);
    await until(() => one.isOver);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(40);
    expect(server.stats()).toMatchObject({ aborted: 1, activeConnections: 0 });
  });

  test("of a server without connections resolves at once, also twice", async () => {
    const { server } = serve(hello, {}, { way });
    expect(server.drain()).toBe(server.drain());
    await server.drain();
    server.close();
  });
});

test("close ends everything now, and nothing is called afterwards", async () => {
  const calls: string[] = [];
  const { client, until, server, reactor } = serve((request, response) => {
    calls.push("handler");
    response.onDrain = () => void calls.push("drain");
    response.write(Buffer.alloc(4_000_000));
    request.signal.addEventListener("abort", () => calls.push("abort"));
  });
  const one = client(get()).pause();
  await until(() => calls.length === 1);
  server.close();
  server.close();
  expect(calls).toEqual(["handler", "abort"]);
  turns(reactor, 5);
  one.resume();
  await until(() => one.isOver);
  expect(calls).toHaveLength(2);
  expect(server.listener.isClosed).toBe(true);
});

test("closing the server within a handler or a reader is in order", async () => {
  for (const text of [get() + get(), post("x") + post("y")]) {
    const { client, until, server } = serve((request, response) => {
      if (request.method === "GET") {
        server.close();
        response.end("too late");
      } else {
        request.read({ onData: () => server.close(), onEnd: () => expect.unreachable() });
      }
    });
    const one = client(text);
    await until(() => one.isOver);
    expect(server.stats()).toMatchObject({ requests: 1, activeConnections: 0, activeRequests: 0 });
  }
});

test("drain refuses a deadline that is none, and nothing has begun to end", async () => {
  const { client, until, server } = serve();
  expect(() => server.drain(Number.NaN)).toThrow(RangeError);
  const one = client(get());
  await until(() => one.answers === 1);
});
