/** What is said of an error, whatever was thrown. */
import { expect, test } from "vitest";
import { codeOf, endReason, messageOf, reasonOf } from "../../src/demos/errors.js";

const system = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const plain = new Error("the reason");

test.each([
  [system, "ECONNREFUSED", "connect ECONNREFUSED", "ECONNREFUSED"],
  [plain, "", "the reason", "the reason"],
  ["a string", "", "a string", "a string"],
  [undefined, "", "undefined", "undefined"],
  [{ code: "EPIPE" }, "", "[object Object]", "[object Object]"],
])("of %s: its code, its message, and what is said of both", (thrown, code, message, reason) => {
  expect([codeOf(thrown), messageOf(thrown), reasonOf(thrown)]).toEqual([code, message, reason]);
});

test("a stream that is over without an error has come to its end", () => {
  expect(endReason(undefined)).toBe("end of stream");
  expect(endReason(system)).toBe("ECONNREFUSED");
});
