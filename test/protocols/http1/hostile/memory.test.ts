/**
 * What hostile peers make this process hold, measured: heap after a collection, and buffers. The test
 * file is a process of its own; the clients are bare sockets in it, which hold nothing worth counting.
 *
 * Bounds are what the limits say for each connection, and half as much again.
 */
import { describe, expect, test } from "vitest";
import { type HttpHandler, UNREAD_BYTES_MAX } from "../../../../src/protocols/http1/index.js";
import { BLOCK_BYTES_MIN } from "../../../../src/streams/byte-chunk.js";
import { WRITE_HIGH_BYTES } from "../../../../src/streams/index.js";
import {
  type Clocked,
  clocked,
  flood,
  get,
  heldBytes,
  hello,
  post,
  RawClient,
  turns,
} from "./support.js";

const KIB = 1024;
const TEXT = "X-Slow: 1\r\n";

/** What each of `count` connections holds on the server's side, by what they do. */
function heldEach(
  count: number,
  handler: HttpHandler,
  act: (one: RawClient, served: Clocked) => void,
): number {
  const served = clocked(handler);
  const warm = served.client(get());
  turns(served.reactor, 5);
  warm.close();
  // The clients' own share is measured before they do anything.
  const all = Array.from({ length: count }, () => {
    const one = served.client().pause();
    served.reactor.turn(0);
    return one;
  });
  turns(served.reactor, 20);
  const before = heldBytes();
  for (const one of all) {
    act(one, served);
    served.reactor.turn(0);
  }
  turns(served.reactor, 20);
  const each = (heldBytes() - before) / count;
  expect(served.server.stats().activeConnections).toBe(count);
  return each;
}

const never: HttpHandler = (request, response) => {
  if (request.path === "/") response.end("hello");
};

describe("beyond an idle connection, each holds at most so much:", () => {
  test("a head that has begun: a block of 4 KiB, and a parser", () => {
    const text = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${TEXT.repeat(10)}`);
    const each = heldEach(1000, hello, (one) => one.socket.send(text));
    expect(each).toBeLessThan(BLOCK_BYTES_MIN + 2 * KIB);
  });

  test("a head of nearly 16 KiB, byte by byte in the end: twice that", () => {
    const text = `GET / HTTP/1.1\r\nHost: a\r\n${"X: 1\r\n".repeat(90)}X: ${"y".repeat(14_000)}`;
    const each = heldEach(200, hello, (one, { reactor }) => {
      one.send(text);
      for (let i = 0; i < 50; i += 1) {
        one.send("y");
        reactor.turn(0);
      }
    });
    expect(each).toBeLessThan(32 * KIB);
  });

  test("requests whose handlers never answer", () => {
    const each = heldEach(50, never, (one) => one.send(get("/never").repeat(64)));
    expect(each).toBeLessThan(64 * 2 * KIB);
  });

  test("a flood of requests behind them", () => {
    const each = heldEach(50, never, (one, { reactor }) => {
      for (let i = 0; i < 8; i += 1) {
        flood(one.socket, get("/never"), 1 << 18);
        reactor.turn(0);
      }
    });
    expect(each).toBeLessThan(1.5 * (64 * 2 * KIB + 2 * UNREAD_BYTES_MAX));
  });

  test("a flood of requests whose answers are not read", () => {
    const body = "x".repeat(1000);
    const each = heldEach(
      20,
      (_, response) => response.end(body),
      (one, { reactor }) => {
        for (let i = 0; i < 100; i += 1) {
          flood(one.socket, get(), 1 << 18);
          reactor.turn(0);
        }
      },
    );
    expect(each).toBeLessThan(1.5 * (WRITE_HIGH_BYTES + 2 * UNREAD_BYTES_MAX));
  });

  test("a body that nobody reads", () => {
    const each = heldEach(
      50,
      (request, response) => void (request.method === "GET" && response.end()),
      (one, { reactor }) => {
        one.send(post("y").replace("Content-Length: 1", "Content-Length: 1000000"));
        for (let i = 0; i < 8; i += 1) {
          flood(one.socket, "x", 100_000);
          reactor.turn(0);
        }
      },
    );
    expect(each).toBeLessThan(1.5 * 2 * UNREAD_BYTES_MAX + 4 * KIB);
  });
});

const CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("a body in chunks of one byte costs what its bytes cost, not its chunks", () => {
  const count = 200_000;

  test.each(["/bytes", "/loop"])("read by %s", async (path) => {
    const served = clocked(async (request, response) => {
      if (request.path === "/") return response.end();
      if (request.path === "/bytes") await request.bytes();
      for await (const _ of request.body);
    });
    const warm = served.client(get());
    turns(served.reactor, 5);
    warm.close();
    const before = heldBytes();
    const one = served.client(CHUNKED.replace("/", path));
    const running = served.reactor.run();
    const text = "1\r\nx\r\n".repeat(1000);
    one.send(text.repeat(count / 1000));
    while (served.server.stats().bytesRead < count * 6) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    // They are held until the last one comes, and the client's copy of all it sent is in here, too:
    // six bytes for each, and some blocks. A Buffer for each would be 120.
    expect(heldBytes() - before).toBeLessThan(20 * count);
    served.reactor.break();
    await running;
  });
});

test("thousands of connections that came and went leave nothing", async () => {
  const served = clocked(never);
  const round = (count: number): void => {
    for (let i = 0; i < count; i += 1) {
      const one = new RawClient(served.reactor, served.server);
      one.send([get(), get("/never"), "GET / HT", "\0"][i % 4] as string);
      turns(served.reactor, 2);
      one.reset();
    }
    turns(served.reactor, 20);
  };
  // What the garbage collector tells of the clients' sockets is cleared away in turns of Node's loop.
  const settled = async (): Promise<number> => {
    for (let i = 0; i < 5; i += 1) {
      heldBytes();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return heldBytes();
  };
  round(2000);
  const before = await settled();
  round(2000);
  expect(served.server.stats()).toMatchObject({ activeConnections: 0, connections: 4000 });
  expect((await settled()) - before).toBeLessThan(2000 * 300);
});
