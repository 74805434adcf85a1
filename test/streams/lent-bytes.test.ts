/**
 * The lent read buffer can corrupt nothing: whatever handlers do with the bytes, each stream's are
 * its own. The buffer is overwritten after each loan (TransferPool.poison, see support.ts).
 */
import { describe, expect, test } from "vitest";
import { ByteQueue, SO_RCVBUF, SO_SNDBUF, type SocketStream } from "../../src/index.js";
import type { Reactor } from "../../src/reactor/index.js";
import {
  collect,
  drive,
  expectBytes,
  fill,
  joined,
  pattern,
  randomOf,
  reactorOf,
  receiveAll,
  send,
  turns,
  WAYS,
} from "./support.js";

type OnData = (self: SocketStream, input: ByteQueue) => void;

/** A peer that sends all of `bytes`, and keeps what comes back. */
function exchange(reactor: Reactor, onData: OnData, bytes: Buffer, kind: "tcp" | "unix" = "tcp") {
  const { stream, peer } = joined(reactor, { onData }, {}, kind);
  const got = collect(reactor, peer);
  let sent = 0;
  const watch = reactor
    .watch(peer, 2, () => {
      const n = peer.send(bytes, sent, Math.min(bytes.length - sent, 7000));
      if (n > 0) sent += n;
      if (sent < bytes.length) return;
      watch.stop();
      peer.shutdown("write");
    })
    .unref();
  return { stream, peer, got, bytes };
}

/** What a handler may do with its bytes, and give back all of them in order. */
const ways: Record<string, () => OnData> = {
  "the queue itself": () => (self, input) => void self.write(input),
  "the lent view": () => (self, input) => {
    while (!input.isEmpty) {
      const view = input.peek();
      self.write(view);
      input.drain(view.length);
    }
  },
  "a copy": () => (self, input) => void self.write(input.take()),
  "in two halves": () => (self, input) => {
    const half = input.length >> 1;
    self.write(input.peek(half));
    input.drain(Math.min(half, input.peek(half).length));
    self.write(input);
  },
  "by way of another queue": () => {
    const kept = new ByteQueue();
    return (self, input) => {
      input.moveTo(kept, input.length >> 1);
      self.write(kept);
      input.moveTo(kept);
      self.write(kept);
    };
  },
  "one turn late": () => {
    const kept = new ByteQueue();
    return (self, input) => {
      input.moveTo(kept);
      self.reactor.defer(() => void (self.isWritable && self.write(kept)));
    };
  },
  "what is left of it later": () => (self, input) => {
    const n = input.length > 3000 ? input.length - 3000 : input.length;
    self.write(input.take(n));
  },
  "byte by byte at the front": () => (self, input) => {
    for (let i = 0; i < 5 && !input.isEmpty; i += 1) self.write(input.take(1));
    self.write(input);
  },
  "a text between, taken out again": () => (self, input) => {
    const n = input.length;
    input.append("behind");
    self.write(input.take(n));
    input.drain(6);
  },
};

describe.each(WAYS)("%s", (way) => {
  test.each(Object.keys(ways))("12 streams at once give back %s", async (name) => {
    const reactor = reactorOf();
    const all = Array.from({ length: 12 }, (_, i) =>
      exchange(
        reactor,
        (ways[name] as () => OnData)(),
        pattern(i, 40_000 + i * 777),
        i % 2 === 0 ? "tcp" : "unix",
      ),
    );
    // Some can send a little at a time only: the rest of a lent chunk is kept.
    for (const { stream, peer } of all.slice(0, 6)) {
      stream.socket.setOption(SO_SNDBUF, 4096);
      peer.setOption(SO_RCVBUF, 2048);
    }
    const isLate = name === "one turn late";
    for (const { stream } of all) stream.allowHalfOpen = isLate;
    const isDone = (one: (typeof all)[number]): boolean =>
      isLate ? one.got.bytes().length === one.bytes.length : one.got.isEnded;
    await drive(reactor, way, () => all.every(isDone));
    for (const { got, bytes } of all) expectBytes(got.bytes(), bytes);
  });

  test("one lent chunk is broadcast to 100 streams, some of them full", async () => {
    const reactor = reactorOf();
    const receivers = Array.from({ length: 100 }, (_, i) => {
      const one = joined(reactor, {}, {}, "unix");
      return { ...one, before: i % 10 === 0 ? fill(one.stream.socket) : 0 };
    });
    const bytes = pattern(9, 60_000);
    let sent = 0;
    const { peer } = joined(
      reactor,
      {
        onData: (_, input) => {
          const view = input.peek();
          for (const { stream } of receivers) stream.write(view);
          input.drain(view.length);
          sent += view.length;
        },
      },
      {},
      "unix",
    );
    peer.send(bytes);
    await drive(reactor, way, () => sent === bytes.length);
    const all = receivers.map((one) => ({ ...one, got: collect(reactor, one.peer) }));
    await drive(reactor, way, () =>
      all.every(({ got, before }) => got.bytes().length === before + bytes.length),
    );
    for (const { got, before } of all) expectBytes(got.bytes().subarray(before), bytes);
  });

  test("chunks that are kept stay what they were, for ever", async () => {
    const reactor = reactorOf();
    const kept: Buffer[] = [];
    const keepers = Array.from({ length: 5 }, (_, i) =>
      exchange(
        reactor,
        (_self, input) => void (i === 0 && kept.push(input.take())),
        pattern(i, 50_000),
      ),
    );
    await drive(reactor, way, () => keepers.every(({ stream }) => stream.isDestroyed));
    expectBytes(Buffer.concat(kept), pattern(0, 50_000));
    for (const { stream } of keepers.slice(1)) expect(stream.bytesRead).toBe(50_000);
  });

  test("written to another stream, crosswise, at random: every byte in its place", async () => {
    const seed = 20_260 + WAYS.indexOf(way);
    const random = randomOf(seed);
    const reactor = reactorOf();
    const joints: ReturnType<typeof exchange>[] = [];
    const count = 10;
    for (let i = 0; i < count; i += 1) {
      const kept = new ByteQueue();
      const onData: OnData = (_, input) => {
        const target = (joints[(i + 1) % count] as { stream: SocketStream }).stream;
        const choice = random();
        if (choice < 0.3 && input.length > 1) input.moveTo(kept, 1 + Math.floor(random() * 900));
        else if (choice < 0.4) return;
        if (!kept.isEmpty) target.write(kept);
        if (choice < 0.7) target.write(input);
        else target.write(input.take());
      };
      joints.push(
        exchange(reactor, onData, pattern(100 + i, 60_000), i % 3 === 0 ? "unix" : "tcp"),
      );
      (joints[i] as { stream: SocketStream }).stream.allowHalfOpen = true;
    }
    await drive(reactor, way, () => joints.every(({ stream }) => stream.hasReadEnded));
    for (const [i, { stream }] of joints.entries()) {
      // What the handler left at the end.
      const target = (joints[(i + 1) % count] as { stream: SocketStream }).stream;
      if (!stream.input.isEmpty) target.write(stream.input);
    }
    for (const { stream } of joints) stream.end();
    await drive(reactor, way, () => joints.every(({ got }) => got.isEnded));
    for (const [i, { got }] of joints.entries()) {
      expectBytes(got.bytes(), pattern(100 + ((i + count - 1) % count), 60_000));
    }
  });
});

test("what was written of the lent buffer goes out as it is when the batch is sent", () => {
  const reactor = reactorOf();
  const { peer } = joined(reactor, {
    onData: (self, input) => {
      const view = input.peek();
      self.write(view);
      view.fill("b");
      self.write("c");
      input.clear();
    },
  });
  send(peer, "aaa");
  turns(reactor, 2);
  // Not copied, which `write` says: so it must not be changed meanwhile.
  expect(String(receiveAll(peer))).toBe("bbbc");
});

test("a view that is kept is visibly dead after the call, not somebody else's bytes", () => {
  const reactor = reactorOf();
  const views: Buffer[] = [];
  const { peer } = joined(reactor, { onData: (_, input) => void views.push(input.peek()) });
  send(peer, "secret");
  turns(reactor, 2);
  expect(views.map((view) => view.toString("hex"))).toEqual(["db".repeat(6)]);
});

test("what the handler leaves is there at the next call, in front", () => {
  const reactor = reactorOf();
  const seen: string[] = [];
  const { stream, peer } = joined(reactor, {
    onData: (_, input) => {
      seen.push(input.toString());
      if (input.length > 5) input.drain(4);
    },
  });
  for (const text of ["ab", "cd", "ef", "gh"]) {
    send(peer, text);
    turns(reactor, 2);
  }
  expect(seen).toEqual(["ab", "abcd", "abcdef", "efgh"]);
  expect(String(stream.input)).toBe("efgh");
  expect(receiveAll(peer)).toHaveLength(0);
});
