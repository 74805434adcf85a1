/**
 * The contract over kqueue: the kernel's, our shim, or a library (scripts/test-kqueue.sh), which is
 * excused from a test where an experiment shows that it is not the selector that fails it.
 */
import { beforeEach, describe, expect, type RunnerTask, test } from "vitest";
import { errnoName, systemKernel } from "../../src/index.js";
import { SHOWN } from "./kqueue-deviations.js";
import { selectorContract } from "./selector-contract.js";
import { unpollableContract } from "./unpollable-queue.js";

const kq = systemKernel.kqueue();

if (kq < 0) {
  const reason = `this addon was built without kqueue: ${errnoName(kq)}`;
  console.warn(`kqueue: the selector contract is skipped, ${reason}`);
  describe("kqueue: the selector contract", () => {
    test.skip(reason, () => {});
  });
} else {
  // A library may hold descriptors as long as there is a queue: they are to be there all the time.
  if (SHOWN.length === 0) systemKernel.close(kq);
  const excuses = new Map(
    SHOWN.flatMap(({ tests, reason }) => tests.map((name) => [name, reason])),
  );
  beforeEach(({ task, skip }) => {
    const reason = excuses.get(task.name);
    if (reason !== undefined) skip(reason);
  });
  selectorContract("kqueue");
  unpollableContract();
  if (SHOWN.length > 0) {
    const list = SHOWN.map(({ name, reason }) => `  ${name}: ${reason}`).join("\n");
    console.warn(`kqueue: the library differs from kqueue(2), as shown by experiment:\n${list}`);
    test("every test that the library is excused from is in the suite", ({ task }) => {
      const names = new Set(namesIn(task.file.tasks));
      expect([...excuses.keys()].filter((name) => !names.has(name))).toEqual([]);
    });
  }
}

function namesIn(tasks: readonly RunnerTask[]): string[] {
  return tasks.flatMap((task) => ("tasks" in task ? namesIn(task.tasks) : [task.name]));
}
