/** Peers that are too slow, too fast or too many: line 29 and the threats of section 6. */
import { describe, expect, test } from "vitest";
import type {
  HttpHandler,
  HttpRequest,
  HttpResponse,
} from "../../../../src/protocols/http1/index.js";
import { turns } from "../../../streams/support.js";
import { get, hello, post, serve } from "./support.js";

const never: HttpHandler = () => {};

describe("a peer that never reads", () => {
  test("makes the server hold one high mark and an answer, then no more", async () => {
    const body = Buffer.alloc(64 * 1024);
    const { client, reactor, server } = serve((_, response) => response.end(body));
    const one = client().pause();
    for (let i = 0; i < 500; i += 1) one.send(get());
    turns(reactor, 300);
    const [stream] = [...server.listener.streams];
    expect(stream?.pendingBytes).toBeGreaterThan(0);
    expect(stream?.pendingBytes).toBeLessThanOrEqual(256 * 1024 + 64 * 1024 + 1024);
    expect(stream?.input.length).toBeLessThanOrEqual(128 * 1024);
    const { requests } = server.stats();
    turns(reactor, 50);
    expect(server.stats().requests).toBe(requests);
    expect(requests).toBeLessThan(500);
  });

  test("gets all of its answers when it reads again", async () => {
    const body = Buffer.alloc(64 * 1024, "x");
    const { client, reactor, until } = serve((_, response) => response.end(body));
    const one = client().pause();
    for (let i = 0; i < 200; i += 1) one.send(get());
    turns(reactor, 50);
    one.resume();
    await until(() => one.text.length > 200 * body.length);
  });

  test("stops a handler that heeds write()", async () => {
    const written = { chunks: 0, drains: 0 };
    const { client, reactor, until } = serve((_, response) => {
      const fill = () => {
        while (written.chunks < 1000) {
          written.chunks += 1;
          if (!response.write(Buffer.alloc(64 * 1024))) return;
        }
        response.end();
      };
      response.onDrain = () => {
        written.drains += 1;
        fill();
      };
      fill();
    });
    const one = client(get()).pause();
    turns(reactor, 100);
    expect(written.chunks).toBeLessThan(500);
    one.resume();
    await until(() => one.tail.endsWith("0\r\n\r\n"));
    expect(written.chunks).toBe(1000);
    expect(written.drains).toBeGreaterThan(0);
  });
});

test("a body that its handler does not take makes the peer wait, and nothing is lost", async () => {
  let request: HttpRequest | undefined;
  let response: HttpResponse | undefined;
  const { client, until, reactor, server } = serve(
    (a, b) => {
      [request, response] = [a, b];
    },
    { bodyBytesMax: Infinity, bodyTimeoutMs: 30 },
  );
  const length = 20_000_000;
  const one = client(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`);
  one.send(Buffer.alloc(length));
  turns(reactor, 50);
  const [stream] = [...server.listener.streams];
  expect(stream?.input.length).toBeLessThanOrEqual(256 * 1024);
  let read = 0;
  request?.read({
    onData(_, input) {
      read += input.length;
      input.clear();
    },
    onEnd: () => response?.end("done"),
  });
  await until(() => one.answers === 1);
  expect(read).toBe(length);
});

describe("overload (line 29)", () => {
  test("connections above the limit wait in the kernel's queue", async () => {
    const { client, until, server } = serve(hello, { connectionsMax: 2 });
    const some = [client(get()), client(get()), client(get())];
    await until(() => some.filter((one) => one.answers === 1).length === 2);
    expect(server.stats().connections).toBe(2);
    const first = some.find((one) => one.answers === 1);
    first?.close();
    await until(() => some.every((one) => one.answers === 1));
  });

  test("or are told 503 at once", async () => {
    const { client, until, server } = serve(hello, { connectionsMax: 1, overload: "refuse" });
    const one = client(get());
    await until(() => one.answers === 1);
    const other = client(get());
    await until(() => other.isEnded);
    expect(other.statuses).toEqual([503]);
    expect(server.stats()).toMatchObject({ errors: { 503: 1 }, limits: { connections: 1 } });
    one.send(get());
    await until(() => one.answers === 2);
  });
});

test("connections that are reset at any time leave nothing", async () => {
  const { client, until, server, reactor } = serve(never);
  for (const text of ["", "GET /", get(), get() + get(), post("x").slice(0, -1)]) {
    client(text).reset();
    turns(reactor, 2);
    const later = client(text);
    turns(reactor, 5);
    later.reset();
  }
  await until(() => server.stats().connections === 10 && server.stats().activeConnections === 0);
  expect(server.stats().activeRequests).toBe(0);
});
