/** Floods of a chunked body, and bodies that their handlers do not want. */
import { describe, expect, test } from "vitest";
import {
  CHUNK_EXTENSION_BYTES_MAX,
  HEAD_BYTES_MAX,
  HTTP_LINGER_MS,
  type HttpHandler,
  LINGER_BYTES_MAX,
  SERVER_BODY_BYTES_MAX,
  UNREAD_BODY_BYTES_MAX,
  UNREAD_BYTES_MAX,
} from "../../../../src/protocols/http1/index.js";
import { ARENA_READ_BYTES } from "../../../../src/streams/transfer-pool.js";
import {
  clocked,
  flood,
  get,
  pingerOf,
  post,
  STEP_MS,
  serve,
  streamsOf,
  turns,
} from "./support.js";

const HEAD = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

const countBody: HttpHandler = (request, response) => {
  let count = 0;
  if (!request.headers.hasBody) return response.end("pong");
  request.read({
    onData(_, input) {
      count += input.length;
      input.clear();
    },
    onEnd: () => response.end(String(count)),
  });
};

const FLOODS = [
  { name: "an extension without an end", start: "1;", unit: "e", status: 400 },
  { name: "extensions without an end", start: "1", unit: ";a=b", status: 400 },
  { name: "small extensions of many chunks", start: "", unit: "1;eeeeeeee\r\nx\r\n", status: 400 },
  { name: "a size without an end", start: "", unit: "0", status: 400 },
  { name: "a trailer without an end", start: "0\r\nX: ", unit: "t", status: 431 },
  { name: "trailers without an end", start: "0\r\n", unit: "X-Y: 1234\r\n", status: 431 },
  { name: "chunks of one byte without an end", start: "", unit: "1\r\nx\r\n", status: 413 },
  { name: "data without an end", start: "", unit: `1000\r\n${"x".repeat(4096)}\r\n`, status: 413 },
];

describe.each(FLOODS)("$name", ({ start, unit, status }) => {
  test(`gets ${status}, and no more is read than the limits say`, () => {
    const served = clocked(countBody, { bodyBytesMax: 64 << 10 });
    const pinger = pingerOf(served);
    const one = served.client(HEAD + start);
    turns(served.reactor, 3);
    const hostile = streamsOf(served).at(-1);
    for (let i = 0; i < 100; i += 1) {
      flood(one.socket, unit, 1 << 18);
      pinger.ping(4);
      expect(hostile?.input.length).toBeLessThanOrEqual(UNREAD_BYTES_MAX + ARENA_READ_BYTES);
    }
    // Six bytes stand for one of the body at worst.
    const body = CHUNK_EXTENSION_BYTES_MAX + HEAD_BYTES_MAX + 6 * (64 << 10);
    expect(hostile?.bytesRead).toBeLessThanOrEqual(body + LINGER_BYTES_MAX + 2 * ARENA_READ_BYTES);
    expect(served.server.stats().limits.linger).toBe(1);
    served.pass(HTTP_LINGER_MS + STEP_MS);
    expect(hostile?.isDestroyed).toBe(true);
    const stats = served.server.stats();
    expect(stats).toMatchObject({ activeConnections: 1, activeRequests: 0 });
    expect(stats.errors).toEqual({ [status]: 1 });
  });
});

test("chunks of one byte are read all the same, and keep nobody waiting", () => {
  const served = clocked(countBody);
  const pinger = pingerOf(served);
  const one = served.client(`${HEAD}${"1\r\nx\r\n".repeat(100_000)}0\r\n\r\n`);
  for (let i = 0; one.answers === 0; i += 1) {
    expect(pinger.ping()).toBeLessThanOrEqual(4);
    if (i > 1000) throw new Error("No answer");
  }
  expect(one.lastBody).toBe("100000");
});

test("a length that is too large is refused before a byte of the body is read", async () => {
  const { client, until, server } = serve(countBody);
  const one = client(
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SERVER_BODY_BYTES_MAX + 1}\r\n\r\n`,
  );
  await until(() => one.isOver);
  expect(one.statuses).toEqual([413]);
  expect(server.stats()).toMatchObject({ errors: { 413: 1 } });
});

describe("a body that its handler does not read", () => {
  const body = "x".repeat(8 << 20);

  test("waits with the peer, but for what is held for it", () => {
    const served = clocked((request, response) => {
      if (request.path === "/ping") response.end();
    });
    const pinger = pingerOf(served);
    const one = served.client(post("y").replace("Content-Length: 1", "Content-Length: 1000000"));
    turns(served.reactor, 3);
    const hostile = streamsOf(served).at(-1);
    for (let i = 0; i < 100; i += 1) {
      flood(one.socket, "x", 1 << 20);
      pinger.ping(4);
    }
    expect(hostile?.input.length).toBeLessThanOrEqual(UNREAD_BYTES_MAX + ARENA_READ_BYTES);
    expect(hostile?.isReading).toBe(false);
  });

  test("is dropped up to a limit once it is answered; then the connection ends", async () => {
    const { client, until, server } = serve((request, response) => response.end(request.method), {
      bodyBytesMax: Infinity,
    });
    const one = client(post("x".repeat(1000)) + get());
    await until(() => one.answers === 2);
    expect(one.isOver).toBe(false);
    one.send(post(body) + get());
    await until(() => one.isOver);
    expect(one.statuses).toEqual([200, 200, 200]);
    const { bytesRead } = server.stats();
    const bound = UNREAD_BODY_BYTES_MAX + LINGER_BYTES_MAX + 3 * ARENA_READ_BYTES;
    expect(bytesRead).toBeLessThanOrEqual(bound);
  });

  test("in chunks, of a length nobody knows, as well: and that is counted", async () => {
    const { client, until, server } = serve((request, response) => response.end(request.method), {
      bodyBytesMax: Infinity,
    });
    const one = client(HEAD);
    await until(() => one.answers === 1);
    one.send(`1000\r\n${"x".repeat(4096)}\r\n`.repeat(2000));
    await until(() => one.isOver);
    expect(server.stats().limits.unreadBody).toBe(1);
    expect(server.stats().bytesRead).toBeLessThan(4096 * 1000);
  });
});
