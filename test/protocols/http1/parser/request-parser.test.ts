/** Requests, rule by rule: what is accepted, what is refused with which status, in every split. */
import { describe, expect, test } from "vitest";
import { REQUEST_CASES, type RequestCase } from "./request-cases.js";
import { byteByByte, bytesOf, cutsInThree, cutsInTwo, FEEDINGS, requestEvents } from "./support.js";

/** Long messages are cut at fewer places. */
const CUTS_MAX = 3000;

function expectWanted(events: readonly string[], { wanted }: RequestCase): void {
  if (typeof wanted === "number") {
    expect(events.at(-1)).toMatch(new RegExp(`^error ${wanted} ERR_HTTP_`));
    return;
  }
  const said = events.join("\n");
  expect(said).not.toContain("error");
  let from = 0;
  for (const part of wanted) {
    const at = said.indexOf(part, from);
    expect(at, `${JSON.stringify(part)} in ${said}`).toBeGreaterThanOrEqual(0);
    from = at + part.length;
  }
}

describe.each(REQUEST_CASES)("$rule", ({ cases }) => {
  test.each(cases)("$name", (one) => {
    const { limits = {} } = one;
    const bytes = bytesOf(one.sent);
    const whole = requestEvents([bytes], { limits });
    expectWanted(whole, one);
    for (const feeding of FEEDINGS) {
      expect(requestEvents([bytes], { limits, feeding })).toEqual(whole);
      expect(requestEvents(byteByByte(bytes), { limits, feeding, step: 1 })).toEqual(whole);
      if (bytes.length > CUTS_MAX) continue;
      for (const pieces of cutsInTwo(bytes)) {
        const events = requestEvents(pieces, { limits, feeding });
        if (events.join() !== whole.join()) expect(events).toEqual(whole);
      }
    }
  });
});

describe("splits", () => {
  const messages: readonly string[] = [
    "GET /first HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
    "POST /p?q HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "\r\nPUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
      '3;x="y"\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\nV: w\r\n\r\n',
    "OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  ];
  const pairs = messages.flatMap((first) => messages.map((second) => [first, second] as const));

  test.each(pairs)("of %j with %j behind it give the same events", (first, second) => {
    const bytes = bytesOf(first + second);
    const whole = requestEvents([bytes]);
    expect(whole.filter((line) => line.startsWith("end"))).toHaveLength(2);
    expect(whole.at(-1)).toBe("finish in order");
    for (const feeding of FEEDINGS) {
      const same = (pieces: readonly Uint8Array[], step?: number): void => {
        const events = requestEvents(pieces, step === undefined ? { feeding } : { feeding, step });
        if (events.join() !== whole.join()) expect(events).toEqual(whole);
      };
      for (const pieces of cutsInTwo(bytes)) same(pieces);
      for (const pieces of cutsInThree(bytes)) same(pieces);
      same(byteByByte(bytes));
      same([bytes], 1);
    }
  });

  test("the same message twice tells the same twice", () => {
    for (const message of messages) {
      const once = requestEvents([bytesOf(message)]).slice(0, -1);
      const twice = requestEvents([bytesOf(message + message)]).slice(0, -1);
      expect(twice).toEqual([...once, ...once]);
    }
  });

  test("nothing is parsed behind an error", () => {
    const bad = "GET / HTTP/1.1\r\nHost: a b\r\n\r\n";
    const events = requestEvents([bytesOf(messages[0] + bad + messages[0])]);
    expect(events.map((line) => line.split(" ", 2).join(" ").slice(0, 9))).toEqual([
      'head {"me',
      "end",
      "error 400",
    ]);
  });
});
