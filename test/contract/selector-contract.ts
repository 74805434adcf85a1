/**
 * The contract of all selectors, see src/selectors/selector.ts: the same tests over every backend.
 * T01 to T36 are the tests of CPython's test_selectors.py, by behaviour; the divergences A to H
 * are where we differ from it on purpose; libevent's are numbered as in its list of readiness
 * details. Where backends differ the expected answer comes from facts.ts.
 */
import { afterEach, describe } from "vitest";
import type { Backend } from "../../src/index.js";
import { Contract } from "./contract.js";
import { dispatchContract } from "./dispatch.js";
import { faultsContract } from "./faults.js";
import { ghostsContract } from "./ghosts.js";
import { keysContract } from "./keys.js";
import { lifetimeContract } from "./lifetime.js";
import { modesContract } from "./modes.js";
import { pausingContract } from "./pausing.js";
import { randomWalkContract } from "./random-walk.js";
import { readinessContract } from "./readiness.js";
import { readyContract } from "./ready-in-loop.js";
import { registrationContract } from "./registration.js";
import { scaleContract } from "./scale.js";
import { staleContract } from "./stale.js";
import { waitingContract } from "./waiting.js";
import { wakersContract } from "./wakers.js";

const TOPICS: readonly [string, (contract: Contract) => void][] = [
  ["registration", registrationContract],
  ["keys", keysContract],
  ["waiting", waitingContract],
  ["readiness", readinessContract],
  ["closed and reused descriptors", staleContract],
  ["ghosts", ghostsContract],
  ["dispatch", dispatchContract],
  ["modes", modesContract],
  ["pause and resume", pausingContract],
  ["a random walk", randomWalkContract],
  ["ready", readyContract],
  ["the process", lifetimeContract],
  ["wakers", wakersContract],
  ["faults", faultsContract],
  ["scale", scaleContract],
];

export function selectorContract(backend: Backend): void {
  describe(`${backend}: the selector contract`, () => {
    const contract = new Contract(backend);
    afterEach(() => contract.cleanUp());
    for (const [topic, define] of TOPICS) describe(topic, () => define(contract));
  });
}
