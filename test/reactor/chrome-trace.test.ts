/** The file that a Chrome trace leaves behind. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import {
  type ChromeTrace,
  Reactor,
  type ReactorOptions,
  traceReactor,
} from "../../src/reactor/index.js";
import { runChild } from "../support/child.js";
import { faultKernel } from "../support/fault-kernel.js";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: Record<string, unknown>;
}

const folder = mkdtempSync(join(tmpdir(), "trace-"));
afterAll(() => rmSync(folder, { recursive: true }));

const reactors: Reactor[] = [];
afterEach(() => {
  for (const reactor of reactors.splice(0)) reactor.close();
});

function reactorOf(options?: ReactorOptions): Reactor {
  const reactor = new Reactor(options);
  reactors.push(reactor);
  return reactor;
}

let files = 0;
function freshPath(): string {
  files += 1;
  return join(folder, `${files}.json`);
}

/** The events of a trace, but what names the process. Each is checked for its form. */
function parse(text: string): TraceEvent[] {
  const events: TraceEvent[] = JSON.parse(text);
  for (const { name, ph, ts, dur, pid, tid, args } of events) {
    expect({ name, pid, tid }).toEqual({ name: expect.any(String), pid: process.pid, tid: 0 });
    expect(ph).toMatch(/^[XBEiCM]$/);
    expect(ts).toBeGreaterThanOrEqual(0);
    if (ph === "X") expect(dur).toBeGreaterThanOrEqual(0);
    else expect(dur).toBeUndefined();
    if (ph === "C") expect(Object.values(args ?? {})).toEqual([expect.any(Number)]);
  }
  expect(events[0]).toMatchObject({ ph: "M", name: "process_name" });
  return events.slice(1);
}

/** Fails unless times never go back and each slice lies within the one that is open. */
function expectNested(events: readonly TraceEvent[]): void {
  const toNs = (us: number): number => Math.round(us * 1000);
  const ends: number[] = [];
  let before = 0;
  let runs = 0;
  for (const { ph, ts, dur = 0 } of events) {
    const [start, end] = [toNs(ts), toNs(ts) + toNs(dur)];
    expect(start).toBeGreaterThanOrEqual(before);
    before = start;
    while ((ends.at(-1) ?? Infinity) <= start) ends.pop();
    if (ph === "X") {
      expect(end).toBeLessThanOrEqual(ends.at(-1) ?? Infinity);
      ends.push(end);
    }
    if (ph === "B") runs += 1;
    if (ph === "E") runs -= 1;
    expect(runs === 0 || runs === 1).toBe(true);
  }
  expect(runs).toBe(0);
}

/** Three turns with callbacks, of which the second throws. */
function schedule(reactor: Reactor): void {
  reactor.timer(0, () => {
    reactor.timer(0, () => {
      reactor.timer(0, () => {});
      throw new TypeError("on purpose");
    });
  });
}

function namesOf(events: readonly TraceEvent[]): string[] {
  return events.map(({ ph, name }) => `${ph} ${name}`);
}

const ONE_TURN = ["X turn", "C callbacks per turn"];

describe("traceReactor()", () => {
  test("writes runs, turns, counters and errors of an attached run, in order", async () => {
    const reactor = reactorOf({ onError: () => {} });
    const path = freshPath();
    const trace = traceReactor(reactor, path);
    schedule(reactor);
    await reactor.run();
    await trace.stop();
    const events = parse(readFileSync(path, "utf8"));
    expectNested(events);
    expect(events[0]).toMatchObject({ ph: "B", name: "run (attached)" });
    expect(events.at(-1)).toMatchObject({ ph: "E", args: { result: "empty" } });
    const turns = events.filter(({ ph }) => ph === "X");
    expect(turns).toHaveLength(reactor.stats().turns);
    const counts = turns.map(({ args }) => Number(args?.["callbacks"]));
    expect(counts.reduce((sum, n) => sum + n, 0)).toBe(3);
    expect(trace.dropped).toBe(0);
  });

  test("puts an error within its turn, behind the turn's own line", async () => {
    const reactor = reactorOf({ onError: () => {} });
    const path = freshPath();
    const trace = traceReactor(reactor, path);
    schedule(reactor);
    reactor.runBlocking();
    await trace.stop();
    const events = parse(readFileSync(path, "utf8"));
    expectNested(events);
    expect(namesOf(events)).toEqual([
      "B run (blocking)",
      ...ONE_TURN,
      ...ONE_TURN,
      "i error",
      ...ONE_TURN,
      "E run",
    ]);
    const [, , , turn, , error] = events as Required<TraceEvent>[];
    expect(error?.args).toEqual({ error: "TypeError: on purpose" });
    expect(error?.ts).toBeLessThanOrEqual((turn?.ts ?? 0) + (turn?.dur ?? 0) + 0.001);
  });

  test("begins and ends in the midst of a run", async () => {
    const reactor = reactorOf();
    const path = freshPath();
    let trace: ChromeTrace | undefined;
    reactor.timer(0, () => {
      trace = traceReactor(reactor, path);
      reactor.timer(0, () => void trace?.stop());
    });
    await reactor.run();
    await trace?.stop();
    const events = parse(readFileSync(path, "utf8"));
    expectNested(events);
    expect(namesOf(events)).toEqual(["B run (attached)", ...ONE_TURN, "E run"]);
  });

  test("says of a run that threw that it did", async () => {
    const reactor = reactorOf();
    const path = freshPath();
    const trace = traceReactor(reactor, path);
    schedule(reactor);
    expect(() => reactor.runBlocking()).toThrow("on purpose");
    await trace.stop();
    const events = parse(readFileSync(path, "utf8"));
    expect(events.at(-1)).toMatchObject({ ph: "E", args: { result: "threw" } });
  });

  test("knows nothing of another reactor", async () => {
    const [traced, other] = [reactorOf(), reactorOf({ onError: () => {} })];
    const path = freshPath();
    const trace = traceReactor(traced, path);
    schedule(other);
    other.runBlocking();
    await trace.stop();
    expect(parse(readFileSync(path, "utf8"))).toEqual([]);
  });

  test("keeps times in order when the kernel's wait fails", async () => {
    const faults = faultKernel();
    const reactor = reactorOf({ kernel: faults.kernel, backend: "poll" });
    let mend = (): void => {};
    const path = freshPath();
    const trace = traceReactor(reactor, path);
    reactor.timer(0, () => {
      mend = faults.fail({ call: "poll", errno: "EIO" });
    });
    reactor.turn(1000);
    expect(() => reactor.turn()).toThrow("EIO");
    mend();
    reactor.turn();
    await trace.stop();
    const events = parse(readFileSync(path, "utf8"));
    expectNested(events);
    expect(namesOf(events)).toEqual([...ONE_TURN, ...ONE_TURN, ...ONE_TURN]);
  });

  test("is whole when the process ends without stop(), even by an exception", async () => {
    const path = freshPath();
    const { code } = await runChild(`
      import { Reactor, traceReactor } from "socket-reactor";
      const reactor = new Reactor();
      traceReactor(reactor, ${JSON.stringify(path)});
      reactor.timer(0, () => {
        throw new Error("on purpose");
      });
      await reactor.run();
    `);
    expect(code).toBe(1);
    const events: TraceEvent[] = JSON.parse(readFileSync(path, "utf8"));
    expectNested(events);
    expect(namesOf(events)).toContain("i error");
    expect(events.at(-1)).toMatchObject({ ph: "E", args: { result: "exit" } });
  });

  test("loses nothing to a file, however few events it keeps", async () => {
    const reactor = reactorOf();
    const path = freshPath();
    const trace = traceReactor(reactor, path, { eventsMax: 4 });
    let left = 50;
    reactor.timer(0, (timer) => {
      left -= 1;
      if (left > 0) timer.start();
    });
    reactor.runBlocking();
    await trace.stop();
    const events = parse(readFileSync(path, "utf8"));
    expectNested(events);
    expect(trace.dropped).toBe(0);
    expect(events.filter(({ ph }) => ph === "X")).toHaveLength(50);
  });
});

describe("a stream", () => {
  test("gets the same and is left open", async () => {
    const reactor = reactorOf();
    const stream = new PassThrough({ encoding: "utf8" });
    const trace = traceReactor(reactor, stream);
    reactor.timer(0, () => {});
    await reactor.run();
    await trace.stop();
    expect(stream.writable).toBe(true);
    const events = parse(String(stream.read()));
    expectNested(events);
    expect(namesOf(events)).toEqual(["B run (attached)", ...ONE_TURN, "E run"]);
  });

  test("that cannot be written to meanwhile loses what is too much, and says how much", async () => {
    const reactor = reactorOf();
    const stream = new PassThrough({ encoding: "utf8" });
    const trace = traceReactor(reactor, stream, { eventsMax: 5 });
    for (let i = 0; i < 10; i++) reactor.defer(() => {});
    let left = 5;
    reactor.timer(0, (timer) => {
      left -= 1;
      if (left > 0) timer.start();
    });
    reactor.runBlocking();
    await trace.stop();
    const events = parse(String(stream.read()));
    expectNested(events);
    expect(namesOf(events)).toEqual([
      "B run (blocking)",
      ...ONE_TURN,
      ...ONE_TURN,
      "E run",
      "i events dropped",
    ]);
    expect(events.at(-1)?.args).toEqual({ dropped: trace.dropped });
    expect(trace.dropped).toBe(2 * (reactor.stats().turns - 2));
  });

  test("whose writing fails rejects stop()", async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error("full")) });
    stream.on("error", () => {});
    const trace = traceReactor(reactorOf(), stream);
    await expect(trace.stop()).rejects.toThrow("full");
  });
});

describe("misuse", () => {
  test.each([
    ["a target that is none", () => traceReactor(reactorOf(), 5 as never), "ERR_INVALID_ARG_TYPE"],
    ["a folder that is not there", () => traceReactor(reactorOf(), join(folder, "no/t")), "ENOENT"],
    ["room for too few", () => traceReactor(reactorOf(), "", { eventsMax: 3 }), "ERR_OUT_OF_RANGE"],
  ])("%s", (_, act, code) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});
