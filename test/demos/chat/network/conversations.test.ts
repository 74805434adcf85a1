/** What is said to the network, and what it answers: exactly, line by line. */
import { describe, expect, test } from "vitest";
import { NUMERICS } from "../../../../src/demos/chat/network/numerics.js";
import type { Case } from "./case.js";
import { messageCases } from "./message.cases.js";
import { registrationCases } from "./registration.cases.js";
import { roomCases } from "./room.cases.js";
import { numericsSeen, Stage } from "./script.js";

const ALL: Readonly<Record<string, readonly Case[]>> = {
  "coming in": registrationCases,
  "in rooms": roomCases,
  "messages and questions": messageCases,
};

for (const [title, cases] of Object.entries(ALL)) {
  describe(title, () => {
    for (const { name, options, script } of cases) {
      test(name, () => new Stage(options).run(script));
    }
  });
}

describe("the table of numerics", () => {
  test("has none that no conversation above has met, but for that of joined servers", () => {
    const unseen = Object.entries(NUMERICS).filter(([, [code]]) => !numericsSeen.has(code));
    expect(unseen.map(([name]) => name)).toEqual(["ERR_NICKCOLLISION"]); // joined.test.ts has it
  });

  test("has each number once", () => {
    const codes = Object.values(NUMERICS).map(([code]) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
