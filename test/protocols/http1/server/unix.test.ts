/** A server on a unix path: nothing of it may be TCP's alone. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Socket, systemKernel } from "../../../../src/index.js";
import { HttpServer, SWEEP_MS_MAX } from "../../../../src/protocols/http1/index.js";
import { reactorOf, receiveSome, track, turns } from "../../../streams/support.js";
import { get } from "./support.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "http-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a server on a unix path", () => {
  function serveUnix() {
    let now = 1000;
    const path = join(folder, "s");
    const kernel = { ...systemKernel, nowMs: () => now };
    const reactor = reactorOf({ kernel });
    const remotes: unknown[] = [];
    const server = track(
      HttpServer.listen(
        reactor,
        { path },
        (request, response) => {
          remotes.push(request.remoteAddress);
          if (request.path !== "/silent") response.end("hello");
        },
        { idleTimeoutMs: 1000, writeTimeoutMs: 1000 },
      ),
    );
    const connect = (text: string): Socket => {
      const socket = track(Socket.unix({ kernel }));
      socket.connect({ path });
      socket.send(Buffer.from(text));
      turns(reactor, 5);
      return socket;
    };
    const pass = (ms: number): void => {
      for (let passed = 0; passed < ms; passed += 50) {
        now += 50;
        turns(reactor, 3);
      }
    };
    return { server, connect, pass, path, remotes, reactor };
  }

  test("serves, names its address, and ends idle connections", () => {
    const { server, connect, pass, path, remotes } = serveUnix();
    expect(server.address).toMatchObject({ path });
    const one = connect(get() + get());
    expect(receiveSome(one)?.toString("latin1").match(/hello/g)).toHaveLength(2);
    expect(remotes).toHaveLength(2);
    pass(1000 + 2 * SWEEP_MS_MAX);
    expect(receiveSome(one)).toHaveLength(0);
    expect(server.stats()).toMatchObject({ timeouts: { idle: 1 }, errors: {} });
  });

  test("looks after connections that it does not read", () => {
    const { server, connect, pass } = serveUnix();
    const one = connect(get("/silent"));
    const flood = Buffer.from(get("/more").repeat(1000));
    for (let i = 0; i < 20; i += 1) one.send(flood);
    pass(4 * SWEEP_MS_MAX);
    expect(server.stats()).toMatchObject({ requests: 64, activeConnections: 1, errors: {} });
    one.close();
    server.close();
    expect(server.stats()).toMatchObject({ activeConnections: 0, activeRequests: 0 });
  });

  test("drains, and leaves its path to who made it", async () => {
    const { server, connect, reactor, path } = serveUnix();
    const one = connect(get());
    const done = server.drain();
    turns(reactor, 10);
    one.close();
    turns(reactor, 10);
    await done;
    expect(server.stats().activeConnections).toBe(0);
    expect(existsSync(path)).toBe(true);
  });
});
