/**
 * Attachments in numbers: threads that end while theirs are busy, and memory. A thread runs the
 * built package (dist/).
 */
import { existsSync } from "node:fs";
import { setImmediate as nextIteration } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { loadAddon } from "../../src/kernel/addon.js";
import { systemHostLoop } from "../../src/kernel/index.js";
import { openDescriptors } from "../support/descriptors.js";
import { expectMisuse, pair, pipe } from "./support.js";

const built = new URL("../../dist/index.js", import.meta.url);

/** Threads in all, and at once. */
const THREADS = 100;
const AT_ONCE = 10;

beforeAll(() => {
  if (!existsSync(built)) {
    throw new Error("Threads run the built package and there is none: npm run build:ts");
  }
});

const running = new Set<Worker>();

afterEach(async () => {
  for (const worker of running) await worker.terminate();
  running.clear();
});

/** Ways to keep the loop of a thread busy. */
const BUSY = [
  "attachment.dirty[0] = 1;",
  "attachment.watch(quiet); kernel.write(feed, Buffer.from('x'), 0, 1);",
  "attachment.setTimer(0); again = () => attachment.setTimer(0);",
  "attachment.setTimer(1); again = () => attachment.setTimer(0.1);",
  `attachment.dirty[0] = 1;
   again = () => {
     attachment.watch(quiet);
     attachment.setTimer(0);
     systemHostLoop.attach(turn).close();
   };`,
];

const script = (busy: string) => `
  import { parentPort } from "node:worker_threads";
  import { systemHostLoop, systemKernel as kernel } from ${JSON.stringify(built.href)};
  const out = new Int32Array(2);
  kernel.pipe2(false, out);
  const [quiet, feed] = out;
  let again = () => {};
  let turns = 0;
  const turn = () => {
    again();
    if (++turns === 5) parentPort.postMessage("busy");
  };
  const attachment = systemHostLoop.attach(turn);
  attachment.watch(feed);
  attachment.watch(quiet);
  ${busy}
`;

async function startBusy(busy: string): Promise<Worker> {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script(busy))}`));
  running.add(worker);
  await new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`The thread ended before it began: ${code}`)));
  });
  return worker;
}

test(`${THREADS} threads, terminated while attachments are busy, leave nothing`, async () => {
  const before = openDescriptors();
  for (let started = 0; started < THREADS; started += AT_ONCE) {
    const workers = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, i) => startBusy(BUSY[i % BUSY.length] as string)),
    );
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(openDescriptors()).toEqual(before);
  }
}, 240_000);

describe("a thread that ends by itself within a turn leaves nothing", () => {
  test.each([
    ["by process.exit()", "process.exit(3);"],
    ["by an exception", "throw new Error('on purpose');"],
    ["with its attachment unref'ed", "attachment.unref(); attachment.dirty[0] = 0;"],
  ])("%s", async (_how, end) => {
    const before = openDescriptors();
    const source = script(
      `attachment.dirty[0] = 1; again = () => { if (turns === 5) { ${end} } };`,
    );
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
    worker.on("error", () => {});
    await new Promise((resolve) => worker.once("exit", resolve));
    expect(openDescriptors()).toEqual(before);
  });
});

/** The sanitizers keep what was freed for a while; they have test/support/leak-check.mjs instead. */
const isSanitized = process.env["LD_PRELOAD"]?.includes("asan") ?? false;

/**
 * Bytes of memory that so many rounds of work hold on to, the least of a few tries: what the engine
 * and the test runner take meanwhile is taken once, a leak goes on.
 */
async function growthOf(rounds: number, work: () => void): Promise<number> {
  const run = async (n: number) => {
    for (let i = 0; i < n; i++) {
      work();
      if (i % 100 === 0) await nextIteration(); // uv_close calls back in a later iteration.
    }
    await nextIteration();
    return process.memoryUsage.rss();
  };
  let least = Infinity;
  let before = await run(rounds);
  for (let i = 0; i < 3; i++) {
    const after = await run(rounds);
    least = Math.min(least, after - before);
    before = after;
  }
  return least;
}

test.skipIf(isSanitized)("memory does not grow with attachments that were closed", async () => {
  const [left] = pair();
  // About 1.3 KiB of handles each: a leak would be 26 MiB.
  const growth = await growthOf(20_000, () => {
    const attachment = systemHostLoop.attach(() => {});
    attachment.watch(left);
    attachment.setTimer(1);
    attachment.close();
  });
  expect(growth).toBeLessThan(13 * 2 ** 20);
});

test.skipIf(isSanitized)("memory does not grow with descriptors that were replaced", async () => {
  const [left] = pair();
  const attachment = systemHostLoop.attach(() => {});
  onTestFinished(() => attachment.close());
  // About 200 bytes each: a leak would be 12 MiB.
  expect(await growthOf(60_000, () => attachment.watch(left))).toBeLessThan(6 * 2 ** 20);
});

describe("the addon's calls, which nobody else makes,", () => {
  const { hostLoop } = loadAddon();
  const shared = () => new Int32Array(new SharedArrayBuffer(4));

  test("take a dirty word that cannot be detached, and nothing else", () => {
    const open = (dirty: unknown) => hostLoop.attachmentOpen(dirty as Int32Array, () => {});
    const wrong = [
      undefined,
      null,
      {},
      new Int32Array(1),
      new Uint32Array(4),
      new DataView(new ArrayBuffer(4)),
    ];
    for (const dirty of wrong) expectMisuse(() => open(dirty), TypeError, "ERR_INVALID_ARG_TYPE");
    const empty = new Int32Array(new SharedArrayBuffer(4), 4);
    expectMisuse(() => open(empty), RangeError, "ERR_OUT_OF_RANGE");
    const attachment = open(shared());
    if (typeof attachment === "number") return expect.unreachable();
    hostLoop.attachmentClose(attachment);
  });

  test("refuse a callback that is no function", () => {
    for (const onTurn of [undefined, null, {}, "onTurn"]) {
      const open = () => hostLoop.attachmentOpen(shared(), onTurn as () => void);
      expectMisuse(open, TypeError, "ERR_INVALID_ARG_TYPE");
      const attach = () => systemHostLoop.attach(onTurn as () => void);
      expectMisuse(attach, TypeError, "ERR_INVALID_ARG_TYPE");
    }
  });

  test("refuse an object of another kind", () => {
    const poll = hostLoop.pollOpen(pipe()[0], () => {});
    const attachment = hostLoop.attachmentOpen(shared(), () => {});
    for (const [name, call] of Object.entries(hostLoop)) {
      if (name.endsWith("Open")) continue;
      const others = [name.startsWith("poll") ? attachment : poll, {}, undefined, null, 1];
      for (const other of others) {
        const mistaken = () => (call as (...args: unknown[]) => number)(other, 1);
        expectMisuse(mistaken, TypeError, "ERR_INVALID_ARG_TYPE");
      }
    }
    if (typeof poll !== "number") hostLoop.pollClose(poll);
    if (typeof attachment !== "number") hostLoop.attachmentClose(attachment);
  });
});
