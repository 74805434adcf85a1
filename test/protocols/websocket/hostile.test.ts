/** Hostile peers of a WebSocket server: floods, bombs, silence and deafness, beside an honest one. */
import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import type { HttpHandler } from "../../../src/protocols/http1/index.js";
import { UNREAD_BYTES_MAX } from "../../../src/protocols/http1/index.js";
import {
  acceptWebSocket,
  CLOSE_TIMEOUT_MS,
  MESSAGE_BYTES_MAX,
  PENDING_BYTES_MAX,
  PING_INTERVAL_MS,
  PONG_TIMEOUT_MS,
  type WebSocketConnection,
  type WebSocketHandler,
  type WebSocketOptions,
} from "../../../src/protocols/websocket/index.js";
import { WRITE_HIGH_BYTES, WRITE_STALL_MS } from "../../../src/streams/index.js";
import { ARENA_READ_BYTES } from "../../../src/streams/transfer-pool.js";
import {
  clocked,
  eager,
  heldBytes,
  type RawClient,
  track,
  turns,
} from "../http1/hostile/support.js";
import { frame } from "./support.js";

const TEXT = 0x81;
const PING = 0x89;

/** A server that echoes, with what became of its connections. */
function echoing(options: WebSocketOptions = {}, own: WebSocketHandler = {}) {
  const sockets: WebSocketConnection[] = [];
  const closes: number[] = [];
  const handler: HttpHandler = (request, response) => {
    const socket = acceptWebSocket(
      request,
      response,
      {
        onMessage: (self, data) => void self.send(data),
        onClose: (_, code) => closes.push(code),
        ...own,
      },
      options,
    );
    if (socket !== undefined) sockets.push(track(socket));
  };
  const served = clocked(handler);
  const open = (extensions = ""): RawClient => {
    const one = eager(served.client());
    one.send(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extensions}\r\n`,
    );
    turns(served.reactor, 5);
    expect(one.statuses).toEqual([101]);
    one.text = "";
    return one;
  };
  return { ...served, sockets, closes, open };
}

/** Bytes as a raw client sends them. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

/** An honest client on the same server says something and hears it. */
function echoOf(served: ReturnType<typeof echoing>, one: RawClient): void {
  one.text = "";
  one.send(frame(TEXT, "hello"));
  for (let i = 0; i < 6 && one.text === ""; i += 1) served.reactor.turn(0);
  expect(one.text).toBe(latin1(frame(TEXT, "hello", { masked: false })));
}

test.each([
  {
    what: "a message that is too large by its length",
    pieces: [frame(TEXT, Buffer.alloc(1 << 21))],
  },
  {
    what: "by its fragments",
    pieces: Array.from({ length: 40 }, (_, i) => frame(i === 0 ? 1 : 0, Buffer.alloc(1 << 15))),
  },
  {
    what: "fragments of nothing without an end",
    pieces: [frame(1), ...Array.from({ length: 20_000 }, () => frame(0))],
  },
])("$what: 1009, and no more is held than a message", ({ pieces }) => {
  const served = echoing();
  const honest = served.open();
  const hostile = served.open();
  const [, socket] = served.sockets;
  const before = heldBytes();
  hostile.send(Buffer.concat(pieces));
  for (let i = 0; i < 200 && served.closes.length === 0; i += 1) {
    echoOf(served, honest);
    expect(socket?.stream.input.length).toBeLessThanOrEqual(UNREAD_BYTES_MAX + ARENA_READ_BYTES);
    if (hostile.isEnded && !hostile.socket.isClosed) hostile.close();
  }
  expect(served.closes).toEqual([1009]);
  // The client's own copy of what it sends, twice, is in this process, too.
  const sent = pieces.reduce((sum, { length }) => sum + length, 0);
  expect(heldBytes() - before).toBeLessThan(MESSAGE_BYTES_MAX + 2 * sent + (1 << 20));
});

test("an inflation bomb is given up at the limit of a message: 1009", () => {
  const served = echoing({ permessageDeflate: true });
  const hostile = served.open("Sec-WebSocket-Extensions: permessage-deflate\r\n");
  const bomb = deflateRawSync(Buffer.alloc(256 << 20), { finishFlush: 2 });
  expect(bomb.length).toBeLessThan(MESSAGE_BYTES_MAX);
  const { arrayBuffers } = process.memoryUsage();
  hostile.send(frame(0xc1, bomb.subarray(0, -4)));
  for (let i = 0; i < 100 && !hostile.isEnded; i += 1) served.reactor.turn(0);
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(16 * MESSAGE_BYTES_MAX);
  hostile.close();
  turns(served.reactor, 5);
  expect(served.closes).toEqual([1009]);
});

test("a flood of pings to who does not read the pongs owes one of them, not all", () => {
  const served = echoing();
  const honest = served.open();
  const hostile = served.open().pause();
  const [, socket] = served.sockets;
  const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(PING, "x".repeat(125))));
  let sent = 0;
  for (let i = 0; i < 400; i += 1) {
    const n = hostile.socket.send(pings);
    if (n > 0) sent += n;
    if (n > 0 && n % 131 !== 0) break; // the kernel has taken a part: what follows would be no frame
    echoOf(served, honest);
    expect(socket?.pendingBytes).toBeLessThanOrEqual(WRITE_HIGH_BYTES + ARENA_READ_BYTES);
  }
  expect(sent).toBeGreaterThan(1 << 20);
});

test("who is sent more than it reads is cut off at a limit, and before by who heeds `send`", () => {
  const served = echoing();
  served.open().pause();
  const honest = served.open();
  const [socket] = served.sockets as [WebSocketConnection];
  const message = "x".repeat(1 << 20);
  let isToldToStop = false;
  for (let i = 0; i < 100 && socket.isOpen; i += 1) {
    if (!socket.send(message)) isToldToStop = true;
    echoOf(served, honest);
    expect(socket.pendingBytes).toBeLessThanOrEqual(PENDING_BYTES_MAX + 2 * message.length);
  }
  expect(isToldToStop).toBe(true);
  expect(served.closes).toEqual([1006]);
});

test("a peer that does not read is given up when nothing was taken for the stream's time", () => {
  const served = echoing({ pingIntervalMs: Infinity });
  served.open().pause();
  const [socket] = served.sockets as [WebSocketConnection];
  while (socket.send("x".repeat(1 << 20)));
  turns(served.reactor, 5);
  served.pass(WRITE_STALL_MS - 100);
  expect(served.closes).toEqual([]);
  served.pass(200);
  expect(served.closes).toEqual([1006]);
});

test("a peer that is silent, and does not answer a ping, is given up, and never early", () => {
  const served = echoing();
  served.open();
  const ms = served.passUntil(
    () => served.closes.length > 0,
    2 * (PING_INTERVAL_MS + PONG_TIMEOUT_MS),
  );
  expect(ms).toBeGreaterThanOrEqual(PING_INTERVAL_MS + PONG_TIMEOUT_MS);
  expect(served.closes).toEqual([1006]);
});

test("a peer that does not answer a close frame is cut off in its time", () => {
  const served = echoing();
  served.open();
  const [socket] = served.sockets as [WebSocketConnection];
  socket.close();
  const ms = served.passUntil(() => served.closes.length > 0, 2 * CLOSE_TIMEOUT_MS);
  expect(ms).toBeGreaterThanOrEqual(CLOSE_TIMEOUT_MS);
});

test("a storm of upgrades and resets leaves nothing", () => {
  const served = echoing();
  const honest = served.open();
  for (let i = 0; i < 500; i += 1) {
    const one = served.open();
    if (i % 2 === 0) one.send(frame(TEXT, "hello"));
    if (i % 3 === 0) one.send(frame(TEXT, "hello").subarray(0, 4));
    one.reset();
    if (i % 50 === 0) echoOf(served, honest);
  }
  turns(served.reactor, 10);
  expect(served.closes).toHaveLength(500);
  expect(served.server.listener.streams.size).toBe(1);
  echoOf(served, honest);
});
