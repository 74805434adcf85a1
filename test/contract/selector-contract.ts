/**
 * The contract of all selectors, see src/selectors/selector.ts: the same tests over every backend.
 * T01 to T36 are the tests of CPython's test_selectors.py, by behaviour; the divergences A to H
 * are where we differ from it on purpose; libevent's are numbered as in its regression suite's
 * list of readiness details.
 */
import { afterEach, describe } from "vitest";
import type { Backend } from "../../src/index.js";
import { Contract } from "./contract.js";
import { keysContract } from "./keys.js";
import { readinessContract } from "./readiness.js";
import { registrationContract } from "./registration.js";
import { waitingContract } from "./waiting.js";

export function selectorContract(backend: Backend): void {
  describe(`${backend}: the selector contract`, () => {
    const contract = new Contract(backend);
    afterEach(() => contract.cleanUp());
    registrationContract(contract);
    keysContract(contract);
    waitingContract(contract);
    readinessContract(contract);
  });
}
