/**
 * Fields that a parser knows from the request before: it must never be seen from outside whether it
 * knew them. Each request is compared with what a parser says that has seen no other.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  FIELD_MEMO_BYTES_MAX,
  FieldMemo,
} from "../../../../src/protocols/http1/parser/field-memo.js";
import { readFraming } from "../../../../src/protocols/http1/parser/framing.js";
import { RequestRecord } from "../../../../src/protocols/http1/parser/head-record.js";
import {
  REQUEST_LINE,
  RequestScanner,
} from "../../../../src/protocols/http1/parser/request-scanner.js";
import { ByteQueue } from "../../../../src/streams/index.js";
import { REQUESTS } from "./mutations.js";
import { byteByByte, bytesOf, FEEDINGS, type Run, requestEvents } from "./support.js";

const FIELDS = "Host: localhost:8080\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n";

/** What parsers say that have seen nothing before; after an error nothing more. */
function eventsOfEach(requests: readonly string[], run: Run): string[] {
  const events: string[] = [];
  for (const request of requests) {
    const own = requestEvents([bytesOf(request)], run);
    const last = own.at(-1) ?? "";
    if (last.startsWith("error")) return [...events, ...own];
    events.push(...own.slice(0, -1));
    if (last !== "finish in order") return [...events, last];
  }
  return [...events, "finish in order"];
}

describe("fields of the request before", () => {
  test("each byte of them changed gives what a parser says that never saw them", () => {
    for (const fields of [FIELDS, "Host: a\r\n\r\n"]) {
      for (let at = 0; at < fields.length; at += 1) {
        for (const byte of ["\0", "\t", "\n", "\r", " ", ",", "0", ":", "A", "a", "\x7f", "\xff"]) {
          const changed = fields.slice(0, at) + byte + fields.slice(at + 1);
          const requests = [fields, fields, fields, changed].map((f) => `GET / HTTP/1.1\r\n${f}`);
          expect(requestEvents([bytesOf(requests.join(""))])).toEqual(eventsOfEach(requests, {}));
        }
      }
    }
  });

  test("any requests in a row, in any pieces, are what each of them is alone", () => {
    const lines = fc.constantFrom(
      "GET / HTTP/1.1",
      "GET /other?x HTTP/1.1",
      "HEAD http://b/c HTTP/1.1",
      "OPTIONS * HTTP/1.1",
      "CONNECT a:1 HTTP/1.1",
      "GET /old HTTP/1.0",
      "GET /newer HTTP/1.2",
    );
    const fields = fc.constantFrom(
      FIELDS,
      "Host: a\r\n\r\n",
      "Host: a\r\nConnection: close\r\n\r\n",
      "Host: a\r\nContent-Length: 0\r\n\r\n",
      "Host: a\r\nExpect: 100-continue\r\n\r\n",
      "Host: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      `Host: a\r\nCookie: ${"c".repeat(FIELD_MEMO_BYTES_MAX)}\r\n\r\n`,
      "\r\n",
    );
    const request = fc.tuple(lines, fields).map(([line, some]) => `${line}\r\n${some}`);
    const requests = fc.array(
      fc.oneof({ weight: 4, arbitrary: request }, fc.constantFrom(...REQUESTS)),
      {
        minLength: 2,
        maxLength: 12,
      },
    );
    const cut = fc.option(fc.nat(600), { nil: undefined });
    fc.assert(
      fc.property(requests, cut, fc.constantFrom(...FEEDINGS), (some, place, feeding) => {
        // The same again, so that much of it is known.
        const twice = some.flatMap((one) => [one, one]);
        const bytes = bytesOf(twice.join(""));
        const at = place === undefined ? bytes.length : place % (bytes.length + 1);
        const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
        expect(requestEvents(pieces, { feeding })).toEqual(eventsOfEach(twice, {}));
      }),
      { numRuns: 1000 },
    );
  });

  test("known fields do not get past a limit of the head", () => {
    const short = `GET / HTTP/1.1\r\n${FIELDS}`;
    const long = `GET /${"x".repeat(40)} HTTP/1.1\r\n${FIELDS}`;
    const run = { limits: { headBytesMax: short.length + 10 } };
    const requests = [short, short, short, long];
    expect(eventsOfEach(requests, run).at(-1)).toBe("error 431 ERR_HTTP_HEAD_TOO_LARGE");
    expect(requestEvents([bytesOf(requests.join(""))], run)).toEqual(eventsOfEach(requests, run));
    expect(requestEvents(byteByByte(bytesOf(requests.join(""))), run)).toEqual(
      eventsOfEach(requests, run),
    );
  });
});

describe("FieldMemo", () => {
  const known = `GET / HTTP/1.1\r\n${FIELDS}`;

  /** Scans one request, and says whether its fields were known. */
  function scan(memo: FieldMemo, text: string): boolean {
    const queue = new ByteQueue();
    queue.append(bytesOf(text));
    const scanner = new RequestScanner(16_384, 100, 8192);
    scanner.memo = memo;
    const record = new RequestRecord();
    record.borrow();
    scanner.begin(REQUEST_LINE);
    expect(scanner.scan(queue, record)).toBe(true);
    expect(scanner.at).toBe(text.length);
    record.take(queue, scanner.at);
    if (!record.isRecalled) {
      readFraming(record);
      memo.remember(record);
    }
    expect([...record]).toEqual(fieldsOf(text));
    return record.isRecalled;
  }

  function fieldsOf(text: string): string[][] {
    const lines = text.split("\r\n").slice(1, -2);
    return lines.map((line) => line.split(": "));
  }

  test("knows fields again behind another request line, whatever its length", () => {
    const memo = new FieldMemo();
    expect(scan(memo, known)).toBe(false);
    expect(scan(memo, known)).toBe(true);
    for (const target of ["/a", "/ab", "/abc", "/abcd", "/a?b"]) {
      expect(scan(memo, `GET ${target} HTTP/1.1\r\n${FIELDS}`)).toBe(true);
    }
  });

  test("does not know what could end in a body, an upgrade or another answer", () => {
    for (const field of ["Content-Length: 0", "Expect: 100-continue", "Upgrade: x"]) {
      const memo = new FieldMemo();
      const text = `GET / HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`;
      expect(scan(memo, text)).toBe(false);
      expect(scan(memo, text)).toBe(false);
    }
  });

  test("does not hold more than its limit", () => {
    const memo = new FieldMemo();
    const frame = "Host: \r\n\r\n".length;
    const of = (bytes: number): string =>
      `GET / HTTP/1.1\r\nHost: ${"h".repeat(bytes - frame)}\r\n\r\n`;
    scan(memo, of(FIELD_MEMO_BYTES_MAX));
    expect(scan(memo, of(FIELD_MEMO_BYTES_MAX))).toBe(true);
    scan(memo, of(FIELD_MEMO_BYTES_MAX + 1));
    expect(scan(memo, of(FIELD_MEMO_BYTES_MAX + 1))).toBe(false);
  });

  test("gives up where the fields are others each time", () => {
    const memo = new FieldMemo();
    for (let i = 0; i < 10; i += 1) {
      expect(scan(memo, `GET / HTTP/1.1\r\nHost: a${i}\r\n\r\n`)).toBe(false);
    }
    expect(scan(memo, known)).toBe(false);
    expect(scan(memo, known)).toBe(false);
  });
});
