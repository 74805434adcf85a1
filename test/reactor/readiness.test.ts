/** What the kernel reports, as a reactor hands it on: ends, errors, edges, reused numbers. */
import { describe, expect, test } from "vitest";
import {
  EVENT_READ,
  EVENT_WRITE,
  FLAG_ERROR,
  FLAG_HANGUP,
  FLAG_READ_CLOSED,
  Socket,
  systemKernel,
} from "../../src/index.js";
import { refusedConnection, tcpPair } from "../support/tcp.js";
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
  track,
} from "./support.js";

const BOTH = EVENT_READ | EVENT_WRITE;
const hasEdges = process.platform === "linux" || process.platform === "darwin";
const EDGE_BACKEND = process.platform === "linux" ? "epoll" : "kqueue";

/** Closes a bare number after the test, unless the test did. */
function raw(fd: number): number {
  track({ [Symbol.dispose]: () => void systemKernel.close(fd) });
  return fd;
}

describe.each(EVERYWHERE)("%s, %s", (way, backend) => {
  test("a peer's close is seen by a reader and by a full writer, not before (B47)", async () => {
    const reactor = reactorOf({ backend });
    const [reader, readerPeer] = pair();
    const [writer, writerPeer] = pair();
    fill(writer);
    const calls: string[] = [];
    reactor.watch(reader, EVENT_READ, (events, _flags, watch) => {
      calls.push("reader");
      expect(events).toBe(EVENT_READ);
      expect(receive(reader)).toBe("");
      watch.stop();
    });
    reactor.watch(writer, EVENT_WRITE, (events, _flags, watch) => {
      calls.push("writer");
      expect(events).toBe(EVENT_WRITE);
      expect(errorOf(() => writer.send(Buffer.from("x")))).toMatchObject({ code: "EPIPE" });
      watch.stop();
    });
    reactor.timer(5, () => {
      expect(calls).toEqual([]);
      readerPeer.close();
      writerPeer.close();
    });
    expect(await go(reactor, way)).toBe("empty");
    expect(calls.sort()).toEqual(["reader", "writer"]);
  });

  test.skipIf(backend === "select" || backend === "kqueue")(
    "a peer's FIN is hinted beside the unread data (B48, B49)",
    async () => {
      for (const once of [true, false]) {
        const reactor = reactorOf({ backend });
        const listener = track(Socket.listenTcp({ host: "127.0.0.1" }));
        const [client, serverFd] = tcpPair(listener);
        const server = track(Socket.fromFd(serverFd));
        systemKernel.write(raw(client), Buffer.from("unread"), 0, 6);
        systemKernel.shutdown(client, systemKernel.constants.SHUT_WR);
        const flags: number[] = [];
        reactor.watch(
          server,
          EVENT_READ,
          (events, flag, watch) => {
            expect(events).toBe(EVENT_READ);
            flags.push(flag);
            if (flags.length === 3) watch.stop();
          },
          { once },
        );
        expect(await go(reactor, way)).toBe("empty");
        expect(flags).toEqual(once ? [FLAG_READ_CLOSED] : new Array(3).fill(FLAG_READ_CLOSED));
        expect(receive(server)).toBe("unread");
      }
    },
  );

  test("a refused connection comes to whoever watches either event (B58)", async () => {
    for (const interest of [EVENT_READ, EVENT_WRITE, BOTH]) {
      const reactor = reactorOf({ backend });
      const client = raw(refusedConnection());
      const seen: number[] = [];
      reactor.watch(client, interest, (events, flags, watch) => {
        seen.push(events);
        const closed = (interest & EVENT_READ) !== 0 ? FLAG_READ_CLOSED : 0;
        if (backend === "epoll" || backend === "poll") {
          expect(flags).toBe(FLAG_ERROR | FLAG_HANGUP | closed);
        }
        watch.stop();
      });
      expect(await go(reactor, way)).toBe("empty");
      expect(seen).toEqual([interest]);
    }
  });

  test("a hung-up socket that nobody watches any more does not spin (B58)", async () => {
    const reactor = reactorOf({ backend });
    const [left, right] = pair();
    const watch = reactor.watch(left, EVENT_READ, () => watch.stop());
    right.close();
    reactor.timer(40, () => {});
    const before = reactor.stats();
    expect(await go(reactor, way)).toBe("empty");
    const after = reactor.stats();
    const sleeps = backend === "epoll" || backend === "kqueue" || way === "blocking";
    // Without a queue of its own it looks from a timer, every 1 to 10 ms.
    expect(after.turns - before.turns).toBeLessThanOrEqual(sleeps ? 6 : 60);
    expect(after.stale).toBe(before.stale);
  });

  test("a writer of half a connection is not called for the other half's end", async () => {
    const reactor = reactorOf({ backend });
    const [left, right] = pair();
    fill(left);
    right.shutdown("write");
    const watch = reactor.watch(left, EVENT_WRITE, () => expect.unreachable());
    reactor.timer(20, () => watch.stop());
    expect(await go(reactor, way)).toBe("empty");
    expect(reactor.stats().turns).toBeLessThanOrEqual(40);
    expect(reactor.stats().events).toBe(0);
  });

  test("a number that is closed and reused between turns: no event of the old one (B57)", async () => {
    const reactor = reactorOf({ backend, turnMs: Infinity });
    const [left, right] = readablePair();
    const fd = left.fileno();
    reactor.watch(left, EVENT_READ, () => expect.unreachable());
    left.close();
    const heirs = [pair(), pair()].flat();
    const heir = heirs.find((socket) => socket.fileno() === fd) as Socket;
    let calls = 0;
    reactor.watch(heir, EVENT_READ, () => {
      calls += 1;
      heir.close();
    });
    const peer = heirs[heirs.indexOf(heir) ^ 1] as Socket;
    reactor.timer(5, () => {
      expect(calls).toBe(0);
      send(peer);
    });
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(1);
    right.close();
  });

  test("a number that is closed and reused within a turn: no event of the old one", async () => {
    const reactor = reactorOf({ backend });
    const [a, b] = [readablePair()[0], readablePair()[0]];
    let calls = 0;
    const onReady = () => {
      calls += 1;
      const fds = [a.fileno(), b.fileno()];
      a.close();
      b.close();
      for (const heir of pair()) {
        if (fds.includes(heir.fileno())) {
          reactor.watch(heir, EVENT_READ, () => expect.unreachable()).unref();
        }
      }
    };
    reactor.watch(a, EVENT_READ, onReady);
    reactor.watch(b, EVENT_READ, onReady);
    reactor.timer(5, () => {});
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(1);
  });
});

test.each(BACKENDS)("level: what is left unread is reported again: %s (B50)", (backend) => {
  const reactor = reactorOf({ backend });
  const [left] = readablePair("two");
  reactor.watch(left, EVENT_READ, () => receive(left, 1));
  expect([reactor.turn(), reactor.turn(), reactor.turn(), reactor.turn()]).toEqual([1, 1, 1, 0]);
});

describe.runIf(hasEdges)(`edges of ${EDGE_BACKEND}`, () => {
  test("what is left unread is not reported again, what comes is (B50)", () => {
    const reactor = reactorOf({ backend: EDGE_BACKEND });
    const [left, right] = readablePair("two");
    reactor.watch(left, EVENT_READ, () => receive(left, 1), { mode: "edge" });
    expect([reactor.turn(), reactor.turn()]).toEqual([1, 0]);
    send(right);
    expect([reactor.turn(), reactor.turn()]).toEqual([1, 0]);
  });

  test("without its reader, the writer of a socket stays edge-triggered (B51)", () => {
    const reactor = reactorOf({ backend: EDGE_BACKEND });
    const [left, right] = pair();
    let writes = 0;
    const reader = reactor.watch(left, EVENT_READ, () => {}, { mode: "edge" });
    reactor.watch(left, EVENT_WRITE, () => (writes += 1), { mode: "edge" });
    reactor.turn();
    reader.stop();
    for (let i = 0; i < 5; i += 1) reactor.turn();
    expect(writes).toBeLessThanOrEqual(2); // The change of interest is an edge of its own.
    const before = writes;
    right.close();
    for (let i = 0; i < 5; i += 1) reactor.turn();
    expect(writes).toBe(before + 1);
  });

  test.each([
    ["edge", "level"],
    ["level", "edge"],
  ] as const)("one socket is not watched in mode %s and %s at once (B52)", (first, second) => {
    const reactor = reactorOf({ backend: EDGE_BACKEND });
    const [left] = readablePair();
    let calls = 0;
    reactor.watch(left, EVENT_READ, () => (calls += 1), { mode: first });
    const refused = errorOf(() => reactor.watch(left, EVENT_READ, () => {}, { mode: second }));
    expect(refused).toMatchObject({ code: "ERR_MODE_CONFLICT" });
    expect(reactor.stats().started).toBe(1);
    expect(reactor.turn()).toBe(1);
    expect(calls).toBe(1);
  });
});

test.each(["poll", "select"] as const)("%s refuses edges (B4)", (backend) => {
  const reactor = reactorOf({ backend });
  const [left] = pair();
  expect(reactor.capabilities.modes.has("edge")).toBe(false);
  const refused = errorOf(() => reactor.watch(left, EVENT_READ, () => {}, { mode: "edge" }));
  expect(refused).toMatchObject({ code: "ERR_NOT_SUPPORTED" });
  expect(reactor.stats().started).toBe(0);
});

test("a copy that is watched, closed and made again under its number works (B53)", () => {
  const reactor = reactorOf();
  const [left] = readablePair();
  let reads = 0;
  let writes = 0;
  reactor.watch(left, EVENT_READ, () => (reads += 1));
  const copy = raw(systemKernel.dup(left.fileno()));
  const old = reactor.watch(copy, EVENT_READ, () => expect.unreachable());
  old.stop();
  systemKernel.close(copy);
  expect(systemKernel.dup(left.fileno())).toBe(copy);
  reactor.watch(copy, EVENT_WRITE, () => (writes += 1));
  expect(reactor.turn()).toBe(2);
  expect({ reads, writes }).toEqual({ reads: 1, writes: 1 });
  drain(left);
});

test("poll: the watch of a number that somebody closed is called (B54)", () => {
  const reactor = reactorOf({ backend: "poll" });
  const fd = raw(systemKernel.dup(pair()[0].fileno()));
  const seen: number[] = [];
  const watch = reactor.watch(fd, EVENT_READ, (events) => seen.push(events));
  systemKernel.close(fd);
  expect(reactor.turn()).toBe(1);
  expect(seen).toEqual([EVENT_READ]);
  watch.stop();
});

test("closing a socket ends the watches of its bare number, too", () => {
  const reactor = reactorOf();
  const [left] = pair();
  const byNumber = reactor.watch(left.fileno(), EVENT_READ, () => {});
  const bySocket = reactor.watch(left, EVENT_WRITE, () => {});
  left.close();
  expect([byNumber.isStarted, bySocket.isStarted]).toEqual([false, false]);
  expect(reactor.stats().started).toBe(0);
});

test("the backend that is asked for is the one there is (B2)", () => {
  for (const backend of BACKENDS) {
    expect(reactorOf({ backend }).capabilities.backend).toBe(backend);
  }
  expect(errorOf(() => reactorOf({ backend: "ports" as never }))).toBeInstanceOf(Error);
});
