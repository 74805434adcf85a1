/** The life of a stream: its two ends, what it calls and when it stops calling. */
import { describe, expect, test } from "vitest";
import { SO_SNDBUF, Socket, type SocketStream, type StreamHandler } from "../../src/index.js";
import {
  collect,
  drive,
  errorOf,
  expectBytes,
  fill,
  joined,
  pattern,
  reactorOf,
  receiveAll,
  recorder,
  resetOnClose,
  send,
  socketPair,
  streamOf,
  turns,
  WAYS,
} from "./support.js";

describe.each(WAYS)("%s", (way) => {
  test("end() sends what was written, then FIN; it is over with the peer's FIN", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), {}, "unix");
    stream.socket.setOption(SO_SNDBUF, 4096);
    const sent = pattern(1, 300_000);
    stream.write(sent.subarray(0, 1000));
    stream.end(sent.subarray(1000));
    stream.end();
    const got = collect(reactor, peer);
    await drive(reactor, way, () => got.isEnded);
    expectBytes(got.bytes(), sent);
    expect(stream.isDestroyed).toBe(false);
    send(peer, "last words");
    peer.shutdown("write");
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log.filter((word) => word !== "drain")).toEqual(["data last words", "end", "close"]);
  });

  test("the peer's FIN ends our side, too: what is written by then is sent", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const sent = pattern(2, 300_000);
    const handler = recorder(log);
    const { stream, peer } = joined(
      reactor,
      { ...handler, onEnd: (self) => void self.write(sent) },
      {},
      "unix",
    );
    peer.shutdown("write");
    const got = collect(reactor, peer);
    await drive(reactor, way, () => got.isEnded && stream.isDestroyed);
    expectBytes(got.bytes(), sent);
    expect(log.at(-1)).toBe("close");
  });

  test("allowHalfOpen: it goes on sending after the peer's FIN, until end()", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { allowHalfOpen: true });
    const got = collect(reactor, peer);
    send(peer, "question");
    peer.shutdown("write");
    await drive(reactor, way, () => log.includes("end"));
    expect(stream.hasReadEnded).toBe(true);
    for (const word of ["a ", "long ", "answer"]) {
      const before = got.bytes().length;
      stream.write(word);
      await drive(reactor, way, () => got.bytes().length > before);
    }
    expect(got.isEnded).toBe(false);
    stream.end();
    await drive(reactor, way, () => got.isEnded);
    expect(String(got.bytes())).toBe("a long answer");
    expect(log).toEqual(["data question", "end", "close"]);
  });

  test("it receives after its own FIN, much and to the end", async () => {
    const reactor = reactorOf();
    const parts: Buffer[] = [];
    const sent = pattern(3, 1_000_000);
    const { stream, peer } = joined(reactor, {
      onData: (_, input) => void parts.push(input.take()),
    });
    stream.end();
    const other = streamOf(
      reactor,
      peer,
      { onEnd: (self) => self.end(sent) },
      {
        allowHalfOpen: true,
      },
    );
    await drive(reactor, way, () => stream.isDestroyed && other.isDestroyed);
    expectBytes(Buffer.concat(parts), sent);
  });

  test("a reset in the middle of a write is an error, the last call and the only one", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log));
    fill(stream.socket);
    stream.write(pattern(4, 500_000));
    resetOnClose(peer);
    peer.close();
    await drive(reactor, way, () => stream.isDestroyed);
    turns(reactor, 3);
    expect(log).toEqual([expect.stringMatching(/^close (ECONNRESET|EPIPE)$/)]);
    expect(stream.socket.isClosed).toBe(true);
  });

  test("a reset is noticed by one that only waits to send", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { paused: true });
    fill(stream.socket);
    stream.write("waits");
    resetOnClose(peer);
    peer.close();
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log).toEqual([expect.stringMatching(/^close (ECONNRESET|EPIPE)$/)]);
  });

  test("EPIPE: a unix peer that is gone", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { paused: true }, "unix");
    peer.close();
    stream.write("to nobody");
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log).toEqual(["close EPIPE"]);
  });

  test("a connection that nobody waits on does not spin: no turn without work", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor, {}, { allowHalfOpen: true });
    fill(stream.socket);
    stream.write("waits");
    stream.pause();
    peer.shutdown("write");
    turns(reactor, 3);
    const { events } = reactor.stats();
    for (let i = 0; i < 20; i += 1) reactor.turn(1);
    expect(reactor.stats().events - events).toBe(0);
    expect(stream.isDestroyed).toBe(false);
  });

  test("bytes that came in the turn in which it was paused wait for resume, in order, once", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const second = joined(reactor, recorder(log, "b"));
    const first = joined(reactor, {
      onData: (self, input) => {
        input.clear();
        second.stream.pause();
        self.pause();
      },
    });
    // Whichever is ready first: only in one order is the other received already.
    for (let i = 0; i < 2; i += 1) {
      const name = String(i);
      send(first.peer, "x");
      send(second.peer, `one${name} `);
      await drive(reactor, way, () => first.stream.isReading === false);
      send(second.peer, `two${name}`);
      turns(reactor, 2);
      second.stream.resume();
      await drive(reactor, way, () => log.join("").includes(`two${name}`));
      first.stream.resume();
    }
    expect(log.map((word) => word.replace("b.data ", "")).join("")).toBe("one0 two0one1 two1");
  });

  test("received together, paused by the other's handler: delivered after resume", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const joints = Array.from({ length: 3 }, (_, i) =>
      joined(reactor, {
        onData: (_self, input) => {
          log.push(`${i} ${input.take()}`);
          for (const [k, { stream }] of joints.entries()) if (k !== i) stream.pause();
        },
      }),
    );
    for (const [i, { peer }] of joints.entries()) {
      send(peer, `of ${i}`);
      peer.shutdown("write");
    }
    await drive(reactor, way, () => log.length > 0);
    turns(reactor, 3);
    expect(log).toHaveLength(1);
    const [name] = log[0]?.split(" ") ?? [];
    const others = joints.filter((_, k) => k !== Number(name));
    expect(others.map(({ stream }) => stream.input.length).filter((n) => n > 0)).toEqual([4, 4]);
    for (const { stream } of others) stream.handler = recorder(log);
    for (const { stream } of others) stream.resume();
    await drive(reactor, way, () => others.every(({ stream }) => stream.isDestroyed));
    expect(
      log
        .slice(1)
        .filter((word) => word.startsWith("data"))
        .sort(),
    ).toEqual([0, 1, 2].filter((k) => k !== Number(name)).map((k) => `data of ${k}`));
    expect(log.filter((word) => word === "end")).toHaveLength(2);
  });

  test("what is unread at the peer's end stays in `input`, and comes no more after onEnd", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(
      reactor,
      {
        onData: (_, input) => void log.push(`data ${input}`),
        onEnd: (self) => {
          log.push("end");
          self.resume();
        },
      },
      { allowHalfOpen: true },
    );
    send(peer, "rest");
    peer.shutdown("write");
    await drive(reactor, way, () => log.includes("end"));
    turns(reactor, 3);
    expect(log.at(-1)).toBe("end");
    expect(String(stream.input)).toBe("rest");
  });

  test("a stream keeps the run alive until it is over", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor, { onEnd: (self) => self.end() }, { paused: true });
    reactor.timer(5, () => {
      stream.resume();
      peer.shutdown("write");
    });
    expect(way === "attached" ? await reactor.run() : reactor.runBlocking()).toBe("empty");
    expect(stream.isDestroyed).toBe(true);
  });
});

describe("no callback after destroy", () => {
  const names = ["onData", "onEnd", "onDrain", "onTimeout", "onFinish"] as const;

  test.each(names)("that was called in %s", (name) => {
    const reactor = reactorOf();
    const log: string[] = [];
    const handler: StreamHandler<SocketStream> = {};
    for (const one of names) {
      handler[one] = (self: SocketStream): void => {
        log.push(one);
        if (one === name) self.destroy();
      };
    }
    handler.onClose = () => void log.push("onClose");
    const { stream, peer } = joined(
      reactor,
      handler,
      { writeMarks: { high: 1 }, timeouts: name === "onTimeout" ? { totalMs: 0 } : {} },
      "unix",
    );
    if (name === "onDrain") {
      fill(stream.socket);
      stream.write("waits");
      turns(reactor, 1);
    }
    stream.end("x");
    send(peer, "y");
    if (name !== "onDrain") peer.shutdown("write");
    for (let i = 0; i < 5; i += 1) {
      if (!stream.isDestroyed) receiveAll(peer);
      reactor.turn();
    }
    expect(log.at(-1)).toBe("onClose");
    expect(log.at(-2)).toBe(name);
    expect(log.filter((word) => word === "onClose")).toHaveLength(1);
    expect(stream.socket.isClosed).toBe(true);
    expect(reactor.stats().started).toBe(0);
  });

  test("that was called in onClose, by another stream, or twice", () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const first = joined(reactor, {
      ...recorder(log, "a"),
      onClose: (self) => {
        log.push("a.close");
        self.destroy(new Error("again"));
        second.stream.destroy();
      },
    });
    const second = joined(reactor, recorder(log, "b"));
    send(first.peer);
    send(second.peer);
    first.stream.destroy();
    first.stream.destroy();
    turns(reactor, 3);
    expect(log).toEqual(["a.close", "b.close"]);
  });

  test("by a handler of the same batch, whose bytes were received already", () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const joints = Array.from({ length: 3 }, (_, i) =>
      joined(reactor, {
        ...recorder(log, String(i)),
        onData: (self) => {
          log.push(`${i}.data`);
          for (const { stream } of joints) if (stream !== self) stream.destroy();
        },
      }),
    );
    for (const { peer } of joints) send(peer);
    turns(reactor, 3);
    expect(log.filter((word) => word.endsWith("data"))).toHaveLength(1);
    expect(log.filter((word) => word.endsWith("close"))).toHaveLength(2);
  });

  test("an onTimeout that throws destroys, and the reactor hears of it", () => {
    const errors: unknown[] = [];
    const reactor = reactorOf({ onError: (error) => errors.push(error) });
    const log: string[] = [];
    joined(
      reactor,
      {
        ...recorder(log),
        onTimeout: () => {
          throw new Error("of onTimeout");
        },
      },
      { timeouts: { totalMs: 0 } },
    );
    turns(reactor, 3);
    expect(log).toEqual(["close of onTimeout"]);
    expect(errors).toEqual([new Error("of onTimeout")]);
  });

  test("after reactor.close(): destroy() still closes the descriptor and says so", () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream } = joined(reactor, recorder(log));
    stream.write("never sent by a turn");
    reactor.close();
    stream.destroy();
    expect(log).toEqual(["close"]);
    expect(stream.socket.isClosed).toBe(true);
  });
});

describe("write", () => {
  test("what was written before destroy() is sent, as far as the kernel takes it", () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor);
    stream.write("written");
    stream.destroy();
    expect(String(receiveAll(peer))).toBe("written");
  });

  test("after end() and after destroy() it throws, and end() with data too", () => {
    const reactor = reactorOf();
    const { stream } = joined(reactor);
    stream.end();
    const afterEnd = { code: "ERR_STREAM_WRITE_AFTER_END" };
    expect(errorOf(() => stream.write("x"))).toMatchObject(afterEnd);
    expect(errorOf(() => stream.end("x"))).toMatchObject(afterEnd);
    expect(stream.isWritable).toBe(false);
    stream.destroy();
    const destroyed = { code: "ERR_STREAM_DESTROYED" };
    expect(errorOf(() => stream.write("x"))).toMatchObject(destroyed);
    expect(errorOf(() => stream.end("x"))).toMatchObject(destroyed);
    expect(() => stream.end()).not.toThrow();
    expect(() => stream.pause()).not.toThrow();
    expect(() => stream.resume()).not.toThrow();
    expect(() => stream.setTimeouts({ idleMs: 1 })).not.toThrow();
  });

  test("of nothing sends nothing; of what is no data is refused", () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor);
    expect(stream.write("")).toBe(true);
    expect(stream.write(Buffer.alloc(0))).toBe(true);
    turns(reactor, 2);
    expect(receiveAll(peer)).toHaveLength(0);
    expect(() => stream.write(1 as never)).toThrow(TypeError);
    expect(() => stream.write(null as never)).toThrow(TypeError);
  });

  test("copies: the caller may change its bytes at once", () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor, {}, {}, "unix");
    for (const length of [3, 1000, 20_000]) {
      const bytes = Buffer.alloc(length, "a");
      stream.write(bytes);
      bytes.fill("b");
    }
    turns(reactor, 2);
    expect(String(receiveAll(peer))).toBe("a".repeat(21_003));
  });

  test("many small writes of a turn are one system call", () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor);
    for (let i = 0; i < 1000; i += 1) stream.write(`${i},`);
    turns(reactor, 1);
    expect(receiveAll(peer)).toHaveLength(3890);
    expect(stream.bytesWritten).toBe(3890);
  });
});

describe("a stream that cannot be made", () => {
  test("leaves the socket to the caller, no hold and no deadline", async () => {
    const reactor = reactorOf();
    const [blocking] = [Socket.tcp({ blocking: true })];
    expect(errorOf(() => streamOf(reactor, blocking))).toMatchObject({
      code: "ERR_SOCKET_BLOCKING",
    });
    blocking.close();
    const [left] = socketPair();
    const wrong = { readMarks: { low: 5, high: 4 } };
    expect(() => streamOf(reactor, left, {}, wrong)).toThrow(RangeError);
    expect(left.isClosed).toBe(false);
    left.close();
    expect(() => streamOf(reactor, left, {}, { timeouts: { idleMs: 1 } })).toThrow();
    expect(await reactor.run()).toBe("empty");
    expect(reactor.stats().timers).toBe(0);
  });
});
