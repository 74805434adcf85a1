/** What the command line suggests, and when it is coloured. */
import { describe, expect, test } from "vitest";
import { isColoured, paintState, stateLog } from "../../src/demos/colour.js";
import { nearest } from "../../src/demos/nearest.js";

describe("the nearest of the known words", () => {
  const commands = ["demo", "echo", "chat", "http", "connect"];
  test.each([
    ["ehco", "echo"],
    ["eco", "echo"],
    ["conect", "connect"],
    ["con", "connect"],
    ["htttp", "http"],
    ["chta", "chat"],
    ["serve", undefined],
    ["e", undefined],
    ["", undefined],
    ["toString", undefined],
  ])("to %j is %j", (word, expected) => {
    expect(nearest(word, commands)).toBe(expected);
  });

  test("is that with the fewest slips", () => {
    expect(nearest("--porf", ["--prof", "--port", "--pora"])).toBe("--prof");
    expect(nearest("--hst", ["--help", "--host"])).toBe("--host");
  });
});

describe("colours", () => {
  const terminal = { isTTY: true, hasColors: () => true };
  const dumb = { isTTY: true, hasColors: () => false };
  test.each([
    ["a terminal", terminal, {}, true],
    ["a dumb terminal", dumb, {}, false],
    ["a pipe", {}, {}, false],
    ["a terminal with NO_COLOR", terminal, { NO_COLOR: "1" }, false],
    [
      "a terminal with an empty NO_COLOR, which counts for nothing",
      terminal,
      { NO_COLOR: "" },
      true,
    ],
    ["a pipe with FORCE_COLOR", {}, { FORCE_COLOR: "1" }, true],
    ["a pipe with an empty FORCE_COLOR", {}, { FORCE_COLOR: "" }, false],
    ["a terminal with FORCE_COLOR=0", terminal, { FORCE_COLOR: "0" }, false],
  ])("for %s", (_, output, env, expected) => {
    expect(isColoured(output, env)).toBe(expected);
  });

  test("are for the state at the head of a line alone", () => {
    expect(paintState("ESTABLISHED 127.0.0.1:7")).toBe("\x1b[32mESTABLISHED\x1b[39m 127.0.0.1:7");
    for (const line of ["Echo server on ...", "GET / 200", "ESTABLISHEDX a", "", "toString"]) {
      expect(paintState(line)).toBe(line);
    }
  });

  test("a log that nobody asked for writes nothing", () => {
    const lines: string[] = [];
    const output = { write: (text: string) => lines.push(text) };
    stateLog(false, output)("LISTEN a");
    stateLog(true, output)("LISTEN a");
    expect(lines).toEqual(["LISTEN a\n"]);
  });
});
