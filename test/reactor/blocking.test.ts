/** A run that owns the thread: the main one, or a worker's. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { EVENT_READ, type Kernel, systemKernel, Waker } from "../../src/index.js";
import { faultKernel } from "../support/fault-kernel.js";
import { BACKENDS, errorOf, pair, reactorOf, turnsOfNode } from "./support.js";

const onLinux = process.platform === "linux";
const dist = new URL("../../dist/index.js", import.meta.url).href;

/** A worker with the package, which says when it is about to run. */
async function startWorker(body: string): Promise<Worker> {
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads");
     import(${JSON.stringify(dist)}).then(({ Reactor }) => { ${body} });`,
    { eval: true },
  );
  await once(worker, "message");
  return worker;
}

test("nothing of Node's runs meanwhile: no promise, tick, timer or immediate", async () => {
  const reactor = reactorOf();
  const calls: string[] = [];
  void Promise.resolve().then(() => calls.push("promise"));
  process.nextTick(() => calls.push("tick"));
  setImmediate(() => calls.push("immediate"));
  setTimeout(() => calls.push("timeout"), 0);
  reactor.timer(20, () => calls.push("ours"));
  expect(reactor.runBlocking()).toBe("empty");
  expect(reactor.mode).toBe("idle");
  expect(calls).toEqual(["ours"]);
  await turnsOfNode(3);
  expect(calls).toHaveLength(5);
});

test("the mode says so, also in turn(), and a throwing run leaves it", () => {
  const reactor = reactorOf({ onError: undefined });
  const modes: string[] = [];
  reactor.timer(0, () => modes.push(reactor.mode));
  reactor.runBlocking();
  reactor.timer(0, () => modes.push(reactor.mode), { start: false }).activate();
  reactor.turn();
  reactor.defer(() => {
    throw new Error("Meant to happen");
  });
  errorOf(() => reactor.runBlocking());
  expect([...modes, reactor.mode]).toEqual(["blocking", "blocking", "idle"]);
});

test("in a worker: an echo, which the main thread talks to and then terminates", async () => {
  const [left, right] = pair();
  // The worker watches a number that stays ours: it neither owns nor closes it.
  const worker = await startWorker(`
    const reactor = new Reactor();
    const kernel = reactor.kernel;
    const buffer = Buffer.alloc(64);
    reactor.watch(${left.fileno()}, 1, () => {
      kernel.send(${left.fileno()}, buffer, 0, kernel.recv(${left.fileno()}, buffer, 0, 64, 0), 0);
    });
    parentPort.postMessage("about to run");
    reactor.runBlocking();`);
  const client = reactorOf();
  const buffer = Buffer.alloc(64);
  let passes = 0;
  client.watch(right, EVENT_READ, (_events, _flags, watch) => {
    passes += 1;
    const n = right.recv(buffer);
    if (passes < 100) right.send(buffer, 0, n);
    else watch.stop();
  });
  right.send(Buffer.from("hello"));
  expect(await client.run()).toBe("empty");
  await worker.terminate();
  expect(buffer.toString("utf8", 0, 5)).toBe("hello");
});

test("a waker from the main thread ends a worker's wait", async () => {
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads");
     import(${JSON.stringify(dist)}).then(({ Reactor }) => {
       const reactor = new Reactor({ untilStopped: true });
       let wakes = 0;
       const waker = reactor.waker(() => (wakes += 1) === 3 && reactor.stop());
       parentPort.postMessage(waker.handle);
       const result = reactor.runBlocking();
       waker.close();
       reactor.close();
       parentPort.postMessage([result, wakes]);
     });`,
    { eval: true },
  );
  const [handle] = await once(worker, "message");
  const waker = Waker.fromHandle(handle);
  const answer = once(worker, "message");
  const waking = setInterval(() => waker.wake(), 1);
  expect(await answer).toEqual([["stopped", 3]]);
  clearInterval(waking);
  waker.close();
  await worker.terminate();
});

test.each(BACKENDS)("a worker that waits for ever can be terminated: %s", async (backend) => {
  const worker = await startWorker(`
    const reactor = new Reactor({ backend: "${backend}", untilStopped: true });
    parentPort.postMessage("about to wait");
    reactor.runBlocking();`);
  // Settles when it has ended; a wait that is not sliced would never.
  expect(await worker.terminate()).toBe(1);
});

test.runIf(onLinux)("one echoed message costs three system calls: wait, recv, send", () => {
  const counting = faultKernel();
  const reactor = reactorOf({ kernel: counting.kernel, backend: "epoll" });
  const [server] = pair(counting.kernel);
  const client = connectedTo(server);
  const messages = 100;
  const buffer = Buffer.alloc(64);
  let echoed = 0;
  client.send();
  reactor.watch(server, EVENT_READ, () => {
    server.send(buffer, 0, server.recv(buffer));
    client.receive();
    echoed += 1;
    if (echoed === messages) reactor.stop();
    else client.send();
  });
  counting.clear();
  expect(reactor.runBlocking()).toBe("stopped");
  expect(countByName(counting.log)).toEqual({
    epoll_wait: messages,
    recv: messages,
    send: messages,
  });
});

/** The other end of a pair of a counting kernel, used past the counting. */
function connectedTo(server: { fileno(): number }): { send(): void; receive(): void } {
  const fd = server.fileno() + 1; // socketpair(2) takes the lowest free numbers.
  const buffer = new Uint8Array(64);
  return {
    send: () => expect(systemKernel.send(fd, buffer, 0, 64, 0)).toBe(64),
    receive: () => expect(systemKernel.recv(fd, buffer, 0, 64, 0)).toBe(64),
  };
}

function countByName(log: readonly { name: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of log) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

test.runIf(onLinux)("spinUs: it looks without sleeping for so long, and then sleeps", () => {
  const timeouts: number[] = [];
  const clock = { now: 1000 };
  const kernel: Kernel = {
    ...systemKernel,
    nowMs: () => clock.now,
    epoll_wait(epfd, events, timeoutMs) {
      timeouts.push(timeoutMs);
      clock.now += timeoutMs + 0.25;
      return systemKernel.epoll_wait(epfd, events, 0);
    },
  };
  const reactor = reactorOf({ kernel, backend: "epoll", spinUs: 1000 });
  reactor.timer(100, () => {});
  reactor.timer(200, () => {});
  expect(reactor.runBlocking()).toBe("empty");
  // Before the first call it sleeps; after each it looks for a millisecond, a quarter a look.
  expect(timeouts).toEqual([100, 0, 0, 0, 0, 98.75]);
});

test("a million timers, in order", { timeout: 60_000 }, () => {
  const kernel = { ...systemKernel, nowMs: () => now };
  let now = 1000;
  const reactor = reactorOf({ kernel, turnCallbacksMax: 100_000, turnMs: Infinity });
  const count = 1_000_000;
  let calls = 0;
  let last = -1;
  for (let i = 0; i < count; i += 1) {
    const delay = (i * 7919) % 1000;
    reactor.timer(delay, (timer) => {
      calls += 1;
      if (timer.delayMs < last) expect.unreachable();
      last = timer.delayMs;
    });
  }
  expect(reactor.stats()).toMatchObject({ timers: count, started: count });
  now += 1000;
  expect(reactor.runBlocking()).toBe("empty");
  expect({ calls, last }).toEqual({ calls: count, last: 999 });
});
