/** What a peer says before it closes is heard, even if it is a write that finds out. */
import { expect, test } from "vitest";
import { drive, joined, reactorOf, receiveAll, recorder, send, WAYS } from "./support.js";

test.each(WAYS)(
  "a failing write does not keep what has come from its handler (%s)",
  async (way) => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log));
    // More than both kernel buffers hold, so that the write waits.
    while (stream.write(Buffer.alloc(65_536)));
    send(peer, "sorry");
    peer.close(); // with unread bytes: that is a reset
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log[0]).toBe("data sorry");
    expect(log.at(-1)).toMatch(/^close E(PIPE|CONNRESET)$/);
  },
);

test.each(WAYS)("of several they may be passed on without a copy (%s)", async (way) => {
  const reactor = reactorOf();
  const ways = ["first", "second", "third"].map((word) => {
    const next = joined(reactor);
    const { stream, peer } = joined(reactor, {
      onData(_, input) {
        next.stream.write(input);
        stream.write("lost"); // what failed is not begun again
      },
    });
    while (stream.write(Buffer.alloc(65_536)));
    return { word, stream, peer, next };
  });
  for (const { word, peer } of ways) {
    send(peer, word);
    peer.close();
  }
  await drive(reactor, way, () => ways.every(({ stream }) => stream.isDestroyed));
  for (const { word, next } of ways) {
    expect([next.stream.pendingBytes, String(receiveAll(next.peer))]).toEqual([0, word]);
  }
});
