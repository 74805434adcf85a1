/** A connection over sockets and in memory: messages, pings, the ways it ends, and what it bears. */
import { describe, expect, test } from "vitest";
import {
  encodeMessage,
  type WebSocketConnection,
  type WebSocketHandler,
} from "../../../src/protocols/websocket/index.js";
import { SocketStream } from "../../../src/streams/index.js";
import { KINDS, pairOf, settle } from "../../streams/pair-support.js";
import { drive, errorOf, pattern, reactorOf, resetOnClose } from "../../streams/support.js";
import { barePeer, connectedPair, connectionOf, recorder } from "./connection-support.js";
import { closeBody, frame } from "./support.js";

const WAY = "blocking";
const BIG = 300_000;

describe.each(KINDS)("over %s", (kind) => {
  test.each([false, true])("messages go both ways, in order, deflated: %s", async (deflate) => {
    const reactor = reactorOf();
    const log: string[] = [];
    const echo: WebSocketHandler = { onMessage: (socket, data) => void socket.send(data) };
    const permessageDeflate = deflate && { messageBytesMin: 0 };
    const [, client] = connectedPair(
      kind,
      reactor,
      { server: echo, client: recorder(log) },
      { permessageDeflate },
    );
    const texts = [
      "",
      "Hello",
      "Größe 日本語 🎉",
      "x".repeat(125),
      "y".repeat(126),
      "z".repeat(70_000),
    ];
    for (const text of texts) {
      client.send(text);
      client.send(Buffer.from(text));
    }
    await drive(reactor, WAY, () => log.length === 2 * texts.length);
    const wanted = texts.flatMap((text) => [
      `text ${text}`.trimEnd(),
      `binary ${Buffer.from(text).toString("hex")}`.trimEnd(),
    ]);
    expect(log).toEqual(wanted);
    expect(client.isDeflating).toBe(deflate);
  });

  test("what was sent may be changed afterwards, however long it is", async () => {
    const reactor = reactorOf();
    const sizes = [10, 1000, 20_000, 1_000_000];
    const found: Buffer[] = [];
    const collect: WebSocketHandler = { onMessage: (_, data) => void found.push(data as Buffer) };
    const [server, client] = connectedPair(kind, reactor, { server: collect, client: collect });
    for (const socket of [server, client]) {
      for (const size of sizes) {
        const data = pattern(size, size);
        socket.send(data);
        data.fill(0);
      }
    }
    await drive(reactor, WAY, () => found.length === 2 * sizes.length);
    for (const data of found)
      expect(Buffer.compare(data, pattern(data.length, data.length))).toBe(0);
  });

  test("10,000 messages in one piece come one by one", async () => {
    const reactor = reactorOf();
    let count = 0;
    const { peer } = barePeer(kind, reactor, {
      onMessage(_, data) {
        if (data !== `m${count}`) throw new Error(`${data} in place of m${count}`);
        count += 1;
      },
    });
    const frames = Array.from({ length: 10_000 }, (_, i) => frame(0x81, `m${i}`));
    peer.write(Buffer.concat(frames));
    await drive(reactor, WAY, () => count === 10_000);
  });

  test("a ping is answered, and told; a pong is told", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { peer, log: seen } = barePeer(kind, reactor, recorder(log));
    peer.write(Buffer.concat([frame(0x89, "one"), frame(0x8a, "two")]));
    await drive(reactor, WAY, () => seen.length === 1 && log.length === 2);
    expect([log, seen]).toEqual([["ping one", "pong two"], ["pong 6f6e65"]]);
  });

  describe("closing", () => {
    test("is answered with the peer's code, and the server ends the connection", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { socket, peer, log: seen } = barePeer(kind, reactor, recorder(log));
      peer.write(frame(0x88, closeBody(3001, "bye")));
      await drive(reactor, WAY, () => seen.length === 2);
      expect([seen, log, socket.isOpen]).toEqual([["close 3001", "end"], [], false]);
      peer.end();
      await drive(reactor, WAY, () => log.length === 1);
      expect(log).toEqual(["closed 3001 bye"]);
    });

    test("without a code is answered so, and told as 1005", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { peer, log: seen } = barePeer(kind, reactor, recorder(log));
      peer.end(frame(0x88));
      await drive(reactor, WAY, () => log.length === 1);
      settle(reactor);
      expect([seen, log]).toEqual([["close 1005", "end"], ["closed 1005"]]);
    });

    test.each(["server", "client"] as const)("by the %s: both are told, once", async (who) => {
      const reactor = reactorOf();
      const log: string[] = [];
      const [server, client] = connectedPair(kind, reactor, {
        server: recorder(log, "server"),
        client: recorder(log, "client"),
      });
      const socket = who === "server" ? server : client;
      socket.send("last");
      socket.close(4000, "done");
      expect([socket.isOpen, socket.send("more"), socket.ping()]).toEqual([false, false, false]);
      socket.close();
      await drive(reactor, WAY, () => log.length === 3);
      settle(reactor);
      const other = who === "server" ? "client" : "server";
      expect(log.sort()).toEqual(
        [`${other}.text last`, `${other}.closed 4000 done`, `${who}.closed 4000`].sort(),
      );
    });

    test("from both sides at once is one closing", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const [server, client] = connectedPair(kind, reactor, {
        server: recorder(log, "server"),
        client: recorder(log, "client"),
      });
      server.close(4001);
      client.close(4002);
      await drive(reactor, WAY, () => log.length === 2);
      expect(log.sort()).toEqual(["client.closed 4001", "server.closed 4002"]);
    });

    test("a client waits for the server's end, and cuts the connection if it does not come", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { peer, log: seen } = barePeer(kind, reactor, recorder(log), {
        isServer: false,
        closeTimeoutMs: 20,
      });
      const began = reactor.kernel.nowMs();
      peer.write(frame(0x88, closeBody(1000), { masked: false }));
      await drive(reactor, WAY, () => log.length === 1);
      expect(reactor.kernel.nowMs() - began).toBeGreaterThanOrEqual(20);
      expect([seen[0], log]).toEqual(["close 1000", ["closed 1000"]]);
    });

    test("a peer that does not answer is cut off after the time for it", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { socket, log: seen } = barePeer(kind, reactor, recorder(log), { closeTimeoutMs: 20 });
      const began = reactor.kernel.nowMs();
      socket.close();
      await drive(reactor, WAY, () => log.length === 1);
      expect(reactor.kernel.nowMs() - began).toBeGreaterThanOrEqual(20);
      expect(log).toEqual(["closed 1006"]);
      settle(reactor);
      expect(seen.slice(0, 1)).toEqual(["close 1000"]);
    });

    test("what comes after our close, and after the peer's, is dropped", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { socket, peer, log: seen } = barePeer(kind, reactor, recorder(log));
      socket.close();
      peer.write(
        Buffer.concat([frame(0x81, "too late"), frame(0x89), frame(0x88, closeBody(1000))]),
      );
      peer.end(frame(0x81, "much too late"));
      await drive(reactor, WAY, () => log.length === 1);
      settle(reactor);
      expect([log, seen]).toEqual([["closed 1000"], ["close 1000", "end"]]);
    });

    test("a handler that closes gets no message that came in the same piece", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { peer } = barePeer(kind, reactor, {
        ...recorder(log),
        onMessage(socket, data) {
          log.push(`${data}`);
          socket.close();
        },
      });
      peer.end(Buffer.concat([frame(0x81, "a"), frame(0x81, "b"), frame(0x88, closeBody(1000))]));
      await drive(reactor, WAY, () => log.length === 2);
      expect(log).toEqual(["a", "closed 1000"]);
    });

    test("a handler that terminates gets onClose within, and nothing more", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { socket, peer } = barePeer(kind, reactor, {
        ...recorder(log),
        onMessage(self, data) {
          log.push(`${data}`);
          self.terminate();
          log.push("after");
        },
      });
      peer.write(Buffer.concat([frame(0x81, "a"), frame(0x81, "b")]));
      await drive(reactor, WAY, () => log.length === 3);
      settle(reactor);
      expect(log).toEqual(["a", "closed 1006", "after"]);
      expect([socket.send("x"), socket.ping(), socket.sendEncoded(encodeMessage("x"))]).toEqual([
        false,
        false,
        false,
      ]);
      socket.close();
      socket.terminate();
      socket.pause();
      socket.resume();
      expect(log).toHaveLength(3);
    });

    test("a FIN without a close frame is 1006, also within a message", async () => {
      for (const rest of [Buffer.alloc(0), frame(0x81, "abc").subarray(0, 7), frame(0x01, "abc")]) {
        const reactor = reactorOf();
        const log: string[] = [];
        const { peer } = barePeer(kind, reactor, recorder(log));
        peer.end(rest);
        await drive(reactor, WAY, () => log.length === 1);
        expect(log).toEqual(["closed 1006"]);
      }
    });

    test("a FIN that came before the connection was made is noticed, as is a lost stream", async () => {
      for (const isLost of [false, true]) {
        const reactor = reactorOf();
        const [stream, peer] = pairOf(kind, reactor, { options: { allowHalfOpen: true } });
        if (isLost) stream.destroy();
        else peer.end();
        await drive(reactor, WAY, () => stream.hasReadEnded || stream.isDestroyed);
        const log: string[] = [];
        const socket = connectionOf(stream, recorder(log));
        await drive(reactor, WAY, () => log.length === 1);
        expect(log).toEqual(["closed 1006"]);
        expect([socket.isOpen, socket.send("x"), stream.isDestroyed]).toEqual([false, false, true]);
        peer.destroy();
      }
    });
  });

  describe("a peer that breaks the rules", () => {
    test.each([
      ["a reserved bit", frame(0xf1, "x"), "1002 Reserved bit is set"],
      ["a text that is no UTF-8", frame(0x81, Buffer.from([0xff])), "1007 Text is not UTF-8"],
      ["a message that is too long", frame(0x81, "x".repeat(101)), "1009 Message too long"],
      ["a close code that is none", frame(0x88, closeBody(1005)), "1002 Invalid close code"],
    ])("%s: is told why, and what follows is dropped", async (_name, bytes, told) => {
      const reactor = reactorOf();
      const log: string[] = [];
      const options = { messageBytesMax: 100 };
      const { socket, peer, log: seen } = barePeer(kind, reactor, recorder(log), options);
      peer.write(Buffer.concat([frame(0x81, "good"), bytes, frame(0x81, "more")]));
      await drive(reactor, WAY, () => seen.length === 2);
      expect([seen, socket.isOpen]).toEqual([[`close ${told}`, "end"], false]);
      // It goes on, and is not reset: it can read why.
      peer.write(Buffer.alloc(BIG, frame(0x81, "more")));
      peer.end();
      await drive(reactor, WAY, () => log.length === 2);
      expect(log).toEqual(["text good", `closed ${told}`]);
      expect(seen).toHaveLength(2);
    });

    test("and does not end is cut off", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { peer } = barePeer(kind, reactor, recorder(log), { closeTimeoutMs: 20 });
      const began = reactor.kernel.nowMs();
      peer.write(frame(0x83));
      await drive(reactor, WAY, () => log.length === 1);
      expect(reactor.kernel.nowMs() - began).toBeGreaterThanOrEqual(20);
      expect(log).toEqual(["closed 1002 Reserved opcode"]);
    });

    test("with an inflation bomb is told 1009", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { client, server } = bomb(kind, log, reactor);
      client.send(Buffer.alloc(50 * 1024 * 1024));
      await drive(reactor, WAY, () => log.length === 2);
      expect(log.sort()).toEqual([
        "client.closed 1009 Message too long",
        "server.closed 1009 Message too long",
      ]);
      expect(server.isOpen).toBe(false);
    });
  });

  describe("pings", () => {
    test("a silent peer is pinged, and given up if it stays silent", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const began = reactor.kernel.nowMs();
      const { log: seen } = barePeer(kind, reactor, recorder(log), {
        pingIntervalMs: 20,
        pongTimeoutMs: 30,
      });
      await drive(reactor, WAY, () => log.length === 1);
      expect(reactor.kernel.nowMs() - began).toBeGreaterThanOrEqual(50);
      expect(log).toEqual(["closed 1006"]);
      settle(reactor);
      expect(seen[0]).toBe("ping");
    });

    test("a peer that answers is kept", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const [server, client] = connectedPair(
        kind,
        reactor,
        { server: recorder(log), client: {} },
        { pingIntervalMs: 5, pongTimeoutMs: 5000 },
      );
      await drive(reactor, WAY, () => log.filter((word) => word === "pong").length >= 3);
      expect([server.isOpen, client.isOpen]).toEqual([true, true]);
    });

    test("a peer that sends something is not asked", async () => {
      const reactor = reactorOf();
      const { peer, log: seen } = barePeer(kind, reactor, {}, { pingIntervalMs: 40 });
      const timer = reactor.timer(5, () => void peer.write(frame(0x8a)), { repeat: true });
      let turns = 0;
      reactor.timer(200, () => {
        turns = 1;
      });
      await drive(reactor, WAY, () => turns === 1);
      timer.stop();
      expect(seen).toEqual([]);
    });

    test("a peer is not given up while it is paused by us", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { socket } = barePeer(kind, reactor, recorder(log), {
        pingIntervalMs: 5,
        pongTimeoutMs: 5,
      });
      socket.pause();
      let isOver = false;
      reactor.timer(60, () => {
        isOver = true;
      });
      await drive(reactor, WAY, () => isOver);
      expect([log, socket.isOpen]).toEqual([[], true]);
    });

    test.each([0, NaN, -1])("an interval of %d ms is refused", (pingIntervalMs) => {
      const reactor = reactorOf();
      expect(errorOf(() => barePeer(kind, reactor, {}, { pingIntervalMs }))).toMatchObject({
        code: "ERR_OUT_OF_RANGE",
      });
    });
  });

  describe("back-pressure", () => {
    test("send says stop, and onDrain when there is room", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { socket, peer, log: seen } = barePeer(kind, reactor, recorder(log));
      peer.pause();
      const data = Buffer.alloc(BIG);
      let sent = 1;
      while (socket.send(data)) sent += 1;
      expect(socket.pendingBytes).toBeGreaterThan(0);
      settle(reactor);
      expect(log).toEqual([]);
      peer.resume();
      await drive(reactor, WAY, () => log.length === 1 && seen.length === sent);
      expect([log, socket.pendingBytes]).toEqual([["drain"], 0]);
    });

    test("a peer that never reads, and pings, gets one pong, to its last ping", async () => {
      const reactor = reactorOf();
      const { socket, peer, log: seen } = barePeer(kind, reactor, {});
      peer.pause();
      while (socket.send(Buffer.alloc(BIG)));
      const pending = socket.pendingBytes;
      let pings = 0;
      socket.handler = {
        onPing() {
          pings += 1;
        },
      };
      for (let i = 0; i < 2000; i += 1) peer.write(frame(0x89, `ping ${i}`));
      await drive(reactor, WAY, () => pings === 2000);
      expect(socket.pendingBytes).toBeLessThanOrEqual(pending);
      peer.resume();
      const last = `pong ${Buffer.from("ping 1999").toString("hex")}`;
      await drive(reactor, WAY, () => seen.includes(last));
      expect(seen.filter((word) => word.startsWith("pong"))).toEqual([last]);
    });

    test("who sends on to a peer that never reads loses it at the limit", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const options = { pendingBytesMax: 1_000_000 };
      const { socket, peer } = barePeer(kind, reactor, recorder(log), options);
      peer.pause();
      const message = encodeMessage(Buffer.alloc(100_000));
      for (let i = 0; i < 1000 && log.length === 0; i += 1) {
        socket.sendEncoded(message);
        settle(reactor);
        expect(socket.pendingBytes).toBeLessThanOrEqual(1_000_000 + message.length);
      }
      expect([log, socket.isOpen]).toEqual([["closed 1006"], false]);
    });

    test("paused, it takes no message, also in the midst of a piece; resumed, the next", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { socket, peer } = barePeer(kind, reactor, {
        ...recorder(log),
        onMessage(self, data) {
          log.push(`${data}`);
          self.pause();
        },
      });
      peer.write(Buffer.concat([frame(0x81, "a"), frame(0x81, "b")]));
      peer.end(Buffer.concat([frame(0x81, "c"), frame(0x88, closeBody(1000))]));
      for (const wanted of [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "closed 1000"]]) {
        await drive(reactor, WAY, () => log.length >= wanted.length);
        settle(reactor);
        expect(log).toEqual(wanted);
        socket.resume();
      }
    });

    test("close() while paused still finds the peer's answer", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const { socket, peer } = barePeer(kind, reactor, recorder(log));
      socket.pause();
      peer.end(Buffer.concat([frame(0x81, "unread"), frame(0x88, closeBody(4321))]));
      settle(reactor);
      socket.close();
      await drive(reactor, WAY, () => log.length === 1);
      expect(log).toEqual(["closed 4321"]);
    });
  });

  describe("one message for many", () => {
    test("is encoded once, and comes as it is", async () => {
      const reactor = reactorOf();
      const log: string[] = [];
      const pairs = Array.from({ length: 5 }, () =>
        connectedPair(kind, reactor, { client: recorder(log) }, { permessageDeflate: true }),
      );
      const messages = [encodeMessage("to all"), encodeMessage(Buffer.from([1, 2]))];
      for (const message of messages) for (const [server] of pairs) server.sendEncoded(message);
      await drive(reactor, WAY, () => log.length === 10);
      expect(log.sort()).toEqual([
        ...Array(5).fill("binary 0102"),
        ...Array(5).fill("text to all"),
      ]);
    });

    test("a client cannot", () => {
      const [, client] = connectedPair(kind, reactorOf(), {});
      expect(errorOf(() => client.sendEncoded(encodeMessage("x")))).toMatchObject({
        code: "ERR_WEBSOCKET_CLIENT",
      });
    });
  });

  describe("misuse", () => {
    const wrong: readonly [string, (socket: WebSocketConnection) => unknown, string][] = [
      ["a number as data", (socket) => socket.send(1 as never), "ERR_INVALID_ARG_TYPE"],
      ["an array as data", (socket) => socket.send([] as never), "ERR_INVALID_ARG_TYPE"],
      ["a text as encoded", (socket) => socket.sendEncoded("x" as never), "ERR_INVALID_ARG_TYPE"],
      ["a ping of 126 bytes", (socket) => socket.ping("é".repeat(63)), "ERR_OUT_OF_RANGE"],
      ["a reserved code", (socket) => socket.close(1006), "ERR_OUT_OF_RANGE"],
      ["a long reason", (socket) => socket.close(1000, "é".repeat(62)), "ERR_OUT_OF_RANGE"],
    ];
    test.each(wrong)("%s is refused, and the connection goes on", (_name, act, code) => {
      const [server] = connectedPair(kind, reactorOf(), {});
      expect(errorOf(() => act(server))).toMatchObject({ code });
      expect(server.isOpen).toBe(true);
    });
  });

  test.each(["onMessage", "onPing", "onPong"] as const)(
    "%s that throws closes with 1011, and the error is the reactor's",
    async (which) => {
      const errors: unknown[] = [];
      const reactor = reactorOf({ onError: (error) => void errors.push(error) });
      const log: string[] = [];
      const boom = new Error("boom");
      const { peer, log: seen } = barePeer(kind, reactor, {
        ...recorder(log),
        [which]: () => {
          throw boom;
        },
      });
      const first = { onMessage: 0x81, onPing: 0x89, onPong: 0x8a }[which];
      peer.end(Buffer.concat([frame(first, "x"), frame(0x81, "y")]));
      await drive(reactor, WAY, () => log.length === 1);
      settle(reactor);
      expect([log, errors]).toEqual([["closed 1011"], [boom]]);
      expect(seen.filter((word) => !word.startsWith("pong"))).toEqual(["close 1011", "end"]);
    },
  );

  test("onClose that throws is the reactor's affair", () => {
    const errors: unknown[] = [];
    const reactor = reactorOf({ onError: (error) => void errors.push(error) });
    const boom = new Error("boom");
    const { socket } = barePeer(kind, reactor, {
      onClose() {
        throw boom;
      },
    });
    socket.terminate();
    expect(errors).toEqual([boom]);
  });
});

function bomb(
  kind: (typeof KINDS)[number],
  log: string[],
  reactor: ReturnType<typeof reactorOf>,
): { server: WebSocketConnection; client: WebSocketConnection } {
  const handlers = { server: recorder(log, "server"), client: recorder(log, "client") };
  const [server, client] = connectedPair(kind, reactor, handlers, { permessageDeflate: true });
  return { server, client };
}

test("a reset in the midst of a message is 1006, once", async () => {
  const reactor = reactorOf();
  const log: string[] = [];
  const { peer } = barePeer("socket", reactor, recorder(log));
  peer.write(frame(0x81, "x".repeat(1000)).subarray(0, 500));
  settle(reactor);
  if (peer instanceof SocketStream) resetOnClose(peer.socket);
  peer.destroy();
  await drive(reactor, WAY, () => log.length === 1);
  settle(reactor);
  expect(log).toEqual(["closed 1006"]);
});

test("the run ends when the last connection is over: no timer is left", async () => {
  const reactor = reactorOf();
  const log: string[] = [];
  const [server] = connectedPair("socket", reactor, {
    server: recorder(log, "server"),
    client: recorder(log, "client"),
  });
  server.close(1001);
  expect(await reactor.run()).toBe("empty");
  expect(log.sort()).toEqual(["client.closed 1001", "server.closed 1001"]);
});
