/** Watches: starting, stopping, changing, sharing a descriptor, quiet times. libevent: event */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, Socket } from "../../src/index.js";
import { EVENT_TIMEOUT, type Watch } from "../../src/reactor/index.js";
import {
  BACKENDS,
  drain,
  EVERYWHERE,
  errorOf,
  fill,
  go,
  pair,
  reactorOf,
  readablePair,
  receive,
  send,
  WAYS,
} from "./support.js";

const BOTH = EVENT_READ | EVENT_WRITE;

describe.each(EVERYWHERE)("%s, %s", (way, backend) => {
  test("a once watch that starts itself again: the data, then the end (B24)", async () => {
    const reactor = reactorOf({ backend });
    const [left, right] = readablePair("hello");
    right.close();
    const read: (string | undefined)[] = [];
    reactor.watch(
      left,
      EVENT_READ,
      (events, _flags, watch) => {
        expect(events).toBe(EVENT_READ);
        expect(watch.isStarted).toBe(false);
        read.push(receive(left));
        if (read.length === 1) watch.start();
      },
      { once: true },
    );
    expect(await go(reactor, way)).toBe("empty");
    expect(read).toEqual(["hello", ""]);
  });

  test("4 KiB in pieces of 128 bytes arrive as they were, once or for long (B27)", async () => {
    for (const once of [true, false]) {
      const reactor = reactorOf({ backend });
      const [left, right] = pair();
      const sent = Buffer.from(Array.from({ length: 4096 }, (_, i) => i % 251));
      const got: Buffer[] = [];
      let offset = 0;
      reactor.watch(
        left,
        EVENT_WRITE,
        (_events, _flags, watch) => {
          offset += Math.max(0, left.send(sent, offset, 128));
          if (offset === sent.length) left.close();
          else watch.start();
        },
        { once },
      );
      reactor.watch(
        right,
        EVENT_READ,
        (_events, _flags, watch) => {
          const buffer = Buffer.alloc(100);
          const n = right.recv(buffer);
          got.push(buffer.subarray(0, n));
          if (n === 0) watch.stop();
          else watch.start();
        },
        { once },
      );
      expect(await go(reactor, way)).toBe("empty");
      expect(Buffer.concat(got).equals(sent)).toBe(true);
    }
  });

  test("a two-way transfer over four watches: each side gets it all (B28)", async () => {
    const reactor = reactorOf({ backend });
    const totals = [4096, 8192] as const;
    const ends = pair();
    const received = [0, 0];
    for (const side of [0, 1] as const) {
      const socket = ends[side];
      let left: number = totals[side];
      reactor.watch(socket, EVENT_WRITE, (_events, _flags, watch) => {
        left -= Math.max(0, socket.send(Buffer.alloc(Math.min(left, 1000))));
        if (left === 0) watch.stop();
      });
      reactor.watch(socket, EVENT_READ, (_events, _flags, watch) => {
        received[side] = (received[side] as number) + (receive(socket, 512)?.length ?? 0);
        if (received[side] === totals[1 - side]) watch.stop();
      });
    }
    expect(await go(reactor, way)).toBe("empty");
    expect(received).toEqual([totals[1], totals[0]]);
  });
});

describe.each(WAYS)("%s", (way) => {
  test("several watches of one descriptor are called, in the order started (B25)", async () => {
    const reactor = reactorOf();
    const [left] = readablePair();
    const calls: string[] = [];
    for (const name of ["first", "second", "third"]) {
      reactor.watch(left, EVENT_READ, () => calls.push(name), { once: true });
    }
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toEqual(["first", "second", "third"]);
  });

  test("of a read and a write watch of one socket, one goes and the other works (B26)", async () => {
    const reactor = reactorOf();
    const [left, right] = readablePair();
    let writes = 0;
    const reader = reactor.watch(left, EVENT_READ, () => expect.unreachable());
    const writer = reactor.watch(left, EVENT_WRITE, (events) => {
      expect(events).toBe(EVENT_WRITE);
      writes += 1;
      if (writes === 3) writer.stop();
    });
    reader.stop();
    expect(await go(reactor, way)).toBe("empty");
    expect(writes).toBe(3);
    const again = reactor.watch(left, EVENT_READ, () => again.stop());
    writer.start().stop();
    send(right);
    expect(await go(reactor, way)).toBe("empty");
  });

  test("a once watch is called once, however much comes (B29)", async () => {
    const reactor = reactorOf();
    const [left, right] = readablePair();
    let calls = 0;
    reactor.watch(
      left,
      EVENT_READ,
      () => {
        calls += 1;
        send(right, "more");
      },
      { once: true },
    );
    reactor.timer(5, () => {});
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(1);
  });

  test("two once watches that start each other: one call each a turn (B30)", async () => {
    const reactor = reactorOf();
    const [a, b] = [readablePair()[0], readablePair()[0]];
    const calls: string[] = [];
    const call = (name: string, other: Watch) => {
      calls.push(name);
      if (calls.length === 10) reactor.stop();
      other.start();
    };
    const first: Watch = reactor.watch(a, EVENT_READ, () => call("a", second), {
      once: true,
    });
    const second: Watch = reactor.watch(b, EVENT_READ, () => call("b", first), {
      once: true,
    });
    expect(await go(reactor, way)).toBe("stopped");
    expect(Math.abs(calls.filter((name) => name === "a").length * 2 - calls.length)).toBeLessThan(
      3,
    );
  });

  test("stopping a watch within the turn cancels its call (B44)", async () => {
    const reactor = reactorOf();
    const watches = [0, 1].map(() =>
      reactor.watch(readablePair()[0], EVENT_READ, () => {
        calls += 1;
        for (const watch of watches) watch.stop();
      }),
    );
    let calls = 0;
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(1);
  });

  test("a socket that is closed within the turn is not called for any more", async () => {
    const reactor = reactorOf();
    const sockets = [readablePair()[0], readablePair()[0]];
    let calls = 0;
    for (const socket of sockets) {
      reactor.watch(socket, EVENT_READ, () => {
        calls += 1;
        for (const one of sockets) one.close();
      });
    }
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(1);
  });

  test("modify() takes back what is due for what is not asked for any more", async () => {
    const reactor = reactorOf();
    const [left] = readablePair();
    const seen: number[] = [];
    reactor.watch(
      readablePair()[0],
      EVENT_READ,
      () => {
        narrowed.modify(EVENT_WRITE);
        cancelled.modify(EVENT_WRITE);
      },
      { once: true },
    );
    const [full] = readablePair();
    fill(full);
    const narrowed = reactor.watch(left, BOTH, (events) => {
      seen.push(events);
      narrowed.stop();
    });
    const cancelled = reactor.watch(full, EVENT_READ, () => expect.unreachable());
    reactor.timer(5, () => cancelled.stop());
    expect(await go(reactor, way)).toBe("empty");
    expect(seen).toEqual([EVENT_WRITE]);
  });

  test("a run ends when the last watch is stopped or its socket closed (B22)", async () => {
    for (const end of ["stop", "close"] as const) {
      const reactor = reactorOf();
      const [left] = pair();
      const watch = reactor.watch(left, EVENT_READ, () => expect.unreachable());
      reactor.timer(1, () => (end === "stop" ? watch.stop() : left.close()));
      expect(await go(reactor, way)).toBe("empty");
      expect(watch.isStarted).toBe(false);
    }
  });
});

test.each(BACKENDS)("out and in again within a turn costs no change: %s (B15)", (backend) => {
  const reactor = reactorOf({ backend });
  const [left] = pair();
  const watch = reactor.watch(left, EVENT_READ, () => expect.unreachable());
  reactor.turn();
  const { changes, waits } = reactor.stats();
  watch.stop();
  watch.start();
  watch.stop();
  watch.start();
  watch.modify(BOTH);
  watch.modify(EVENT_READ);
  expect(reactor.turn(5)).toBe(0);
  expect(reactor.stats()).toMatchObject({ changes, waits: waits + 1 });
});

test("the kernel hears of the union only: more readers of one socket cost nothing", () => {
  const reactor = reactorOf();
  const [left] = readablePair();
  const watches = Array.from({ length: 10 }, () => reactor.watch(left, EVENT_READ, () => {}));
  reactor.turn();
  expect(reactor.stats()).toMatchObject({ changes: 1, events: 1, callbacks: 10 });
  for (const watch of watches.slice(1)) watch.stop();
  expect(reactor.turn()).toBe(1);
  expect(reactor.stats().changes).toBe(1);
});

test("bad arguments are refused, and the reactor is as it was (B42)", () => {
  const reactor = reactorOf();
  const [left] = pair();
  const codeOf = (act: () => unknown) => (errorOf(act) as { code?: string }).code;
  const noop = () => {};
  expect(codeOf(() => reactor.watch(left, 0, noop))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => reactor.watch(left, EVENT_READ | EVENT_TIMEOUT, noop))).toBe(
    "ERR_OUT_OF_RANGE",
  );
  expect(codeOf(() => reactor.watch(left, "r" as never, noop))).toBe("ERR_INVALID_ARG_TYPE");
  expect(codeOf(() => reactor.watch(left, EVENT_READ, 1 as never))).toBe("ERR_INVALID_ARG_TYPE");
  for (const fileobj of [undefined, null, {}, "7"]) {
    expect(
      codeOf(() => reactor.watch(fileobj as never, EVENT_READ, noop)),
      String(fileobj),
    ).toBe("ERR_INVALID_ARG_TYPE");
  }
  for (const fd of [-1, 2 ** 31, 1.5]) {
    expect(
      codeOf(() => reactor.watch(fd, EVENT_READ, noop)),
      String(fd),
    ).toBe("ERR_OUT_OF_RANGE");
  }
  const watch = reactor.watch(left, EVENT_READ, noop);
  expect(codeOf(() => watch.activate(0))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => watch.modify(8))).toBe("ERR_OUT_OF_RANGE");
  expect(codeOf(() => watch.modify(EVENT_READ, { timeoutMs: -1 }))).toBe("ERR_OUT_OF_RANGE");
  expect(watch.events).toBe(EVENT_READ);
  expect(reactor.stats().started).toBe(1);
  const closed = Socket.tcp();
  closed.close();
  expect(codeOf(() => reactor.watch(closed, EVENT_READ, noop))).toBe("ERR_OUT_OF_RANGE");
  drain(left);
});
