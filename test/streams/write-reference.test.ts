/** `writeReference`: nothing is copied but what is short, and the owner is told exactly once. */
import { expect, test } from "vitest";
import { SO_RCVBUF, SO_SNDBUF, Socket } from "../../src/index.js";
import { SocketStream, streamPair } from "../../src/streams/index.js";
import { drive, reactorOf, track, WAYS } from "./support.js";

const LONG = 8 * 1024 * 1024;

function numbered(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
}

test.each(WAYS)("every byte arrives, and each owner is told once, in order: %s", async (way) => {
  const reactor = reactorOf();
  const [a, b] = Socket.pair();
  a.setOption(SO_SNDBUF, 4096);
  const told: number[] = [];
  const received: Buffer[] = [];
  let bytes = 0;
  track(
    new SocketStream(reactor, b, {
      onData(_, input) {
        bytes += input.length;
        received.push(input.take());
      },
    }),
  );
  const sender = track(new SocketStream(reactor, a));
  const parts = [numbered(10), numbered(100_000), numbered(20), numbered(LONG), numbered(0)];
  for (const [i, part] of parts.entries()) sender.writeReference(part, () => told.push(i));
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  await drive(reactor, way, () => bytes === total && told.length === parts.length);
  expect(Buffer.concat(received).equals(Buffer.concat(parts))).toBe(true);
  expect(told.toSorted()).toEqual([0, 1, 2, 3, 4]);
});

test("what the kernel does not take is held, not copied: a change shows", async () => {
  const reactor = reactorOf();
  const [a, b] = Socket.pair();
  a.setOption(SO_SNDBUF, 4096);
  const sender = track(new SocketStream(reactor, a));
  const bytes = Buffer.alloc(LONG, "a");
  expect(sender.writeReference(bytes)).toBe(false);
  bytes.fill("b", LONG - 1);
  let last = "";
  let count = 0;
  track(
    new SocketStream(reactor, b, {
      onData(_, input) {
        count += input.length;
        last = input.take().toString("latin1").at(-1) ?? "";
      },
    }),
  );
  await drive(reactor, "blocking", () => count === LONG);
  expect(last).toBe("b");
});

test("destroy() tells the owner as well", () => {
  const reactor = reactorOf();
  const [a, b] = Socket.pair();
  track(b).setOption(SO_RCVBUF, 4096);
  a.setOption(SO_SNDBUF, 4096);
  const sender = track(new SocketStream(reactor, a));
  let told = 0;
  sender.writeReference(Buffer.alloc(LONG), () => {
    told += 1;
  });
  expect(told).toBe(0);
  sender.destroy();
  reactor.turn();
  expect(told).toBe(1);
});

test("a stream in memory tells the owner at once, for it copies", () => {
  const [left] = streamPair(reactorOf());
  track(left);
  let told = 0;
  left.writeReference(Buffer.from("abc"), () => {
    told += 1;
  });
  expect(told).toBe(1);
});

test("misuse is refused, and tells nobody", () => {
  const reactor = reactorOf();
  const [a, b] = Socket.pair();
  track(b);
  const sender = track(new SocketStream(reactor, a));
  const never = () => expect.unreachable();
  expect(() => sender.writeReference("text" as never, never)).toThrow(
    expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }),
  );
  sender.end();
  expect(() => sender.writeReference(Buffer.alloc(1), never)).toThrow(
    expect.objectContaining({ code: "ERR_STREAM_WRITE_AFTER_END" }),
  );
});
