/** The client against node:http, which is a server by other people. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { HttpClient } from "../../../../src/protocols/http1/index.js";
import { expectBytes, pattern } from "../../../streams/support.js";
import { clientOf, rejection, runningReactor, until } from "./support.js";

async function against(listener: RequestListener): Promise<HttpClient> {
  const server = createServer({ keepAliveTimeout: 5000 }, listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return clientOf(runningReactor(), server.address() as AddressInfo);
}

describe("with node:http", () => {
  test("many requests share a few connections", async () => {
    const client = await against((request, response) => response.end(`you said ${request.url}`));
    const paths = Array.from({ length: 200 }, (_, i) => `/${i}`);
    const texts = await Promise.all(
      paths.map(async (path) => (await client.request({ path })).text()),
    );
    expect(texts).toEqual(paths.map((path) => `you said ${path}`));
    expect(client.stats().connected).toBeLessThanOrEqual(32);
    expect(client.stats().waiting).toBe(0);
  });

  test("bodies of every framing are echoed", async () => {
    const client = await against((request, response) => {
      response.setHeader("Framing", request.headers["transfer-encoding"] ?? "length");
      request.pipe(response);
    });
    const bytes = pattern(11, 2_000_000);
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 77_777) yield bytes.subarray(at, at + 77_777);
    }
    for (const [body, framing] of [
      [bytes, "length"],
      [pieces(), "chunked"],
    ] as const) {
      const response = await client.request({ method: "POST", body });
      expect(response.headers.get("framing")).toBe(framing);
      expectBytes(await response.bytes(), bytes);
    }
    expect(client.stats()).toMatchObject({ connected: 1, idle: 1 });
  });

  test("trailers go both ways", async () => {
    const client = await against(async (request, response) => {
      for await (const _ of request);
      response.writeHead(200, { Trailer: "Back" });
      response.write("body");
      response.addTrailers({ Back: `${request.trailers["sum"]}!` });
      response.end();
    });
    const response = await client.request({
      method: "POST",
      headers: { TE: "trailers" },
      body: "abc",
      trailers: { Sum: "3" },
    });
    expect(await response.text()).toBe("body");
    expect(response.trailers?.get("back")).toBe("3!");
  });

  test("Expect: 100-continue is answered, and so are early hints", async () => {
    const client = await against((request, response) => {
      response.writeEarlyHints({ link: "</a>" });
      request.pipe(response);
    });
    const seen: number[] = [];
    const response = await client.request({
      method: "PUT",
      body: "hello",
      expectContinue: true,
      onInformation: ({ status }) => void seen.push(status),
    });
    expect(await response.text()).toBe("hello");
    expect(seen.sort()).toEqual([100, 103]);
  });

  test("HEAD, 204 and 304 leave the connection in order", async () => {
    const client = await against((request, response) => {
      response.statusCode = Number(request.url?.slice(1));
      response.end(response.statusCode === 200 ? "hello" : undefined);
    });
    for (const [method, path, text] of [
      ["HEAD", "/200", ""],
      ["GET", "/204", ""],
      ["GET", "/304", ""],
      ["GET", "/200", "hello"],
    ] as const) {
      const response = await client.request({ method, path });
      expect(await response.text()).toBe(text);
    }
    expect(client.stats().connected).toBe(1);
  });

  test("a response that is destroyed fails the body", async () => {
    const client = await against((_, response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("hello", () => response.destroy());
    });
    const response = await client.request();
    expect((await rejection(response.text())).code).toBe("ERR_HTTP_CONNECTION_LOST");
  });

  test("a refusal in the midst of an upload is read", async () => {
    const client = await against((_, response) => {
      response.writeHead(413, { connection: "close" });
      response.end("too much");
    });
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(16_384);
    }
    const response = await client.request({ method: "POST", body: endless() });
    expect([response.status, await response.text()]).toEqual([413, "too much"]);
    await until(() => client.stats().connections === 0);
  });
});
