import { describe, test } from "vitest";
import { errnoName, systemKernel } from "../../src/index.js";
import { selectorContract } from "./selector-contract.js";

const kq = systemKernel.kqueue();

if (kq < 0) {
  const reason = `this addon was built without kqueue: ${errnoName(kq)}`;
  console.warn(`kqueue: the selector contract is skipped, ${reason}`);
  describe("kqueue: the selector contract", () => {
    test.skip(reason, () => {});
  });
} else {
  systemKernel.close(kq);
  selectorContract("kqueue");
}
