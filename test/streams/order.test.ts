/** Order, and what one stream's trouble may not do to another: found by reading, each was a bug. */
import { expect, test } from "vitest";
import { SO_SNDBUF, Socket } from "../../src/index.js";
import { ByteQueue, SocketStream, type StreamHandler } from "../../src/streams/index.js";
import { faultKernel } from "../support/fault-kernel.js";
import { drive, reactorOf, track } from "./support.js";

const LONG = 1024 * 1024;

function text(socket: Socket): string {
  const buffer = Buffer.alloc(64 * 1024);
  const n = socket.recv(buffer);
  return n < 0 ? "" : buffer.toString("latin1", 0, n);
}

function streamOn(
  reactor: ReturnType<typeof reactorOf>,
  handler?: StreamHandler<SocketStream>,
): [SocketStream, Socket] {
  const [a, b] = Socket.pair({ kernel: reactor.kernel });
  a.setOption(SO_SNDBUF, 4096);
  return [track(new SocketStream(reactor, a, handler, { writeMarks: { high: 1 } })), track(b)];
}

test("what is queued does not overtake what is staged", () => {
  const reactor = reactorOf();
  let isFirst = true;
  const [a, peer] = streamOn(reactor);
  const [b] = streamOn(reactor, {
    onDrain() {
      if (!isFirst) return;
      isFirst = false;
      a.write("x");
      b.write("z");
      a.write("y"); // does not follow on "x", so it is queued
    },
  });
  b.write("2");
  a.write("1");
  for (let i = 0; i < 4; i += 1) reactor.turn();
  expect(text(peer)).toBe("1xy");
});

test("an onRelease that throws harms no other stream", async () => {
  const errors: unknown[] = [];
  const reactor = reactorOf({ onError: (error) => errors.push((error as Error).message) });
  const [a, drain] = streamOn(reactor);
  const [b, peer] = streamOn(reactor);
  const [c] = streamOn(reactor);
  const queue = new ByteQueue();
  const meant = () => {
    throw new Error("Meant to happen");
  };
  queue.appendReference(Buffer.alloc(LONG), meant);
  for (const stream of [a, b, c]) stream.write("h");
  a.writeReference(Buffer.alloc(LONG), meant);
  a.write(queue);
  b.write("second");
  let seen = "";
  await drive(reactor, "blocking", () => {
    text(drain);
    seen += text(peer);
    return a.pendingBytes === 0 && seen.length === 7;
  });
  expect(seen).toBe("hsecond");
  reactor.turn();
  expect(errors).toEqual(["Meant to happen", "Meant to happen"]);
});

test("destroy() goes on to the end although an onRelease throws", () => {
  const errors: unknown[] = [];
  const reactor = reactorOf({ onError: (error) => errors.push((error as Error).message) });
  const closed: unknown[] = [];
  const [a] = streamOn(reactor, { onClose: (_, error) => closed.push(error) });
  const queue = new ByteQueue();
  queue.appendReference(Buffer.alloc(LONG), () => {
    throw new Error("Meant to happen");
  });
  a.write(Buffer.alloc(LONG));
  a.write(queue);
  a.destroy();
  expect(closed).toEqual([undefined]);
  expect(errors).toEqual(["Meant to happen"]);
  expect(reactor.stats().started).toBe(0);
});

test("destroy() and end() work although the reactor was closed before", () => {
  const reactor = reactorOf();
  const [a] = streamOn(reactor);
  const [b] = streamOn(reactor);
  a.write(Buffer.alloc(LONG));
  b.write("b");
  reactor.close();
  a.end();
  for (const stream of [a, b]) stream.destroy();
  expect([a.socket.isClosed, b.socket.isClosed]).toEqual([true, true]);
});

test("lent bytes that are written by reference are copied, if they are kept", async () => {
  const reactor = reactorOf();
  const [full, peer] = streamOn(reactor);
  full.write(Buffer.alloc(LONG, "-"));
  const [source, sender] = streamOn(reactor, {
    onData(_, input) {
      full.writeReference(input.peek());
      input.drain(input.length);
    },
  });
  const lent = Buffer.alloc(2000, "A");
  sender.send(lent);
  await drive(reactor, "blocking", () => source.bytesRead === lent.length);
  sender.send(Buffer.alloc(2000, "B"));
  let seen = "";
  await drive(reactor, "blocking", () => {
    seen += text(peer);
    return seen.length === LONG + 4000;
  });
  expect(seen.slice(LONG)).toBe("A".repeat(2000) + "B".repeat(2000));
});

test("short references that wait are sent together", async () => {
  const faults = faultKernel();
  const reactor = reactorOf({ kernel: faults.kernel });
  const [a, peer] = streamOn(reactor);
  a.write(Buffer.alloc(64 * 1024, "-"));
  for (let i = 0; i < 2000; i += 1) a.writeReference(Buffer.from("0123456789"));
  const before = faults.count("send");
  let length = 0;
  await drive(reactor, "blocking", () => {
    length += text(peer).length;
    return length === 64 * 1024 + 20_000;
  });
  expect(faults.count("send") - before).toBeLessThan(100);
});

test("a read deadline goes on after unread input was at its mark", async () => {
  const reactor = reactorOf();
  const [a, b] = Socket.pair();
  track(b);
  const timeouts: string[] = [];
  let takes = false;
  const stream = track(
    new SocketStream(
      reactor,
      a,
      {
        onData: (_, input) => void (takes && input.clear()),
        onTimeout: (_, which) => void timeouts.push(which),
      },
      { readMarks: { high: 10 }, timeouts: { readMs: 20 } },
    ),
  );
  b.send(Buffer.alloc(10));
  await drive(reactor, "blocking", () => !stream.isReading);
  reactor.timer(40, () => {});
  await drive(reactor, "blocking", () => reactor.stats().timers === 0);
  expect(timeouts).toEqual([]);
  takes = true;
  stream.resume();
  await drive(reactor, "blocking", () => timeouts.length > 0);
  expect(timeouts[0]).toBe("read");
});
