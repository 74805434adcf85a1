/** Several requests of one connection: order, bounds, what may run beside what. Line 22. */
import { describe, expect, test } from "vitest";
import type { HttpResponse } from "../../../../src/protocols/http1/index.js";
import { turns } from "../../../streams/support.js";
import { faultKernel } from "../../../support/fault-kernel.js";
import { get, hello, post, serve, WAYS } from "./support.js";

/** Answers by hand: the responses by their paths. */
function byHand() {
  const waiting = new Map<string, HttpResponse>();
  const begun: string[] = [];
  return {
    waiting,
    begun,
    handler: (request: { path: string; method: string }, response: HttpResponse): void => {
      begun.push(`${request.method} ${request.path}`);
      waiting.set(request.path, response);
    },
  };
}

describe.each(WAYS)("in a reactor that is %s", (way) => {
  test("answers come in order although handlers finish out of order (line 22)", async () => {
    const { waiting, handler } = byHand();
    const { client, until, reactor } = serve(handler, {}, { way });
    const one = client(get("/a") + get("/b") + get("/c") + get("/d", "Connection: close"));
    await until(() => waiting.size === 4);
    waiting.get("/d")?.end("d");
    waiting.get("/b")?.write("b");
    waiting.get("/c")?.end(Buffer.from("c"));
    turns(reactor, 3);
    expect(one.text).toBe("");
    waiting.get("/a")?.end("a");
    waiting.get("/b")?.end("B");
    await until(() => one.isEnded);
    expect(one.plain).toBe(
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na" +
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n1\r\nB\r\n0\r\n\r\n" +
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc" +
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nd",
    );
  });

  test("an error in request k: k-1 answers, the error, and the end (line 22)", async () => {
    const { waiting, handler } = byHand();
    const { client, until, server } = serve(handler, {}, { way });
    const one = client(`${get("/a")}${get("/b")}GET / HTTP/1.1\r\n\r\n${get("/never")}`);
    await until(() => waiting.size === 2);
    waiting.get("/b")?.end("b");
    waiting.get("/a")?.end("a");
    await until(() => one.isEnded);
    expect(one.statuses).toEqual([200, 200, 400]);
    expect(one.text.match(/Connection: close/g)).toHaveLength(1);
    expect(waiting.has("/never")).toBe(false);
    expect(server.stats().errors).toEqual({ 400: 1 });
  });
});

test("no more requests are begun than pipelinedMax, and each answer lets one in", async () => {
  const { waiting, begun, handler } = byHand();
  const { client, until, reactor, server } = serve(handler, { pipelinedMax: 3 });
  const one = client(Array.from({ length: 10 }, (_, i) => get(`/${i}`)).join(""));
  await until(() => begun.length === 3);
  turns(reactor, 5);
  expect(begun).toHaveLength(3);
  expect(server.stats().limits.pipelined).toBeGreaterThan(0);
  for (let i = 0; i < 10; i += 1) {
    waiting.get(`/${i}`)?.end(`${i}`);
    await until(() => one.answers === i + 1);
    expect(begun.length).toBe(Math.min(10, i + 4));
  }
});

test("what changes something runs alone, safe requests beside each other (RFC 9112 §9.3.2)", async () => {
  const { waiting, begun, handler } = byHand();
  const { client, until, reactor } = serve(handler);
  const remove = (path: string) => get(path).replace("GET", "DELETE");
  client(get("/1") + get("/2") + remove("/3") + remove("/4") + get("/5") + get("/6"));
  const after: Record<string, string[]> = {
    "": ["GET /1", "GET /2"],
    "/1": [],
    "/2": ["DELETE /3"],
    "/3": ["DELETE /4"],
    "/4": ["GET /5", "GET /6"],
  };
  let seen = 0;
  for (const [answered, next] of Object.entries(after)) {
    waiting.get(answered)?.end();
    await until(() => begun.length >= seen + next.length);
    turns(reactor, 3);
    expect(begun.slice(seen)).toEqual(next);
    seen = begun.length;
  }
});

test("a request with a body waits for the answers before it", async () => {
  const { waiting, begun, handler } = byHand();
  const { client, until, reactor } = serve(handler);
  const one = client(get("/get") + post("body") + get("/last"));
  await until(() => begun.length === 1);
  turns(reactor, 3);
  expect(begun).toEqual(["GET /get"]);
  waiting.get("/get")?.end();
  await until(() => begun.length === 2);
  waiting.get("/")?.end();
  await until(() => begun.length === 3);
  waiting.get("/last")?.end();
  await until(() => one.answers === 3);
});

test("answers to requests of one segment go out in one system call", async () => {
  const counter = faultKernel();
  const { client, until, reactor } = serve(
    (request, response) => {
      if (request.path === "/bytes") response.end(Buffer.from("bytes"));
      else if (request.path === "/chunks") {
        response.write("a");
        response.end("b");
      } else response.end(request.path);
    },
    {},
    { kernel: counter.kernel },
  );
  const one = client(get());
  await until(() => one.answers === 1);
  one.send(Array.from({ length: 14 }, (_, i) => get(`/${i}`)).join("") + get("/bytes"));
  counter.clear();
  await until(() => one.answers === 16);
  turns(reactor, 1);
  expect(counter.count("send_each") + counter.count("send") + counter.count("sendmsg")).toBe(1);
  expect(counter.count("recv_each") + counter.count("recv")).toBeLessThanOrEqual(2);
  one.send(get("/chunks") + get("/2"));
  counter.clear();
  await until(() => one.answers === 18);
  expect(counter.count("send_each") + counter.count("send") + counter.count("sendmsg")).toBe(1);
});

test("a request costs one receive and one send", async () => {
  const counter = faultKernel();
  const { client, until } = serve(hello, {}, { kernel: counter.kernel });
  const one = client(get());
  await until(() => one.answers === 1);
  counter.clear();
  for (let i = 2; i <= 11; i += 1) {
    one.send(get());
    await until(() => one.answers === i);
  }
  expect(counter.count("recv_each")).toBe(10);
  expect(counter.count("send_each")).toBe(10);
  expect(counter.count("epoll_ctl")).toBe(0);
});

test("held answers stop further requests at their limit, and writes say so", async () => {
  const { waiting, begun, handler } = byHand();
  const { client, until, reactor } = serve(handler, { pipelinedMax: 1000 });
  const one = client(get("/0") + get("/1") + get("/2"));
  await until(() => begun.length === 3);
  const held = waiting.get("/1") as HttpResponse;
  let drains = 0;
  held.onDrain = () => {
    drains += 1;
  };
  expect(held.write("x")).toBe(true);
  expect(held.write(Buffer.alloc(256 * 1024))).toBe(false);
  one.send(get("/3"));
  turns(reactor, 5);
  expect(begun).toHaveLength(3);
  waiting.get("/0")?.end();
  await until(() => begun.length === 4 && drains === 1);
  held.end();
  waiting.get("/2")?.end();
  waiting.get("/3")?.end();
  await until(() => one.answers === 4);
});
