import { describe, expect, test } from "vitest";
import { errnoOf, type Kernel, systemKernel, WOULD_BLOCK } from "../../src/kernel/index.js";
import { Socket } from "../../src/sockets/socket.js";
import { SO_LINGER } from "../../src/sockets/socket-options.js";
import { StreamBatch } from "../../src/sockets/stream-batch.js";
import { connectTcp, errorOf, fill, pair, receive, send, track, untilReadable } from "./support.js";

const EBADF = errnoOf("EBADF");
const RESET = errnoOf("ECONNRESET");

/** What a batch received of one socket, as text. */
function textAt(batch: StreamBatch, index: number): string {
  const offset = batch.offset(index);
  return Buffer.from(batch.buffer).toString("latin1", offset, offset + batch.received(index));
}

/** A batch of sockets at which these texts wait, and the sockets' peers. */
function holding(
  texts: readonly string[],
  options: ConstructorParameters<typeof StreamBatch>[0] = {},
): { batch: StreamBatch; near: Socket[]; far: Socket[] } {
  const pairs = texts.map(() => pair());
  const batch = new StreamBatch(options);
  texts.forEach((text, i) => {
    const [near, far] = pairs[i] as [Socket, Socket];
    if (text !== "") send(far, text);
    expect(batch.add(near)).toBe(i);
  });
  return { batch, near: pairs.map(([near]) => near), far: pairs.map(([, far]) => far) };
}

/** Echoes all that the batch's sockets have sent, in as many turns as the room needs. */
function echo(batch: StreamBatch): number[] {
  const ends: number[] = [];
  for (let i = 0; i < batch.count; ) {
    const end = batch.recv(i);
    ends.push(end);
    for (; i < end; i++) {
      if (batch.received(i) > 0) batch.setReply(i, batch.offset(i), batch.received(i));
    }
    batch.send();
  }
  return ends;
}

describe("a batch of TCP connections", () => {
  test("echoes every byte to whom it came from", () => {
    const connections = Array.from({ length: 20 }, () => connectTcp());
    const batch = new StreamBatch();
    const texts = connections.map((_, i) => `${i}:`.repeat(i * 7 + 1));
    connections.forEach(({ client, server }, i) => {
      send(client, texts[i] as string);
      untilReadable(server);
      batch.add(server);
    });
    expect(echo(batch)).toEqual([20]);
    expect(texts.map((_, i) => textAt(batch, i))).toEqual(texts);
    expect(texts.map((_, i) => batch.sent(i))).toEqual(texts.map(({ length }) => length));
    expect(connections.map(({ client }) => receive(client))).toEqual(texts);
  });

  test("a reset in the middle is one socket's error, and no other's", () => {
    const [a, b, c] = [connectTcp(), connectTcp(), connectTcp()];
    const batch = new StreamBatch();
    for (const { server } of [a, b, c]) batch.add(server);
    for (const { client, server } of [a, c]) {
      send(client, "hello");
      untilReadable(server);
    }
    b.client.setOption(SO_LINGER, 0);
    b.client.close();
    untilReset(b.server);
    expect(batch.recv()).toBe(3);
    expect([0, 1, 2].map((i) => batch.received(i))).toEqual([5, RESET, 5]);
    expect(batch.errorAt(0)).toBeUndefined();
    expect(batch.errorAt(1)).toMatchObject({ code: "ECONNRESET", syscall: "recv" });
    for (const i of [0, 1, 2]) batch.setReply(i, 0, 5);
    expect(batch.send()).toBe(3);
    expect([0, 1, 2].map((i) => batch.sent(i))).toEqual([5, errnoOf("EPIPE"), 5]);
    expect(batch.errorAt(1)).toMatchObject({ code: "EPIPE", syscall: "send" });
    expect([receive(a.client), receive(c.client)]).toEqual(["hello", "hello"]);
  });

  /** Waits for the reset, leaving the error where it is. */
  function untilReset(socket: Socket): void {
    const { POLLHUP } = systemKernel.constants;
    const interest = Int32Array.of(socket.fileno(), 0, 0, 0);
    const events = new Int32Array(3);
    expect(systemKernel.poll(interest, 1, events, 5000)).toBe(1);
    expect((events[2] as number) & POLLHUP).toBe(POLLHUP);
  }
});

describe("recv()", () => {
  test("answers 0 at the end of a stream, WOULD_BLOCK where nothing waits", () => {
    const { batch, far } = holding(["", "x", ""]);
    far[0]?.close();
    expect(batch.recv()).toBe(3);
    expect([0, 1, 2].map((i) => batch.received(i))).toEqual([0, 1, WOULD_BLOCK]);
    expect([0, 1, 2].map((i) => batch.errorAt(i))).toEqual([undefined, undefined, undefined]);
  });

  test("takes at most socketBytes of each; the rest comes next time", () => {
    const { batch } = holding(["abcdef", "xy"], { socketBytes: 4 });
    batch.recv();
    expect([textAt(batch, 0), textAt(batch, 1)]).toEqual(["abcd", "xy"]);
    batch.recv();
    expect(textAt(batch, 0)).toBe("ef");
    expect(batch.received(1)).toBe(WOULD_BLOCK);
  });

  test("stops when the room is used up; recv(end) goes on where it stopped", () => {
    const texts = ["a".repeat(64), "b".repeat(100), "c", "d".repeat(128), "e"];
    const { batch, far } = holding(texts, { bytes: 128 });
    expect(echo(batch)).toEqual([2, 4, 5]);
    // Of b 64 bytes found room, of d 64.
    const first = far.map((socket) => receive(socket));
    expect(first).toEqual([texts[0], "b".repeat(64), "c", "d".repeat(64), "e"]);
    expect(echo(batch)).toEqual([4, 5]);
    expect([far[1], far[3]].map((socket) => receive(socket as Socket))).toEqual([
      "b".repeat(36),
      "d".repeat(64),
    ]);
  });

  test("what was not tried cannot be asked, nor what was tried in an earlier call", () => {
    const { batch } = holding(["a".repeat(64), "b"], { bytes: 64 });
    expect(() => batch.received(0)).toThrow(RangeError);
    expect(batch.recv()).toBe(1);
    expect(batch.received(0)).toBe(64);
    for (const index of [1, -1, 0.5, Number.NaN]) {
      expect(() => batch.received(index)).toThrow(RangeError);
      expect(() => batch.offset(index)).toThrow(RangeError);
    }
    expect(batch.errorAt(1)).toBeUndefined();
    expect(batch.recv(1)).toBe(2);
    expect(() => batch.received(0)).toThrow(RangeError);
    expect(batch.received(1)).toBe(1);
    expect(batch.recv(2)).toBe(2);
    expect(() => batch.recv(3)).toThrow(RangeError);
  });

  test("of an empty batch tries none", () => {
    expect(new StreamBatch().recv()).toBe(0);
  });

  test("receives nothing for a socket that was closed, even if its number is somebody's", () => {
    const { batch, near } = holding(["old", "other"]);
    const number = near[0]?.fileno();
    near[0]?.close();
    const [reused, peer] = pair();
    expect(reused.fileno()).toBe(number);
    send(peer, "not yours");
    expect(batch.recv()).toBe(2);
    expect(batch.received(0)).toBe(EBADF);
    expect(batch.errorAt(0)).toMatchObject({ code: "EBADF", syscall: "recv" });
    expect(textAt(batch, 1)).toBe("other");
    expect(receive(reused)).toBe("not yours");
  });
});

describe("send()", () => {
  test("sends nothing for a socket that was closed, even if its number is somebody's", () => {
    const { batch, near } = holding(["old", "other"]);
    echoReplies(batch);
    const number = near[0]?.fileno();
    near[0]?.close();
    const [reused, peer] = pair();
    expect(reused.fileno()).toBe(number);
    expect(batch.send()).toBe(2);
    expect([batch.sent(0), batch.sent(1)]).toEqual([EBADF, 5]);
    expect(batch.errorAt(0)).toMatchObject({ code: "EBADF", syscall: "send" });
    expect(peer.recv(Buffer.alloc(16))).toBe(WOULD_BLOCK);
  });

  test("answers a part where the peer takes no more, and WOULD_BLOCK", () => {
    const batch = new StreamBatch({ bytes: 4 * 1024 * 1024 });
    const [part, partPeer] = pair();
    const [full] = pair();
    fill(full);
    batch.buffer.forEach((_, i, bytes) => {
      bytes[i] = i % 251;
    });
    for (const socket of [part, full]) batch.setReply(batch.add(socket), 0, batch.buffer.length);
    expect(batch.send()).toBe(2);
    const sent = batch.sent(0);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(batch.buffer.length);
    expect(batch.sent(1)).toBe(WOULD_BLOCK);
    expect(batch.errorAt(1)).toBeUndefined();
    expect(Buffer.compare(drain(partPeer), batch.buffer.subarray(0, sent))).toBe(0);
  });

  test("sends a reply once, and answers 0 for who had none", () => {
    const { batch, far } = holding(["a", "b", "c"]);
    echoReplies(batch);
    batch.setReply(1, 0, 0);
    expect(batch.send()).toBe(2);
    expect([0, 1, 2].map((i) => batch.sent(i))).toEqual([1, 0, 1]);
    expect(batch.send()).toBe(0);
    expect([0, 1, 2].map((i) => batch.sent(i))).toEqual([0, 0, 0]);
    expect(receive(far[0] as Socket)).toBe("a");
    expect(far[0]?.recv(Buffer.alloc(1))).toBe(WOULD_BLOCK);
    expect(far[1]?.recv(Buffer.alloc(1))).toBe(WOULD_BLOCK);
  });

  test("sends the same bytes to many, without a recv before", () => {
    const { batch, far } = holding(["", "", ""]);
    batch.buffer.set(Buffer.from("news"), 100);
    for (let i = 0; i < batch.count; i++) batch.setReply(i, 100, 4);
    expect(batch.send()).toBe(3);
    expect(far.map((socket) => receive(socket))).toEqual(["news", "news", "news"]);
  });

  test.each([
    [3, 0, 1],
    [-1, 0, 1],
    [0.5, 0, 1],
    [0, -1, 1],
    [0, 0.5, 1],
    [0, 65, 0],
    [0, 64, 1],
    [0, 0, 65],
    [0, 0, -1],
    [0, 0, Number.NaN],
  ])("a reply to %d of the part (%d, %d) of 64 bytes is refused", (index, offset, length) => {
    const { batch } = holding(["a", "b", "c"], { bytes: 64 });
    expect(() => batch.setReply(index, offset, length)).toThrow(RangeError);
    expect(batch.send()).toBe(0);
  });

  function echoReplies(batch: StreamBatch): void {
    const end = batch.recv();
    for (let i = 0; i < end; i++) batch.setReply(i, batch.offset(i), batch.received(i));
  }

  function drain(socket: Socket): Buffer {
    const chunks: Buffer[] = [];
    for (;;) {
      const chunk = Buffer.alloc(65_536);
      const n = socket.recv(chunk);
      if (n === WOULD_BLOCK) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, n));
    }
  }
});

describe("add()", () => {
  test("answers the index of the socket, until the batch is full", () => {
    const [a, b] = pair();
    const batch = new StreamBatch({ sockets: 2 });
    expect([batch.add(a), batch.isFull, batch.add(b), batch.isFull]).toEqual([0, false, 1, true]);
    expect([batch.socketAt(0), batch.socketAt(1)]).toEqual([a, b]);
    expect(errorOf(() => batch.add(a))).toMatchObject({ code: "ERR_OUT_OF_RANGE" });
    expect(batch.count).toBe(2);
  });

  test("refuses a socket that is closed, blocking, no stream, or of another kernel", () => {
    const [closed] = pair();
    closed.close();
    const [blocking, other] = Socket.pair({ blocking: true }).map(track) as [Socket, Socket];
    other.close();
    const [datagrams] = pair("dgram");
    const [packets] = pair("seqpacket");
    const kernel: Kernel = { ...systemKernel };
    const [foreign] = Socket.pair({ kernel }).map(track) as [Socket, Socket];
    const batch = new StreamBatch();
    const codes = [closed, blocking, datagrams, packets, foreign].map(
      (socket) => (errorOf(() => batch.add(socket)) as NodeJS.ErrnoException).code,
    );
    expect(codes).toEqual([
      "ERR_SOCKET_CLOSED",
      "ERR_SOCKET_BLOCKING",
      "ERR_NOT_A_STREAM",
      "ERR_NOT_A_STREAM",
      "ERR_KERNEL_MISMATCH",
    ]);
    expect(batch.count).toBe(0);
    expect(new StreamBatch({ kernel }).add(foreign)).toBe(0);
  });

  test("after a recv the new socket is the next to be tried", () => {
    const { batch } = holding(["first"]);
    const [near, far] = pair();
    send(far, "second");
    expect(batch.recv()).toBe(1);
    expect(batch.add(near)).toBe(1);
    expect(batch.recv(1)).toBe(2);
    expect(textAt(batch, 1)).toBe("second");
  });

  test("a socket that became blocking does not hold the others up", () => {
    const { batch, near } = holding(["", "x"]);
    near[0]?.setBlocking(true);
    expect(batch.recv()).toBe(2);
    expect([batch.received(0), batch.received(1)]).toEqual([WOULD_BLOCK, 1]);
  });
});

test("clear() forgets sockets, results and replies", () => {
  const { batch, far } = holding(["a"]);
  batch.recv();
  batch.setReply(0, 0, 1);
  batch.clear();
  expect([batch.count, batch.recv(), batch.send()]).toEqual([0, 0, 0]);
  for (const ask of [
    () => batch.received(0),
    () => batch.sent(0),
    () => batch.errorAt(0),
    () => batch.socketAt(0),
    () => batch.setReply(0, 0, 1),
  ]) {
    expect(ask).toThrow(RangeError);
  }
  const [near] = pair();
  expect(batch.add(near)).toBe(0);
  expect(batch.send()).toBe(0);
  expect(far[0]?.recv(Buffer.alloc(1))).toBe(WOULD_BLOCK);
});

test("receiving from many and answering them is one kernel call each", () => {
  const calls: string[] = [];
  const kernel: Kernel = {
    ...systemKernel,
    recv_each: (...args) => {
      calls.push("recv_each");
      return systemKernel.recv_each(...args);
    },
    send_each: (...args) => {
      calls.push("send_each");
      return systemKernel.send_each(...args);
    },
  };
  const batch = new StreamBatch({ kernel });
  for (let i = 0; i < 5; i++) {
    const [near, far] = Socket.pair({ kernel }).map(track) as [Socket, Socket];
    send(far, "x");
    batch.add(near);
  }
  echo(batch);
  expect(calls).toEqual(["recv_each", "send_each"]);
});

test.each([
  { bytes: 0 },
  { bytes: 2 ** 31 },
  { bytes: 1.5 },
  { sockets: 0 },
  { sockets: 65_537 },
  { socketBytes: 0 },
  { bytes: 10, socketBytes: 11 },
])("the options %j are refused", (options) => {
  expect(() => new StreamBatch(options)).toThrow(RangeError);
});
