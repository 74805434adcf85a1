/** A stream as a Duplex: pressure, ends, errors, and what it has of net.Socket. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import {
  READ_HIGH_BYTES,
  SO_KEEPALIVE,
  systemKernel,
  TCP_KEEPIDLE,
  TCP_NODELAY,
  toDuplex,
  tracingKernel,
  WRITE_HIGH_BYTES,
} from "../../src/index.js";
import { accepted, digest, logOf, portOf, sha1, stuck, until } from "./adapters-support.js";
import { reactorOf, socketPair, streamOf } from "./support.js";

const MIB = 1024 * 1024;

describe("bytes", () => {
  test("go both ways, text in its encoding", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    duplex.write("grüß ");
    duplex.write("gr\u00fc\u00df ", "latin1");
    duplex.write("dead", "hex");
    duplex.end(Buffer.from("!"));
    peer.end("hello");
    duplex.setEncoding("utf8");
    expect(await duplex.toArray()).toEqual(["hello"]);
    const answer = Buffer.concat(await peer.toArray());
    expect(answer).toEqual(
      Buffer.concat([
        Buffer.from("grüß "),
        Buffer.from("gr\u00fc\u00df ", "latin1"),
        Buffer.from("dead", "hex"),
        Buffer.from("!"),
      ]),
    );
    expect(duplex.bytesRead).toBe(5);
    expect(duplex.bytesWritten).toBe(answer.length);
    expect(await house.over()).toBe("empty");
  });

  test("are copies: they stay when the shared buffer carries others", async () => {
    const { stream, peer } = await accepted();
    const chunks: Buffer[] = [];
    const duplex = stream.toDuplex().on("data", (chunk) => chunks.push(chunk));
    const text = randomBytes(30_000).toString("hex");
    peer.write(text);
    await until(() => duplex.bytesRead === text.length);
    expect(Buffer.concat(chunks).toString()).toBe(text);
  });

  test("that are written corked leave in one call", async () => {
    const calls: string[] = [];
    const kernel = tracingKernel(systemKernel, (line) => calls.push(line));
    const { stream, peer } = await accepted({ reactor: { kernel } });
    const duplex = stream.toDuplex();
    calls.length = 0;
    duplex.cork();
    for (let i = 0; i < 10; i += 1) duplex.write(`line ${i}\n`);
    duplex.uncork();
    const [chunk] = await once(peer, "data");
    expect(String(chunk)).toMatch(/^line 0\n(line \d\n){8}line 9\n$/);
    expect(calls.filter((line) => line.startsWith("send"))).toHaveLength(1);
  });

  test("that came before, and the end, are not lost", async () => {
    const { stream, peer } = await accepted({ stream: { allowHalfOpen: true } });
    stream.handler = {};
    peer.end("early");
    await until(() => stream.hasReadEnded);
    const duplex = toDuplex(stream, { allowHalfOpen: false });
    expect(String(Buffer.concat(await duplex.toArray()))).toBe("early");
    await until(() => duplex.closed);
  });

  test("of a stream that is over already are still read", async () => {
    const { stream, peer } = await accepted();
    peer.end("early");
    await until(() => stream.isDestroyed);
    const duplex = toDuplex(stream);
    expect(duplex.writable).toBe(false);
    expect(String(Buffer.concat(await duplex.toArray()))).toBe("early");
    await until(() => duplex.closed);
  });
});

describe("pressure", () => {
  test("a consumer that does not read stops the peer, and loses nothing", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex({ highWaterMark: 100_000 });
    const sent = randomBytes(24 * MIB);
    peer.end(sent);
    await until(() => stream.isReading === false);
    for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
    // One receive may overshoot the mark, and what came in the same batch is kept by the stream.
    expect(duplex.readableLength + stream.input.length).toBeLessThan(100_000 + 2 * READ_HIGH_BYTES);
    expect(duplex.bytesRead).toBe(duplex.readableLength + stream.input.length);
    expect(await digest(duplex)).toEqual({ hash: sha1(sent), bytes: sent.length });
    peer.resume();
    expect(await house.over()).toBe("empty");
  });

  test("a consumer that pauses after each chunk gets everything", async () => {
    const { stream, peer } = await accepted();
    const duplex = stream.toDuplex({ highWaterMark: 1 });
    const sent = randomBytes(4 * MIB);
    peer.end(sent);
    const parts: Buffer[] = [];
    duplex.on("data", (chunk) => {
      parts.push(chunk);
      duplex.pause();
      setImmediate(() => duplex.resume());
    });
    await once(duplex, "end");
    expect(sha1(...parts)).toBe(sha1(sent));
  });

  test("a peer that does not read makes write() say stop, and drain tells when to go on", async () => {
    const { stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    const chunk = randomBytes(128 * 1024);
    let count = 0;
    let most = 0;
    const written = (async () => {
      for (; count < 200; count += 1) {
        const hasRoom = duplex.write(chunk);
        most = Math.max(most, duplex.writableLength + stream.pendingBytes);
        if (!hasRoom) await once(duplex, "drain");
      }
      duplex.end();
    })();
    await stuck(stream);
    const stuckAt = count;
    for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(count).toBe(stuckAt);
    const { bytes } = await digest(peer);
    await written;
    expect(bytes).toBe(200 * chunk.length);
    expect(most).toBeLessThanOrEqual(WRITE_HIGH_BYTES + 2 * chunk.length);
  });

  test("a write that waits is answered when there is room, one that does not at once", async () => {
    const { stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    const log: string[] = [];
    duplex.write("small", () => log.push("small"));
    await until(() => log.length === 1);
    duplex.write(randomBytes(16 * MIB), () => log.push("large"));
    await until(() => stream.pendingBytes > 0);
    expect(log).toEqual(["small"]);
    peer.resume();
    await until(() => log.length === 2);
  });

  test("a file goes through pipeline and comes back", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    const echoed = pipeline(duplex, duplex);
    const sent = randomBytes(8 * MIB);
    const path = join(mkdtempSync(join(tmpdir(), "adapters-")), "file");
    writeFileSync(path, sent);
    try {
      const [back] = await Promise.all([digest(peer), pipeline(createReadStream(path), peer)]);
      expect(back).toEqual({ hash: sha1(sent), bytes: sent.length });
    } finally {
      rmSync(dirname(path), { recursive: true });
    }
    await echoed;
    expect(await house.over()).toBe("empty");
  });
});

describe("the ends", () => {
  test("the peer's end is not answered before it is read", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    peer.end("question");
    await until(() => stream.hasReadEnded);
    expect(stream.isWritable).toBe(true);
    duplex.write("answer");
    expect(String(Buffer.concat(await duplex.toArray()))).toBe("question");
    expect(String(Buffer.concat(await peer.toArray()))).toBe("answer");
    expect(await house.over()).toBe("empty");
  });

  test("without allowHalfOpen our side ends after the peer's end was read", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    duplex.on("data", (chunk) => duplex.write(chunk));
    peer.end("echo");
    expect(String(Buffer.concat(await peer.toArray()))).toBe("echo");
    expect(await house.over()).toBe("empty");
    expect(duplex.closed).toBe(true);
  });

  test("with allowHalfOpen our side stays open until end()", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex({ allowHalfOpen: true });
    const log = logOf(duplex.resume(), "end", "finish", "close", "error");
    peer.end();
    await once(duplex, "end");
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(["end"]);
    expect(duplex.readyState).toBe("writeOnly");
    duplex.end("late");
    expect(String(Buffer.concat(await peer.toArray()))).toBe("late");
    expect(await house.over()).toBe("empty");
    await until(() => log.includes("close"));
    expect(log).toEqual(["end", "finish", "close"]);
    expect(duplex.readyState).toBe("closed");
  });

  test.each(["end", "destroySoon"] as const)("%s() sends everything first", async (how) => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    const log = logOf(duplex.resume(), "finish", "close", "error");
    const sent = randomBytes(16 * MIB);
    duplex.write(sent);
    duplex[how]();
    await until(() => stream.pendingBytes > 0);
    expect(log).toEqual([]);
    expect(await digest(peer)).toEqual({ hash: sha1(sent), bytes: sent.length });
    peer.end();
    expect(await house.over()).toBe("empty");
    await until(() => log.includes("close"));
    expect(log).toEqual(["finish", "close"]);
  });

  test("destroySoon() waits for what the stream has taken and not yet sent", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    const log = logOf(duplex.resume(), "finish", "close", "error");
    const chunk = randomBytes(64 * 1024);
    let bytes = 0;
    while (stream.pendingBytes === 0) {
      duplex.write(chunk);
      bytes += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(stream.pendingBytes).toBeLessThanOrEqual(chunk.length);
    duplex.destroySoon();
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual([]);
    expect((await digest(peer)).bytes).toBe(bytes);
    await until(() => log.length === 2);
    expect(log).toEqual(["finish", "close"]);
    expect(await house.over()).toBe("empty");
  });

  test("what is unread when both sides have ended can still be read", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    duplex.end();
    peer.end("last words");
    peer.resume();
    expect(await house.over()).toBe("empty");
    expect(stream.isDestroyed).toBe(true);
    expect(duplex.destroyed).toBe(false);
    expect(String(Buffer.concat(await duplex.toArray()))).toBe("last words");
    await until(() => duplex.closed);
  });

  test("a reset is one error and one close", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    const log = logOf(duplex.resume(), "end", "error", "close");
    peer.resetAndDestroy();
    expect(await house.over()).toBe("empty");
    await until(() => log.includes("close"));
    expect(log).toEqual(["error ECONNRESET", "close"]);
  });

  test("destroy(error) closes the stream, and fails the write that waits", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    const log = logOf(duplex, "error", "finish", "close");
    duplex.write(randomBytes(16 * MIB), (error) => log.push(`write ${error?.message}`));
    duplex.write("behind", (error) => log.push(`behind ${error && "failed"}`));
    await until(() => stream.pendingBytes > 0);
    duplex.destroy(Object.assign(new Error("enough"), { code: "MINE" }));
    expect(stream.isDestroyed).toBe(true);
    expect(await house.over()).toBe("empty");
    await until(() => duplex.closed);
    await until(() => log.includes("close"));
    expect(log.sort()).toEqual(["behind failed", "close", "error MINE", "write enough"]);
    peer.destroy();
  });

  test("resetAndDestroy() resets the peer", async () => {
    const { house, stream, peer } = await accepted();
    const log = logOf(peer, "error");
    stream.toDuplex().resetAndDestroy();
    await once(peer, "close").catch(() => {});
    expect(log).toEqual(["error ECONNRESET"]);
    expect(await house.over()).toBe("empty");
  });

  test.each([
    ["an error", Object.assign(new Error("from below"), { code: "BELOW" })],
    ["none", undefined],
  ])("the stream's destroy with %s is the Duplex's", async (_name, error) => {
    const { house, stream } = await accepted();
    const duplex = stream.toDuplex();
    const log = logOf(duplex, "error", "close");
    stream.destroy(error);
    await until(() => log.includes("close"));
    expect(log).toEqual(error === undefined ? ["close"] : ["error BELOW", "close"]);
    expect(await house.over()).toBe("empty");
  });

  test("destroy() within a data handler ends it there", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    const log = logOf(duplex, "data", "end", "error", "close");
    duplex.on("data", () => duplex.destroy());
    peer.write("one");
    expect(await house.over()).toBe("empty");
    await until(() => log.includes("close"));
    expect(log).toEqual(["data", "close"]);
  });

  test("what a data handler throws goes to the reactor's onError, and closes it", async () => {
    const caught: unknown[] = [];
    const reactor = { onError: (error: unknown) => void caught.push(error) };
    const { house, stream, peer } = await accepted({ reactor });
    const duplex = stream.toDuplex();
    const log = logOf(duplex, "error", "close");
    const thrown = Object.assign(new Error("consumer"), { code: "MINE" });
    duplex.on("data", () => {
      throw thrown;
    });
    peer.write("one");
    expect(await house.over()).toBe("empty");
    await until(() => log.includes("close"));
    expect(log).toEqual(["error MINE", "close"]);
    expect(caught).toEqual([thrown]);
  });

  test("a write after the stream was ended behind its back is an error", async () => {
    const { stream } = await accepted();
    const duplex = stream.toDuplex();
    const log = logOf(duplex, "error", "close");
    stream.end();
    duplex.write("late");
    await until(() => log.includes("close"));
    expect(log).toEqual(["error ERR_STREAM_WRITE_AFTER_END", "close"]);
  });
});

describe("as net.Socket", () => {
  test("it tells both addresses, also after the end once they were asked for", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex();
    expect(duplex.remoteAddress).toBe("127.0.0.1");
    expect(duplex.remotePort).toBe(peer.localPort);
    expect(duplex.remoteFamily).toBe("IPv4");
    const local = { address: "127.0.0.1", family: "IPv4", port: portOf(house.listener.address) };
    expect(duplex.address()).toEqual(local);
    expect([duplex.localAddress, duplex.localFamily, duplex.localPort]).toEqual(
      Object.values(local),
    );
    duplex.destroy();
    expect(duplex.remotePort).toBe(peer.localPort);
  });

  test("it has no addresses on a unix socket, nor after the end", async () => {
    const reactor = reactorOf();
    const [left] = socketPair("unix");
    const unix = toDuplex(streamOf(reactor, left));
    expect(unix.remoteAddress).toBeUndefined();
    expect(unix.address()).toEqual({});
    unix.setNoDelay().setKeepAlive(true, 1000).destroy();
    const { stream } = await accepted();
    const duplex = stream.toDuplex();
    duplex.destroy();
    expect([duplex.remoteAddress, duplex.remotePort, duplex.localPort]).toEqual(
      Array(3).fill(undefined),
    );
    expect(duplex.setNoDelay().setKeepAlive().setTimeout(5).ref().unref()).toBe(duplex);
  });

  test("it is connected, not encrypted, and sets options", async () => {
    const { stream } = await accepted({ noDelay: false });
    const duplex = stream.toDuplex();
    expect([duplex.connecting, duplex.pending, duplex.readyState]).toEqual([false, false, "open"]);
    expect("encrypted" in duplex).toBe(false);
    duplex.setNoDelay().setKeepAlive(true, 7999);
    expect(stream.socket.getOption(TCP_NODELAY)).toBe(true);
    expect(stream.socket.getOption(SO_KEEPALIVE)).toBe(true);
    expect(stream.socket.getOption(TCP_KEEPIDLE)).toBe(7);
    duplex.setNoDelay(false).setKeepAlive(false);
    expect(stream.socket.getOption(TCP_NODELAY)).toBe(false);
    expect(stream.socket.getOption(SO_KEEPALIVE)).toBe(false);
  });

  test("setTimeout() emits timeout once for an idle time, and ends nothing", async () => {
    const { house, stream, peer } = await accepted();
    const duplex = stream.toDuplex().resume();
    let calls = 0;
    const begun = house.reactor.nowMs;
    duplex.setTimeout(15, () => calls++);
    const log = logOf(duplex, "timeout", "close");
    expect(duplex.timeout).toBe(15);
    await once(duplex, "timeout");
    expect(house.reactor.nowMs - begun).toBeGreaterThanOrEqual(15);
    const expired = house.reactor.stats().timeouts;
    await until(() => house.reactor.stats().timeouts >= expired + 3);
    expect([calls, log]).toEqual([1, ["timeout"]]);
    peer.write("activity");
    await once(duplex, "timeout");
    expect([calls, log]).toEqual([1, ["timeout", "timeout"]]);
  });

  test("setTimeout(0) takes the timeout back, and its callback", async () => {
    const { house, stream } = await accepted();
    const duplex = stream.toDuplex();
    const callback = (): void => expect.unreachable();
    duplex.setTimeout(10, callback).setTimeout(0, callback);
    expect(duplex.listenerCount("timeout")).toBe(0);
    const log = logOf(duplex, "timeout");
    await until(() => house.reactor.stats().timeouts > 0);
    expect(log).toEqual([]);
    expect(() => duplex.setTimeout(-1)).toThrow(RangeError);
  });

  test("the stream's own deadlines end it", async () => {
    const { house, stream } = await accepted({ stream: { timeouts: { idleMs: 20 } } });
    const duplex = stream.toDuplex();
    const log = logOf(duplex, "timeout", "error", "close");
    expect(await house.over()).toBe("empty");
    await until(() => log.includes("close"));
    expect(log).toEqual(["error ERR_STREAM_TIMEOUT", "close"]);
  });

  test("it is refused during a blocking run, which Node's loop does not outlive", () => {
    const reactor = reactorOf();
    const [left] = socketPair();
    const stream = streamOf(reactor, left);
    const codes: unknown[] = [];
    reactor.timer(0, () => {
      for (const make of [() => stream.toDuplex(), () => stream.toWeb()]) {
        try {
          make();
        } catch (error) {
          codes.push((error as { code: unknown }).code);
        }
      }
      stream.destroy();
    });
    reactor.runBlocking();
    expect(codes).toEqual(["ERR_REACTOR_BLOCKING", "ERR_REACTOR_BLOCKING"]);
  });
});
