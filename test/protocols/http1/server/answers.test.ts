/** What is sent: lines 20, 21, 23 and 26 of the conformance checklist. */
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { HttpHandler, HttpResponse } from "../../../../src/protocols/http1/index.js";
import { errorOf, track } from "../../../streams/support.js";
import { answerOf, get, hello, post, serve } from "./support.js";

describe("HEAD, 204 and 304 (line 20)", () => {
  test("HEAD gets the fields of GET, and no body", async () => {
    const head = get("/", "Connection: close").replace("GET", "HEAD");
    const expected = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
    expect(await answerOf(hello, head)).toBe(expected);
    expect(await answerOf(hello)).toBe(`${expected}hello`);
  });

  test("HEAD gets Transfer-Encoding where GET does, and no chunk", async () => {
    const handler: HttpHandler = (_, response) => {
      response.write("a");
      response.end("b");
    };
    const head = get("/", "Connection: close").replace("GET", "HEAD");
    expect(await answerOf(handler, head)).toBe(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
    );
  });

  test("HEAD that is ended without a body says nothing of a length", async () => {
    const head = get("/", "Connection: close").replace("GET", "HEAD");
    const answer = await answerOf((_, response) => response.end(), head);
    expect(answer).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  });

  test.each([204, 304])("%i has neither a body nor a framing", async (status) => {
    const answer = await answerOf((_, response) => {
      response.status = status;
      response.end(status === 204 ? "dropped" : undefined);
    });
    expect(answer).toMatch(/^HTTP\/1.1 \d{3} [\w ]+\r\nConnection: close\r\n\r\n$/);
  });

  test("304 may say the length of what it stands for", async () => {
    const answer = await answerOf((_, response) => {
      response.status = 304;
      response.setHeader("Content-Length", 10).end();
    });
    expect(answer).toContain("Content-Length: 10\r\n");
  });
});

describe("Date (line 21)", () => {
  test.each([200, 301, 404])("is in an answer of %i, as IMF-fixdate", async (status) => {
    const { exchange } = serve((_, response) => {
      response.status = status;
      response.end("x");
    });
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { text } = await exchange(get("/", "Connection: close"));
    const date = /\r\nDate: (\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT)\r\n/.exec(text)?.[1];
    expect(Date.parse(date as string)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(date as string)).toBeLessThanOrEqual(Date.now());
  });

  test("is renewed when its second is over", async () => {
    const { client, until } = serve();
    const one = client(get());
    await until(() => one.answers === 1);
    const first = /Date: .*/.exec(one.text)?.[0];
    const startedMs = Date.now();
    for (;;) {
      one.text = "";
      one.send(get());
      await until(() => one.lastBody === "hello");
      if (/Date: .*/.exec(one.text)?.[0] !== first) break;
      if (Date.now() - startedMs > 5000) throw new Error("The date stands still");
    }
  });

  test("is the handler's if it sets one", async () => {
    const { exchange } = serve((_, response) => {
      response.setHeader("Date", "Sun, 06 Nov 1994 08:49:37 GMT").end("x");
    });
    const { text } = await exchange(get("/", "Connection: close"));
    expect(text.match(/Date: .*/g)).toEqual(["Date: Sun, 06 Nov 1994 08:49:37 GMT"]);
  });
});

describe("bodies", () => {
  test("of unknown length go in chunks, with trailers", async () => {
    const answer = await answerOf((_, response) => {
      response.setTrailer("X-Sum", "7");
      response.write("abc");
      response.write(Buffer.from("defg"));
      response.end();
    });
    expect(answer).toBe(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: close\r\n\r\n" +
        "3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n",
    );
  });

  test("go as they are where their length was promised", async () => {
    const answer = await answerOf((_, response) => {
      response.setHeader("Content-Length", "6");
      response.write("abc");
      response.end("déf".slice(0, 2));
    });
    expect(answer).toContain("Content-Length: 6\r\n");
    expect(answer.endsWith("\r\n\r\nabcd\u00c3\u00a9")).toBe(true);
  });

  test("longer than promised throw, and nothing of the surplus is sent", async () => {
    const answer = await answerOf((_, response) => {
      response.setHeader("Content-Length", "3");
      expect(errorOf(() => response.end("abcd"))).toMatchObject({
        name: "RangeError",
        code: "ERR_HTTP_CONTENT_LENGTH",
      });
      response.write("ab");
      expect(errorOf(() => response.write("cd"))).toBeInstanceOf(RangeError);
      response.end("c");
    });
    expect(answer.endsWith("\r\n\r\nabc")).toBe(true);
  });

  test("shorter than promised throw, and end the connection without an answer's end", async () => {
    const errors: unknown[] = [];
    const { exchange, server } = serve(
      (_, response) => {
        response.setHeader("Content-Length", "3");
        response.write("ab");
        response.end();
      },
      { onError: (error) => void errors.push(error) },
    );
    const one = await exchange(get());
    expect(one.text.endsWith("\r\n\r\nab") || one.text === "").toBe(true);
    expect(errors).toMatchObject([{ code: "ERR_HTTP_CONTENT_LENGTH" }]);
    expect(server.stats()).toMatchObject({ aborted: 1, activeRequests: 0, handlerErrors: 1 });
  });

  test("of files are sent from the file", async () => {
    const path = join(tmpdir(), `socket-reactor-${process.pid}`);
    writeFileSync(path, "0123456789");
    const fd = openSync(path, "r");
    const sent: boolean[] = [];
    const handler: HttpHandler = (_, response) => {
      response.sendFile(fd, 2, 5, { onSent: (isComplete) => sent.push(isComplete) });
    };
    const close = get("/", "Connection: close");
    expect((await answerOf(handler, get() + close)).match(/23456/g)).toHaveLength(2);
    expect(await answerOf(handler, close.replace("GET", "HEAD"))).toMatch(/h: 5\r\n.*\r\n\r\n$/);
    expect(sent).toEqual([true, true, true]);
    closeSync(fd);
    rmSync(path);
  });
});

describe("connections (line 23)", () => {
  test.each(["close", "Close", "x, close"])("Connection: %s ends it", async (option) => {
    const answer = await answerOf(hello, get("/", `Connection: ${option}`));
    expect(answer).toContain("\r\nConnection: close\r\n");
  });

  test("HTTP/1.0 closes, and its unknown length is the connection's end", async () => {
    const answer = await answerOf((_, response) => {
      response.write("a");
      response.end("b");
    }, "GET / HTTP/1.0\r\n\r\n");
    expect(answer).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nab");
  });

  test("HTTP/1.0 may stay, if it asks and the length is known", async () => {
    const { client, until } = serve();
    const one = client("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    await until(() => one.answers === 1);
    expect(one.text).toContain("Connection: keep-alive\r\n");
    one.send("GET / HTTP/1.0\r\n\r\n");
    await until(() => one.isEnded);
    expect(one.answers).toBe(2);
  });

  test("HTTP/1.0 gets neither interim answers nor trailers", async () => {
    const answer = await answerOf((_, response) => {
      response.writeEarlyHints(["</a.css>; rel=preload"]);
      response.setTrailer("X-Sum", "1");
      response.end("a");
    }, "GET / HTTP/1.0\r\n\r\n");
    expect(answer).toBe("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na");
  });

  test("a handler may ask for its end", async () => {
    const answer = await answerOf((_, r) => void r.setHeader("Connection", "close").end(), get());
    expect(answer).toContain("Connection: close");
  });
});

describe("Upgrade (line 26)", () => {
  const asks = get("/", "Connection: Upgrade", "Upgrade: echo");

  test("is ignored by a handler that does not know it", async () => {
    const { client, until } = serve();
    const one = client(asks + get("/", "Connection: close"));
    await until(() => one.isEnded);
    expect(one.statuses).toEqual([200, 200]);
  });

  test("is not there without Connection: upgrade", async () => {
    const answer = await answerOf(
      (request, response) => {
        expect(request.upgrade).toBeUndefined();
        expect(errorOf(() => response.upgrade("echo"))).toMatchObject({
          code: "ERR_HTTP_NO_UPGRADE",
        });
        response.end();
      },
      get("/", "Upgrade: echo", "Connection: close"),
    );
    expect(answer).toContain("200 OK");
  });

  test("hands the stream over, with what has come behind the request", async () => {
    const { client, until, server } = serve((request, response) => {
      const stream = track(response.upgrade(request.upgrade as string, [["X-More", "1"]]));
      stream.handler = { onData: (self, input) => void self.write(input) };
    });
    const one = client(`${asks}early`);
    await until(() => one.text.endsWith("early"));
    one.send(" late");
    await until(() => one.text.endsWith(" late"));
    expect(one.text).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-More: 1\r\n\r\nearly late",
    );
    expect(server.stats()).toMatchObject({ upgrades: 1, activeConnections: 0, activeRequests: 0 });
    one.endSending();
    await until(() => one.isEnded);
  });

  test("waits for the answers before it", async () => {
    let first: HttpResponse | undefined;
    const { client, until } = serve((request, response) => {
      if (request.upgrade === undefined) first = response;
      else track(response.upgrade("echo")).end("raw");
    });
    const one = client(get() + asks);
    await until(() => first !== undefined);
    first?.end("slow");
    await until(() => one.isEnded);
    expect(one.statuses).toEqual([200, 101]);
    expect(one.text.endsWith("raw")).toBe(true);
  });
});

test("interim answers come before the final one", async () => {
  const answer = await answerOf((_, response) => {
    response.writeEarlyHints(["</a.css>; rel=preload"]);
    response.end("x");
  });
  expect(answer).toMatch(/^HTTP\/1.1 103 Early Hints\r\nLink: .*\r\n\r\nHTTP\/1.1 200 OK\r\n/);
});

test("bodies that a handler answers to are read whole before the next request", async () => {
  const { client, until } = serve(hello);
  const one = client(post("GET /evil HTTP/1.1\r\nHost: a\r\n\r\n") + get("/", "Connection: close"));
  await until(() => one.isEnded);
  expect(one.answers).toBe(2);
});
