/** The buckets of lines, on a clock that the test moves. */
import { expect, onTestFinished, test } from "vitest";
import { FloodGate, type Speaker } from "../../../src/demos/chat/flood-gate.js";
import { type Kernel, Reactor, systemKernel } from "../../../src/index.js";

class TestSpeaker implements Speaker {
  credit = 0;
  creditMs = 0;
  wentOn = 0;

  goOn(): void {
    this.wentOn += 1;
  }
}

/** Four lines at once and two a second. */
function gateOnClock(): { gate: FloodGate; clock: { nowMs: number }; reactor: Reactor } {
  const clock = { nowMs: 1000 };
  const kernel = Object.create(systemKernel, {
    nowMs: { value: () => clock.nowMs },
  }) as Kernel;
  const reactor = new Reactor({ kernel });
  const gate = new FloodGate(reactor, { burstLines: 4, linesPerSecond: 2 });
  onTestFinished(() => {
    gate.close();
    reactor.close();
  });
  return { gate, clock, reactor };
}

function fullSpeaker(gate: FloodGate): TestSpeaker {
  const speaker = new TestSpeaker();
  gate.fill(speaker);
  return speaker;
}

test("a bucket holds a burst; who has used it up waits for the next line's time", () => {
  const { gate, clock, reactor } = gateOnClock();
  const speaker = fullSpeaker(gate);
  expect([1, 2, 3, 4].map(() => gate.spend(speaker))).toEqual([true, true, true, false]);
  expect(gate.waiting).toBe(1);
  clock.nowMs += 499;
  reactor.turn();
  expect(speaker.wentOn).toBe(0);
  clock.nowMs += 1;
  reactor.turn();
  expect(speaker.wentOn).toBe(1);
  expect(gate.waiting).toBe(0);
  expect(gate.spend(speaker)).toBe(false);
});

test("a bucket is never fuller than full, however long its owner is silent", () => {
  const { gate, clock } = gateOnClock();
  const speaker = fullSpeaker(gate);
  clock.nowMs += 3_600_000;
  expect([1, 2, 3, 4].map(() => gate.spend(speaker))).toEqual([true, true, true, false]);
});

test("who speaks no faster than allowed never waits", () => {
  const { gate, clock } = gateOnClock();
  const speaker = fullSpeaker(gate);
  for (let n = 0; n < 1000; n += 1) {
    clock.nowMs += 500;
    expect(gate.spend(speaker)).toBe(true);
  }
});

test("one timer lets all on that wait, and those who have gone are not called", () => {
  const { gate, clock, reactor } = gateOnClock();
  const speakers = [fullSpeaker(gate), fullSpeaker(gate), fullSpeaker(gate)] as const;
  for (const speaker of speakers) while (gate.spend(speaker));
  expect(reactor.stats().timers).toBe(1);
  gate.leave(speakers[1]);
  clock.nowMs += 500;
  reactor.turn();
  expect(speakers.map(({ wentOn }) => wentOn)).toEqual([1, 0, 1]);
  expect(reactor.stats().timers).toBe(0);
});
