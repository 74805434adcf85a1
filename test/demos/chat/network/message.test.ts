/** The grammar of lines. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatMessage,
  type Message,
  parseMessage,
} from "../../../../src/demos/chat/network/message.js";
import { anyText } from "./any-text.js";

describe("parseMessage", () => {
  const table: readonly [line: string, command: string, params: readonly string[]][] = [
    ["PING", "PING", []],
    ["ping x", "PING", ["x"]],
    ["  PING   x   y  ", "PING", ["x", "y"]],
    ["PRIVMSG #a :hello there", "PRIVMSG", ["#a", "hello there"]],
    ["PRIVMSG #a ::-)", "PRIVMSG", ["#a", ":-)"]],
    ["PRIVMSG #a :", "PRIVMSG", ["#a", ""]],
    ["PRIVMSG #a : x ", "PRIVMSG", ["#a", " x "]],
    ["A a:b c", "A", ["a:b", "c"]],
    [":prefix COMMAND x", "COMMAND", ["x"]],
    ["@a=b;c :prefix COMMAND x", "COMMAND", ["x"]],
    ["A 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "A", [...upTo(14), "15 16"]],
    ["A 1 2 3 4 5 6 7 8 9 10 11 12 13 14 :15 16", "A", [...upTo(14), "15 16"]],
    ["A 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 :16", "A", [...upTo(14), "15 :16"]],
    ["A\tb c", "A\tB", ["c"]],
  ];
  for (const [line, command, params] of table) {
    test(`takes ${JSON.stringify(line)} apart`, () => {
      expect(parseMessage(line)).toMatchObject({ command, params });
    });
  }

  test("has no message in a line without a command", () => {
    for (const line of ["", " ", ":prefix", "@tags", "@tags :prefix ", ":"]) {
      expect(parseMessage(line)).toBeUndefined();
    }
  });

  test("reads prefixes and tags", () => {
    const message = parseMessage("@a=b\\:\\s\\r\\n\\\\\\x\\;c;;d=;a=z :n!u@h C");
    expect(message?.prefix).toBe("n!u@h");
    expect(Object.fromEntries(message?.tags ?? [])).toEqual({ a: "z", c: "", d: "" });
    expect(parseMessage("@a=b\\:\\s\\r\\n\\\\\\x\\ C")?.tags?.get("a")).toBe("b; \r\n\\x");
  });

  test("never throws", () => {
    fc.assert(fc.property(anyText(20), (line) => void parseMessage(line)));
  });
});

test("what is formatted is parsed to the same", () => {
  const word = anyText(20).map((text) => {
    const clean = text.replace(/[ \r\n\0]/g, "").replace(/^:+/, "");
    return clean === "" ? "x" : clean;
  });
  const key = fc.string({ unit: fc.constantFrom(..."abc-/+."), minLength: 1 });
  const message: fc.Arbitrary<Message> = fc.record({
    tags: fc.option(
      fc.dictionary(key, fc.string(), { minKeys: 1 }).map((tags) => new Map(Object.entries(tags))),
      { nil: undefined },
    ),
    prefix: fc.option(word, { nil: undefined }),
    command: fc.stringMatching(/^([A-Z]{1,9}|\d{3})$/),
    params: fc
      .tuple(fc.array(word, { maxLength: 14 }), fc.option(anyText(20)))
      .map(([words, last]) => (last === null ? words : [...words, last.replace(/[\r\n\0]/g, "")])),
  });
  fc.assert(
    fc.property(message, (original) => {
      expect(parseMessage(formatMessage(original))).toEqual(original);
    }),
    { numRuns: 500 },
  );
});

function upTo(n: number): string[] {
  return Array.from({ length: n }, (_, index) => String(index + 1));
}
