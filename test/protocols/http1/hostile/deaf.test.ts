/** Peers that ask for much and read nothing: what is held for them, and for how long. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  HELD_BYTES_MAX,
  type HttpHandler,
  type HttpResponse,
  PIPELINED_MAX,
} from "../../../../src/protocols/http1/index.js";
import { WRITE_HIGH_BYTES } from "../../../../src/streams/index.js";
import { openDescriptors } from "../../../support/descriptors.js";
import {
  type Clocked,
  clocked,
  expectNothingLeft,
  get,
  hello,
  pingerOf,
  serve,
  streamsOf,
  turns,
} from "./support.js";

const WRITE_MS = 400;
const MIB = 1 << 20;
const large = Buffer.alloc(16 * MIB, "x");
/** Still more than the kernel takes for who does not read. */
const medium = large.subarray(0, 6 * MIB);

/** The clients do nothing more; the pinger is served until the server gives them up. */
function waitOut(served: Clocked, hostile: number): void {
  const { server } = served;
  const pinger = pingerOf(served);
  turns(served.reactor, 20);
  const ms = served.passUntil(
    () => server.stats().timeouts.write === hostile,
    3 * WRITE_MS,
    () => pinger.ping(4),
  );
  expect(ms).toBeGreaterThanOrEqual(WRITE_MS);
  expect(pinger.count).toBe(ms / 10);
  pinger.client.close();
  turns(served.reactor, 5);
  expectNothingLeft(served);
}

describe("one large answer", () => {
  const handler: HttpHandler = (request, response) => {
    response.end(request.path === "/ping" ? "pong" : large);
  };

  test("waits for the peer, who is given up when nothing of it was taken for the time", () => {
    const served = clocked(handler, { writeTimeoutMs: WRITE_MS });
    served.client(get()).pause();
    turns(served.reactor, 20);
    expect(streamsOf(served)[0]?.pendingBytes).toBeGreaterThan(MIB);
    waitOut(served, 1);
  });

  test("is taken back from the kernel, too, when its peer is given up", () => {
    const served = clocked(handler, { writeTimeoutMs: WRITE_MS });
    const one = served.client(get()).pause();
    waitOut(served, 1);
    // A close in order would leave megabytes to be sent for as long as the peer's window is shut.
    one.resume();
    turns(served.reactor, 200);
    expect(one.error).toMatchObject({ code: "ECONNRESET" });
    expect(one.text.length).toBeLessThan(MIB);
  });

  test("that is taken slowly, but taken, comes whole", () => {
    const served = clocked(handler, { writeTimeoutMs: WRITE_MS });
    const one = served.client(get()).pause();
    let passed = 0;
    while (one.text.length < large.length && !one.isOver) {
      served.pass(WRITE_MS - 100);
      passed += WRITE_MS - 100;
      one.resume();
      turns(served.reactor, 30);
      one.pause();
    }
    expect(passed).toBeGreaterThan(WRITE_MS);
    expect(one.text.length).toBeGreaterThan(large.length);
    expect(served.server.stats()).toMatchObject({ responses: 1, timeouts: { write: 0 } });
  });

  test("of a connection that is to end with it does not keep it for ever", () => {
    const served = clocked(handler, { writeTimeoutMs: WRITE_MS });
    served.client(get("/", "Connection: close")).pause();
    waitOut(served, 1);
  });
});

test("pipelined large answers: one is made, not all of them", () => {
  let made = 0;
  const served = clocked(
    (request, response) => {
      if (request.path === "/ping") return response.end();
      made += 1;
      response.end(large);
    },
    { writeTimeoutMs: WRITE_MS },
  );
  served.client(get().repeat(100)).pause();
  turns(served.reactor, 20);
  expect(made).toBe(1);
  waitOut(served, 1);
  expect(made).toBe(1);
});

test("answers that wait for the first one: their requests are not begun beyond the limits", () => {
  const body = Buffer.alloc(16 << 10, "y");
  let first: HttpResponse | undefined;
  const served = clocked((request, response) => {
    if (request.path === "/first") first = response;
    else response.end(body);
  });
  const one = served.client(get("/first") + get("/next").repeat(1000));
  turns(served.reactor, 20);
  const { requests, limits } = served.server.stats();
  // Each holds 16 KiB and its head.
  expect(requests).toBeLessThanOrEqual(HELD_BYTES_MAX / body.length + 2);
  expect(requests).toBeLessThan(PIPELINED_MAX);
  expect(limits.held).toBeGreaterThan(0);
  one.reset();
  turns(served.reactor, 5);
  expect(first?.isAborted).toBe(true);
  expectNothingLeft(served);
});

describe("a streamed answer", () => {
  test("is made no further than there is room, and its handler hears the end", () => {
    let written = 0;
    let aborts = 0;
    const chunk = Buffer.alloc(16 << 10, "z");
    const served = clocked(
      (request, response) => {
        if (request.path === "/ping") return response.end();
        request.signal.addEventListener("abort", () => {
          aborts += 1;
        });
        const more = (): void => {
          do written += chunk.length;
          while (response.write(chunk));
        };
        response.onDrain = more;
        more();
      },
      { writeTimeoutMs: WRITE_MS },
    );
    served.client(get()).pause();
    turns(served.reactor, 20);
    const [stream] = streamsOf(served);
    const before = written;
    expect(stream?.pendingBytes).toBeLessThanOrEqual(WRITE_HIGH_BYTES + 2 * chunk.length);
    turns(served.reactor, 20);
    expect(written).toBe(before);
    waitOut(served, 1);
    expect({ aborts, aborted: served.server.stats().aborted }).toEqual({ aborts: 1, aborted: 1 });
  });

  test("by promises ends with a rejection, which the server keeps to itself", async () => {
    const errors: unknown[] = [];
    let reason: unknown;
    const { client, until, server } = serve(
      async (_, response) => {
        try {
          for (;;) await response.writeAsync(Buffer.alloc(65_536));
        } catch (error) {
          reason = error;
          throw error;
        }
      },
      { writeTimeoutMs: 60, onError: (error) => errors.push(error) },
      { way: "attached" },
    );
    client(get()).pause();
    await until(() => reason !== undefined && server.stats().activeConnections === 0);
    expect(reason).toMatchObject({ code: "ERR_HTTP_PEER_GONE" });
    expect(errors).toEqual([]);
    expect(server.stats()).toMatchObject({ aborted: 1, handlerErrors: 0, timeouts: { write: 1 } });
  });
});

describe("files", () => {
  let folder: string;
  let path: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "deaf-"));
    path = join(folder, "file");
    writeFileSync(path, large);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([1, 50])(
    "%i at a time: one descriptor, no memory, and told when it is over",
    (count) => {
      const ends: boolean[] = [];
      const served = clocked(
        (request, response) => {
          if (request.path === "/ping") return response.end();
          const fd = openSync(path, "r");
          response.sendFile(fd, 0, large.length, {
            onSent: (isWhole) => {
              closeSync(fd);
              ends.push(isWhole);
            },
          });
        },
        { writeTimeoutMs: WRITE_MS },
      );
      const before = openDescriptors().size;
      const { arrayBuffers } = process.memoryUsage();
      served.client(get().repeat(count)).pause();
      turns(served.reactor, 20);
      // Two sockets, and the file.
      expect(openDescriptors().size).toBe(before + 3);
      expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(MIB);
      waitOut(served, 1);
      expect(ends).toEqual([false]);
    },
  );
});

test("fifty deaf peers at once: the honest are served, and all are given up", () => {
  const served = clocked(
    (request, response) => void response.end(request.path === "/ping" ? "pong" : medium),
    { writeTimeoutMs: WRITE_MS },
  );
  for (let i = 0; i < 50; i += 1) {
    served.client(get().repeat(10)).pause();
    turns(served.reactor, 2);
  }
  waitOut(served, 50);
  expect(served.server.stats()).toMatchObject({ connections: 51 });
});

test("who reads nothing but goes on asking, and then reads, gets every answer", async () => {
  const { client, until } = serve(hello);
  const one = client().pause();
  one.send(get().repeat(20_000));
  let rounds = 0;
  await until(() => {
    rounds += 1;
    return rounds > 20;
  });
  one.resume();
  await until(() => one.text.length >= 20_000 * 5 && one.text.endsWith("hello"));
  await until(() => one.answers === 20_000);
});
