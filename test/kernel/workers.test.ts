/**
 * Threads: the addon loads in many at once, and one that ends, however it ends, leaves no
 * descriptor behind. They run the built package (dist/): a thread needs JavaScript.
 */
import { existsSync, fstatSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { openDescriptors } from "../support/descriptors.js";
import { closeNow, kernel, own, pair } from "./support.js";

const built = new URL("../../dist/index.js", import.meta.url);

/** Start a thread of each kind, let them begin, end them: so many times without growth. */
const ROUNDS = 10;

beforeAll(() => {
  if (!existsSync(built)) {
    throw new Error("Threads run the built package and there is none: npm run build:ts");
  }
});

/** Opens one of each kind, so that there is something to leave behind. */
const OPEN = `
  import { parentPort, workerData } from "node:worker_threads";
  import * as reactor from ${JSON.stringify(built.href)};
  const { systemKernel: kernel, Socket, createSelector, EVENT_READ } = reactor;
  const { constants } = kernel;
  const listener = Socket.listenTcp({ host: "127.0.0.1", port: 0 });
  const [left, right] = Socket.pair();
  const selector = createSelector();
  selector.register(left, EVENT_READ);
  selector.register(listener, EVENT_READ);
  selector.waker;
  kernel.pipe2(false, new Int32Array(2));
  kernel.dup(left.fileno());
  const started = () => parentPort.postMessage("started");
`;

const ENDINGS = {
  "waits for ever in select()": "started(); selector.select();",
  "waits for ever in poll's select()": `
    const slow = createSelector({ backend: "poll" });
    slow.register(left, EVENT_READ);
    started();
    slow.select();`,
  "waits in Node's loop, in ready()": "const wait = selector.ready(); started(); await wait;",
  "spins in JavaScript": "started(); for (;;) selector.select(0);",
  "is between two turns of its loop": "started(); setInterval(() => {}, 1000);",
} as const;

interface Thread {
  readonly worker: Worker;
  /** What it said first. */
  readonly message: unknown;
  /** Settles when it has ended, however. */
  readonly ended: Promise<void>;
}

const workers = new Set<Worker>();

afterEach(async () => {
  for (const worker of workers) await worker.terminate();
  workers.clear();
});

/** Starts a thread and waits for its first message; rejects if it ends before. */
async function start(source: string): Promise<Thread> {
  const url = new URL(`data:text/javascript,${encodeURIComponent(OPEN + source)}`);
  const worker = new Worker(url);
  workers.add(worker);
  let failure: unknown;
  worker.on("error", (error) => {
    failure = error;
  });
  const ended = new Promise<void>((resolve) => worker.on("exit", () => resolve()));
  const message = await Promise.race([
    new Promise<unknown>((resolve) => worker.once("message", resolve)),
    ended.then(() => Promise.reject(failure ?? new Error("The thread ended before it began"))),
  ]);
  return { worker, message, ended };
}

test("20 threads load the addon at once, each with descriptors of its own", async () => {
  const before = openDescriptors();
  const [left, right] = pair();
  const source = `
    const [a, b] = Socket.pair();
    selector.register(b, EVENT_READ);
    a.send(Buffer.from("x"));
    parentPort.postMessage({
      ready: selector.select(0).map(({ key }) => key.fd === b.fileno()),
      fd: a.fileno(),
      foreign: kernel.close(${left}),
    });
    setInterval(() => {}, 1000);`;
  const threads = await Promise.all(Array.from({ length: 20 }, () => start(source)));
  const messages = threads.map(({ message }) => message as { fd: number });
  expect(new Set(messages.map(({ fd }) => fd)).size).toBe(20);
  for (const message of messages) expect(message).toMatchObject({ ready: [true], foreign: -9 });
  expect(kernel.write(left, Buffer.from("open"), 0, 4)).toBe(4);
  expect(kernel.read(right, new Uint8Array(4), 0, 4)).toBe(4);
  await Promise.all(threads.map(({ worker }) => worker.terminate()));
  closeNow(left);
  closeNow(right);
  expect(openDescriptors()).toEqual(before);
});

describe("a thread that is terminated while it", () => {
  test.each(Object.entries(ENDINGS))("%s leaves no descriptor", async (_what, source) => {
    const before = openDescriptors();
    const { worker } = await start(source);
    expect(openDescriptors().size).toBeGreaterThan(before.size + 5);
    await worker.terminate();
    expect(openDescriptors()).toEqual(before);
  });
});

describe("a thread that ends by itself with open sockets leaves no descriptor", () => {
  test.each([
    ["at its end", "selector.close();"],
    ["by process.exit()", "process.exit(3);"],
    ["by an exception", "throw new Error('on purpose');"],
  ])("%s", async (_how, source) => {
    const before = openDescriptors();
    const { ended } = await start(`started(); ${source}`);
    await ended;
    expect(openDescriptors()).toEqual(before);
  });
});

test("a descriptor that a thread disowned stays, and is its adopter's", async () => {
  const { worker, message } = await start(`
    const fd = left.detach();
    parentPort.postMessage(fd);
    setInterval(() => {}, 1000);`);
  await worker.terminate();
  const fd = message as number;
  expect(fstatSync(fd).isSocket()).toBe(true);
  expect(kernel.close(fd)).toBeLessThan(0);
  expect(kernel.adopt(fd)).toBe(0);
  closeNow(own(fd));
});

test(`${ROUNDS} rounds of threads, terminated in every state, leave no descriptor`, async () => {
  const before = openDescriptors();
  for (let round = 0; round < ROUNDS; round++) {
    const threads = await Promise.all(Object.values(ENDINGS).map(start));
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    expect(openDescriptors()).toEqual(before);
  }
}, 60_000);
