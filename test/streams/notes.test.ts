/** What streams and listeners publish on the diagnostics channels. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, expect, test } from "vitest";
import { Socket } from "../../src/index.js";
import { Listener, type SocketStream, streamPair } from "../../src/streams/index.js";
import { drive, reactorOf, track } from "./support.js";

const subscriptions: [string, (message: unknown) => void][] = [];

afterEach(() => {
  for (const [name, listener] of subscriptions.splice(0)) unsubscribe(name, listener);
});

/** What comes on a channel, as `read` makes it. */
function heard<T>(name: string, read: (message: Record<string, unknown>) => T): T[] {
  const all: T[] = [];
  const listener = (message: unknown) => void all.push(read(message as Record<string, unknown>));
  subscribe(name, listener);
  subscriptions.push([name, listener]);
  return all;
}

test("a stream says that it opened, when it can be asked, and why it closed", async () => {
  const reactor = reactorOf();
  const seen = heard("socket-reactor.stream", ({ event, stream, error }) => [
    event,
    (stream as SocketStream).pendingBytes,
    (error as Error | undefined)?.message,
  ]);
  const accepts = heard("socket-reactor.listener", ({ event }) => event);
  const listener = track(
    Listener.tcp(reactor, {}, (stream) => stream.destroy(new Error("No room today"))),
  );
  const client = track(Socket.tcp());
  client.connect(listener.address as { address: string; port: number });
  await drive(reactor, "blocking", () => seen.length === 2);
  expect(accepts).toEqual(["accept"]);
  expect(seen).toEqual([
    ["open", 0, undefined],
    ["close", 0, "No room today"],
  ]);
});

test("both ends of a pair in memory say it, too", () => {
  const seen = heard("socket-reactor.stream", ({ event }) => event);
  const [left, right] = streamPair(reactorOf());
  left.destroy();
  right.destroy();
  expect(seen).toEqual(["open", "open", "close", "close"]);
});
