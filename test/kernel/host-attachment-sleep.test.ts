/**
 * What an attachment does before Node sleeps, and whether it keeps the process alive. Each test has
 * a process of its own, in which nothing else happens: the test runner's own timers and messages
 * would wake the loop up. They run the built package (dist/).
 */
import { describe, expect, test } from "vitest";
import { TURN_READABLE, TURN_TIMER } from "../../src/kernel/index.js";
import { type ChildResult, runChild } from "../support/child.js";

/** `say` prints, `quiet` is readable only when `feed` has been written to. */
const PRELUDE = `
  import { readFile, writeSync } from "node:fs";
  import { Worker } from "node:worker_threads";
  import { systemHostLoop, systemKernel as kernel } from "socket-reactor";
  import { TURN_DIRTY, TURN_READABLE, TURN_TIMER } from "socket-reactor";
  const say = (text) => writeSync(1, text + "\\n");
  const out = new Int32Array(2);
  kernel.pipe2(false, out);
  const [quiet, feed] = out;
  const thread = (source, workerData) =>
    new Worker("import { workerData } from 'worker_threads';" + source, { eval: true, workerData });
  const wake = () => kernel.write(feed, Buffer.from("x"), 0, 1);
  // A hang must end: long after everything else would have, and before V8 wakes an idle process up
  // to collect garbage, after 8 s.
  setTimeout(() => { say("hung"); process.exit(9); }, 5000).unref();
`;

async function run(source: string): Promise<Omit<ChildResult, "stdout"> & { lines: string[] }> {
  const { code, stdout, stderr } = await runChild(PRELUDE + source);
  return { code, stderr, lines: stdout.split("\n").slice(0, -1) };
}

/** Five processes at once take their time under sanitizers. */
const SLOW = { timeout: 60_000 };

const printed = (...lines: string[]) => ({ code: 0, stderr: "", lines });

/** The process sleeps on `quiet` unless the dirty word is looked at; then it ends by itself. */
const SLEEPER = `
  const attachment = systemHostLoop.attach((reason) => {
    say(["readable", "dirty", "timer"][reason]);
    attachment.dirty[0] = 0;
    onTurn();
  });
  let onTurn = () => attachment.close();
  attachment.watch(quiet);
  const soil = () => { attachment.dirty[0] = 1; };
`;

describe.concurrent("a dirty word is told before Node sleeps, when it was set", SLOW, () => {
  test.each([
    ["by the program itself", "soil();"],
    ["by process.nextTick", "process.nextTick(soil);"],
    ["by a promise", "Promise.resolve().then(soil);"],
    ["by setImmediate", "setImmediate(soil);"],
    ["by an immediate of an immediate", "setImmediate(() => setImmediate(soil));"],
    ["by a timer of Node's", "setTimeout(soil, 3);"],
    ["by an fs callback", "readFile('package.json', soil);"],
    ["by a promise of an fs callback", "readFile('package.json', async () => soil());"],
    ["by a pipe that was closed", "process.stdin.on('close', soil).destroy();"],
    ["by another thread, which ends", "thread('workerData[0] = 1', attachment.dirty);"],
  ])("%s", async (_when, source) => {
    expect(await run(SLEEPER + source)).toEqual(printed("dirty"));
  });

  test.each([
    ["process.nextTick", "process.nextTick(soil)"],
    ["a promise", "Promise.resolve().then(soil)"],
    ["the turn itself", "soil()"],
  ])("by %s after a turn of any kind", async (_how, again) => {
    const source = `
      let step = 0;
      const steps = [
        // More often than a process that starts is woken up anyway.
        ...Array(20).fill(() => { ${again}; }),
        () => { attachment.setTimer(0); },
        () => { ${again}; },
        () => { attachment.setTimer(1); },
        () => { ${again}; },
        () => { wake(); },
        () => { kernel.read(quiet, new Uint8Array(1), 0, 1); ${again}; },
        () => attachment.close(),
      ];
      onTurn = () => steps[step++]();
      soil();
    `;
    const order = ["dirty", "timer", "dirty", "timer", "dirty", "readable", "dirty"];
    expect(await run(SLEEPER + source)).toEqual(printed(...Array(20).fill("dirty"), ...order));
  });

  test("by a turn of another attachment, whichever comes first", async () => {
    const source = `
      let turns = 0;
      const attachments = ["first", "second"].map((name, i) => {
        const attachment = systemHostLoop.attach(() => {
          say(name);
          attachment.dirty[0] = 0;
          turns += 1;
          if (turns < 40) attachments[1 - i].dirty[0] = 1;
          else for (const each of attachments) each.close();
        });
        attachment.watch(quiet);
        return attachment;
      });
      attachments[0].dirty[0] = 1;
    `;
    const order = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? "first" : "second"));
    expect(await run(source)).toEqual(printed(...order));
  });
});

test("while the dirty word stays set Node does not sleep", async () => {
  const source = `
    let turns = 0;
    const attachment = systemHostLoop.attach((reason) => {
      turns += reason === TURN_DIRTY;
      if (turns === 100) attachment.close();
    });
    attachment.watch(quiet);
    attachment.dirty[0] = 1;
    process.on("exit", () => say(turns));
  `;
  expect(await run(source)).toEqual(printed("100"));
});

test("while the dirty word stays set nothing else starves", async () => {
  const source = `
    const attachment = systemHostLoop.attach(() => {});
    attachment.watch(quiet);
    attachment.dirty[0] = 1;
    const rest = new Set(["immediate", "timer", "fs", "thread"]);
    const saw = (what) => {
      rest.delete(what);
      if (rest.size > 0) return;
      attachment.close();
      say("served");
    };
    setImmediate(saw, "immediate");
    setTimeout(saw, 5, "timer");
    readFile("package.json", () => saw("fs"));
    thread("").on("exit", () => saw("thread"));
  `;
  expect(await run(source)).toEqual(printed("served"));
});

/** libuv computes how long to sleep from a time that it read before JavaScript ran. */
describe("a timer is not late by what JavaScript took", () => {
  test.each([
    ["in a dirty turn, before it was set", "block(800); set(10);", "soil();"],
    ["in a dirty turn, after it was set", "set(810); block(800);", "soil();"],
    ["in a timer turn, before it was set", "block(800); set(10);", "attachment.setTimer(1);"],
    ["in a timer turn, after it was set", "set(810); block(800);", "attachment.setTimer(1);"],
    ["in a turn of 0, after it was set", "set(810); block(800);", "attachment.setTimer(0);"],
  ])("%s", async (_where, turn, cause) => {
    const source = `
      let freeMs = 0;
      const block = (ms) => {
        for (const untilMs = kernel.nowMs() + ms; freeMs < untilMs; ) freeMs = kernel.nowMs();
      };
      const set = (delayMs) => {
        const dueMs = kernel.nowMs() + delayMs;
        attachment.setTimer(delayMs);
        onTurn = () => {
          attachment.close();
          const lateMs = kernel.nowMs() - Math.max(dueMs, freeMs);
          say(lateMs < 600 ? "in time" : "late by " + lateMs); // the 800 ms, not a busy machine's
        };
      };
      onTurn = () => { ${turn} };
      ${cause}
    `;
    const { lines, ...rest } = await run(SLEEPER + source);
    expect({ ...rest, last: lines.at(-1) }).toEqual({ code: 0, stderr: "", last: "in time" });
  });
});

describe.concurrent("the process", SLOW, () => {
  const ended = `process.on("exit", () => say("end"));`;
  const attachment = "const attachment = systemHostLoop.attach((reason) => say('turn ' + reason));";

  test.each([
    ["that is attached, ref'ed, with nothing watched and no timer", ""],
    ["with a dirty word and nothing else", "attachment.dirty[0] = 1;"],
    ["that watches, unref'ed", "attachment.watch(quiet); attachment.unref();"],
    ["that watches, unref'ed before", "attachment.unref(); attachment.watch(quiet);"],
    ["that watched", "attachment.watch(quiet); attachment.unwatch();"],
    ["that was attached", "attachment.watch(quiet); attachment.setTimer(1e6); attachment.close();"],
    ["with a timer, unref'ed", "attachment.setTimer(1e6); attachment.unref();"],
    ["with a timer of 0, unref'ed", "attachment.unref(); attachment.setTimer(0);"],
    ["with a timer that was cleared", "attachment.setTimer(0); attachment.clearTimer();"],
    ["that is readable, unref'ed", "attachment.unref(); attachment.watch(quiet); wake();"],
  ])("%s ends without a turn", async (_what, source) => {
    const attached = `${ended}${attachment}setImmediate(() => {${source}});`;
    expect(await run(attached)).toEqual(printed("end"));
  });

  test.each([
    ["what is watched", "attachment.watch(quiet);", TURN_READABLE],
    ["a timer", "attachment.setTimer(30);", TURN_TIMER],
    ["a timer of 0", "attachment.setTimer(0);", TURN_TIMER],
    [
      "what is watched, ref'ed again",
      "attachment.unref(); attachment.watch(quiet); attachment.ref();",
      TURN_READABLE,
    ],
    [
      "a timer of 0, ref'ed again",
      "attachment.unref(); attachment.setTimer(0); attachment.ref();",
      TURN_TIMER,
    ],
  ])("lives for %s", async (_what, source, turn) => {
    const script = `
      ${ended}
      const attachment = systemHostLoop.attach((reason) => {
        say("turn " + reason);
        attachment.close();
      });
      ${source}
      setTimeout(() => wake(), 20).unref();
    `;
    expect(await run(script)).toEqual(printed(`turn ${turn}`, "end"));
  });

  test("an unref'ed one gets its turns while something else lives", async () => {
    const source = `
      ${attachment}
      attachment.unref();
      attachment.setTimer(1);
      setTimeout(() => {}, 20);
    `;
    expect(await run(source)).toEqual(printed("turn 2"));
  });

  test.each(["attachment.dirty[0] = 1;", "attachment.setTimer(0);", "attachment.setTimer(1);", ""])(
    "exits by process.exit(), from a turn and from outside: %s",
    async (busy) => {
      const source = `
        for (let i = 0; i < 3; i++) {
          const attachment = systemHostLoop.attach(() => process.exit(3));
          wake();
          attachment.watch(quiet);
          ${busy}
        }`;
      expect(await run(source)).toEqual({ code: 3, stderr: "", lines: [] });
      expect(await run(`${source} process.exit(4);`)).toEqual({ code: 4, stderr: "", lines: [] });
    },
  );
});
