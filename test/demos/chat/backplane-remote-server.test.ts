/** What a server thinks of another one's messages. */
import { describe, expect, test } from "vitest";
import type { Body, Message } from "../../../src/demos/chat/backplane/message.js";
import { RemoteServer, type Standing } from "../../../src/demos/chat/backplane/remote-server.js";

const hello: Body = { type: "hello" };
const acts: Body = { type: "acts", acts: [] };
const beat: Body = { type: "beat" };
const whole: Body = { type: "snapshot", part: 0, isLast: true, acts: [] };
const first: Body = { type: "snapshot", part: 0, isLast: false, acts: [] };
const last: Body = { type: "snapshot", part: 1, isLast: true, acts: [] };

function message(number: number, body: Body): Message {
  return { from: "aaaaaaaa", run: "r", number, body, skipped: 0 };
}

/** What it makes of these, one after the other. */
function standings(...messages: readonly [number: number, body: Body][]): Standing[] {
  const [[number, body] = [0, beat]] = messages;
  const server = new RemoteServer(message(number, body));
  return messages.map(([n, said]) => server.take(message(n, said)));
}

describe("another server", () => {
  test("is in step after its hello and its snapshot", () => {
    expect(standings([0, hello], [1, whole], [2, acts], [3, beat])).toEqual([
      "known",
      "snapshot",
      "next",
      "next",
    ]);
  });

  test("that spoke before we listened is in step after a snapshot", () => {
    const heard = standings([40, acts], [41, beat], [42, whole], [43, acts]);
    expect(heard).toEqual(["missing", "missing", "snapshot", "next"]);
  });

  test("is out of step when a number is missing, until its next snapshot", () => {
    const heard = standings([0, hello], [1, whole], [3, acts], [4, acts], [5, whole], [6, acts]);
    expect(heard).toEqual(["known", "snapshot", "missing", "missing", "snapshot", "next"]);
  });

  test("is out of step when a beat tells of a lost message", () => {
    expect(standings([0, hello], [1, whole], [3, beat])).toEqual(["known", "snapshot", "missing"]);
  });

  test("tells nothing new with what is old", () => {
    expect(standings([0, hello], [1, whole], [2, acts], [2, acts], [1, whole])).toEqual([
      ...["known", "snapshot", "next"],
      ...["known", "known"],
    ]);
  });

  test("need not be read when it sends a snapshot that others wanted", () => {
    expect(standings([0, hello], [1, whole], [2, first], [3, last], [4, acts])).toEqual([
      ...["known", "snapshot", "known", "known", "next"],
    ]);
  });

  test("is in step after the last part of a snapshot, not before", () => {
    expect(standings([0, hello], [1, first], [2, last], [3, acts])).toEqual([
      ...["known", "snapshot", "snapshot", "next"],
    ]);
    expect(standings([0, hello], [1, first], [2, acts])).toEqual(["known", "snapshot", "missing"]);
  });

  test("has to send a snapshot again of which a part is missing", () => {
    const third: Body = { ...last, part: 2 };
    expect(standings([0, hello], [1, first], [3, third])).toEqual(["known", "snapshot", "missing"]);
    expect(standings([0, hello], [2, last])).toEqual(["known", "missing"]);
    expect(standings([0, hello], [1, first], [3, first], [4, last])).toEqual([
      ...["known", "snapshot", "snapshot", "snapshot"],
    ]);
    // The numbers follow, but what has been lost in between was a part.
    expect(standings([0, hello], [1, first], [2, beat], [3, last])).toEqual([
      ...["known", "snapshot", "missing", "missing"],
    ]);
  });

  test("that says hello again is new to us, whatever its numbers are", () => {
    const heard = standings([0, hello], [1, whole], [9, hello], [10, whole], [11, acts]);
    expect(heard).toEqual(["known", "snapshot", "known", "snapshot", "next"]);
  });
});
