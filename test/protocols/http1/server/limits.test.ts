/** Deadlines and limits: lines 16, 18, 24, 25 and 27. */
import { describe, expect, test } from "vitest";
import type { HttpHandler } from "../../../../src/protocols/http1/index.js";
import { busyFor } from "../../../streams/support.js";
import { get, hello, post, serve, WAYS } from "./support.js";

describe("refusals", () => {
  test.each<[number, string]>([
    [400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"],
    [400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
    [405, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"],
    [405, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"],
    [413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n"],
    [414, `GET /${"a".repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    [417, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: wonders\r\n\r\n"],
    [431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(20_000)}\r\n\r\n`],
    [431, `GET / HTTP/1.1\r\nHost: a\r\n${"A: b\r\n".repeat(101)}\r\n`],
    [501, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"],
    [501, "get / HTTP/1.1\r\nHost: a\r\n\r\n"],
    [501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"],
    [505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"],
  ])("%i, and the connection ends: %j", async (status, request) => {
    const { exchange, server } = serve();
    const one = await exchange(request + get("/never"));
    expect(one.statuses).toEqual([status]);
    expect(one.text).toContain("\r\nConnection: close\r\n");
    expect(one.text).toMatch(/\r\nDate: /);
    expect(one.error).toBeUndefined();
    expect(server.stats()).toMatchObject({ errors: { [status]: 1 }, activeRequests: 0 });
    if (status === 405) expect(one.text).toMatch(/\r\nAllow: GET, HEAD, POST/);
  });

  test("a chunked body that grows over the limit is 413, and its reader hears of it (line 16)", async () => {
    const errors: unknown[] = [];
    const { client, until } = serve(
      (request) => {
        request.read({
          onData: (_, input) => void input.clear(),
          onAbort: (_, error) => void errors.push(error),
        });
      },
      { bodyBytesMax: 10 },
    );
    const chunk = "8\r\n12345678\r\n";
    const one = client(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
    one.send(chunk);
    await until(() => one.isEnded);
    expect(one.statuses).toEqual([413]);
    expect(errors).toMatchObject([{ status: 413 }]);
  });

  test("a peer that goes on sending can read the refusal (line 25)", async () => {
    const { client, until, server } = serve(hello, { lingerMs: 60 });
    const startedMs = performance.now();
    const one = client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n");
    for (let i = 0; i < 20; i += 1) one.send(Buffer.alloc(10_000));
    await until(() => one.isOver);
    expect(one.error).toBeUndefined();
    expect(one.statuses).toEqual([413]);
    await until(() => server.stats().activeConnections === 0);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(60);
    expect(server.stats()).toMatchObject({ timeouts: { linger: 1 }, limits: { linger: 1 } });
  });
});

describe("Expect: 100-continue (line 18)", () => {
  const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
  const echo: HttpHandler = (request, response) => {
    let text = "";
    request.read({
      onData(_, input) {
        text += input.take();
      },
      onEnd: () => response.end(text),
    });
  };

  test("gets 100 when the body is read, then the answer", async () => {
    const { client, until } = serve(echo);
    const one = client(head);
    await until(() => one.text.endsWith("\r\n\r\n"));
    expect(one.text).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    one.send("body");
    await until(() => one.answers === 1);
    expect(one.lastBody).toBe("body");
  });

  test("gets none when the body has come, nor with HTTP/1.0", async () => {
    const { client, until, exchange } = serve(echo);
    const one = client(`${head}body`);
    await until(() => one.answers === 1);
    expect(one.statuses).toEqual([200]);
    const old = await exchange(`${head.replace("1.1", "1.0")}body`);
    expect(old.statuses).toEqual([200]);
  });

  test("gets the final answer alone if the body is not read, and the end", async () => {
    const { exchange } = serve(hello);
    const one = await exchange(head);
    expect(one.statuses).toEqual([200]);
    expect(one.text).toContain("Connection: close\r\n");
  });
});

describe("bodies that nobody reads (line 24)", () => {
  test("short ones are dropped, and the connection goes on", async () => {
    const { client, until } = serve(hello);
    const one = client(post("x".repeat(50_000)) + get());
    await until(() => one.answers === 2);
    const chunks = `8000\r\n${"x".repeat(0x8000)}\r\n0\r\n\r\n`;
    one.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}${get()}`);
    await until(() => one.answers === 4);
    expect(one.text).not.toContain("Connection: close");
  });

  test("long ones end the connection, which says so", async () => {
    const { client, until } = serve(hello, { lingerMs: 50 });
    const one = client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n");
    await until(() => one.isEnded);
    expect(one.text).toContain("Connection: close");
    expect(one.lastBody).toBe("hello");
  });

  test("a chunked one that does not end is given up at the limit", async () => {
    const { client, until, server } = serve(hello, { lingerMs: 50 });
    const one = client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let i = 0; i < 5; i += 1) one.send(`8000\r\n${"x".repeat(0x8000)}\r\n`);
    await until(() => one.isOver);
    expect(server.stats().limits.unreadBody).toBe(1);
    expect(one.answers).toBe(1);
  });
});

describe.each(WAYS)("deadlines in a reactor that is %s (line 27)", (way) => {
  test("an idle connection ends without a word", async () => {
    const { client, until, server } = serve(hello, { idleTimeoutMs: 50 }, { way });
    const one = client(get());
    await until(() => one.answers === 1);
    const startedMs = performance.now();
    await until(() => one.isEnded);
    expect(one.answers).toBe(1);
    expect(server.stats().timeouts.idle).toBe(1);
    expect(performance.now() - startedMs).toBeGreaterThan(0);
  });

  test("a connection that asks nothing ends without a word, not early", async () => {
    const startedMs = performance.now();
    const { client, until } = serve(hello, { headTimeoutMs: 50 }, { way });
    const one = client();
    await until(() => one.isEnded);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(50);
    expect(one.text).toBe("");
  });

  test("a head that comes byte by byte is 408, however busily", async () => {
    const startedMs = performance.now();
    const { client, until, reactor, server } = serve(hello, { headTimeoutMs: 80 }, { way });
    const one = client("GET / HTTP/1.1\r\nHost: a\r\nX: ");
    const drip = reactor.timer(5, () => void one.send("x"), { repeat: true });
    await until(() => one.isEnded);
    drip.stop();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(80);
    expect(one.statuses).toEqual([408]);
    expect(server.stats().timeouts.head).toBe(1);
  });

  test("a body that stands still is 408; one that moves is not", async () => {
    const { client, until, reactor, server } = serve(
      (request, response) =>
        request.read({ onData: (_, input) => void input.clear(), onEnd: () => response.end("ok") }),
      { bodyTimeoutMs: 80 },
      { way },
    );
    const one = client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n");
    const other = client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n");
    let sent = 0;
    const drip = reactor.timer(
      5,
      () => {
        sent += 1;
        if (sent <= 40) other.send("x");
      },
      { repeat: true },
    );
    await until(() => one.isEnded && other.answers === 1);
    drip.stop();
    expect(one.statuses).toEqual([408]);
    expect(other.statuses[0]).toBe(200);
    expect(server.stats().timeouts.body).toBe(1);
  });

  test("a body that drips for ever ends with requestTimeoutMs", async () => {
    const { client, until, reactor, server } = serve(
      (request) => request.read({ onData: (_, input) => void input.clear() }),
      { requestTimeoutMs: 100 },
      { way },
    );
    const one = client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    const drip = reactor.timer(5, () => void one.send("x"), { repeat: true });
    await until(() => one.isOver);
    drip.stop();
    expect(one.statuses).toEqual([408]);
    expect(server.stats().timeouts.request).toBe(1);
  });

  test("a peer that takes nothing is given up", async () => {
    const gone: Error[] = [];
    const { client, until, server } = serve(
      (request, response) => {
        request.signal.addEventListener("abort", () => gone.push(request.signal.reason as Error));
        response.write(Buffer.alloc(8_000_000));
      },
      { writeTimeoutMs: 80 },
      { way },
    );
    client(get()).pause();
    await until(() => server.stats().timeouts.write === 1);
    await until(() => server.stats().activeConnections === 0);
    expect(gone).toMatchObject([{ code: "ERR_HTTP_PEER_GONE" }]);
  });
});

describe.each(WAYS)("bytes that came in time are not too late, in a reactor that is %s", (way) => {
  test.each([
    ["headTimeoutMs", get().slice(0, -2), "\r\n"],
    ["idleTimeoutMs", get(), get("/", "Connection: close")],
    ["bodyTimeoutMs", post("body").slice(0, -1), "y"],
    ["requestTimeoutMs", post("body").slice(0, -1), "y"],
  ])("for %s because the process was busy", async (name, before, after) => {
    const { client, until, reactor, server } = serve(
      (request, response) =>
        request.read({
          onData: (_, input) => void input.clear(),
          onEnd: () => response.end(),
        }),
      { [name]: 80 },
      { way },
    );
    const one = client(before);
    await until(() => server.stats().bytesRead === before.length);
    // The sweep has seen it as it is now.
    reactor.timer(25, () => {
      one.send(after);
      busyFor(120);
    });
    await until(() => server.stats().bytesRead > before.length || one.isOver);
    await until(() => one.answers === (name === "idleTimeoutMs" ? 2 : 1));
    expect(one.statuses).not.toContain(408);
    expect(server.stats().errors).toEqual({});
  });
});
