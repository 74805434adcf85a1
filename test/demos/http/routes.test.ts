/**
 * The routes of the demo: JSON echo, events, the slow answer, the list; and how the server ends.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { BODY_BYTES_MAX } from "../../../src/demos/http/json-echo.js";
import { ask, askRaw, begin, type Reply, serve, startDemo } from "./demo-server.js";

const JSON_TYPE = { "Content-Type": "application/json" };

describe("/api/echo", () => {
  const echo = (
    port: number,
    body: string | Uint8Array,
    headers: Record<string, string> = JSON_TYPE,
  ): Promise<Reply> => ask(port, "/api/echo?x=1", { method: "POST", headers, body });

  test("says what came", async () => {
    const { port } = startDemo();
    const reply = await echo(port, '{"a": [1, "ü"]}');
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    const said = JSON.parse(reply.text) as Record<string, unknown>;
    expect(said).toMatchObject({
      ...{ method: "POST", target: "/api/echo?x=1", version: "HTTP/1.1" },
      ...{ bodyBytes: 16, body: { a: [1, "ü"] }, trailers: [] },
    });
    expect(said["headers"]).toContain("Content-Type: application/json");
  });

  test("takes a body in chunks, and says the trailers", async () => {
    const { port } = startDemo();
    const head = "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    const fields = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    const reply = await askRaw(
      port,
      `${head}${fields}2\r\n[1\r\n3\r\n,2]\r\n0\r\nX-End: 1\r\n\r\n`,
    );
    const said = JSON.parse(reply.slice(reply.indexOf("\r\n\r\n") + 4));
    expect(said).toMatchObject({ body: [1, 2], bodyBytes: 5, trailers: ["X-End: 1"] });
  });

  test.each([
    [{}],
    [{ "Content-Type": "text/plain" }],
    [{ "Content-Type": "application/jsonx" }],
    [{ "Content-Type": "application/x-www-form-urlencoded" }],
    [{ ...JSON_TYPE, "Content-Encoding": "gzip" }],
  ])("415 for %j", async (headers) => {
    const { port } = startDemo();
    expect(await echo(port, "{}", headers)).toMatchObject({ status: 415 });
  });

  test.each(["application/json; charset=utf-8", "Application/JSON", "application/problem+json"])(
    "200 for %s",
    async (type) => {
      const { port } = startDemo();
      expect(await echo(port, "{}", { "Content-Type": type })).toMatchObject({ status: 200 });
    },
  );

  test.each<[string, string | Uint8Array]>([
    ["nothing", ""],
    ["no JSON", "{a: 1}\n"],
    ["half of it", '{"a": 1'],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["something nested too deeply to be written", "[".repeat(30_000) + "]".repeat(30_000)],
  ])("400 for %s", async (_, body) => {
    const { port } = startDemo();
    const reply = await echo(port, body);
    expect(reply.status).toBe(400);
    expect(reply.text.trimEnd()).not.toContain("\n");
    expect(reply.text.length).toBeLessThan(200);
    expect(await echo(port, "{}")).toMatchObject({ status: 200 });
  });

  test("what is nested deeply does not come back as very much more", async () => {
    const { port } = startDemo();
    for (const depth of [500, 3000]) {
      const body = "[".repeat(depth) + "]".repeat(depth);
      const { status, text } = await echo(port, body);
      expect(status).toBe(200);
      expect(text.length).toBeLessThan(1024 * 1024);
      expect(JSON.stringify(JSON.parse(text).body)).toBe(body);
    }
  });

  test("a body of up to the limit is taken, one byte more is 413", async () => {
    const { port } = startDemo();
    const bodyOf = (length: number) => `"${"x".repeat(length - 2)}"`;
    expect(await echo(port, bodyOf(BODY_BYTES_MAX))).toMatchObject({ status: 200 });
    expect(await echo(port, bodyOf(BODY_BYTES_MAX + 1))).toMatchObject({ status: 413 });
    const chunked = { ...JSON_TYPE, "Transfer-Encoding": "chunked" };
    expect(await echo(port, bodyOf(BODY_BYTES_MAX + 1), chunked)).toMatchObject({ status: 413 });
  });

  test("other methods are 405, and told which is allowed", async () => {
    const { port } = startDemo();
    const { status, headers } = await ask(port, "/api/echo");
    expect([status, headers.allow]).toEqual([405, expect.stringContaining("POST")]);
  });
});

describe("/slow", () => {
  test("comes in chunks, with its digest behind", async () => {
    const { port } = startDemo({ paceMs: 1 });
    const { status, headers, text, trailers } = await ask(port, "/slow");
    expect([status, headers["transfer-encoding"]]).toEqual([200, "chunked"]);
    expect(headers.trailer).toBe("Content-Digest");
    expect(text).toMatch(/^Line 1 of 10\n(Line \d of 10\n){8}Line 10 of 10\n$/);
    const digest = createHash("sha256").update(text).digest("base64");
    expect(trailers["content-digest"]).toBe(`sha-256=:${digest}:`);
  });

  test("to an HTTP/1.0 client it ends with the connection, and no trailer", async () => {
    const { port } = startDemo({ paceMs: 1 });
    const reply = await askRaw(port, "GET /slow HTTP/1.0\r\n\r\n");
    expect(reply).toMatch(/Line 10 of 10\n$/);
    expect(reply).not.toMatch(/chunked|Trailer|Digest/i);
  });

  test("HEAD has the fields alone", async () => {
    const { port } = startDemo();
    expect(await ask(port, "/slow", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
  });

  test("ends when the client goes: nothing is left running", async () => {
    const { port, stop, demo } = startDemo({ paceMs: 60_000 });
    const message = await begin(port, "/slow");
    message.destroy();
    await stop(); // would wait for it
    expect(demo.server.stats().activeRequests).toBe(0);
  });
});

describe("/api/files", () => {
  test("has the list of the root's folder if that is shown, and says if it is not", async () => {
    const shown = serve({ "sub/x": "" }, { list: true });
    expect(JSON.parse((await shown.get("/api/files")).text)).toEqual({
      list: true,
      isWhole: true,
      entries: [
        { name: "a.txt", url: "./a.txt", size: 1000 },
        { name: "sub", url: "./sub/" },
      ],
    });
    shown.folder.write("b.txt", "B");
    const { headers, text } = await shown.get("/api/files");
    expect(text).toContain("b.txt");
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    const hidden = serve();
    for (const { port } of [hidden, startDemo({ list: true })]) {
      const reply = await ask(port, "/api/files");
      expect(JSON.parse(reply.text)).toEqual({ list: false, isWhole: true, entries: [] });
    }
  });
});

describe("the end of the demo", () => {
  test("lets an answer that is under way end, and listeners go at once", async () => {
    const { port, stop } = startDemo({ paceMs: 20 });
    const [slow, events] = [await begin(port, "/slow"), await begin(port, "/events")];
    const stopped = stop();
    expect(await text(slow)).toMatch(/Line 10 of 10\n$/);
    expect(slow.complete).toBe(true);
    await text(events);
    expect(events.complete).toBe(true);
    await stopped;
    const late = request({ host: "127.0.0.1", port });
    const [error] = (await once(late.end(), "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  });

  test("who asks for events meanwhile is sent away, to come back", async () => {
    const { port, stop } = startDemo({ paceMs: 20 });
    const socket = connect(port, "127.0.0.1").setEncoding("utf8");
    const head = "HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.write(`GET /slow ${head}`);
    await once(socket, "data");
    const stopped = stop();
    socket.write(`GET /events ${head}`); // behind the answer that is under way
    const [answers] = await Promise.all([text(socket), stopped]);
    expect(answers).toContain("retry: 2000");
    expect(answers).not.toContain("event: stats");
  });

  test("a taken address leaves nothing open", () => {
    const { port } = startDemo();
    expect(() => startDemo({ port })).toThrow("EADDRINUSE");
  });

  test("cuts what is not over in time", async () => {
    const { port, stop } = startDemo({ paceMs: 60_000 });
    const message = await begin(port, "/slow");
    const started = performance.now();
    const cut = expect(text(message)).rejects.toThrow("aborted");
    await stop();
    expect(performance.now() - started).toBeGreaterThanOrEqual(1000);
    await cut;
  });
});

test("each answer is told to the log", async () => {
  const { port, log } = startDemo();
  await ask(port, "/");
  await ask(port, "/%2e%2e/x?y");
  expect(log).toEqual(["GET / 200", "GET /%2e%2e/x?y 404"]);
});
