/** The grammar of lines. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseMessage } from "../../../../src/demos/chat/network/message.js";
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
    ["@a=b;c  COMMAND x", "COMMAND", ["x"]],
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

  test("never throws", () => {
    fc.assert(fc.property(anyText(20), (line) => void parseMessage(line)));
  });
});

test("words joined by blanks are parsed to the same", () => {
  const word = anyText(20).map((text) => text.replace(/[ \r\n\0]/g, "").replace(/^:+/, "") || "x");
  const words = fc.array(word, { maxLength: 14 });
  fc.assert(
    fc.property(
      words,
      anyText(20),
      fc.constantFrom("", ":n!u@h ", "@a=b;c "),
      (words, last, head) => {
        const line = `${head}CMD ${words.map((text) => `${text} `).join("")}:${last}`;
        expect(parseMessage(line)).toEqual({ command: "CMD", params: [...words, last] });
      },
    ),
  );
});

function upTo(n: number): string[] {
  return Array.from({ length: n }, (_, index) => String(index + 1));
}
