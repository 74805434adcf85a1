/** How requests, connections and servers end: lines 17 and 28, errors, signals, splits (line 19). */
import { describe, expect, test } from "vitest";
import {
  type HttpHandler,
  type HttpRequest,
  HttpRequestError,
  type HttpResponse,
  HttpServer,
} from "../../../../src/protocols/http1/index.js";
import { Socket } from "../../../../src/sockets/index.js";
import { errorOf, reactorOf, turns } from "../../../streams/support.js";
import { get, hello, post, serve, WAYS } from "./support.js";

describe("a handler that fails", () => {
  function failing(handler: HttpHandler) {
    const errors: unknown[] = [];
    const served = serve(
      handler,
      { onError: (error, request) => void errors.push(error, request?.path) },
      { way: "attached" },
    );
    return { errors, ...served };
  }

  test.each<[string, HttpHandler]>([
    [
      "throws",
      () => {
        throw new Error("x");
      },
    ],
    ["rejects", () => Promise.reject(new Error("x"))],
    [
      "rejects later",
      async () => {
        await new Promise(setImmediate);
        throw new Error("x");
      },
    ],
  ])("and %s is answered with 500, and the connection goes on", async (_, handler) => {
    const { client, until, errors, server } = failing(handler);
    const one = client(get("/p") + get("/q"));
    await until(() => one.answers === 2);
    expect(one.statuses).toEqual([500, 500]);
    expect(one.text).not.toContain("x\r\n");
    expect(errors).toMatchObject([{ message: "x" }, "/p", { message: "x" }, "/q"]);
    expect(server.stats()).toMatchObject({ handlerErrors: 2, errors: { 500: 2 } });
  });

  test("after the head was sent has its connection destroyed", async () => {
    const { client, until, errors } = failing((_, response) => {
      response.write("a");
      throw new Error("x");
    });
    const one = client(get());
    await until(() => one.isOver);
    expect(one.text).not.toContain("0\r\n\r\n");
    expect(errors).toMatchObject([{ message: "x" }, "/"]);
  });

  test("with an error that has a status answers that; 4xx is told to nobody", async () => {
    const { client, until, errors } = failing(async (request, response) => {
      if (request.method === "GET") throw new HttpRequestError("ERR_X", 404, "x");
      response.end(String(await request.json()));
    });
    const one = client(get() + post("{no json"));
    await until(() => one.answers === 2);
    expect(one.statuses).toEqual([404, 400]);
    expect(errors).toEqual([]);
  });

  test("without onError is heard by the reactor", async () => {
    const errors: unknown[] = [];
    const reactor = reactorOf({ onError: (error) => void errors.push(error) });
    using server = HttpServer.listen(reactor, { port: 0 }, () => {
      throw new Error("x");
    });
    const { address, port } = server.address as { address: string; port: number };
    using socket = Socket.tcp();
    socket.connect({ address, port });
    turns(reactor, 2);
    socket.send(Buffer.from(get()));
    for (let i = 0; errors.length === 0 && i < 100; i += 1) reactor.turn(20);
    expect(errors).toMatchObject([{ message: "x" }]);
  });

  test("in a reader's callback is dealt with likewise", async () => {
    const { client, until, errors } = failing((request) => {
      request.read({
        onData() {
          throw new Error("x");
        },
      });
    });
    const one = client(post("body") + get());
    await until(() => one.answers === 1);
    expect(one.statuses[0]).toBe(500);
    expect(errors[0]).toMatchObject({ message: "x" });
  });
});

describe.each(WAYS)("a peer that goes, in a reactor that is %s", (way) => {
  test("by a reset aborts the signal and what is read and written", async () => {
    let request: HttpRequest | undefined;
    let response: HttpResponse | undefined;
    const log: string[] = [];
    const { client, until, server, reactor } = serve(
      (a, b) => {
        [request, response] = [a, b];
        a.read({
          onData: (_, input) => void input.clear(),
          onEnd: () => void log.push("end"),
          onAbort: (_, error) => void log.push(`abort ${(error as { code?: string }).code}`),
        });
        b.onDrain = () => void log.push("drain");
      },
      {},
      { way },
    );
    const one = client(post("body").slice(0, -1));
    await until(() => request !== undefined);
    const aborted: unknown[] = [];
    request?.signal.addEventListener("abort", () => aborted.push(request?.signal.reason));
    one.reset();
    await until(() => server.stats().activeConnections === 0);
    expect(log).toEqual(["abort ERR_HTTP_PEER_GONE"]);
    expect(aborted).toMatchObject([{ code: "ERR_HTTP_PEER_GONE" }]);
    expect(response?.setHeader("A", "b").write("x")).toBe(false);
    response?.writeContinue();
    response?.end("x");
    response?.end("y");
    expect(response?.isAborted).toBe(true);
    turns(reactor, 3);
    expect(log).toHaveLength(1);
    expect(server.stats()).toMatchObject({ aborted: 1, responses: 0, activeRequests: 0 });
  });

  test("by FIN behind its request aborts the signal, and is answered all the same", async () => {
    let response: HttpResponse | undefined;
    let request: HttpRequest | undefined;
    const { client, until } = serve(
      (a, b) => {
        [request, response] = [a, b];
      },
      {},
      { way },
    );
    const one = client(get());
    await until(() => request !== undefined);
    expect(request?.signal.aborted).toBe(false);
    one.endSending();
    await until(() => request?.signal.aborted === true);
    response?.end("still here");
    await until(() => one.isEnded);
    expect(one.text).toContain("Connection: close\r\n");
    expect(one.lastBody).toBe("still here");
  });

  test("by FIN right behind several requests gets all answers", async () => {
    const { client, until } = serve((request, response) => response.end(request.path), {}, { way });
    const one = client(get("/a") + get("/b") + get("/c")).endSending();
    await until(() => one.isEnded);
    expect(one.answers).toBe(3);
    expect(one.lastBody).toBe("/c");
  });

  test("by FIN within a head is not answered; within a body it is never complete (line 17)", async () => {
    const log: string[] = [];
    const { client, until } = serve(
      (request) =>
        request.read({
          onData: (_, input) => void input.clear(),
          onEnd: () => void log.push("end"),
          onAbort: () => void log.push("abort"),
        }),
      {},
      { way },
    );
    const one = client("GET / HT").endSending();
    await until(() => one.isOver);
    const other = client(post("body").slice(0, -1)).endSending();
    await until(() => other.isOver);
    expect([one.text, other.text, log]).toEqual(["", "", ["abort"]]);
  });
});

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

test("options are checked, and named", () => {
  const reactor = reactorOf();
  const make = (options: object) => () => HttpServer.listen(reactor, { port: 0 }, hello, options);
  for (const [name, value] of Object.entries({
    connectionsMax: 0,
    pipelinedMax: 1.5,
    headTimeoutMs: 0,
    bodyTimeoutMs: -1,
    idleTimeoutMs: Number.NaN,
    lingerMs: "1",
    bodyBytesMax: -1,
    overload: "panic",
    serverName: "a\r\nb",
    onError: 1,
  })) {
    expect(String(errorOf(make({ [name]: value })))).toContain(name);
  }
});

test("counts what it does", async () => {
  const { client, until, server } = serve(hello, { serverName: "tester" });
  const one = client(get() + get() + get("/", "Connection: close"));
  await until(() => one.isEnded);
  one.close();
  await until(() => server.stats().activeConnections === 0);
  expect(one.text.match(/Server: tester\r\n/g)).toHaveLength(3);
  expect(server.stats()).toMatchObject({
    connections: 1,
    requests: 3,
    responses: 3,
    bytesRead: (get() + get() + get("/", "Connection: close")).length,
    bytesWritten: one.text.length,
  });
});
