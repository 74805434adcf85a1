/**
 * Set up for every test file (vitest.config.ts): the descriptors that are open after its tests are
 * those that were open before, else the file fails and names the difference. Node opens its own
 * (loop, signal pipe, inspector) before the first file is read, so they are in both counts.
 */
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { type Descriptors, differences, openDescriptors } from "./descriptors.js";

/** How long closings that are under way (uv handles, child processes, threads) may take. */
const SETTLE_MS = 2000;

let before: Descriptors;

beforeAll(() => {
  before = openDescriptors();
});

afterAll(async () => {
  const left = await settledDifferences();
  if (left.length > 0) {
    throw new Error(`Descriptors differ after this file's tests:\n  ${left.join("\n  ")}`);
  }
});

async function settledDifferences(): Promise<string[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    // uv_close calls back, and closes, in a later turn of the loop.
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    const left = differences(before, openDescriptors());
    if (left.length === 0 || performance.now() > deadline) return left;
    await delay(10);
  }
}
