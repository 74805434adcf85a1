/** Times that are over, and signals: each ends a request with its own error, none is early. */
import { describe, expect, test } from "vitest";
import { HttpClient, type HttpClientOptions } from "../../../../src/protocols/http1/index.js";
import {
  answering,
  clientOf,
  type Peer,
  rawServer,
  rejection,
  runningReactor,
  until,
} from "./support.js";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
const LIMIT_MS = 30;

async function expectTimeout(
  options: HttpClientOptions,
  code: string,
  onBytes: (peer: Peer) => void,
  body?: Uint8Array,
): Promise<void> {
  const reactor = runningReactor();
  const server = rawServer(reactor, onBytes);
  const client = clientOf(reactor, server, options);
  const startMs = performance.now();
  const error = await rejection(
    client.request({ method: "POST", body }).then((response) => response.bytes()),
  );
  expect(error.code).toBe(code);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(LIMIT_MS);
  expect(client.stats().connections).toBe(0);
}

describe("a deadline", () => {
  test("of the head ends a request that nobody answers", () =>
    expectTimeout({ headTimeoutMs: LIMIT_MS }, "ERR_HTTP_HEAD_TIMEOUT", () => {}));

  test("of the head is not put off by 1xx, or by a head that comes byte by byte", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, () => {});
    const client = clientOf(reactor, server, { headTimeoutMs: LIMIT_MS });
    const error = rejection(client.request());
    await until(() => server.peers[0]?.text.endsWith("\r\n\r\n") === true);
    const text = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 ".padEnd(500, "x");
    let said = 0;
    const drip = reactor.timer(
      2,
      () => {
        if (said === text.length || server.peers[0]?.stream.isDestroyed !== false) drip.stop();
        else server.peers[0].say(text[said] ?? "");
        said += 1;
      },
      { repeat: true },
    );
    expect((await error).code).toBe("ERR_HTTP_HEAD_TIMEOUT");
    expect(said).toBeLessThan(text.length);
    drip.stop();
  });

  test("of the body ends one that stands still", () =>
    expectTimeout({ bodyTimeoutMs: LIMIT_MS }, "ERR_HTTP_BODY_TIMEOUT", (peer) =>
      peer.say(`${HEAD}abc`),
    ));

  test("of writing ends a request that is not taken", () =>
    expectTimeout(
      { writeTimeoutMs: LIMIT_MS },
      "ERR_HTTP_WRITE_TIMEOUT",
      (peer) => peer.stream.pause(),
      Buffer.alloc(20_000_000),
    ));

  test("of everything ends a body that drips", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
      drip.start();
    });
    const say = (): void => {
      if (server.peers[0]?.stream.isWritable) server.peers[0].say("x");
    };
    const drip = reactor.timer(2, say, { repeat: true, start: false });
    const client = clientOf(reactor, server, { totalTimeoutMs: LIMIT_MS });
    const startMs = performance.now();
    const error = await rejection(client.request().then((response) => response.bytes()));
    drip.stop();
    expect(error.code).toBe("ERR_HTTP_TOTAL_TIMEOUT");
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(LIMIT_MS);
  });

  test("of everything counts the time of waiting for a connection", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, () => {});
    const client = clientOf(reactor, server, { totalTimeoutMs: LIMIT_MS, connectionsMax: 1 });
    const errors = await Promise.all([client.request(), client.request()].map(rejection));
    expect(errors.map(({ code }) => code)).toEqual([
      "ERR_HTTP_TOTAL_TIMEOUT",
      "ERR_HTTP_TOTAL_TIMEOUT",
    ]);
    expect(client.stats()).toMatchObject({ connections: 0, connecting: 0, waiting: 0 });
  });

  test("of connecting ends a look-up that hangs", async () => {
    const reactor = runningReactor();
    const client = new HttpClient(
      reactor,
      { host: "slow.invalid", port: 80 },
      { connectTimeoutMs: LIMIT_MS, lookup: () => new Promise(() => {}) },
    );
    const startMs = performance.now();
    const error = await rejection(client.request());
    expect(error.code).toBe("ERR_HTTP_CONNECT_TIMEOUT");
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(LIMIT_MS);
    client.close();
  });

  test("of an unread body ends what was forgotten", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      peer.say("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n");
      peer.stream.write(Buffer.alloc(9_000_000));
    });
    const client = clientOf(reactor, server, { unreadTimeoutMs: LIMIT_MS });
    const startMs = performance.now();
    const response = await client.request();
    await until(() => client.stats().connections === 0);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(LIMIT_MS);
    expect((await rejection(response.bytes())).code).toBe("ERR_HTTP_UNREAD_TIMEOUT");
  });

  test("of the body does not count while nobody reads", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      peer.say("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n");
      peer.stream.write(Buffer.alloc(9_000_000));
    });
    const client = clientOf(reactor, server, { bodyTimeoutMs: 150 });
    const response = await client.request();
    await new Promise((resolve) => void reactor.timer(300, resolve));
    expect(await response.bytes()).toHaveLength(9_000_000);
  });
});

describe("a signal", () => {
  test("that was aborted before keeps everything from happening", async () => {
    const reactor = runningReactor();
    const client = clientOf(
      reactor,
      rawServer(reactor, () => {}),
    );
    const signal = AbortSignal.abort(new Error("no"));
    expect((await rejection(client.request({ signal }))).message).toBe("no");
    expect(client.stats()).toMatchObject({ connecting: 0, connections: 0 });
  });

  test("ends a request while it connects", async () => {
    const reactor = runningReactor();
    const client = clientOf(
      reactor,
      rawServer(reactor, () => {}),
    );
    const controller = new AbortController();
    const error = rejection(client.request({ signal: controller.signal }));
    expect(client.stats().connecting).toBe(1);
    controller.abort(new Error("enough"));
    expect(client.stats().connecting).toBe(0);
    expect((await error).message).toBe("enough");
  });

  test("ends a request that waits for its answer, and its connection", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, () => controller.abort(new Error("enough")));
    const client = clientOf(reactor, server);
    const controller = new AbortController();
    const error = await rejection(client.request({ signal: controller.signal }));
    expect(error.message).toBe("enough");
    expect(client.stats().connections).toBe(0);
    await until(() => server.peers[0]?.isEnded === true || server.peers[0]?.isClosed === true);
  });

  test("ends a body that is being read", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, `${HEAD}abc`);
    const client = clientOf(reactor, server);
    const controller = new AbortController();
    const response = await client.request({ signal: controller.signal });
    const reading = rejection(response.bytes());
    controller.abort(new Error("enough"));
    expect((await reading).message).toBe("enough");
    expect(client.stats().connections).toBe(0);
  });

  test("after the end of everything changes nothing", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, `${HEAD}abcdefghij`);
    const client = clientOf(reactor, server);
    const controller = new AbortController();
    const response = await client.request({ signal: controller.signal });
    await until(() => client.stats().idle === 1);
    controller.abort();
    expect(await response.text()).toBe("abcdefghij");
    expect(client.stats().idle).toBe(1);
  });
});
