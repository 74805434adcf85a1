/** One request, one response: what goes over the wire and what comes out of it. */
import { describe, expect, test } from "vitest";
import type { HttpInformation } from "../../../../src/protocols/http1/index.js";
import { answering, clientOf, rawServer, rejection, runningReactor, until } from "./support.js";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

describe("a request", () => {
  test("is a line, a Host, the fields as given and nothing else", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, OK);
    const client = clientOf(reactor, server);
    await client.request({ path: "/a?b=c", headers: { Accept: "*/*", "X-Odd": "\x80\xff" } });
    expect(server.peers[0]?.text).toBe(
      `GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAccept: */*\r\nX-Odd: \x80\xff\r\n\r\n`,
    );
  });

  test("takes its fields from a record, pairs, a Map and Headers", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, OK, OK, OK, OK);
    const client = clientOf(reactor, server);
    const pairs: [string, string][] = [
      ["a", "1"],
      ["b", "2"],
    ];
    for (const headers of [{ a: "1", b: "2" }, pairs, new Map(pairs), new Headers(pairs)]) {
      await client.request({ headers });
    }
    expect(server.peers.map(({ text }) => text.match(/a: 1\r\nb: 2\r\n/g)?.length)).toEqual([4]);
  });

  test("keeps the caller's Host, once", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, OK);
    await clientOf(reactor, server).request({ headers: { host: "example.org" } });
    expect(server.peers[0]?.text).toBe("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
  });

  test("with TE: trailers names it in Connection", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, OK);
    await clientOf(reactor, server).request({ headers: { TE: "trailers", Connection: "close" } });
    expect(server.peers[0]?.text).toContain("\r\nConnection: close, TE\r\nTE: trailers\r\n\r\n");
  });

  test("may be OPTIONS *", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, OK);
    await clientOf(reactor, server).request({ method: "OPTIONS", path: "*" });
    expect(server.peers[0]?.text).toMatch(/^OPTIONS \* HTTP\/1\.1\r\n/);
  });
});

describe("a response", () => {
  test("has its status, its fields and its body", async () => {
    const reactor = runningReactor();
    const server = answering(
      reactor,
      "HTTP/1.1 404 Not Here\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nno",
    );
    const response = await clientOf(reactor, server).request();
    expect([response.status, response.statusText, response.isOk]).toEqual([404, "Not Here", false]);
    expect(response.headers.getAll("X-a")).toEqual(["1", "2"]);
    expect(await response.text()).toBe("no");
    expect([...response.headers]).toContainEqual(["X-A", "1"]);
    expect(response.trailers).toBeUndefined();
  });

  test("keeps its fields after other responses came over its connection", async () => {
    const reactor = runningReactor();
    const answer = (n: number) => `HTTP/1.1 200 OK\r\nN: ${n}\r\nContent-Length: 1\r\n\r\n${n}`;
    const server = answering(reactor, answer(1), answer(2), answer(3));
    const client = clientOf(reactor, server);
    const responses = [];
    for (let i = 0; i < 3; i += 1) {
      const response = await client.request();
      responses.push(response);
      await response.bytes();
    }
    expect(server.peers).toHaveLength(1);
    expect(responses.map(({ headers }) => headers.get("n"))).toEqual(["1", "2", "3"]);
  });

  test("in chunks ends with its trailers", async () => {
    const reactor = runningReactor();
    const chunks = "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nSum: 11\r\n\r\n";
    const server = answering(
      reactor,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    );
    const response = await clientOf(reactor, server).request();
    expect(await response.text()).toBe("hello world");
    expect(response.trailers?.get("sum")).toBe("11");
  });

  test("without a length ends with the connection", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      peer.say("HTTP/1.1 200 OK\r\n\r\nup to ");
      peer.say("the end");
      peer.stream.end();
    });
    const client = clientOf(reactor, server);
    expect(await (await client.request()).text()).toBe("up to the end");
    await until(() => server.peers[0]?.isClosed === true);
    expect(client.stats().connections).toBe(0);
  });

  test("that is cut short fails, however it was framed", async () => {
    const reactor = runningReactor();
    for (const head of ["Content-Length: 10", "Transfer-Encoding: chunked"]) {
      const server = rawServer(reactor, (peer) => {
        peer.say(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n5\r\nhello`);
        peer.stream.end();
      });
      const response = await clientOf(reactor, server).request();
      const error = await rejection(response.text());
      expect(error.code).toBe("ERR_HTTP_CONNECTION_LOST");
    }
  });

  test.each([
    ["HEAD", "200 OK", "Content-Length: 5\r\n"],
    ["HEAD", "200 OK", "Transfer-Encoding: chunked\r\n"],
    ["GET", "204 No Content", ""],
    ["GET", "304 Not Modified", "Content-Length: 5\r\n"],
  ])("to %s with %s has no body, and its connection goes on", async (method, status, fields) => {
    const reactor = runningReactor();
    const server = answering(reactor, `HTTP/1.1 ${status}\r\n${fields}\r\n`, OK);
    const client = clientOf(reactor, server);
    const response = await client.request({ method });
    expect(await response.text()).toBe("");
    expect(await (await client.request()).text()).toBe("hello");
    expect(server.peers).toHaveLength(1);
  });

  test("is told of the 1xx before it", async () => {
    const reactor = runningReactor();
    const server = answering(
      reactor,
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`,
    );
    const seen: HttpInformation[] = [];
    const response = await clientOf(reactor, server).request({
      onInformation: (information) => void seen.push(information),
    });
    expect(await response.text()).toBe("hello");
    expect(seen.map(({ status, headers }) => [status, headers.get("link")])).toEqual([
      [103, "</a>"],
      [102, undefined],
    ]);
  });

  test("with endless 1xx before it is given up", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, "HTTP/1.1 102 Processing\r\n\r\n".repeat(40));
    const error = await rejection(clientOf(reactor, server).request());
    expect(error.code).toBe("ERR_HTTP_RESPONSE_INVALID");
  });

  test("101 that nobody asked for is none", async () => {
    const reactor = runningReactor();
    const server = answering(
      reactor,
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    );
    const error = await rejection(clientOf(reactor, server).request());
    expect(error.code).toBe("ERR_HTTP_RESPONSE_INVALID");
  });

  test("that is no HTTP fails with the parser's error as its cause", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, "SSH-2.0-OpenSSH_9.2\r\n");
    const error = await rejection(clientOf(reactor, server).request());
    expect(error.code).toBe("ERR_HTTP_RESPONSE_INVALID");
    expect((error.cause as { code: string }).code).toBe("ERR_HTTP_STATUS_LINE");
    await until(() => server.peers[0]?.isEnded === true || server.peers[0]?.isClosed === true);
  });

  test("whose chunks break in the middle fails its body", async () => {
    const reactor = runningReactor();
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const server = answering(reactor, `${head}5\r\nhello\r\nzz\r\n`);
    const response = await clientOf(reactor, server).request();
    const error = await rejection(response.text());
    expect(error.code).toBe("ERR_HTTP_RESPONSE_INVALID");
  });

  test("is the same however it is cut", async () => {
    const reactor = runningReactor();
    const whole =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "5\r\nhello\r\n3\r\nyou\r\n0\r\nT: 1\r\n\r\n";
    for (let size = 1; size < 12; size += 1) {
      const server = rawServer(reactor, (peer) => void dribble(peer.say, whole, size));
      const client = clientOf(reactor, server);
      const response = await client.request();
      expect(await response.text()).toBe("helloyou");
      expect(response.trailers?.get("t")).toBe("1");
    }
  });

  test("with an error thrown by onInformation fails with that error", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`);
    const onInformation = (): void => {
      throw new Error("mine");
    };
    const error = await rejection(clientOf(reactor, server).request({ onInformation }));
    expect(error.message).toBe("mine");
  });
});

async function dribble(say: (text: string) => void, text: string, size: number): Promise<void> {
  for (let at = 0; at < text.length; at += size) {
    say(text.slice(at, at + size));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
