/** Reading a response's body: at the reader's speed, to its end or not, within limits. */
import { describe, expect, test } from "vitest";
import { DISCARD_MS } from "../../../../src/protocols/http1/index.js";
import { expectBytes, pattern } from "../../../streams/support.js";
import { answering, clientOf, rawServer, rejection, runningReactor, until } from "./support.js";

const MIB = 1024 * 1024;

function lengthHead(length: number): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
}

/** Answers every request with so many bytes, as fast as they are taken. */
function serving(reactor: ReturnType<typeof runningReactor>, bytes: Buffer) {
  return rawServer(reactor, (peer) => {
    if (!peer.text.endsWith("\r\n\r\n")) return;
    peer.say(lengthHead(bytes.length));
    peer.stream.write(bytes);
  });
}

async function manyTurns(): Promise<void> {
  for (let i = 0; i < 100; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("a body", () => {
  test("arrives whole, in pieces of their own memory", async () => {
    const reactor = runningReactor();
    const bytes = pattern(3, 2 * MIB + 17);
    const client = clientOf(reactor, serving(reactor, bytes));
    const pieces: Buffer[] = [];
    for await (const piece of (await client.request()).body) {
      pieces.push(piece);
      if (pieces.length % 5 === 0) await manyTurns();
    }
    expectBytes(Buffer.concat(pieces), bytes);
    expect(pieces.length).toBeGreaterThan(1);
    await until(() => client.stats().idle === 1);
  });

  test("that nobody reads is not read from the server", async () => {
    const reactor = runningReactor();
    const server = serving(reactor, pattern(1, 40 * MIB));
    const client = clientOf(reactor, server);
    const response = await client.request();
    await manyTurns();
    await manyTurns();
    // What the two kernel buffers hold, and not all of it.
    expect(server.peers[0]?.stream.pendingBytes).toBeGreaterThan(20 * MIB);
    response.discard();
    await until(() => server.peers[0]?.isClosed === true);
  });

  test("that is short frees its connection without being read, and can be read later", async () => {
    const reactor = runningReactor();
    const client = clientOf(reactor, serving(reactor, Buffer.from("short")));
    const first = await client.request();
    await until(() => client.stats().idle === 1);
    const second = await client.request();
    expect([await second.text(), await first.text()]).toEqual(["short", "short"]);
    expect(client.stats().connected).toBe(1);
  });

  test("can be read once", async () => {
    const reactor = runningReactor();
    const client = clientOf(reactor, serving(reactor, Buffer.from("once")));
    const response = await client.request();
    expect(await response.text()).toBe("once");
    expect(response.body.isUsed).toBe(true);
    expect((await rejection(response.bytes())).code).toBe("ERR_HTTP_BODY_USED");
    expect(() => response.body[Symbol.asyncIterator]()).toThrow("read already");
  });

  test("gives each of several reads that wait its piece", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => peer.say(lengthHead(4)));
    const client = clientOf(reactor, server);
    const iterator = (await client.request()).body[Symbol.asyncIterator]();
    const reads = [iterator.next(), iterator.next(), iterator.next()];
    server.peers[0]?.say("ab");
    await reads[0];
    server.peers[0]?.say("cd");
    const results = await Promise.all(reads);
    expect(results.map(({ value }) => value?.toString())).toEqual(["ab", "cd", undefined]);
  });

  test("is text in UTF-8 and JSON", async () => {
    const reactor = runningReactor();
    const client = clientOf(reactor, serving(reactor, Buffer.from('{"ä":[1,2]}')));
    expect(await (await client.request()).text()).toBe('{"ä":[1,2]}');
    expect(await (await client.request()).json()).toEqual({ ä: [1, 2] });
    const bad = clientOf(reactor, serving(reactor, Buffer.from("{")));
    expect(await rejection((await bad.request()).json())).toBeInstanceOf(SyntaxError);
  });

  test.each(["bytes", "text", "json"] as const)("over the limit fails %s", async (method) => {
    const reactor = runningReactor();
    const server = serving(reactor, pattern(5, 200_000));
    const client = clientOf(reactor, server, { bodyBytesMax: 100_000 });
    const response = await client.request();
    const error = await rejection(response[method]());
    expect(error.code).toBe("ERR_HTTP_BODY_TOO_LARGE");
    await until(() => client.stats().connections === client.stats().idle);
  });

  test("of exactly the limit does not, nor one over it with a limit of its own", async () => {
    const reactor = runningReactor();
    const client = clientOf(reactor, serving(reactor, pattern(5, 200_000)), {
      bodyBytesMax: 200_000,
    });
    expect(await (await client.request()).bytes()).toHaveLength(200_000);
    const error = await rejection((await client.request()).bytes(199_999));
    expect(error.code).toBe("ERR_HTTP_BODY_TOO_LARGE");
    const limited = clientOf(reactor, serving(reactor, pattern(5, 20)), { bodyBytesMax: 1 });
    expect(await (await limited.request()).bytes(Infinity)).toHaveLength(20);
  });

  test("hands over what had come before it broke", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      peer.say(`${lengthHead(10)}hello`);
      peer.stream.end();
    });
    const client = clientOf(reactor, server);
    const response = await client.request();
    await until(() => client.stats().connections === 0);
    const iterator = response.body[Symbol.asyncIterator]();
    expect((await iterator.next()).value?.toString()).toBe("hello");
    expect((await rejection(iterator.next())).code).toBe("ERR_HTTP_CONNECTION_LOST");
  });
});

describe("a body that is left", () => {
  test("is dropped, and its connection serves again, if it is short", async () => {
    const reactor = runningReactor();
    const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const head of [lengthHead(10), chunked]) {
      const server = rawServer(reactor, (peer) => {
        peer.take();
        peer.say(head);
        peer.say(head === chunked ? "5\r\nhello\r\n" : "hello");
      });
      const client = clientOf(reactor, server);
      const response = await client.request();
      for await (const piece of response.body) {
        expect(piece.toString()).toBe("hello");
        break;
      }
      expect(client.stats().connections).toBe(1);
      server.peers[0]?.say(head === chunked ? "5\r\nagain\r\n0\r\n\r\n" : "again");
      await until(() => client.stats().idle === 1);
    }
  });

  test.each([
    ["long", lengthHead(10 * MIB)],
    ["without a length", "HTTP/1.1 200 OK\r\n\r\n"],
    ["the last one", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"],
  ])("takes its connection along if it is %s", async (_, head) => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => peer.say(`${head}some`));
    const client = clientOf(reactor, server);
    const response = await client.request();
    response.discard();
    response.discard();
    expect(client.stats().connections).toBe(0);
    await until(() => server.peers[0]?.isEnded === true || server.peers[0]?.isClosed === true);
    const error = await rejection(response.bytes());
    expect(error.code).toBe("ERR_HTTP_BODY_USED");
  });

  test("takes its connection along if the chunks do not end", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const client = clientOf(reactor, server);
    (await client.request()).discard();
    const [peer] = server.peers;
    while (client.stats().connections > 0) {
      if (peer?.stream.isWritable) peer.say(`400\r\n${"x".repeat(1024)}\r\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test("takes its connection along if the rest does not come in time", async () => {
    const reactor = runningReactor();
    const client = clientOf(reactor, answering(reactor, `${lengthHead(5)}some`));
    const response = await client.request();
    const begun = performance.now();
    response.discard();
    expect(client.stats().connections).toBe(1);
    await until(() => client.stats().connections === 0);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(DISCARD_MS);
  });

  test.each([
    ["read to its end", 5],
    ["given up with its connection", 1_000_000],
  ])("and %s fails who waits for its next piece", async (_, length) => {
    const reactor = runningReactor();
    const client = clientOf(reactor, answering(reactor, lengthHead(length)));
    const response = await client.request();
    const reading = rejection(response.bytes());
    response.discard();
    expect((await reading).code).toBe("ERR_HTTP_BODY_DISCARDED");
  });
});
