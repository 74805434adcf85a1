/** What streams of one reactor share: nothing of one may get into another, nothing out of order. */
import { describe, expect, test } from "vitest";
import { type ByteQueue, SO_RCVBUF, SO_SNDBUF, type SocketStream } from "../../src/index.js";
import { ARENA_WRITE_BYTES, STAGE_BYTES_MAX } from "../../src/streams/transfer-pool.js";
import {
  collect,
  drive,
  expectBytes,
  joined,
  pattern,
  reactorOf,
  receiveAll,
  recorder,
  resetOnClose,
  send,
  WAYS,
} from "./support.js";

const throwsAtItsEnd = {
  onClose: () => {
    throw new Error("of onClose");
  },
};

describe.each(WAYS)("%s", (way) => {
  test("the write that begins a new batch is not overwritten by those behind it", async () => {
    const reactor = reactorOf();
    const all = Array.from({ length: 66 }, () => joined(reactor, {}, {}, "unix"));
    const wanted = all.map((_, i) => pattern(i, i < 64 ? 10 : 4000));
    all.forEach(({ stream }, i) => void stream.write(wanted[i] as Buffer));
    await drive(reactor, way, () => all.every(({ stream }) => stream.pendingBytes === 0));
    for (const [i, { peer }] of all.entries()) expectBytes(receiveAll(peer), wanted[i] as Buffer);
  });

  test("a write that finds the batch full stays behind what was not sent of it", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor, {}, {}, "unix");
    stream.socket.setOption(SO_SNDBUF, 4096);
    const pieces = Math.ceil(ARENA_WRITE_BYTES / STAGE_BYTES_MAX) + 3;
    const sent = Array.from({ length: pieces }, (_, i) => pattern(i, STAGE_BYTES_MAX - 100));
    const got: Buffer[] = [];
    for (const piece of sent) {
      stream.write(piece);
      // Room again, between the send that was cut short and the next.
      got.push(receiveAll(peer));
    }
    const rest = collect(reactor, peer);
    stream.end();
    await drive(reactor, way, () => rest.isEnded);
    expectBytes(Buffer.concat([...got, rest.bytes()]), Buffer.concat(sent));
  });

  test("texts that find the batch full stay in order", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor, {}, {}, "unix");
    stream.socket.setOption(SO_SNDBUF, 4096);
    let wanted = "";
    let got = "";
    for (let i = 0; wanted.length < ARENA_WRITE_BYTES * 2; i += 1) {
      const text = `${i},`.repeat(700);
      stream.write(text);
      wanted += text;
      got += receiveAll(peer);
    }
    const rest = collect(reactor, peer);
    stream.end();
    await drive(reactor, way, () => rest.isEnded);
    expectBytes(Buffer.from(got + rest.bytes()), Buffer.from(wanted));
  });

  test("an onClose that throws harms no other stream of the batch", async () => {
    const errors: unknown[] = [];
    const reactor = reactorOf({ onError: (error) => errors.push(error) });
    const echo = { onData: (self: SocketStream, input: ByteQueue) => void self.write(input) };
    const first = joined(reactor, echo);
    const bad = joined(reactor, throwsAtItsEnd);
    const last = joined(reactor, echo);
    send(first.peer, "first");
    resetOnClose(bad.peer);
    bad.peer.close();
    send(last.peer, "third");
    const got = [collect(reactor, first.peer), collect(reactor, last.peer)];
    await drive(reactor, way, () => got.every(({ bytes }) => bytes().length === 5));
    expect(got.map(({ bytes }) => String(bytes()))).toEqual(["first", "third"]);
    expect(errors).toEqual([new Error("of onClose")]);
  });

  test("an onClose that throws keeps no other stream from its onFinish", async () => {
    const errors: unknown[] = [];
    const log: string[] = [];
    const reactor = reactorOf({ onError: (error) => errors.push(error) });
    const bad = joined(reactor, throwsAtItsEnd, {}, "unix");
    const good = joined(reactor, { onFinish: () => void log.push("finish") }, {}, "unix");
    bad.peer.close();
    bad.stream.write("x");
    good.stream.end("x");
    await drive(reactor, way, () => log.length > 0);
    expect(log).toEqual(["finish"]);
    expect(errors).toEqual([new Error("of onClose")]);
  });

  test("a batch that break() left behind is received from once", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), { allowHalfOpen: true });
    const breaker = joined(reactor);
    reactor.watch(breaker.peer, 1, (_events, _flags, watch) => {
      watch.stop();
      reactor.break();
    });
    peer.shutdown("write");
    breaker.stream.socket.send(Buffer.from("x"));
    reactor.turn();
    expect(log).toEqual([]);
    await drive(reactor, way, () => log.includes("end"));
    reactor.turn();
    expect(log).toEqual(["end"]);
    expect(stream.isDestroyed).toBe(false);
  });
});

test("buffers of the kernel are as small as a test asks for", () => {
  const { stream, peer } = joined(reactorOf());
  stream.socket.setOption(SO_SNDBUF, 4096);
  peer.setOption(SO_RCVBUF, 2048);
  expect(stream.socket.getOption(SO_SNDBUF)).toBeLessThan(16_384);
});
