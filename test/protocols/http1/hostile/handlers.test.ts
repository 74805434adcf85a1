/** Handlers that misbehave, alone and together with peers that do. */
import { describe, expect, test } from "vitest";
import {
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  SWEEP_MS_MAX,
} from "../../../../src/protocols/http1/index.js";
import {
  clocked,
  eager,
  expectNothingLeft,
  flood,
  get,
  pingerOf,
  post,
  STEP_MS,
  serve,
  turns,
  WAYS,
} from "./support.js";

/** What a server did with a handler, and what its owner heard of it. */
function misbehaving(handler: HttpHandler) {
  const errors: { message: string; path: string | undefined }[] = [];
  const served = serve(
    (request, response) => (request.path === "/ping" ? response.end() : handler(request, response)),
    {
      onError: (error, request) =>
        errors.push({ message: (error as Error).message, path: request?.path }),
    },
    { way: "attached" },
  );
  return { ...served, errors };
}

const LATER = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a handler that throws", () => {
  test.each([
    ["at once", () => Promise.reject(new Error("mine"))],
    ["later", () => LATER().then(() => Promise.reject(new Error("mine")))],
    [
      "without a promise",
      () => {
        throw new Error("mine");
      },
    ],
  ] as [string, HttpHandler][])("%s: 500, and its connection's end", async (_, handler) => {
    const { client, until, server, errors } = misbehaving(handler);
    const one = client(get("/bad"));
    await until(() => one.answers === 1);
    expect(one.statuses).toEqual([500]);
    expect(one.text).not.toContain("mine");
    expect(errors).toEqual([{ message: "mine", path: "/bad" }]);
    expect(server.stats()).toMatchObject({
      handlerErrors: 1,
      errors: { 500: 1 },
      activeRequests: 0,
    });
    const next = client(get("/ping"));
    await until(() => next.answers === 1);
  });

  test("after the head: the answer is cut off, so that nobody takes it for whole", async () => {
    for (const fails of [false, true]) {
      const { client, until, server, errors } = misbehaving(async (_, response) => {
        response.write("some");
        if (fails) await LATER();
        throw new Error("mine");
      });
      const one = client(get("/bad"));
      await until(() => one.isOver);
      expect(one.text).not.toContain("0\r\n\r\n");
      expect(errors).toEqual([{ message: "mine", path: "/bad" }]);
      expect(server.stats()).toMatchObject({ handlerErrors: 1, activeConnections: 0 });
    }
  });

  test("after the end: the answer stands, and its owner hears of it", async () => {
    const { client, until, errors } = misbehaving((_, response) => {
      response.end("whole");
      throw new Error("mine");
    });
    const one = client(get("/bad") + get("/ping"));
    await until(() => one.answers === 2);
    expect(one.statuses).toEqual([200, 200]);
    expect(errors).toHaveLength(1);
  });

  test("what is no Error, or nothing, is dealt with alike", async () => {
    for (const thrown of [undefined, null, "text", 7, Object.create(null)]) {
      const { client, until } = serve(
        () => {
          throw thrown;
        },
        { onError: () => {} },
      );
      const one = client(get());
      await until(() => one.answers === 1);
      expect(one.statuses).toEqual([500]);
    }
  });

  test("and an onError that throws, too, does not end the server", async () => {
    const { client, until, reactor } = serve(
      (request) => {
        throw new Error(request.path);
      },
      {
        onError: () => {
          throw new Error("of onError");
        },
      },
    );
    const one = client(get());
    await expect(until(() => one.answers === 1)).rejects.toThrow("of onError");
    await until(() => one.answers === 1);
    expect(one.statuses).toEqual([500]);
    expect(reactor.isClosed).toBe(false);
  });
});

describe("a handler that writes too much, or too late", () => {
  test("after the end: it gets an error, the peer what was sent before", async () => {
    const codes: unknown[] = [];
    const codeOf = (act: () => unknown): void => {
      try {
        act();
      } catch (error) {
        codes.push((error as { code: unknown }).code);
      }
    };
    const { client, until } = misbehaving((_, response) => {
      response.end("whole");
      codeOf(() => response.write("more"));
      codeOf(() => response.end("more"));
      codeOf(() => response.sendFile(0, 0, 1));
      codeOf(() => response.setHeader("X", "y"));
    });
    const one = client(get("/bad") + get("/ping"));
    await until(() => one.answers === 2);
    expect(one.text).not.toContain("more");
    expect(codes).toEqual(Array.from({ length: 4 }, () => "ERR_HTTP_RESPONSE_ENDED"));
  });

  test("more or less than it promised: neither goes out as if it were whole", async () => {
    const { client, until, errors } = misbehaving((request, response) => {
      response.setHeader("Content-Length", 5);
      response.write("123");
      response.end(request.path === "/more" ? "456" : undefined);
    });
    for (const path of ["/more", "/less"]) {
      const one = client(get(path) + get("/ping"));
      await until(() => one.isOver);
      expect(one.answers).toBeLessThanOrEqual(1);
      expect(one.text).not.toContain("456");
    }
    expect(errors).toHaveLength(2);
  });

  test("after its peer has gone: everything it does is in vain, and nothing throws", async () => {
    let gone: HttpResponse | undefined;
    const { client, until, server } = misbehaving((_, response) => {
      gone = response;
    });
    const one = client(get("/bad"));
    await until(() => gone !== undefined);
    one.reset();
    await until(() => server.stats().activeConnections === 0);
    expect(gone?.write("x")).toBe(false);
    gone?.end("x");
    gone?.sendFile(0, 0, 1);
    gone?.destroy();
    expect(server.stats()).toMatchObject({ aborted: 1, handlerErrors: 0, responses: 0 });
  });
});

describe("a handler that never answers", () => {
  /** Keeps what it is asked, and answers pings. */
  function silent() {
    const requests: HttpRequest[] = [];
    const served = clocked((request, response) => {
      if (request.path === "/ping") response.end();
      else requests.push(request);
    });
    return { ...served, requests };
  }

  test("is told when its peer ends its side; when it resets, all is freed", () => {
    const served = silent();
    const [one, other] = [served.client(get("/a")), served.client(get("/b"))];
    turns(served.reactor, 5);
    expect(served.server.stats().activeRequests).toBe(2);
    one?.endSending();
    turns(served.reactor, 5);
    expect(served.requests.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    other?.reset();
    turns(served.reactor, 5);
    expect(served.requests.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(served.server.stats()).toMatchObject({ aborted: 1, activeConnections: 1 });
    one?.reset();
    served.pass(2 * SWEEP_MS_MAX);
    expectNothingLeft(served);
  });

  test("hears of a reset though its peer had sent more than is read", () => {
    const served = silent();
    const one = served.client(get("/a"));
    turns(served.reactor, 5);
    for (let i = 0; i < 20; i += 1) {
      flood(one.socket, get("/more"), 1 << 20);
      turns(served.reactor, 2);
    }
    one.reset();
    served.pass(2 * SWEEP_MS_MAX);
    expect(served.requests[0]?.signal.aborted).toBe(true);
    expectNothingLeft(served);
  });

  test("a thousand of them keep nobody else from being served", () => {
    const served = silent();
    const pinger = pingerOf(served);
    for (let i = 0; i < 1000; i += 1) {
      served.client(get("/slow"));
      if (i % 20 === 19) pinger.ping();
    }
    turns(served.reactor, 20);
    expect(served.server.stats()).toMatchObject({ activeRequests: 1000, activeConnections: 1001 });
    served.pass(10 * STEP_MS, () => pinger.ping(4));
    served.server.close();
    expectNothingLeft(served);
    expect(served.requests.every(({ signal }) => signal.aborted)).toBe(true);
  });
});

describe.each(WAYS)("a reader of a body that throws, in a run that is %s", (way) => {
  test("gets 500 for its request, and no more of the body", async () => {
    let calls = 0;
    const { client, until, server } = serve(
      (request) =>
        request.read({
          onData() {
            calls += 1;
            throw new Error("of onData");
          },
        }),
      { onError: () => {} },
      { way },
    );
    const one = eager(client(post("x".repeat(1000)).slice(0, -500)));
    await until(() => one.answers === 1);
    one.send("x".repeat(500));
    await until(() => one.isOver || server.stats().activeRequests === 0);
    expect(one.statuses).toEqual([500]);
    expect({ calls, ...server.stats() }).toMatchObject({ calls: 1, handlerErrors: 1 });
  });
});
