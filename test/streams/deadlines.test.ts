/** Deadlines of streams: which, when, and what they count from. Never early. */
import { describe, expect, test } from "vitest";
import type { SocketStream, StreamHandler } from "../../src/index.js";
import {
  busyFor,
  drive,
  fill,
  joined,
  reactorOf,
  receiveAll,
  recorder,
  send,
  tickingReactorOf,
  WAYS,
} from "./support.js";

const LATE = { code: "ERR_STREAM_TIMEOUT" };

describe.each(WAYS)("%s", (way) => {
  test.each(["readMs", "idleMs", "totalMs"] as const)(
    "%s given at birth is kept, and never early",
    async (name) => {
      const reactor = reactorOf();
      const log: string[] = [];
      const begun = performance.now();
      joined(reactor, recorder(log), { timeouts: { [name]: 40 } });
      await drive(reactor, way, () => log.length > 0);
      expect(performance.now() - begun).toBeGreaterThanOrEqual(40);
      expect(log).toEqual([`close ${LATE.code}`]);
    },
  );

  test("the read and the write deadline come once each, if their handler stops there (B76)", async () => {
    const reactor = reactorOf();
    const came = new Map<string, number>();
    const handler: StreamHandler<SocketStream> = {
      onTimeout: (self, which) => {
        came.set(which, performance.now() - begun);
        self.setTimeouts({ [`${which}Ms`]: Infinity });
      },
    };
    const { stream } = joined(reactor, handler, {}, "unix");
    fill(stream.socket);
    const begun = performance.now();
    stream.setTimeouts({ readMs: 60, writeMs: 40 });
    stream.write("more than the kernel takes");
    await drive(reactor, way, () => came.size === 2);
    expect(came.get("write")).toBeGreaterThanOrEqual(40);
    expect(came.get("read")).toBeGreaterThanOrEqual(60);
    expect(reactor.stats().timeouts).toBeLessThanOrEqual(4);
    expect(stream.isDestroyed).toBe(false);
  });

  test("the write deadline waits for output to wait (B76)", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { timeouts: { writeMs: 10 } });
    stream.write("taken at once");
    let isOver = false;
    reactor.timer(40, () => {
      isOver = true;
    });
    await drive(reactor, way, () => isOver);
    expect(String(receiveAll(peer))).toBe("taken at once");
    expect(log).toEqual([]);
  });

  test("output that begins to wait late in a turn has its whole time", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const options = { timeouts: { writeMs: 30 } };
    const { stream } = joined(reactor, recorder(log), options, "unix");
    fill(stream.socket);
    let begun = 0;
    reactor.timer(0, () => {
      busyFor(60);
      begun = performance.now();
      stream.write("waits");
    });
    await drive(reactor, way, () => log.length > 0);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(30);
  });

  test.each(["readMs", "idleMs"] as const)(
    "bytes that came in time are not too late for %s because the process was busy",
    async (name) => {
      const reactor = reactorOf();
      const log: string[] = [];
      const handler: StreamHandler<SocketStream> = {
        ...recorder(log),
        onData: (self, input) => {
          log.push(input.toString());
          self.destroy();
        },
      };
      const { peer } = joined(reactor, handler, { timeouts: { [name]: 30 } });
      reactor.timer(0, () => {
        send(peer, "in time");
        busyFor(60);
      });
      await drive(reactor, way, () => log.length > 0);
      expect(log[0]).toBe("in time");
    },
  );

  test("reading that begins again has its whole time", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const options = { timeouts: { readMs: 30 }, paused: true };
    const { stream } = joined(reactor, recorder(log), options);
    let begun = 0;
    reactor.timer(60, () => {
      expect(log).toEqual([]);
      busyFor(40);
      begun = performance.now();
      stream.resume();
    });
    await drive(reactor, way, () => log.length > 0);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(30);
    expect(log).toEqual([`close ${LATE.code}`]);
  });

  test("what comes or goes puts the idle deadline off", async () => {
    const reactor = tickingReactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { timeouts: { idleMs: 50 } });
    let last = 0;
    let beats = 0;
    const timer = reactor.timer(
      20,
      () => {
        beats += 1;
        if (beats % 2 === 0) stream.write("out");
        else send(peer, "in");
        last = reactor.nowMs;
        if (beats === 6) timer.stop();
      },
      { repeat: true },
    );
    await drive(reactor, way, () => log.some((word) => word.startsWith("close")));
    expect(reactor.nowMs - last).toBeGreaterThanOrEqual(50);
    expect(log).toEqual(["data in", "data in", "data in", `close ${LATE.code}`]);
  });

  test("a peer that never reads: write says stop, memory stays low, a deadline ends it", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const high = 100_000;
    const chunk = Buffer.alloc(10_000);
    let most = 0;
    const { stream } = joined(reactor, recorder(log), {
      writeMarks: { high },
      timeouts: { writeMs: 50 },
    });
    const begun = performance.now();
    let stops = 0;
    const timer = reactor.timer(
      1,
      () => {
        if (stream.isDestroyed) return void timer.stop();
        while (stream.pendingBytes < high) {
          if (!stream.write(chunk)) stops += 1;
          most = Math.max(most, stream.pendingBytes);
        }
      },
      { repeat: true },
    );
    await drive(reactor, way, () => stream.isDestroyed);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(50);
    expect(most).toBeLessThan(high + chunk.length);
    expect(stops).toBeGreaterThan(0);
    expect(log.at(-1)).toBe(`close ${LATE.code}`);
  });
});

describe.each(WAYS)("%s: after our end", (way) => {
  test("a peer that is silent and does not close is given up after lingerMs", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream } = joined(reactor, recorder(log), { timeouts: { lingerMs: 30 } });
    const begun = performance.now();
    stream.end("bye");
    await drive(reactor, way, () => log.length > 0);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(30);
    expect(log).toEqual([`close ${LATE.code}`]);
  });

  test("a long answer is not cut off, as long as it comes", async () => {
    const reactor = tickingReactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { timeouts: { lingerMs: 60 } });
    stream.end("question");
    let beats = 0;
    const timer = reactor.timer(
      20,
      () => {
        beats += 1;
        send(peer, `${beats}`);
        if (beats < 6) return;
        timer.stop();
        peer.shutdown("write");
      },
      { repeat: true },
    );
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log.at(-1)).toBe("close");
    expect(stream.bytesRead).toBe(6);
  });

  test("who is slow to read is not taken for a silent peer", async () => {
    const reactor = tickingReactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { timeouts: { lingerMs: 30 } });
    stream.end("question");
    stream.pause();
    send(peer, "answer");
    peer.shutdown("write");
    reactor.timer(90, () => stream.resume());
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log).toEqual(["data answer", "end", "close"]);
  });

  test("after resume the peer has its whole time", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream } = joined(reactor, recorder(log), { timeouts: { lingerMs: 30 } });
    stream.end("question");
    stream.pause();
    let begun = 0;
    reactor.timer(60, () => {
      begun = performance.now();
      stream.resume();
    });
    await drive(reactor, way, () => stream.isDestroyed);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(30);
    expect(log).toEqual([`close ${LATE.code}`]);
  });
});

test("wrong times are refused, by name", () => {
  const reactor = reactorOf();
  const { stream } = joined(reactor);
  for (const timeouts of [{ readMs: -1 }, { writeMs: Number.NaN }, { sleepMs: 1 }]) {
    expect(() => stream.setTimeouts(timeouts)).toThrow(
      expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }),
    );
  }
  expect(() => stream.setTimeouts({ idleMs: "1" as never })).toThrow(TypeError);
});

test("timeouts that are refused leave no hold: the run ends", async () => {
  const reactor = reactorOf();
  expect(() => joined(reactor, {}, { timeouts: { readMs: -1 } })).toThrow(RangeError);
  expect(await reactor.run()).toBe("empty");
});
