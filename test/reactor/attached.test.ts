/** A run in Node's loop, beside everything else that lives there. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, systemKernel, WAIT_SLICE_MS } from "../../src/index.js";
import { runChild } from "../support/child.js";
import { openDescriptors, settledDifferences } from "../support/descriptors.js";
import {
  BACKENDS,
  go,
  pair,
  reactorOf,
  readablePair,
  receive,
  send,
  turnsOfNode,
} from "./support.js";

const here = fileURLToPath(import.meta.url);
const dist = new URL("../../dist/", import.meta.url).href;

test("run() answers before the first turn, and the mode says so", async () => {
  const reactor = reactorOf();
  let calls = 0;
  reactor.timer(0, () => (calls += 1));
  const run = reactor.run();
  expect({ calls, mode: reactor.mode }).toEqual({ calls: 0, mode: "attached" });
  expect(await run).toBe("empty");
  expect({ calls, mode: reactor.mode }).toEqual({ calls: 1, mode: "idle" });
});

test("under full load of 500 connections Node's loop gets a turn for each of ours", async () => {
  const reactor = reactorOf();
  const pairs = Array.from({ length: 500 }, () => pair());
  const buffer = Buffer.alloc(64);
  for (const ends of pairs) {
    for (const end of ends) {
      reactor.watch(end, EVENT_READ, () => end.send(buffer, 0, end.recv(buffer)));
    }
    send(ends[0], "ping");
  }
  const run = reactor.run();
  const turns = () => reactor.stats().turns;
  const worst = { immediate: 0, timer: 0, promise: 0 };
  for (let i = 0; i < 20; i += 1) {
    let before = turns();
    await turnsOfNode(1);
    worst.immediate = Math.max(worst.immediate, turns() - before);
    before = turns();
    await Promise.resolve();
    worst.promise = Math.max(worst.promise, turns() - before);
    before = turns();
    await new Promise((resolve) => setTimeout(resolve, 1));
    worst.timer = Math.max(worst.timer, turns() - before);
    await readFile(here); // Its threads are the system's to schedule: that it comes is enough.
  }
  reactor.stop();
  expect(await run).toBe("stopped");
  const { callbacks } = reactor.stats();
  expect(callbacks).toBeGreaterThan(1000);
  expect(worst.promise).toBe(0);
  // One for what is ready, one for what is left over from the turn before.
  expect(worst.immediate).toBeLessThanOrEqual(3);
  // A timer of 1 ms.
  expect(worst.timer).toBeLessThanOrEqual(50);
});

test("promises of a handler are settled before the next turn", async () => {
  const reactor = reactorOf();
  const order: string[] = [];
  const [left] = readablePair();
  let turn = 0;
  reactor.watch(left, EVENT_READ, (_events, _flags, watch) => {
    turn += 1;
    order.push(`turn ${turn}`);
    void Promise.resolve().then(() => order.push(`promise ${turn}`));
    process.nextTick(() => order.push(`tick ${turn}`));
    if (turn === 3) watch.stop();
  });
  expect(await reactor.run()).toBe("empty");
  const expected = [1, 2, 3].flatMap((n) => [`turn ${n}`, `tick ${n}`, `promise ${n}`]);
  expect(order.slice(0, 9)).toEqual(expected);
});

test("an idle run makes no turns; a far timer none before its time", async () => {
  const reactor = reactorOf({ backend: BACKENDS[0] });
  const [left] = pair();
  const watch = reactor.watch(left, EVENT_READ, () => expect.unreachable());
  reactor.timer(60_000, () => expect.unreachable()).unref();
  const run = reactor.run();
  await turnsOfNode(3);
  const before = reactor.stats();
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setTimeout(resolve, 3));
  expect(reactor.stats()).toMatchObject({ turns: before.turns, waits: before.waits });
  watch.stop();
  expect(await run).toBe("empty");
});

test("spinUs: after a call it goes on looking for so long, Node's loop with it", async () => {
  const clock = { now: 1000 };
  const kernel = { ...systemKernel, nowMs: () => clock.now };
  const reactor = reactorOf({ kernel, spinUs: 2000 });
  const [left] = pair(kernel);
  const watch = reactor.watch(left, EVENT_READ, () => {});
  const run = reactor.run();
  await turnsOfNode(3);
  const asleep = reactor.stats().turns;
  watch.activate();
  clock.now += 1000;
  await turnsOfNode(20);
  const spinning = reactor.stats().turns;
  expect(spinning - asleep).toBeGreaterThan(10);
  clock.now += 2;
  await turnsOfNode(3);
  const after = reactor.stats().turns;
  await turnsOfNode(20);
  expect(reactor.stats().turns).toBe(after);
  watch.stop();
  expect(await run).toBe("empty");
});

test("two reactors and a third one inside a callback, all in one thread", async () => {
  const [first, second, inner] = [reactorOf(), reactorOf({ backend: "poll" }), reactorOf()];
  const [left, right] = pair();
  let passes = 0;
  const play = (reactor: typeof first, end: typeof left) =>
    reactor.watch(end, EVENT_READ, () => {
      if (receive(end, 10) === "") {
        end.close();
        return;
      }
      passes += 1;
      if (passes < 50) send(end);
      else end.close();
    });
  play(first, left);
  play(second, right);
  first.timer(0, () => {
    inner.timer(1, () => {});
    expect(inner.runBlocking()).toBe("empty");
  });
  send(left);
  expect(await Promise.all([go(first, "attached"), go(second, "attached")])).toEqual([
    "empty",
    "empty",
  ]);
  expect(passes).toBe(50);
});

test.runIf(process.platform === "linux")(
  "a queue that is rebuilt because of a ghost is polled in place of the old one",
  async () => {
    const reactor = reactorOf({ backend: "epoll" });
    const [ghost] = readablePair();
    const number = systemKernel.dup(ghost.fileno());
    const watch = reactor.watch(number, EVENT_READ, () => {
      // Its file lives on in `ghost`: epoll goes on reporting a number that is no more.
      systemKernel.close(number);
      watch.stop();
    });
    const [left, right] = pair();
    let calls = 0;
    reactor.watch(left, EVENT_READ, () => {
      calls += 1;
      left.close();
    });
    const run = reactor.run();
    for (let i = 0; reactor.stats().rebuilds === 0; i += 1) {
      expect(i).toBeLessThan(100);
      await turnsOfNode(1);
    }
    const { turns } = reactor.stats();
    await turnsOfNode(20);
    expect(reactor.stats().turns).toBeLessThanOrEqual(turns + 1); // No ghost wakes it any more.
    send(right);
    expect(await run).toBe("empty");
    expect(calls).toBe(1);
  },
);

describe("keeping the process", () => {
  const cases = [
    ["a watch keeps it", `reactor.watch(left, 1, () => {}); reactor.run(); timeout();`, "timeout"],
    ["unref() lets it go", `reactor.watch(left, 1, () => {}); reactor.unref().run();`, "exit 0"],
    [
      "unref() during the run",
      `reactor.timer(1e6, () => {}); reactor.run(); reactor.unref();`,
      "exit 0",
    ],
    [
      "ref() takes it back",
      `reactor.timer(1e6, () => {}); reactor.unref().run(); reactor.ref(); timeout();`,
      "timeout",
    ],
    [
      "unref'ed, it still works beside others",
      `const keep = setInterval(() => {}, 5); reactor.timer(5, () => { console.log("came"); clearInterval(keep); }); reactor.unref().run();`,
      "came exit 0",
    ],
    ["a finished run", `reactor.run().then(console.log);`, "empty exit 0"],
    ["exit in a handler", `reactor.timer(1, () => process.exit(7)); reactor.run();`, "exit 7"],
    ["exit in a deferred call", `reactor.defer(() => process.exit(7)); reactor.run();`, "exit 7"],
    [
      "without run() nothing is kept",
      `reactor.watch(left, 1, () => {}); reactor.timer(1e6, () => {});`,
      "exit 0",
    ],
  ] as const;

  test.each(cases)("%s", async (_name, source, expected) => {
    const { code, stdout, stderr } = await runChild(`
      import { Reactor, Socket } from "socket-reactor";
      const timeout = () => setTimeout(() => {
        console.log("timeout");
        process.exit(0);
      }, 150).unref();
      process.on("exit", (code) => console.log("exit", code));
      const reactor = new Reactor();
      const [left] = Socket.pair();
      ${source}
    `);
    expect(stderr).toBe("");
    const said = stdout.trim().replace(/\n/g, " ");
    expect(said.replace(/^timeout exit 0$/, "timeout")).toBe(expected);
    expect(code).toBe(expected.endsWith("7") ? 7 : 0);
  });
});

/** Starting a thread and loading the package costs ten times what the rest does: a few times. */
test("a hundred busy reactors in workers that are terminated leave nothing behind", async () => {
  const before = openDescriptors();
  const source = `
    const { parentPort } = require("node:worker_threads");
    const load = (room) => import(${JSON.stringify(dist)} + room + "/index.js");
    Promise.all([load("reactor"), load("sockets")]).then(([{ Reactor }, { Socket }]) => {
      const buffer = Buffer.alloc(16);
      let ready = 0;
      for (let i = 0; i < 10; i += 1) {
        const reactor = new Reactor();
        const ends = Socket.pair();
        for (const end of ends) reactor.watch(end, 1, () => end.send(buffer, 0, end.recv(buffer)));
        ends[0].send(buffer);
        reactor.timer(0.1, () => {}, { repeat: true });
        reactor.timer(1, () => (ready += 1) === 10 && parentPort.postMessage("busy"));
        reactor.run();
      }
    });`;
  const workers = Array.from({ length: 10 }, () => new Worker(source, { eval: true }));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  expect(openDescriptors().size).toBeGreaterThan(before.size + 200);
  await Promise.all(workers.map((worker) => worker.terminate()));
  expect(await settledDifferences(before)).toEqual([]);
});

test.each(BACKENDS)("a far timer is not late because the queue is quiet: %s", async (backend) => {
  const reactor = reactorOf({ backend });
  const [left] = pair();
  reactor.watch(left, EVENT_READ, () => {}).unref();
  reactor.watch(left, EVENT_WRITE, (_events, _flags, watch) => watch.stop());
  const begun = performance.now();
  reactor.timer(WAIT_SLICE_MS / 5, () => {});
  expect(await go(reactor, "attached")).toBe("empty");
  expect(performance.now() - begun).toBeGreaterThanOrEqual(WAIT_SLICE_MS / 5);
});
