/** Reading requests: their heads, their bodies, however they are split (line 19). */
import { describe, expect, test } from "vitest";
import type { HttpRequest } from "../../../../src/protocols/http1/index.js";
import { errorOf, turns } from "../../../streams/support.js";
import { get, post, serve } from "./support.js";

test("a request is not read after its answer, unless it was kept", async () => {
  const kept: HttpRequest[] = [];
  const { client, until } = serve((request, response) => {
    if (request.path === "/keep") request.keep();
    kept.push(request);
    response.end("x");
  });
  const one = client(get("/over") + get("/keep") + get("/next"));
  await until(() => one.answers === 3);
  expect(errorOf(() => kept[0]?.path)).toMatchObject({ code: "ERR_HTTP_REQUEST_OVER" });
  expect(kept[1]?.path).toBe("/keep");
});

test("a handler that answers later reads its own request, whatever has come since", async () => {
  const seen: string[] = [];
  const { client, until } = serve(
    async (request, response) => {
      await new Promise(setImmediate);
      seen.push(`${request.path} ${request.get("x-mark")}`);
      response.end(request.path);
    },
    {},
    { way: "attached" },
  );
  const one = client(get("/a", "X-Mark: 1") + get("/b", "X-Mark: 2") + get("/c", "X-Mark: 3"));
  await until(() => one.answers === 3);
  expect(seen).toEqual(["/a 1", "/b 2", "/c 3"]);
});

test("every split of a conversation gives the same answers (line 19)", async () => {
  const { client, until, reactor } = serve((request, response) => {
    let text = `${request.method} ${request.path} ${request.get("x-a") ?? ""}:`;
    request.read({
      onData(_, input) {
        text += input.take();
      },
      onEnd: (self) => response.end(`${text}${self.trailers?.get("x-t") ?? ""}`),
    });
  });
  const text =
    get("/a?b", "X-A: 1") +
    post("body") +
    "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: t\r\n\r\n" +
    get("/z", "Connection: close");
  const whole = client(text);
  await until(() => whole.isEnded);
  const wanted = whole.plain;
  expect(wanted.match(/(GET|POST) .*:.*(?=HTTP|$)/g)).toHaveLength(4);
  for (let at = 1; at < text.length; at += 1) {
    const one = client(text.slice(0, at));
    turns(reactor, 2);
    one.send(text.slice(at));
    await until(() => one.isEnded);
    expect(one.plain).toBe(wanted);
    one.close();
  }
  const bytewise = client();
  for (const byte of text) {
    bytewise.send(byte);
    turns(reactor, 1);
  }
  await until(() => bytewise.isEnded);
  expect(bytewise.plain).toBe(wanted);
});

test("endless empty lines end the connection, each in a segment of its own or not", async () => {
  const { client, until, reactor } = serve();
  const one = client(`\r\n\r\n${get()}`);
  await until(() => one.answers === 1);
  const together = client(`\r\n\r\n\r\n${get()}`);
  const apart = client();
  for (let i = 0; i < 6; i += 1) {
    apart.send(i % 2 === 0 ? "\r" : "\n");
    turns(reactor, 2);
  }
  await until(() => together.isEnded && apart.isEnded);
  expect([one.statuses, together.statuses, apart.statuses]).toEqual([[200], [400], [400]]);
});

describe("reading a body through callbacks", () => {
  test("pauses and resumes; what is left is offered again, and the end comes last", async () => {
    const log: string[] = [];
    let request: HttpRequest | undefined;
    const { client, until, reactor } = serve((a, response) => {
      request = a;
      a.read({
        onData(self, input) {
          log.push(`data ${input}`);
          input.take(2);
          self.pause();
        },
        onEnd() {
          log.push("end");
          response.end();
        },
      });
    });
    for (const framing of [
      "Content-Length: 5\r\n\r\nabcde",
      "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    ]) {
      log.length = 0;
      const one = client(
        `POST / HTTP/1.1\r\nHost: a\r\n${framing}${get("/next", "Connection: close")}`,
      );
      await until(() => log.length === 1);
      turns(reactor, 3);
      expect(log).toEqual(["data abcde"]);
      request?.resume();
      await until(() => log.length === 2);
      request?.resume();
      await until(() => log.length >= 4);
      expect(log.slice(0, 4)).toEqual(["data abcde", "data cde", "data e", "end"]);
      await until(() => one.answers === 1);
      await until(() => request?.path === "/next");
      one.reset();
    }
  });

  test("cannot be done twice", async () => {
    const { client, until } = serve((request, response) => {
      request.read({ onData: (_, input) => void input.clear(), onEnd: () => response.end() });
      expect(errorOf(() => request.read({ onData() {} }))).toMatchObject({
        code: "ERR_HTTP_BODY_USED",
      });
    });
    const one = client(post("x"));
    await until(() => one.answers === 1);
    expect(one.statuses).toEqual([200]);
  });
});

test("an iterator that is left while a next() waits ends that one, too", async () => {
  const results: unknown[] = [];
  const { client, until } = serve(
    async (request, response) => {
      const iterator = request.body[Symbol.asyncIterator]();
      const waiting = iterator.next();
      results.push(await iterator.return?.(), await waiting);
      response.end("x");
    },
    {},
    { way: "attached" },
  );
  const one = client(post("abc").slice(0, -3));
  await until(() => one.answers === 1);
  expect(results).toEqual(Array(2).fill({ done: true, value: undefined }));
});
