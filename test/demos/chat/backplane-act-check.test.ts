/** Acts that come over the backplane, from whoever may publish there. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ACT_CHANGES_MAX,
  ACT_TEXT_LENGTH_MAX,
  checkAct,
} from "../../../src/demos/chat/backplane/act-check.js";
import type { Act } from "../../../src/demos/chat/network/act.js";

const SERVER = "aaaaaaaa";
const at = 1_700_000_000_000;
const room = "#room";
const user = `${SERVER}.1`;
const other = "bbbbbbbb.7";
const record = { id: user, nick: "Zoë", username: "~zoe", host: "10.0.0.1", realname: "Zoë Z", at };

/** One of each kind, and of each form of a kind. */
const acts: readonly Act[] = [
  { act: "enter", user: record },
  { act: "enter", user: { ...record, nick: "Guest-aaaaaaaa-1", host: "2001:db8::1" } },
  { act: "rename", user, nick: "名前" },
  { act: "join", user, room, privileges: "", at },
  { act: "join", user, room: "#日本", privileges: "ov", at },
  { act: "part", user, room, reason: "" },
  { act: "kick", user, room, whom: other, reason: "enough" },
  { act: "say", user, to: room, text: "\u0001ACTION waves\u0001", isNotice: false, at },
  { act: "say", user, to: other, text: "psst", isNotice: true, at },
  { act: "topic", by: "zoe!~zoe@10.0.0.1", room, text: "", at },
  { act: "mode", user, room, changes: [{ isSet: true, letter: "o", argument: other }] },
  { act: "mode", user, room, changes: [{ isSet: false, letter: "k" }] },
  { act: "mode", user, room, changes: [{ isSet: true, letter: "m" }] },
  { act: "mode", user, room, changes: [{ isSet: true, letter: "l", argument: "12" }] },
  { act: "mode", user, room, changes: [{ isSet: true, letter: "k", argument: "sésame" }] },
  { act: "mode", user, room, changes: [{ isSet: false, letter: "b", argument: "*!*@10.*" }] },
  { act: "invite", user, room, whom: other },
  { act: "away", user, reason: "tea" },
  { act: "away", user, reason: undefined },
  { act: "wallops", user, text: "hear" },
  { act: "kill", user, whom: other, reason: "spam" },
  { act: "quit", user, reason: "bye" },
];

describe("an act of the sender's user", () => {
  test.each(acts)("is taken as it is: %j", (act) => {
    expect(checkAct(JSON.parse(JSON.stringify(act)), SERVER)).toEqual(act);
  });

  test("loses what is not known of it", () => {
    const act = checkAct({ act: "quit", user, reason: "bye", more: { deep: 1 } }, SERVER);
    expect(act).toStrictEqual({ act: "quit", user, reason: "bye" });
  });

  test("may have texts as long as a line, and no longer", () => {
    const wallops = (length: number) => ({ act: "wallops", user, text: "x".repeat(length) });
    expect(checkAct(wallops(510), SERVER)).toBeDefined();
    expect(checkAct(wallops(ACT_TEXT_LENGTH_MAX + 1), SERVER)).toBeUndefined();
  });

  test("may have as many mode changes as a line, and no more", () => {
    const change = { isSet: true, letter: "m" };
    const mode = (n: number) => ({ act: "mode", user, room, changes: Array(n).fill(change) });
    expect(checkAct(mode(ACT_CHANGES_MAX), SERVER)).toBeDefined();
    expect(checkAct(mode(ACT_CHANGES_MAX + 1), SERVER)).toBeUndefined();
  });
});

describe("nothing is taken", () => {
  const acting = acts.filter(({ act }) => act !== "topic");
  test.each(acting)("that a server does for another's user: %j", (act) => {
    expect(checkAct(act, "bbbbbbbb")).toBeUndefined();
    // An id is more than how it begins.
    expect(checkAct(act, SERVER.slice(0, -1))).toBeUndefined();
  });

  const bad: readonly [why: string, value: unknown][] = [
    ["nothing", undefined],
    ["null", null],
    ["a list", [acts[0]]],
    ["a text", "quit"],
    ["no act", { user, reason: "" }],
    ["an unknown act", { act: "explode", user }],
    ["an act that every object has", { act: "toString", user }],
    ["an act's name that is no text", { act: ["quit"], user, reason: "" }],
    ["a missing field", { act: "quit", user }],
    ["a field of another type", { act: "say", user, to: room, text: 1, isNotice: false, at }],
    ["a flag that is a number", { act: "say", user, to: room, text: "", isNotice: 0, at }],
    ["a line feed in a text", { act: "quit", user, reason: "bye\nQUIT" }],
    ["a carriage return in a text", { act: "quit", user, reason: "bye\rQUIT" }],
    ["a NUL in a text", { act: "quit", user, reason: "\0" }],
    ["half a character in a name", { act: "rename", user, nick: "a\ud800" }],
    ["a blank in a nickname", { act: "rename", user, nick: "a b" }],
    ["a room as a nickname", { act: "rename", user, nick: "#room" }],
    ["a server as a nickname", { act: "rename", user, nick: "chat.localhost" }],
    ["an empty nickname", { act: "rename", user, nick: "" }],
    ["a long nickname", { act: "rename", user, nick: "n".repeat(31) }],
    ["a host that is a last parameter", { act: "enter", user: { ...record, host: ":1" } }],
    ["a host with a blank", { act: "enter", user: { ...record, host: "a b" } }],
    ["a host with a prefix's mark", { act: "enter", user: { ...record, host: "a!b" } }],
    ["a long host", { act: "enter", user: { ...record, host: "h".repeat(64) } }],
    ["a username with a line end", { act: "enter", user: { ...record, username: "a\r\n" } }],
    ["a list as a user", { act: "enter", user: [record] }],
    ["a room without #", { act: "join", user, room: "room", privileges: "", at }],
    ["two rooms", { act: "join", user, room: "#a,#b", privileges: "", at }],
    ["a room with a blank", { act: "join", user, room: "#a b", privileges: "", at }],
    ["a privilege that is none", { act: "join", user, room, privileges: "q", at }],
    ["a time before 1970", { act: "join", user, room, privileges: "", at: -1 }],
    ["a time after 9999", { act: "join", user, room, privileges: "", at: 253402300800000 }],
    ["a time that is a text", { act: "join", user, room, privileges: "", at: "1" }],
    ["a topic by two words", { act: "topic", by: "a b", room, text: "", at }],
    ["changes that are none", { act: "mode", user, room, changes: "o" }],
    [
      "a change of two letters",
      { act: "mode", user, room, changes: [{ isSet: true, letter: "oo" }] },
    ],
    [
      "a change with a last parameter",
      { act: "mode", user, room, changes: [{ isSet: true, letter: "b", argument: ":x y" }] },
    ],
    ["an unknown mode", { act: "mode", user, room, changes: [{ isSet: true, letter: "q" }] }],
    [
      "a mode without a letter",
      { act: "mode", user, room, changes: [{ isSet: true, letter: "" }] },
    ],
    ["a key that is none", { act: "mode", user, room, changes: [{ isSet: true, letter: "k" }] }],
    [
      "an operator by nickname",
      { act: "mode", user, room, changes: [{ isSet: true, letter: "o", argument: "zoe" }] },
    ],
    [
      "a limit that is no number",
      { act: "mode", user, room, changes: [{ isSet: true, letter: "l", argument: "1e9" }] },
    ],
    ["a change among others that is null", { act: "mode", user, room, changes: [null] }],
    ["an id with more to it", { act: "quit", user: `${user} x`, reason: "" }],
    ["an id that is a list", { act: "quit", user: [user], reason: "" }],
  ];
  test.each(bad)("that has %s", (_, value) => {
    expect(checkAct(value, SERVER)).toBeUndefined();
  });

  test("and nothing throws, whatever takes the place of a field", () => {
    const anything = fc.jsonValue();
    const property = fc.property(fc.constantFrom(...acts), fc.nat(), anything, (act, n, value) => {
      const fields = Object.keys(act);
      const field = fields[n % fields.length] ?? "act";
      const changed = checkAct({ ...act, [field]: value }, SERVER);
      // What is taken can be told on: it is JSON, and checked again it is the same.
      if (changed !== undefined) {
        expect(checkAct(JSON.parse(JSON.stringify(changed)), SERVER)).toEqual(changed);
      }
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
