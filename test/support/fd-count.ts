/**
 * Set up for every test file (vitest.config.ts): the descriptors that are open after its tests are
 * those that were open before, else the file fails and names the difference. Node opens its own
 * (loop, signal pipe, inspector) before the first file is read, so they are in both counts.
 */
import { afterAll, beforeAll } from "vitest";
import { type Descriptors, openDescriptors, settledDifferences } from "./descriptors.js";

let before: Descriptors;

beforeAll(() => {
  before = openDescriptors();
});

afterAll(async () => {
  const left = await settledDifferences(before);
  if (left.length > 0) {
    throw new Error(`Descriptors differ after this file's tests:\n  ${left.join("\n  ")}`);
  }
});
