/** How requests end before their time: handlers that fail, peers that go (line 17). */
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
    targetBytesMax: Number.NaN,
    headBytesMax: 0,
    fieldsMax: "100",
    methods: ["GET", "A B"],
    onError: 1,
  })) {
    expect(String(errorOf(make({ [name]: value }))), name).toContain(name);
  }
  expect(errorOf(make({ serverName: "Süß" }))).toMatchObject({ code: "ERR_OUT_OF_RANGE" });
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
