/** Web handlers on this server: what they are told, what becomes of their answer, and their end. */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fetchHandler } from "../../../src/protocols/http1/server/fetch-handler.js";
import { errorOf, expectBytes, pattern } from "../../streams/support.js";
import { rejection, runningReactor, until } from "./client/support.js";
import { type Served, served } from "./fetch-support.js";

type WebHandler = Parameters<typeof fetchHandler>[0];

function serve(handler: WebHandler, options = {}): Served {
  return served(runningReactor(), fetchHandler(handler), options);
}

/** Everything a bare connection gets for a text, to its end. */
async function exchange({ dial }: Served, text: string): Promise<string> {
  const stream = await dial();
  stream.allowHalfOpen = true;
  stream.write(text);
  let answer = "";
  for await (const chunk of stream) answer += chunk.toString("latin1");
  return answer;
}

const CLOSE = "Host: a.example:81\r\nConnection: close\r\n";

describe("a web request", () => {
  test("has the method, the URL and the fields that were sent", async () => {
    const seen: unknown[] = [];
    const names: string[] = [];
    const one = serve((request) => {
      seen.push(request.method, request.url, request.headers.get("x"), request.body);
      names.push(...request.headers.keys());
      return new Response();
    });
    await exchange(one, `DELETE /a/b?c=d HTTP/1.1\r\n${CLOSE}X: 1\r\nx: \xe9\r\n\r\n`);
    await exchange(one, `GET http://b.example/c HTTP/1.1\r\n${CLOSE}\r\n`);
    await exchange(one, "GET /old HTTP/1.0\r\n\r\n");
    expect(names).toEqual(["connection", "host", "x", "connection", "host"]);
    expect(seen.slice(0, 2)).toEqual(["DELETE", "http://a.example:81/a/b?c=d"]);
    expect(seen[2]).toMatch(/^1, /);
    expect([seen[3], seen[5], seen[9]]).toEqual([
      null,
      "http://b.example/c",
      "http://localhost/old",
    ]);
  });

  test("streams its body, which it also has as text, JSON and bytes", async () => {
    const one = serve(async (request) => {
      if (request.url.endsWith("/json")) return Response.json(await request.json());
      if (request.url.endsWith("/text")) return new Response(await request.text());
      return new Response(request.body);
    });
    const post = (path: string, body: string | Uint8Array) =>
      one.client.request({ method: "POST", path, body });
    expect(await (await post("/json", '{"a":[1]}')).json()).toEqual({ a: [1] });
    expect(await (await post("/text", "wörter")).text()).toBe("wörter");
    const bytes = pattern(9, 900_000);
    expectBytes(await (await post("/echo", bytes)).bytes(), bytes);
  });

  test("lets the client wait with its body until it is read", async () => {
    let isRead = false;
    const one = serve(async (request) => {
      if (request.url.endsWith("/no")) return new Response("no", { status: 403 });
      isRead = true;
      return new Response(await request.text());
    });
    const seen: number[] = [];
    const ask = (path: string) =>
      one.client.request({
        method: "POST",
        path,
        body: "hello",
        expectContinue: true,
        onInformation: ({ status }) => void seen.push(status),
      });
    expect((await ask("/no")).status).toBe(403);
    expect([seen, isRead]).toEqual([[], false]);
    expect(await (await ask("/yes")).text()).toBe("hello");
    expect(seen).toEqual([100]);
  });

  test("of GET with a body has none, and the next one is not disturbed", async () => {
    const one = serve((request) => new Response(`${request.method} ${request.body}`));
    const answer = await exchange(
      one,
      `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloHEAD / HTTP/1.1\r\n${CLOSE}\r\n`,
    );
    expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(answer).toContain("GET null");
  });

  test("that cannot be one is answered without the handler", async () => {
    let calls = 0;
    const one = serve(
      () => {
        calls += 1;
        return new Response();
      },
      { methods: ["GET", "OPTIONS", "TRACK"] },
    );
    const status = async (head: string) =>
      (await exchange(one, `${head}Connection: close\r\n\r\n`)).slice(9, 12);
    expect(await status("TRACK / HTTP/1.1\r\nHost: a\r\n")).toBe("501");
    expect(await status("OPTIONS * HTTP/1.1\r\nHost: a\r\n")).toBe("204");
    expect(await status("GET / HTTP/1.1\r\nHost: 1.2.3.4.5\r\n")).toBe("400");
    expect(calls).toBe(0);
  });

  test("whose body is too large fails the handler, and is answered with 413", async () => {
    const one = serve(async (request) => new Response(await request.text()), { bodyBytesMax: 10 });
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(100);
    }
    const response = await one.client.request({ method: "POST", body: body() });
    expect(response.status).toBe(413);
  });
});

describe("a web response", () => {
  test("has its status, its words and its fields, Set-Cookie as often as it was set", async () => {
    const one = serve(() => {
      const headers = new Headers({ "x-a": "1", "content-type": "text/x" });
      headers.append("set-cookie", "a=1; Expires=Mon, 01 Jan 2029 00:00:00 GMT");
      headers.append("set-cookie", "b=2");
      return new Response("hi", { status: 418, statusText: "Teapot", headers });
    });
    const response = await one.client.request();
    expect([response.status, response.statusText]).toEqual([418, "Teapot"]);
    expect(response.headers.getAll("set-cookie")).toEqual([
      "a=1; Expires=Mon, 01 Jan 2029 00:00:00 GMT",
      "b=2",
    ]);
    expect([response.headers.get("x-a"), response.headers.get("content-type")]).toEqual([
      "1",
      "text/x",
    ]);
  });

  test.each([
    ["text", () => new Response("hello"), "5"],
    ["JSON", () => Response.json({ a: 1 }), "7"],
    ["bytes", () => new Response(new Uint8Array(100_000)), "100000"],
    ["nothing", () => new Response(), "0"],
    ["an empty text", () => new Response(""), "0"],
  ])("that is %s has its length, for GET and for HEAD", async (_, make, length) => {
    const one = serve(make);
    for (const method of ["GET", "HEAD"]) {
      const response = await one.client.request({ method });
      // HEAD with nothing says nothing of what GET would have.
      const wanted = method === "HEAD" && length === "0" ? undefined : length;
      expect(response.headers.get("content-length")).toBe(wanted);
      expect(await response.bytes()).toHaveLength(method === "HEAD" ? 0 : Number(length));
    }
    expect(one.client.stats().connected).toBe(1);
  });

  test.each([204, 304])("%i has no body", async (status) => {
    const one = serve(() => new Response(null, { status, headers: { etag: '"1"' } }));
    const response = await one.client.request();
    expect([response.status, response.headers.get("etag")]).toEqual([status, '"1"']);
    expect(await response.text()).toBe("");
    expect((await one.client.request()).status).toBe(status);
  });

  test("that streams goes out chunk by chunk, as each is there", async () => {
    let next = (_: string): void => {};
    const one = serve(() => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          next = (word) =>
            word === "" ? controller.close() : controller.enqueue(Buffer.from(word));
          next("one");
        },
      });
      return new Response(body);
    });
    const response = await one.client.request();
    expect(response.headers.get("content-length")).toBeUndefined();
    const heard: string[] = [];
    for await (const chunk of response.body) {
      heard.push(chunk.toString());
      next(["two", "three", ""][heard.length - 1] ?? "");
    }
    expect(heard).toEqual(["one", "two", "three"]);
  });

  test("with a Content-Length of its own is held to it", async () => {
    const headers = { "content-length": "6" };
    const one = serve((request) => {
      const words = request.url.endsWith("/right") ? ["abc", "def"] : ["abc", "d"];
      return new Response(streamOf(words), { headers });
    });
    const right = await one.client.request({ path: "/right" });
    expect([right.headers.get("content-length"), await right.text()]).toEqual(["6", "abcdef"]);
    const short = await one.client.request({ path: "/short" });
    expect((await rejection(short.text())).code).toBe("ERR_HTTP_CONNECTION_LOST");
  });

  test("does not bring along what means another connection", async () => {
    const one = serve(
      () =>
        new Response("x", {
          headers: { "transfer-encoding": "gzip", "keep-alive": "timeout=9", upgrade: "h2c" },
        }),
    );
    const response = await one.client.request();
    expect(await response.text()).toBe("x");
    for (const name of ["transfer-encoding", "keep-alive", "upgrade"]) {
      expect(response.headers.has(name)).toBe(false);
    }
  });

  test("may close the connection", async () => {
    const one = serve(() => new Response("x", { headers: { connection: "close" } }));
    const response = await one.client.request();
    expect([response.headers.get("connection"), await response.text()]).toEqual(["close", "x"]);
    expect(one.client.stats().connections).toBe(0);
  });

  test("is read no faster than the client reads", async () => {
    let pulled = 0;
    let isCancelled = false;
    const one = serve(
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull: (controller) => {
              pulled += 1;
              controller.enqueue(new Uint8Array(65_536));
            },
            cancel: () => {
              isCancelled = true;
            },
          }),
        ),
    );
    const response = await one.client.request();
    let before = -1;
    while (pulled !== before) {
      before = pulled;
      for (let i = 0; i < 100; i += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(pulled).toBeLessThan(300);
    response.discard();
    await until(() => isCancelled);
    expect(one.errors).toEqual([]);
  });
});

describe("a web handler", () => {
  test.each<[string, WebHandler]>([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret"))],
    ["returns something else", () => "secret" as unknown as Response],
    ["returns an error response", () => Response.error()],
    ["returns a body that fails at once", () => new Response(failing())],
    ["returns a body of text", () => new Response(streamOf(["secret"], (word) => word as never))],
    [
      "returns a field that cannot be sent",
      () => new Response("", { headers: { a: "secret\x01" } }),
    ],
  ])("that %s is answered with 500, which says nothing of it", async (_, handler) => {
    const one = serve(handler);
    const response = await one.client.request();
    expect(response.status).toBe(500);
    expect([...response.headers].join() + (await response.text())).not.toContain("secret");
    expect(one.errors).toHaveLength(1);
  });

  test("that returns a used response is answered with 500", async () => {
    const used = new Response("x");
    await used.text();
    const one = serve(() => used);
    expect((await one.client.request()).status).toBe(500);
  });

  test("whose body fails later ends the connection: it must not look whole", async () => {
    const one = serve(() => new Response(failing("some")));
    const response = await one.client.request();
    expect((await rejection(response.text())).code).toBe("ERR_HTTP_CONNECTION_LOST");
    expect(one.errors.map(String)).toEqual(["Error: secret"]);
  });

  test("hears by its signal that the client has gone", async () => {
    let signal: AbortSignal | undefined;
    const one = serve(
      (request) =>
        new Promise((resolve) => {
          signal = request.signal;
          request.signal.addEventListener("abort", () => resolve(new Response(streamOf(["x"]))));
        }),
    );
    const controller = new AbortController();
    const error = rejection(one.client.request({ signal: controller.signal }));
    await until(() => signal !== undefined);
    expect(signal?.aborted).toBe(false);
    controller.abort();
    await error;
    await until(() => signal?.aborted === true);
    expect(one.errors).toEqual([]);
  });

  test("has a silent body cancelled when the client goes", async () => {
    let reason: unknown;
    const one = serve(
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: (controller) => controller.enqueue(Buffer.from("event")),
            cancel: (why) => {
              reason = why;
            },
          }),
        ),
    );
    const stream = await one.dial();
    stream.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for await (const chunk of stream) if (chunk.includes("event")) break; // it destroys the stream
    await until(() => reason !== undefined);
    expect((reason as { code: string }).code).toBe("ERR_HTTP_PEER_GONE");
    expect(one.errors).toEqual([]);
  });

  test("still answers a client that has ended its side and reads on", async () => {
    const one = serve(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return new Response(streamOf(["a", "b", "c"]));
    });
    const stream = await one.dial();
    stream.end("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = "";
    for await (const chunk of stream) answer += chunk;
    expect(answer).toContain("200 OK");
    expect(answer).toMatch(/1\r\nc\r\n0\r\n\r\n$/);
  });

  test("must be a function", () => {
    expect(errorOf(() => fetchHandler({} as WebHandler))).toBeInstanceOf(TypeError);
  });

  test("may pass on what fetch() answers", async () => {
    const reactor = runningReactor();
    const far = served(reactor, (_, response) => {
      response.setHeader("Content-Encoding", "gzip");
      response.setHeader("Far", "yes");
      response.end(gzipped);
    });
    const near = served(
      reactor,
      fetchHandler(() => fetch(`http://127.0.0.1:${far.port}/`)),
    );
    const response = await near.client.request();
    expect([response.headers.get("far"), await response.text()]).toEqual(["yes", "from afar"]);
  });
});

const gzipped = gzipSync("from afar");

function streamOf(
  words: readonly string[],
  encode: (word: string) => Uint8Array = Buffer.from,
): ReadableStream<Uint8Array> {
  const left = [...words];
  return new ReadableStream({
    pull: async (controller) => {
      await new Promise((resolve) => setImmediate(resolve));
      const word = left.shift();
      if (word === undefined) controller.close();
      else controller.enqueue(encode(word));
    },
  });
}

function failing(first?: string): ReadableStream<Uint8Array> {
  let isFirst = first !== undefined;
  return new ReadableStream({
    pull: async (controller) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (isFirst) controller.enqueue(Buffer.from(first ?? ""));
      else throw new Error("secret");
      isFirst = false;
    },
  });
}
