/** What the channels carry. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, test } from "vitest";
import { systemKernel } from "../../src/kernel/index.js";
import { watchChannel } from "../../src/reactor/diagnostics.js";
import { Reactor, type ReactorOptions } from "../../src/reactor/index.js";
import { EVENT_READ, EVENT_WRITE } from "../../src/selectors/index.js";
import { Socket } from "../../src/sockets/index.js";
import { pair, send, track } from "../sockets/support.js";
import { faultKernel } from "../support/fault-kernel.js";

type Message = Record<string, unknown>;

const listeners: [name: string, listener: (message: unknown) => void][] = [];
afterEach(() => {
  for (const [name, listener] of listeners.splice(0)) unsubscribe(name, listener);
});

/** Collects what a channel carries until the test is over. */
function listen(name: string): Message[] {
  const messages: Message[] = [];
  const listener = (message: unknown): void => void messages.push(message as Message);
  listeners.push([name, listener]);
  subscribe(name, listener);
  return messages;
}

/** A pause of this process must not cut a turn in two. */
function reactorOf(options?: ReactorOptions): Reactor {
  return track(new Reactor({ turnMs: Infinity, ...options }));
}

describe("socket-reactor.run", () => {
  test("tells when a run begins and how it ends", async () => {
    const messages = listen("socket-reactor.run");
    const reactor = reactorOf();
    reactor.timer(0, () => reactor.break());
    expect(await reactor.run()).toBe("broken");
    expect(reactor.runBlocking()).toBe("empty");
    expect(messages).toEqual([
      { reactor, event: "begin", mode: "attached", result: undefined },
      { reactor, event: "end", mode: "attached", result: "broken" },
      { reactor, event: "begin", mode: "blocking", result: undefined },
      { reactor, event: "end", mode: "blocking", result: "empty" },
    ]);
  });

  test("a run that throws ends without a result", () => {
    const messages = listen("socket-reactor.run");
    const reactor = reactorOf();
    reactor.timer(0, () => {
      throw new Error("on purpose");
    });
    expect(() => reactor.runBlocking()).toThrow("on purpose");
    expect(messages.at(-1)).toEqual({ reactor, event: "end", mode: "blocking", result: undefined });
  });
});

test("socket-reactor.turn names the reactor, its times and its callbacks", () => {
  const messages = listen("socket-reactor.turn");
  const reactor = reactorOf();
  const before = systemKernel.nowMs();
  for (let i = 0; i < 3; i++) reactor.timer(0, () => {});
  reactor.turn(1000);
  expect(messages).toEqual([
    { reactor, startedMs: expect.any(Number), dispatchMs: expect.any(Number), callbacks: 3 },
  ]);
  const { startedMs = 0, dispatchMs = -1 } = messages[0] as Record<string, number>;
  expect(startedMs).toBeGreaterThanOrEqual(before);
  expect(dispatchMs).toBeGreaterThanOrEqual(0);
});

describe("socket-reactor.error", () => {
  test("names what threw, and comes before onError", () => {
    const messages = listen("socket-reactor.error");
    const error = new Error("on purpose");
    const seen: number[] = [];
    const reactor = reactorOf({ onError: () => seen.push(messages.length) });
    const activity = reactor.timer(0, () => {
      throw error;
    });
    reactor.defer(() => {
      throw error;
    });
    reactor.turn(1000);
    expect(messages).toEqual([
      { reactor, error, activity },
      { reactor, error, activity: undefined },
    ]);
    expect(seen).toEqual([1, 2]);
  });
});

describe("socket-reactor.watch", () => {
  test("tells of a start once, and of the stop", () => {
    const messages = listen("socket-reactor.watch");
    const reactor = reactorOf();
    const [left] = pair();
    const watch = reactor.watch(left, EVENT_READ, () => {});
    watch.start().modify(EVENT_WRITE);
    watch.stop();
    watch.stop();
    watch.start();
    const message = { reactor, watch, error: undefined };
    expect(messages).toEqual([
      { ...message, event: "start" },
      { ...message, event: "stop" },
      { ...message, event: "start" },
    ]);
  });

  test("one that is called once stops by itself", () => {
    const messages = listen("socket-reactor.watch");
    const reactor = reactorOf();
    const [left, right] = pair();
    reactor.watch(left, EVENT_READ, () => {}, { once: true });
    send(right, "x");
    reactor.turn(1000);
    expect(messages.map(({ event }) => event)).toEqual(["start", "stop"]);
  });

  test("a closed socket, and a closed reactor, drop theirs", () => {
    const messages = listen("socket-reactor.watch");
    const reactor = reactorOf();
    const [left, right] = pair();
    const watches = [left, right].map((socket) => reactor.watch(socket, EVENT_READ, () => {}));
    messages.length = 0;
    left.close();
    reactor.close();
    expect(messages).toEqual(
      watches.map((watch) => ({ reactor, event: "drop", watch, error: undefined })),
    );
  });

  test("what the kernel refuses is dropped with its error", () => {
    const messages = listen("socket-reactor.watch");
    const faults = faultKernel();
    const { kernel } = faults;
    const reactor = reactorOf({ kernel, backend: "epoll", onError: () => {} });
    const [left, right] = Socket.pair({ kernel });
    track(left);
    track(right);
    const watch = reactor.watch(left, EVENT_READ, () => {});
    reactor.turn();
    watch.modify(EVENT_WRITE); // put off until the next wait
    faults.fail({ call: "epoll_ctl", errno: "ENOMEM" });
    reactor.turn();
    const error = expect.objectContaining({ code: "ENOMEM" });
    expect(messages.at(-1)).toEqual({ reactor, event: "drop", watch, error });
  });

  test("nothing is said while nobody listens", () => {
    const messages = listen("socket-reactor.watch");
    const [[name, listener]] = listeners.splice(0) as [(typeof listeners)[number]];
    unsubscribe(name, listener);
    expect(watchChannel.hasSubscribers).toBe(false);
    const [left] = pair();
    reactorOf()
      .watch(left, EVENT_READ, () => {})
      .stop();
    expect(messages).toEqual([]);
  });
});

test("a subscriber that throws harms nothing", async () => {
  const failure = new Error("a subscriber's");
  const uncaught: unknown[] = [];
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => uncaught.push(error));
  const listener = (): void => {
    throw failure;
  };
  subscribe("socket-reactor.turn", listener);
  try {
    const reactor = reactorOf();
    const calls: string[] = [];
    reactor.timer(0, () => void calls.push("timer"));
    expect(await reactor.run()).toBe("empty");
    expect(calls).toEqual(["timer"]);
    expect(uncaught).toContain(failure);
  } finally {
    unsubscribe("socket-reactor.turn", listener);
    process.removeAllListeners("uncaughtException");
    for (const one of before) process.on("uncaughtException", one);
  }
});
