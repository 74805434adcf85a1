/**
 * Corners that were wrong once: answers that end within another's end, callbacks that throw where
 * nobody expects it, upgrades that come late, bytes of a head whose connection is gone.
 */
import { describe, expect, test } from "vitest";
import { HELD_BYTES_MAX, type HttpResponse } from "../../../../src/protocols/http1/index.js";
import { ByteQueue } from "../../../../src/streams/index.js";
import { turns } from "../../../streams/support.js";
import { get, post, serve } from "./support.js";

test("an answer that ends when its turn has room is counted once", async () => {
  const waiting: HttpResponse[] = [];
  const { client, until, server } = serve((request, response) => {
    if (request.path === "/after") response.end("after");
    else waiting.push(response);
  });
  const one = client(get("/a") + get("/b"));
  await until(() => waiting.length === 2);
  const [a, b] = waiting as [HttpResponse, HttpResponse];
  b.onDrain = () => b.end("b");
  expect(b.write("x".repeat(HELD_BYTES_MAX))).toBe(false);
  a.end("a");
  await until(() => one.tail.endsWith("0\r\n\r\n"));
  one.send(get("/after"));
  await until(() => one.tail.endsWith("after") || one.isOver);
  expect(one.isOver).toBe(false);
  expect(server.stats()).toMatchObject({ activeRequests: 0, responses: 3 });
});

describe("a reader whose onAbort throws", () => {
  test("keeps neither its answer nor those of others from being told", async () => {
    const errors: unknown[] = [];
    let response: HttpResponse | undefined;
    let aborted = false;
    const { client, until, server } = serve(
      (a, b) => {
        response = b;
        a.signal.addEventListener("abort", () => {
          aborted = true;
        });
        a.read({
          onData: () => {},
          onAbort: () => {
            throw new Error("of onAbort");
          },
        });
      },
      { onError: (error) => void errors.push(error) },
    );
    const one = client(post("body").slice(0, -1));
    await until(() => response !== undefined);
    one.reset();
    await until(() => server.stats().activeConnections === 0);
    expect(errors).toMatchObject([{ message: "of onAbort" }]);
    expect(aborted).toBe(true);
    expect(response?.isAborted).toBe(true);
    expect(server.stats()).toMatchObject({ activeRequests: 0, aborted: 1 });
  });

  test("at a deadline does not keep its connection for ever", async () => {
    const errors: unknown[] = [];
    const { client, until, server } = serve(
      (request) => {
        request.read({
          onData: () => {},
          onAbort: () => {
            throw new Error("of onAbort");
          },
        });
      },
      { bodyTimeoutMs: 30, onError: (error) => void errors.push(error) },
    );
    const one = client(post("body").slice(0, -1));
    await until(() => one.isOver);
    expect(one.statuses).toEqual([408]);
    expect(errors).toMatchObject([{ message: "of onAbort" }]);
    expect(server.stats()).toMatchObject({ activeRequests: 0 });
  });
});

describe("an upgrade that comes late", () => {
  const UPGRADE = get("/", "Connection: Upgrade", "Upgrade: x");

  test("gets all that came behind its request", async () => {
    const waiting: HttpResponse[] = [];
    const { client, until, reactor, server } = serve((_, response) => void waiting.push(response));
    const behind = `${get("/never")}\x00\x01 no request`;
    const one = client(UPGRADE + behind);
    await until(() => waiting.length === 1);
    turns(reactor, 3);
    const stream = waiting[0]?.upgrade("x");
    const got: string[] = [];
    if (stream !== undefined)
      stream.handler = { onData: (_, input) => void got.push(String(input.take())) };
    await until(() => got.length > 0 || one.isOver);
    stream?.destroy();
    expect(got).toEqual([behind]);
    expect(server.stats()).toMatchObject({ requests: 1, activeRequests: 0, errors: {} });
  });

  test("after the peer's end is refused, and leaves no connection", async () => {
    const waiting: HttpResponse[] = [];
    const { client, until, reactor, server } = serve((_, response) => void waiting.push(response));
    const one = client(UPGRADE).endSending();
    await until(() => waiting.length === 1);
    turns(reactor, 3);
    expect(() => waiting[0]?.upgrade("x")).toThrow(
      expect.objectContaining({ code: "ERR_HTTP_PEER_GONE" }),
    );
    waiting[0]?.destroy();
    await until(() => one.isOver && server.listener.streams.size === 0);
  });
});

test("who asked can be named or is not known, but asking does not throw when he has gone", async () => {
  const seen: unknown[] = [];
  const { client, until, server } = serve(
    async (request) => {
      seen.push(request.remoteAddress);
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      seen.push(request.remoteAddress);
    },
    {},
    { way: "attached" },
  );
  const one = client(get());
  await until(() => seen.length === 1);
  one.reset();
  await until(() => seen.length === 2);
  expect(seen).toEqual([expect.objectContaining({ address: "127.0.0.1" }), undefined]);
  expect(server.stats().handlerErrors).toBe(0);
});

test("a head can be read after its connection was destroyed, and is nobody else's", async () => {
  const paths: string[] = [];
  const other = new ByteQueue();
  let first: HttpResponse | undefined;
  const { client, until } = serve(
    (request, response) => {
      if (first === undefined) {
        first = response;
        return;
      }
      response.destroy();
      other.append("z".repeat(4096)); // takes the memory that the input had
      paths.push(request.path);
    },
    { pipelinedMax: 1 },
  );
  const one = client(get("/first") + get("/second") + get("/third"));
  await until(() => first !== undefined);
  first?.end();
  await until(() => one.isOver);
  expect(paths).toEqual(["/second"]);
  other.clear();
});
