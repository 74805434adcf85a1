/** What a peer says before it closes is heard, even if it is a write that finds out. */
import { expect, test } from "vitest";
import { drive, joined, reactorOf, recorder, send, WAYS } from "./support.js";

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
