/** Bodies of requests: how they are framed, how fast they go, and how they stop. */
import { describe, expect, test } from "vitest";
import { pattern } from "../../../streams/support.js";
import {
  answering,
  clientOf,
  type Peer,
  rawServer,
  rejection,
  runningReactor,
  until,
} from "./support.js";

const EMPTY = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

async function* chunksOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

/** A body without end, that says when it was told to end. */
function endless(size: number): {
  body: AsyncGenerator<Uint8Array>;
  given: number;
  ended: boolean;
} {
  const source = { given: 0, ended: false, body: make() };
  async function* make(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        source.given += 1;
        yield Buffer.alloc(size);
      }
    } finally {
      source.ended = true;
    }
  }
  return source;
}

function bodyOf({ text }: Peer): string {
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

describe("a body", () => {
  test.each([
    ["a string", "héllo", "hÃ©llo", 6],
    ["bytes", Buffer.from([0, 255, 10]), "\0\xff\n", 3],
    ["nothing", "", "", 0],
  ])("that is %s goes with its Content-Length", async (_, body, sent, length) => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      if (peer.text.endsWith(`\r\n\r\n${sent}`)) peer.say(EMPTY);
    });
    await clientOf(reactor, server).request({ method: "POST", body });
    expect(server.peers[0]?.text).toContain(`\r\nContent-Length: ${length}\r\n\r\n`);
    expect(bodyOf(server.peers[0] as Peer)).toBe(sent);
  });

  test.each(["POST", "PUT", "PATCH"])("of %s that is missing has the length 0", async (method) => {
    const reactor = runningReactor();
    const server = answering(reactor, EMPTY);
    await clientOf(reactor, server).request({ method });
    expect(server.peers[0]?.text).toMatch(/\r\nContent-Length: 0\r\n\r\n$/);
  });

  test.each(["GET", "DELETE"])("of %s that is missing is not mentioned", async (method) => {
    const reactor = runningReactor();
    const server = answering(reactor, EMPTY);
    await clientOf(reactor, server).request({ method });
    expect(server.peers[0]?.text).not.toMatch(/content-length/i);
  });

  test("that is an iterable goes in chunks, the empty ones left out", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      if (peer.text.endsWith("\r\n0\r\n\r\n")) peer.say(EMPTY);
    });
    const body = chunksOf("hello", "", "x".repeat(17));
    await clientOf(reactor, server).request({ method: "POST", body });
    expect(server.peers[0]?.text).toContain("\r\nTransfer-Encoding: chunked\r\n\r\n");
    expect(bodyOf(server.peers[0] as Peer)).toBe(
      `5\r\nhello\r\n11\r\n${"x".repeat(17)}\r\n0\r\n\r\n`,
    );
  });

  test("that is a ReadableStream goes in chunks, too", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      if (peer.text.endsWith("\r\n0\r\n\r\n")) peer.say(EMPTY);
    });
    const body = new Blob(["hello"]).stream();
    await clientOf(reactor, server).request({ method: "POST", body });
    expect(bodyOf(server.peers[0] as Peer)).toBe("5\r\nhello\r\n0\r\n\r\n");
  });

  test("ends with its trailers, which a function may say at last", async () => {
    const reactor = runningReactor();
    const sent: string[] = [];
    const server = rawServer(reactor, (peer) => {
      if (!/\r\n0\r\n.*\r\n\r\n$/s.test(peer.text)) return;
      sent.push(peer.text);
      peer.text = "";
      peer.say(EMPTY);
    });
    const client = clientOf(reactor, server);
    let length = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for (const part of ["ab", "c"]) {
        length += part.length;
        yield Buffer.from(part);
      }
    }
    const trailers = (): Record<string, string> => ({ Sum: String(length) });
    await (await client.request({ method: "POST", body: counted(), trailers })).bytes();
    await (await client.request({ method: "POST", body: "abc", trailers: { A: "\xff" } })).bytes();
    expect(sent[0]).toMatch(/\r\n1\r\nc\r\n0\r\nSum: 3\r\n\r\n$/);
    expect(sent[1]).toMatch(/\r\nTrailer: A\r\n\r\n3\r\nabc\r\n0\r\nA: \xff\r\n\r\n$/);
  });

  test("of a known length may be an iterable, which is held to it", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      if (peer.text.endsWith("abcd")) peer.say(EMPTY);
    });
    const client = clientOf(reactor, server);
    const headers = { "content-length": "4" };
    const post = (body: AsyncIterable<Uint8Array>) =>
      client.request({ method: "POST", headers, body });
    expect((await post(chunksOf("ab", "cd"))).status).toBe(200);
    for (const body of [chunksOf("ab", "cde"), chunksOf("ab")]) {
      const error = await rejection(post(body));
      expect(error.code).toBe("ERR_HTTP_CONTENT_LENGTH_MISMATCH");
    }
    await until(() => server.peers.every((peer) => peer.isEnded || peer.isClosed));
  });

  test("of many megabytes arrives whole, from bytes and from an iterable", async () => {
    const reactor = runningReactor();
    const bytes = pattern(7, 3_000_000);
    const sent = bytes.toString("latin1");
    const server = rawServer(reactor, (peer) => {
      if (peer.text.length >= sent.length && peer.text.endsWith(sent.slice(-50))) peer.say(EMPTY);
      else if (peer.text.endsWith("\r\n0\r\n\r\n")) peer.say(EMPTY);
    });
    const client = clientOf(reactor, server);
    expect((await client.request({ method: "PUT", body: bytes })).status).toBe(200);
    expect(bodyOf(server.peers[0] as Peer) === sent).toBe(true);
  });
});

describe("an upload", () => {
  test("waits for a server that does not read", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => peer.stream.pause());
    const client = clientOf(reactor, server);
    const source = endless(65_536);
    const error = rejection(client.request({ method: "POST", body: source.body }));
    let before = -1;
    while (source.given !== before || before === 0) {
      before = source.given;
      for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    // The kernel's buffers on loopback, and a write mark; not one chunk for each turn.
    expect(source.given).toBeLessThan(250);
    client.close();
    expect((await error).code).toBe("ERR_HTTP_CLIENT_CLOSED");
    await until(() => source.ended);
  });

  test("stops when the server refuses before the end, whose answer is read", async () => {
    const reactor = runningReactor();
    const refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbi";
    let isSaid = false;
    const server = rawServer(reactor, (peer) => {
      if (!isSaid) peer.say(refusal);
      isSaid = true;
    });
    const client = clientOf(reactor, server);
    const source = endless(1000);
    const response = await client.request({ method: "POST", body: source.body });
    expect(response.status).toBe(413);
    await until(() => source.ended);
    server.peers[0]?.say("g");
    expect(await response.text()).toBe("big");
    await until(() => server.peers[0]?.isEnded === true);
    expect(client.stats().connections).toBe(0);
  });

  test("goes on when the server says 200 before the end, both ways at once", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      const fresh = peer.take();
      if (fresh === peer.text) peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      else if (fresh.endsWith("0\r\n\r\n")) peer.say("0\r\n\r\n");
      else peer.say(fresh);
    });
    const client = clientOf(reactor, server);
    const heard: string[] = [];
    let answered = (): void => {};
    async function* talk(): AsyncGenerator<Uint8Array> {
      for (const word of ["one", "two", "three"]) {
        const answer = new Promise<void>((resolve) => {
          answered = resolve;
        });
        yield Buffer.from(word);
        await answer;
      }
    }
    const asking = client.request({ method: "POST", body: slowStart(talk()) });
    const response = await asking;
    for await (const chunk of response.body) {
      heard.push(chunk.toString());
      answered();
    }
    expect(heard).toEqual(["one", "two", "three"]);
    await until(() => client.stats().idle === 1);
  });

  test("that outlives a good answer goes on to its end, and its connection after it", async () => {
    const reactor = runningReactor();
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* late(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("a");
      await gate;
      yield Buffer.from("b");
    }
    const server = rawServer(reactor, (peer) => {
      if (!peer.text.includes("202") && peer.take().includes("POST")) {
        peer.say("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
      }
    });
    const client = clientOf(reactor, server);
    await (await client.request({ method: "POST", body: late() })).bytes();
    expect(client.stats()).toMatchObject({ connections: 1, idle: 0 });
    release();
    await until(() => client.stats().idle === 1);
    await until(() => server.peers[0]?.text.endsWith("1\r\na\r\n1\r\nb\r\n0\r\n\r\n") === true);
  });

  test.each([
    ["throws", failing(new Error("mine"))],
    ["gives text", chunksOfText()],
  ])("fails with a body that %s", async (_, body) => {
    const reactor = runningReactor();
    const server = rawServer(reactor, () => {});
    const client = clientOf(reactor, server);
    const error = await rejection(client.request({ method: "POST", body }));
    expect(error.code).toBe("ERR_HTTP_REQUEST_BODY");
    expect(error.cause).toBeInstanceOf(Error);
    // It must not look whole to the server.
    await until(() => server.peers.every((peer) => peer.isEnded || peer.isClosed));
    for (const { text } of server.peers) expect(text).not.toContain("\r\n0\r\n");
    expect(client.stats().connections).toBe(0);
  });

  test("fails with trailers that cannot be sent", async () => {
    const reactor = runningReactor();
    const client = clientOf(
      reactor,
      rawServer(reactor, () => {}),
    );
    const trailers = (): Record<string, string> => ({ a: "b\r\nc" });
    const error = await rejection(client.request({ method: "POST", body: "a", trailers }));
    expect(error.code).toBe("ERR_HTTP_REQUEST_BODY");
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test("that never began tells its body to end", async () => {
    const reactor = runningReactor();
    const client = clientOf(
      reactor,
      rawServer(reactor, () => {}),
      { connectionsMax: 1 },
    );
    const first = rejection(client.request());
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      cancel: () => {
        cancelled = true;
      },
    });
    const second = rejection(client.request({ method: "POST", body }));
    client.close();
    await Promise.all([first, second]);
    expect(cancelled).toBe(true);
  });

  test("that is refused at once is told, too", async () => {
    const reactor = runningReactor();
    const client = clientOf(reactor, { port: 1 });
    let cancelled = 0;
    const post = (signal?: AbortSignal): Promise<Error> => {
      const body = new ReadableStream<Uint8Array>({
        cancel: () => {
          cancelled += 1;
        },
      });
      return rejection(client.request({ method: "POST", body, signal }));
    };
    await post(AbortSignal.abort());
    expect(cancelled).toBe(1);
    client.close();
    expect(await post()).toMatchObject({ code: "ERR_HTTP_CLIENT_CLOSED" });
    expect(cancelled).toBe(2);
  });
});

describe("with expectContinue the body", () => {
  test("follows the 100", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      if (peer.text.endsWith("\r\n\r\n")) peer.say("HTTP/1.1 100 Continue\r\n\r\n");
      else peer.say(EMPTY);
    });
    const client = clientOf(reactor, server, { continueTimeoutMs: Infinity });
    const seen: number[] = [];
    const response = await client.request({
      method: "POST",
      body: "hello",
      expectContinue: true,
      onInformation: ({ status }) => void seen.push(status),
    });
    expect(response.status).toBe(200);
    expect(server.peers[0]?.text).toMatch(
      /Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello$/,
    );
    expect(seen).toEqual([100]);
    await response.bytes();
    expect(client.stats().idle).toBe(1);
  });

  test("follows after a time without one, not before", async () => {
    const reactor = runningReactor();
    let startMs = 0;
    let bodyMs = 0;
    const server = rawServer(reactor, (peer) => {
      if (!peer.text.endsWith("hello")) return;
      bodyMs = performance.now();
      peer.say(EMPTY);
    });
    const client = clientOf(reactor, server, { continueTimeoutMs: 40 });
    startMs = performance.now();
    await client.request({ method: "POST", body: "hello", expectContinue: true });
    expect(bodyMs - startMs).toBeGreaterThanOrEqual(40);
  });

  test("stays here after a final answer, and the connection is closed", async () => {
    const reactor = runningReactor();
    for (const status of ["417 Expectation Failed", "200 OK"]) {
      const server = answering(reactor, `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
      const client = clientOf(reactor, server, { continueTimeoutMs: Infinity });
      const source = endless(10);
      const response = await client.request({
        method: "POST",
        body: source.body,
        expectContinue: true,
      });
      await response.bytes();
      await until(() => server.peers[0]?.isEnded === true);
      expect(source.given).toBe(0);
      expect(server.peers[0]?.text).toMatch(/\r\n\r\n$/);
      expect(client.stats().connections).toBe(0);
    }
  });

  test("that is empty is not announced", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, EMPTY);
    await clientOf(reactor, server).request({ method: "POST", body: "", expectContinue: true });
    expect(server.peers[0]?.text).not.toContain("Expect");
  });
});

/** The server is to see the head alone. */
async function* slowStart(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  yield* body;
}

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  yield Buffer.from("some");
  throw error;
}

async function* chunksOfText(): AsyncGenerator<Uint8Array> {
  yield "text" as unknown as Uint8Array;
}
