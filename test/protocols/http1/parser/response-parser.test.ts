/** Responses: the framing of RFC 9112 §6.3, what is refused, in every split. */
import { describe, expect, test } from "vitest";
import { END, HEAD, NEED_DATA, ResponseParser } from "../../../../src/protocols/http1/index.js";
import { ByteQueue } from "../../../../src/streams/index.js";
import { byteByByte, bytesOf, cutsInTwo, FEEDINGS, responseEvents } from "./support.js";

interface ResponseCase {
  readonly name: string;
  readonly sent: string;
  /** A code, or texts that the events must contain, in order. */
  readonly wanted: string | readonly string[];
  readonly methods?: readonly string[];
}

function answer(lines: string, body = "", status = "200 OK"): string {
  return `HTTP/1.1 ${status}\r\n${lines}\r\n${body}`;
}

const CHUNKED = "Transfer-Encoding: chunked\r\n";

const GOOD: readonly ResponseCase[] = [
  {
    name: "Content-Length",
    sent: answer("Content-Length: 3\r\n", "abc"),
    wanted: ['"keepAlive":true,"contentLength":3', "body abc", "end", "in order"],
  },
  {
    name: "an empty body",
    sent: answer("Content-Length: 0\r\n"),
    wanted: ['"hasBody":false', "end"],
  },
  {
    name: "chunked with trailers",
    sent: answer(CHUNKED, "3\r\nabc\r\n0\r\nA: b\r\n\r\n"),
    wanted: ['"isChunked":true', "body abc", 'end [["A","b"]]', "in order"],
  },
  {
    name: "until the end",
    sent: answer("A: b\r\n", "abc"),
    wanted: ['"keepAlive":false', '"hasBody":true', "body abc", "finish in order\nend"],
  },
  { name: "until the end, empty", sent: answer(""), wanted: ["head", "finish in order\nend"] },
  {
    name: "to HEAD, with Content-Length",
    sent: answer("Content-Length: 3\r\n") + answer("Content-Length: 1\r\n", "x"),
    wanted: ['"contentLength":3', '"hasBody":false', "end", "head", "body x", "end"],
    methods: ["HEAD", "GET"],
  },
  { name: "to HEAD, chunked", sent: answer(CHUNKED), wanted: ["head", "end"], methods: ["HEAD"] },
  {
    name: "to HEAD, bare",
    sent: answer(""),
    wanted: ["head", "end", "in order"],
    methods: ["HEAD"],
  },
  {
    name: "204 and 304 with Content-Length",
    sent:
      answer("Content-Length: 9\r\n", "", "204 x") + answer("Content-Length: 9\r\n", "", "304 x"),
    wanted: ["204", "end", "304", "end", "in order"],
    methods: ["GET", "GET"],
  },
  {
    name: "1xx before the response",
    sent: `HTTP/1.1 100 Continue\r\n\r\n${answer("L: <x>\r\n", "", "103 Hints")}${answer("Content-Length: 1\r\n", "x")}`,
    wanted: ['"status":100', "head", '"status":103', "head", '"status":200', "body x", "end"],
  },
  { name: "101", sent: answer("Upgrade: x\r\n", "", "101 Switching"), wanted: ["101", "end"] },
  {
    name: "2xx to CONNECT, whatever it says of a body",
    sent: answer(`Content-Length: 9\r\n${CHUNKED}`),
    wanted: ["head", '"hasBody":false', "end", "in order"],
    methods: ["CONNECT"],
  },
  {
    name: "4xx to CONNECT has a body",
    sent: answer("Content-Length: 1\r\n", "x", "403 No"),
    wanted: ["403", "body x", "end"],
    methods: ["CONNECT"],
  },
  { name: "no reason", sent: answer("", "", "204 "), wanted: ['"status":204,"reason":""', "end"] },
  {
    name: "no space either",
    sent: answer("", "", "204"),
    wanted: ['"status":204,"reason":""', "end"],
  },
  {
    name: "a reason of several words, and latin1",
    sent: answer("", "", "204 Nicht \xfcbel\t!"),
    wanted: ['"reason":"Nicht \xfcbel\\t!"'],
  },
  {
    name: "1.0 with keep-alive",
    sent: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    wanted: ['"minorVersion":0,"keepAlive":true', "end"],
  },
  { name: "1.0", sent: "HTTP/1.0 204 x\r\n\r\n", wanted: ['"keepAlive":false', "end"] },
  { name: "an early end of the head", sent: "HTTP/1.1 200 OK\r\nA:", wanted: ["too early"] },
  {
    name: "an early end of a body",
    sent: answer("Content-Length: 2\r\n", "x"),
    wanted: ["body x", "too early"],
  },
  {
    name: "an early end of a chunked body",
    sent: answer(CHUNKED, "1\r\nx\r\n"),
    wanted: ["body x", "too early"],
  },
  { name: "no response at all", sent: "", wanted: ["too early"] },
  { name: "none asked for, none came", sent: "", wanted: ["in order"], methods: [] },
];

const BAD: readonly ResponseCase[] = [
  {
    name: "both lengths",
    sent: answer(`${CHUNKED}Content-Length: 3\r\n`),
    wanted: "TRANSFER_ENCODING",
  },
  {
    name: "both lengths, to HEAD",
    sent: answer(`${CHUNKED}Content-Length: 3\r\n`),
    wanted: "TRANSFER_ENCODING",
    methods: ["HEAD"],
  },
  {
    name: "two lengths",
    sent: answer("Content-Length: 3\r\nContent-Length: 3\r\n"),
    wanted: "CONTENT_LENGTH",
  },
  { name: "a bad length", sent: answer("Content-Length: 3,3\r\n"), wanted: "CONTENT_LENGTH" },
  {
    name: "a foreign coding",
    sent: answer("Transfer-Encoding: gzip, chunked\r\n"),
    wanted: "TRANSFER_ENCODING",
  },
  {
    name: "a coding in 1.0",
    sent: answer(CHUNKED).replace("1.1", "1.0"),
    wanted: "TRANSFER_ENCODING",
  },
  {
    name: "more than was asked for",
    sent: answer("Content-Length: 0\r\n", "H"),
    wanted: "UNEXPECTED_RESPONSE",
  },
  {
    name: "a second response",
    sent: answer("Content-Length: 0\r\n") + answer("", "", "204 x"),
    wanted: "UNEXPECTED_RESPONSE",
  },
  {
    name: "one that nobody asked for",
    sent: answer(""),
    wanted: "UNEXPECTED_RESPONSE",
    methods: [],
  },
  { name: "an empty line before", sent: `\r\n${answer("")}`, wanted: "STATUS_LINE" },
  { name: "another version", sent: answer("").replace("1.1", "2.0"), wanted: "VERSION" },
  ...["20 OK", "2000 OK", "099 x", "2x0 OK", "200OK", " 200 OK", "200\tOK", "", "-20 x"].map(
    (status) => ({
      name: `status ${JSON.stringify(status)}`,
      sent: answer("", "", status),
      wanted: "STATUS_LINE",
    }),
  ),
  { name: "another protocol", sent: "ICY 200 OK\r\n\r\n", wanted: "STATUS_LINE" },
  { name: "NUL in the reason", sent: answer("", "", "200 O\0K"), wanted: "STATUS_LINE" },
  { name: "LF behind the status line", sent: "HTTP/1.1 200 OK\n\r\n", wanted: "LINE_END" },
  { name: "CR in the reason", sent: "HTTP/1.1 200 O\rK\r\n\r\n", wanted: "LINE_END" },
  { name: "a fold", sent: answer("A: b\r\n c\r\n"), wanted: "FIELD_NAME" },
  { name: "a large head", sent: answer(`A: ${"v".repeat(20_000)}\r\n`), wanted: "HEAD_TOO_LARGE" },
  { name: "many fields", sent: answer("A: b\r\n".repeat(101)), wanted: "TOO_MANY_FIELDS" },
  { name: "a bad chunk", sent: answer(CHUNKED, "x"), wanted: "CHUNK" },
];

function inEverySplit({ sent, methods }: ResponseCase): string[] {
  const bytes = bytesOf(sent);
  const whole = responseEvents([bytes], methods);
  for (const feeding of FEEDINGS) {
    expect(responseEvents(byteByByte(bytes), methods, { feeding, step: 1 })).toEqual(whole);
    if (bytes.length > 2000) continue;
    for (const pieces of cutsInTwo(bytes)) {
      const events = responseEvents(pieces, methods, { feeding });
      if (events.join() !== whole.join()) expect(events).toEqual(whole);
    }
  }
  return whole;
}

describe("a response", () => {
  test.each(GOOD)("is taken: $name", (one) => {
    const said = inEverySplit(one).join("\n");
    expect(said).not.toContain("error");
    let from = 0;
    for (const part of one.wanted) {
      const at = said.indexOf(part, from);
      expect(at, `${JSON.stringify(part)} in ${said}`).toBeGreaterThanOrEqual(0);
      from = at + part.length;
    }
  });

  test.each(BAD)("is refused with 502: $name", (one) => {
    expect(inEverySplit(one).at(-1)).toBe(`error 502 ERR_HTTP_${one.wanted}`);
  });
});

describe("a tunnel", () => {
  test.each([
    ["GET", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["CONNECT", "HTTP/1.1 200 OK\r\n\r\n"],
  ])("leaves what follows the head of the answer to %s in the queue", (method, head) => {
    const parser = new ResponseParser();
    const queue = new ByteQueue();
    parser.expect(method);
    queue.append(`${head}raw`);
    expect([parser.next(queue), parser.next(queue)]).toEqual([HEAD, END]);
    expect(queue.toString()).toBe("raw");
  });
});

describe("the limit of a body", () => {
  test("is of what Content-Length and chunks say, and there is none by default", () => {
    const limits = { bodyBytesMax: 4 };
    for (const sent of [answer("Content-Length: 5\r\n"), answer(CHUNKED, "3\r\nabc\r\n2\r\n")]) {
      expect(responseEvents([bytesOf(sent)], ["GET"], { limits }).at(-1)).toBe(
        "error 502 ERR_HTTP_BODY_TOO_LARGE",
      );
      expect(responseEvents([bytesOf(sent)]).at(-1)).toBe("finish too early");
    }
  });

  test("is of what comes until the end", () => {
    const limits = { bodyBytesMax: 4 };
    const events = (body: string, step: number) =>
      responseEvents([bytesOf(answer("")), ...byteByByte(bytesOf(body))], ["GET"], {
        limits,
        step,
      });
    expect(events("abcd", 1).slice(-2)).toEqual(["finish in order", "end"]);
    expect(events("abcde", 1).at(-1)).toBe("error 502 ERR_HTTP_BODY_TOO_LARGE");
    expect(responseEvents([bytesOf(answer("", "abcde"))], ["GET"], { limits }).at(-1)).toBe(
      "error 502 ERR_HTTP_BODY_TOO_LARGE",
    );
  });
});

describe("the end of the connection", () => {
  test("gives what is left of a body that lasts until then, then the end", () => {
    const parser = new ResponseParser();
    const queue = new ByteQueue();
    parser.expect("GET");
    queue.append(answer("", "abc"));
    expect([parser.next(queue), parser.next(queue), parser.bodyBytes]).toEqual([HEAD, 2, 3]);
    queue.drain(1);
    parser.consumed(1);
    expect(parser.finish()).toBe(true);
    expect([parser.next(queue), parser.bodyBytes]).toEqual([2, 2]);
    queue.drain(2);
    parser.consumed(2);
    expect([parser.next(queue), parser.isBetweenMessages]).toEqual([END, true]);
    expect(parser.next(queue)).toBe(NEED_DATA);
  });
});
