/** The texts that servers publish. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Body,
  decodeMessage,
  encodeActs,
  encodeBody,
  encodeSnapshotPart,
  MESSAGE_LENGTH_MAX,
  messageStart,
  PROTOCOL_VERSION,
  splitActs,
} from "../../../src/demos/chat/backplane/message.js";

const from = "aaaaaaaa";
const run = "0f0f0f";
const start = messageStart(from, run);
const quit = { act: "quit", user: `${from}.1`, reason: "bye" } as const;
const part = { act: "part", user: `${from}.2`, room: "#room", reason: "" } as const;

function textOf(changes: object): string {
  return JSON.stringify({ v: PROTOCOL_VERSION, from, run, n: 1, type: "beat", ...changes });
}

describe("a message", () => {
  const bodies: readonly Body[] = [
    { type: "hello" },
    { type: "beat" },
    { type: "ask", of: "bbbbbbbb" },
    { type: "bye" },
  ];
  test.each(bodies)("is read as it was written: %j", (body) => {
    const message = { from, run, number: 41, body, skipped: 0 };
    expect(decodeMessage(encodeBody(start, 41, body))).toEqual(message);
  });

  test("carries acts", () => {
    const text = encodeActs(
      start,
      7,
      [quit, part].map((act) => JSON.stringify(act)),
    );
    const body = { type: "acts", acts: [quit, part] };
    expect(decodeMessage(text)).toEqual({ from, run, number: 7, body, skipped: 0 });
  });

  test("carries a part of a snapshot, perhaps an empty one", () => {
    const text = encodeSnapshotPart(start, 8, { part: 0, isLast: true, acts: [] });
    const body = { type: "snapshot", part: 0, isLast: true, acts: [] };
    expect(decodeMessage(text)).toEqual({ from, run, number: 8, body, skipped: 0 });
  });

  test("loses the acts that are not its sender's, and says how many", () => {
    const stranger = { ...quit, user: "bbbbbbbb.1" };
    const message = decodeMessage(textOf({ type: "acts", acts: [stranger, quit, 5] }));
    expect(message).toMatchObject({ body: { acts: [quit] }, skipped: 2 });
  });

  test("begins as its sender knows it", () => {
    expect(encodeBody(start, 41, { type: "beat" }).startsWith(start)).toBe(true);
  });
});

describe("no message", () => {
  const bad: readonly [why: string, text: string][] = [
    ["is empty", ""],
    ["is no JSON", "{"],
    ["is no object", "[]"],
    ["is null", "null"],
    ["is longer than messages are", " ".repeat(MESSAGE_LENGTH_MAX) + textOf({})],
    ["has no sender", textOf({ from: undefined })],
    ["has a sender with more to it", textOf({ from: "aaaaaaaa.1" })],
    ["has a sender that is no text", textOf({ from: 7 })],
    ["has no run", textOf({ run: undefined })],
    ["has a run of more than letters", textOf({ run: '",' })],
    ["has no number", textOf({ n: undefined })],
    ["has a number below 0", textOf({ n: -1 })],
    ["has half a number", textOf({ n: 0.5 })],
    ["has a number that cannot be counted on", textOf({ n: 2 ** 53 })],
    ["has no type", textOf({ type: undefined })],
    ["has a type that every object has", textOf({ type: "constructor" })],
    ["is a snapshot without a part", textOf({ type: "snapshot", isLast: true, acts: [] })],
    ["is a snapshot that may go on", textOf({ type: "snapshot", part: 0, acts: [] })],
    ["asks nobody", textOf({ type: "ask" })],
  ];
  test.each(bad)("%s", (_, text) => {
    expect(decodeMessage(text)).toHaveProperty("refused");
  });

  test("speaks another version, and its sender is known", () => {
    const refusal = { from, refused: "it speaks another version" };
    expect(decodeMessage(textOf({ v: PROTOCOL_VERSION + 1 }))).toEqual(refusal);
    expect(decodeMessage(textOf({ v: undefined }))).toEqual(refusal);
  });

  test("throws, whatever is published", () => {
    const texts = fc.oneof(fc.string({ unit: "binary" }), fc.json());
    const fields = fc.dictionary(
      fc.constantFrom("v", "from", "run", "n", "type", "acts", "part", "isLast", "of", "name"),
      fc.jsonValue(),
    );
    const changed = fields.map((changes) => textOf(changes));
    const property = fc.property(fc.oneof(texts, changed), (text) => {
      const message = decodeMessage(text);
      expect("refused" in message || message.from).toBeTruthy();
    });
    fc.assert(property, { numRuns: 2000 });
  });
});

describe("acts that are too many for one message", () => {
  test("are split in their order, and each list fits", () => {
    const acts = Array.from(
      { length: 3000 },
      (_, n) => `{"n":${n},"text":"${"x".repeat(n % 512)}"}`,
    );
    const lists = splitActs(acts);
    expect(lists.length).toBeGreaterThan(1);
    expect(lists.flat()).toEqual(acts);
    for (const list of lists) {
      const text = encodeSnapshotPart(start, 1, { part: 1, isLast: false, acts: list });
      expect(text.length).toBeLessThan(MESSAGE_LENGTH_MAX);
    }
  });

  test("none are one empty list", () => {
    expect(splitActs([])).toEqual([[]]);
  });
});
