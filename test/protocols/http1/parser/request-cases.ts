/**
 * Requests and what becomes of them, by the rules that they are about. `wanted`: the status of the
 * refusal, or a part of the head's description, or of all events as lines.
 */
import type { ParserLimits } from "../../../../src/protocols/http1/index.js";

export interface RequestCase {
  readonly name: string;
  /** In latin1. */
  readonly sent: string;
  /** A status, or texts that the events must contain, in order. */
  readonly wanted: number | readonly string[];
  readonly limits?: ParserLimits;
}

export interface CaseGroup {
  readonly rule: string;
  readonly cases: readonly RequestCase[];
}

const HOST = "Host: a\r\n";

function ok(name: string, sent: string, ...wanted: string[]): RequestCase {
  return { name, sent, wanted: wanted.length > 0 ? wanted : ["head", "end", "in order"] };
}

function bad(name: string, sent: string, status = 400, limits: ParserLimits = {}): RequestCase {
  return { name, sent, wanted: status, limits };
}

/** A GET with these lines behind its Host. */
function get(lines: string): string {
  return `GET / HTTP/1.1\r\n${HOST}${lines}\r\n`;
}

/** A chunked POST. */
function chunked(body: string): string {
  return `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${body}`;
}

/** A request with this line. */
function line(requestLine: string): string {
  return `${requestLine}\r\n${HOST}\r\n`;
}

/** A request with this Host. */
function host(value: string): string {
  return `GET / HTTP/1.1\r\nHost:${value}\r\n\r\n`;
}

/** A target of so many bytes. */
function target(length: number): string {
  return line(`GET /${"x".repeat(length - 1)} HTTP/1.1`);
}

/** A head of so many bytes. */
function head(length: number): string {
  const bare = get("X: \r\n");
  return bare.replace("X: ", `X: ${"v".repeat(length - bare.length)}`);
}

const MANY = (count: number) => Array.from({ length: count }, (_, i) => `F${i}: ${i}\r\n`).join("");

export const REQUEST_CASES: readonly CaseGroup[] = [
  {
    rule: "1: a plain request",
    cases: [
      ok("a GET", line("GET / HTTP/1.1"), '"method":"GET"', '"path":"/"', "end"),
      ok("with a query", line("GET /a/b?c=d?e HTTP/1.1"), '"path":"/a/b"', '"query":"c=d?e"'),
      ok("with an empty query", line("GET /a? HTTP/1.1"), '"path":"/a","query":""'),
      ok("with a body", `${get("Content-Length: 3\r\n").replace("GET", "PUT")}abc`, "body abc"),
    ],
  },
  {
    rule: "2: Host",
    cases: [
      bad("none in 1.1", "GET / HTTP/1.1\r\n\r\n"),
      bad("two equal ones", get(HOST)),
      bad("two different ones", get("Host: b\r\n")),
      bad("two in 1.0", `GET / HTTP/1.0\r\n${HOST}${HOST}\r\n`),
      ok("none in 1.0", "GET / HTTP/1.0\r\n\r\n", '"host":""', "end"),
      bad("bad in 1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n"),
      bad("empty", host("")),
      bad("blank", host(" \t ")),
      bad("with userinfo", host(" u@a")),
      bad("with a path", host(" a/b")),
      bad("with a query", host(" a?b")),
      bad("with a fragment", host(" a#b")),
      bad("with a comma", host(" a,b")),
      bad("with a space", host(" a b")),
      bad("with a byte above 0x7f", host(" \xe4")),
      bad("with an empty port", host(" a:")),
      bad("with a port that is no number", host(" a:8o")),
      bad("with a port above 65535", host(" a:65536")),
      bad("with a port of six digits", host(" a:000080")),
      bad("with two ports", host(" a:1:2")),
      bad("with a port alone", host(" :80")),
      bad("with an unclosed bracket", host(" [::1")),
      bad("with an empty bracket", host(" []")),
      bad("with a name in brackets", host(" [abc]")),
      bad("with something behind the bracket", host(" [::1]x")),
      bad("with a bare IPv6 address", host(" ::1")),
      bad("with half an escape", host(" a%2")),
      bad("with an escape that is none", host(" a%zz")),
      ok("with a port", host(" example.org:8080"), '"host":"example.org:8080"'),
      ok("with the largest port", host(" a:65535"), '"host":"a:65535"'),
      ok("an IPv6 address", host(" [2001:db8::1]:80"), '"host":"[2001:db8::1]:80"'),
      ok("an IPv4 address without blanks", host("127.0.0.1"), '"host":"127.0.0.1"'),
      ok("with an escape and an underscore", host(" a_b%20c"), '"host":"a_b%20c"'),
      ok("in other case, with blanks around", "GET / HTTP/1.1\r\nhOST: \ta \r\n\r\n", '"host":"a"'),
    ],
  },
  {
    rule: "3: the forms of the target",
    cases: [
      ok("absolute", line("GET http://b:1/x?y HTTP/1.1"), '"path":"/x","query":"y","host":"b:1"'),
      ok(
        "absolute without path",
        line("GET HTTP://b HTTP/1.1"),
        '"path":"/","query":"","host":"b"',
      ),
      ok("absolute with only a query", line("GET https://b?q HTTP/1.1"), '"path":"/","query":"q"'),
      ok("absolute with [::1]", line("GET http://[::1]/ HTTP/1.1"), '"host":"[::1]"'),
      bad("absolute without Host", "GET http://b/ HTTP/1.1\r\n\r\n"),
      bad("absolute with a bad Host", "GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n"),
      bad("absolute without authority", line("GET http:///x HTTP/1.1")),
      bad("absolute with userinfo", line("GET http://u@b/ HTTP/1.1")),
      bad("absolute with a bad port", line("GET http://b:x/ HTTP/1.1")),
      bad("absolute with another scheme", line("GET ftp://b/ HTTP/1.1")),
      bad("absolute cut short", line("GET http:/ HTTP/1.1")),
      ok("OPTIONS *", line("OPTIONS * HTTP/1.1"), '"target":"*","path":"*","query":"","host":"a"'),
      ok(
        "OPTIONS of a server",
        line("OPTIONS http://b HTTP/1.1"),
        '"path":"*","query":"","host":"b"',
      ),
      ok("OPTIONS with a path", line("OPTIONS / HTTP/1.1"), '"path":"/"'),
      bad("GET *", line("GET * HTTP/1.1")),
      bad("OPTIONS with more than *", line("OPTIONS *a HTTP/1.1")),
      ok("CONNECT", line("CONNECT b:443 HTTP/1.1"), '"path":"","query":"","host":"b:443"'),
      bad("CONNECT without port", line("CONNECT b HTTP/1.1")),
      bad("CONNECT with a path", line("CONNECT / HTTP/1.1")),
      bad("CONNECT with a URL", line("CONNECT http://b:1/ HTTP/1.1")),
      bad("authority with another method", line("GET b:443 HTTP/1.1")),
      bad("a name without slash", line("GET index.html HTTP/1.1")),
    ],
  },
  {
    rule: "4: the method",
    cases: [
      ok("any token", line("!#$%&'*+-.^_`|~09Az / HTTP/1.1"), '"method":"!#$%&\'*+-.^_`|~09Az"'),
      ok("in small letters is another one", line("get / HTTP/1.1"), '"method":"get"'),
      ok("of 32 bytes", line(`${"M".repeat(32)} / HTTP/1.1`), `"method":"${"M".repeat(32)}"`),
      bad("of 33 bytes", line(`${"M".repeat(33)} / HTTP/1.1`), 501),
      bad("with a byte that is none of a token", line("GE(T / HTTP/1.1")),
      bad("with a byte above 0x7f", line("G\xcbT / HTTP/1.1")),
      bad("empty", line(" / HTTP/1.1")),
      ...["PUT", "POST", "HEAD", "PATCH", "TRACE", "DELETE"].map((method) =>
        ok(method, line(`${method} / HTTP/1.1`), `"method":"${method}"`),
      ),
    ],
  },
  {
    rule: "5: the version",
    cases: [
      ok("1.0", line("GET / HTTP/1.0"), '"minorVersion":0,"keepAlive":false'),
      ok("1.1", line("GET / HTTP/1.1"), '"minorVersion":1,"keepAlive":true'),
      ok("1.9 counts as 1.1", line("GET / HTTP/1.9"), '"minorVersion":1,"keepAlive":true'),
      bad("2.0", line("GET / HTTP/2.0"), 505),
      bad("9.9", line("GET / HTTP/9.9"), 505),
      bad("0.9 with all its words", line("GET / HTTP/0.9"), 505),
      bad("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
      bad("in small letters", line("GET / http/1.1")),
      bad("without minor", line("GET / HTTP/1")),
      bad("with two digits", line("GET / HTTP/01.1")),
      bad("with two digits of minor", line("GET / HTTP/1.10")),
      bad("with something behind", line("GET / HTTP/1.1 x")),
      bad("with a blank behind", line("GET / HTTP/1.1 ")),
      bad("of another protocol", line("GET / ICE/1.0")),
      bad("none (0.9)", "GET /\r\n\r\n"),
      bad("none, after a space", "GET / \r\n\r\n"),
      bad("with a comma", line("GET / HTTP/1,1")),
    ],
  },
  {
    rule: "6: spaces and empty lines",
    cases: [
      bad("two spaces before the target", line("GET  / HTTP/1.1")),
      bad("two spaces before the version", line("GET /  HTTP/1.1")),
      bad("TAB before the target", line("GET\t/ HTTP/1.1")),
      bad("TAB before the version", line("GET /\tHTTP/1.1")),
      bad("a space inside the target", line("GET /a b HTTP/1.1")),
      bad("a leading space", line(" GET / HTTP/1.1")),
      ok("one empty line before", `\r\n${line("GET / HTTP/1.1")}`),
      ok("two empty lines before", `\r\n\r\n${line("GET / HTTP/1.1")}`),
      ok("empty lines alone", "\r\n\r\n", "in order"),
      bad("three empty lines before", `\r\n\r\n\r\n${line("GET / HTTP/1.1")}`),
      bad("a bare LF before", `\n${line("GET / HTTP/1.1")}`),
      bad("a bare CR before", `\r${line("GET / HTTP/1.1")}`),
    ],
  },
  {
    rule: "7: the target",
    cases: [
      ok("every byte that may be in one", line(`GET /${printable("#\\")} HTTP/1.1`), "end"),
      bad("#", line("GET /a#b HTTP/1.1")),
      bad("backslash", line("GET /a\\b HTTP/1.1")),
      bad("NUL", line("GET /a\0b HTTP/1.1")),
      bad("0x80", line("GET /a\x80b HTTP/1.1")),
      bad("0xff", line("GET /a\xffb HTTP/1.1")),
      bad("0x7f", line("GET /a\x7fb HTTP/1.1")),
      bad("0x01", line("GET /a\x01b HTTP/1.1")),
      ok("of 8000 bytes", target(8000), "end"),
      ok("of 8 KiB", target(8192), "end"),
      bad("above 8 KiB", target(8193), 414),
      bad("without end", `GET /${"x".repeat(20_000)}`, 414),
      bad("above a smaller limit", target(101), 414, { targetBytesMax: 100 }),
      bad("that fills the head", target(300), 414, { headBytesMax: 200 }),
    ],
  },
  {
    rule: "8: the field name",
    cases: [
      ok(
        "every byte of a token",
        get("!#$%&'*+-.^_`|~09Az: v\r\n"),
        '["!#$%&\'*+-.^_`|~09Az","v"]',
      ),
      bad("empty", get(": v\r\n")),
      bad("space before the colon", get("A : v\r\n")),
      bad("TAB before the colon", get("A\t: v\r\n")),
      bad("no colon", get("A\r\n")),
      bad("a fold", get("A: v\r\n w\r\n")),
      bad("a fold with TAB", get("A: v\r\n\tw\r\n")),
      bad("a blank before the first field", `GET / HTTP/1.1\r\n ${HOST}\r\n`),
      bad("a byte that is none of a token", get("A(: v\r\n")),
      bad("NUL", get("A\0: v\r\n")),
      bad("a byte above 0x7f", get("\xc4: v\r\n")),
    ],
  },
  {
    rule: "9: the field value",
    cases: [
      ok("every byte that may be in one", get(`A: x${fieldBytes()}y\r\n`), "end"),
      ok("empty", get("A:\r\n"), '["A",""]'),
      ok("blank", get("A: \t \r\n"), '["A",""]'),
      ok("SP and TAB around are no part of it", get("A:\t b\tc  \t\r\n"), '["A","b\\tc"]'),
      ok("0xa0 is part of it", get("A: \xa0b\xa0\r\n"), '["A","\xa0b\xa0"]'),
      bad("VT", get("A: \vb\r\n")),
      bad("FF", get("A: b\f\r\n")),
      bad("NUL", get("A: b\0c\r\n")),
      bad("0x7f", get("A: b\x7f\r\n")),
      bad("a bare CR", get("A: b\rc\r\n")),
      bad("0x01 in a long value", get(`A: ${"x".repeat(37)}\x01\r\n`)),
    ],
  },
  {
    rule: "10: line ends",
    cases: [
      bad("LF behind the request line", `GET / HTTP/1.1\n${HOST}\r\n`),
      bad("LF behind a field", get("A: b\n")),
      bad("LF for the empty line", `GET / HTTP/1.1\r\n${HOST}\n`),
      bad("LF everywhere", "GET / HTTP/1.1\nHost: a\n\n"),
      bad("CR behind the request line", `GET / HTTP/1.1\r${HOST}\r\n`),
      bad("CR behind a field", "GET / HTTP/1.1\r\nHost: a\rB: c\r\n\r\n"),
      bad("CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"),
      bad("something behind the last CR", `GET / HTTP/1.1\r\n${HOST}\rX`),
    ],
  },
  {
    rule: "11: how large a head may be",
    cases: [
      ok("16 KiB", head(16_384), "end"),
      bad("16 KiB and one", head(16_385), 431),
      bad("without end", `${get("").slice(0, -2)}A: ${"v".repeat(20_000)}`, 431),
      bad("above a smaller limit", head(201), 431, { headBytesMax: 200 }),
      ok("100 fields", get(MANY(99)), "end"),
      bad("101 fields", get(MANY(100)), 431),
      bad("above a smaller limit of fields", get(MANY(3)), 431, { fieldsMax: 3 }),
      {
        ...ok("300 fields, where so many may be", get(MANY(299)), '"298"', "end"),
        limits: { fieldsMax: 300 },
      },
      bad("101 trailers", chunked(`0\r\n${MANY(101)}\r\n`), 431),
      bad("trailers above 16 KiB", chunked(`0\r\nA: ${"v".repeat(16_384)}\r\n\r\n`), 431),
    ],
  },
  {
    rule: "12: Content-Length",
    cases: [
      ok("0", get("Content-Length: 0\r\n"), '"contentLength":0', '"hasBody":false', "end"),
      ok("3", `${get("content-LENGTH:3\r\n")}abc`, '"contentLength":3', "body abc", "end"),
      ok("2^53 - 1", get("Content-Length: 9007199254740991\r\n"), "9007199254740991", "too early"),
      bad("2^53", get("Content-Length: 9007199254740992\r\n")),
      bad("that overflows", get(`Content-Length: ${"9".repeat(400)}\r\n`)),
      ...["+5", "-1", "0x5", "5 5", "", "5,", "5, 5", "5;", "05", "00", "5.0", "1e3", "\xb2"].map(
        (value) => bad(JSON.stringify(value), `${get(`Content-Length: ${value}\r\n`)}abcde`),
      ),
      bad("two equal ones", `${get("Content-Length: 5\r\nContent-Length: 5\r\n")}abcde`),
      bad("two different ones", `${get("Content-Length: 5\r\nContent-Length: 6\r\n")}abcdef`),
    ].map((one) =>
      one.name === "2^53 - 1"
        ? { ...one, limits: { bodyBytesMax: Number.POSITIVE_INFINITY } }
        : one,
    ),
  },
  {
    rule: "13: Transfer-Encoding",
    cases: [
      ok("chunked", chunked("0\r\n\r\n"), '"contentLength":-1,"isChunked":true', "end"),
      ok("in any case", `${get("transfer-encoding:\tCHUNked \r\n")}0\r\n\r\n`, '"isChunked":true'),
      bad("with Content-Length", get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
      bad("before Content-Length", get("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")),
      bad("in 1.0", get("Transfer-Encoding: chunked\r\n").replace("1.1", "1.0")),
      ...["gzip", "gzip, chunked", "identity", "deflate,chunked", "foo, chunked"].map((value) =>
        bad(JSON.stringify(value), get(`Transfer-Encoding: ${value}\r\n`), 501),
      ),
      ...[
        "chunked, gzip",
        "chunked, chunked",
        "",
        "xchunked",
        "chunkedx",
        "chunked;x",
        "chunked;x=1",
        '"chunked"',
        "chunked,",
        ",chunked",
        "chun ked",
        "\vchunked",
        "chunked\f",
        "\xa0chunked",
        "cow",
      ].map((value) => bad(JSON.stringify(value), get(`Transfer-Encoding: ${value}\r\n`))),
      bad("twice", get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
      bad("in two fields", get("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")),
    ],
  },
  {
    rule: "14: chunk sizes and extensions",
    cases: [
      ok("in capitals", chunked(`A\r\n0123456789\r\n0\r\n\r\n`), "body 0123456789", "end"),
      ok("in small letters", chunked(`a\r\n0123456789\r\n0\r\n\r\n`), "body 0123456789", "end"),
      ok("with leading zeros", chunked(`${"0".repeat(15)}1\r\nx\r\n0\r\n\r\n`), "body x", "end"),
      bad("of 17 digits", chunked(`${"0".repeat(16)}1\r\nx\r\n0\r\n\r\n`)),
      ...[
        "",
        "+5",
        "-5",
        "0x5",
        "5_0",
        " 5",
        "5 ",
        "\t5",
        "5\t",
        "g",
        "5 ;a",
        "5h",
        "\0",
        "5,",
      ].map((size) =>
        bad(`size ${JSON.stringify(size)}`, chunked(`${size}\r\nabcde\r\n0\r\n\r\n`)),
      ),
      bad("LF behind a size", chunked("5\nabcde\r\n0\r\n\r\n")),
      bad("CR behind a size", chunked("5\rabcde\r\n0\r\n\r\n")),
      ok(
        "extensions",
        chunked('5;a;b=c;d="e f\\"\\\\g"\r\nabcde\r\n0;z\r\n\r\n'),
        "body abcde",
        "end",
      ),
      ...[
        ";",
        ";=a",
        ";a=",
        ";a b",
        "; a",
        ";a =b",
        ";a= b",
        ';a="b',
        ';a="b"c',
        ";a;;b",
        ";a,b",
      ].map((extension) =>
        bad(`extension ${extension}`, chunked(`5${extension}\r\nabcde\r\n0\r\n\r\n`)),
      ),
      bad("LF in an extension", chunked("5;a\nabcde\r\n0\r\n\r\n")),
      bad("CR in an extension", chunked("5;a\rb\r\nabcde\r\n0\r\n\r\n")),
      bad("LF in a quoted extension", chunked('5;a="\n"\r\nabcde\r\n0\r\n\r\n')),
      bad("CR in a quoted extension", chunked('5;a="\r\n"\r\nabcde\r\n0\r\n\r\n')),
      bad("NUL in an escape", chunked('5;a="\\\0"\r\nabcde\r\n0\r\n\r\n')),
      ok("4 KiB of extensions", chunked(`1;${"x".repeat(4094)}\r\na\r\n0\r\n\r\n`), "end"),
      bad("more than 4 KiB", chunked(`1;${"x".repeat(4096)}\r\na\r\n0\r\n\r\n`)),
      bad("more in several", chunked(`${`1;${"x".repeat(2047)}\r\na\r\n`.repeat(3)}0\r\n\r\n`)),
    ],
  },
  {
    rule: "15: chunk ends and trailers",
    cases: [
      ok("several chunks", chunked("2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"), "body abcde", "end"),
      ok(
        "data that look like line ends",
        chunked("4\r\n\r\n\r\n\r\n0\r\n\r\n"),
        "body \r\n\r\n",
        "end",
      ),
      bad("more data than said", chunked("2\r\nabc\r\n0\r\n\r\n")),
      bad("LF behind data", chunked("2\r\nab\n0\r\n\r\n")),
      bad("CR behind data", chunked("2\r\nab\r0\r\n\r\n")),
      bad("nothing behind data", chunked("2\r\nab0\r\n\r\n")),
      ok("a last chunk 000", chunked("000\r\n\r\n"), "end"),
      ok("trailers", chunked("0\r\nA: b\r\nC:d\r\n\r\n"), 'end [["A","b"],["C","d"]]'),
      ok(
        "trailers are not merged",
        chunked(
          "0\r\nHost: b\r\nContent-Length: 5\r\nConnection: close\r\nTransfer-Encoding: x\r\n\r\n",
        ),
        '"host":"a","minorVersion":1,"keepAlive":true,"contentLength":-1',
        'end [["Host","b"]',
        "in order",
      ),
      bad("a trailer without colon", chunked("0\r\nA\r\n\r\n")),
      bad("a fold in trailers", chunked("0\r\nA: b\r\n c\r\n\r\n")),
      bad("LF in trailers", chunked("0\r\nA: b\n\r\n")),
      bad("NUL in trailers", chunked("0\r\nA: \0\r\n\r\n")),
      bad("something for the last line end", chunked("0\r\nGET / HTTP/1.1\r\n\r\n")),
      bad("LF for the last line end", chunked("0\r\n\n")),
      bad("CR without LF at the end", chunked("0\r\n\rX")),
    ],
  },
  {
    rule: "16: how large a body may be",
    cases: [
      bad("Content-Length above 1 MiB", get("Content-Length: 1048577\r\n"), 413),
      ok("1 MiB", get("Content-Length: 1048576\r\n"), '"contentLength":1048576', "too early"),
      bad("above a smaller limit", get("Content-Length: 5\r\n"), 413, { bodyBytesMax: 4 }),
      bad("a chunk above the limit", chunked("5\r\n"), 413, { bodyBytesMax: 4 }),
      bad("chunks above it together", chunked("3\r\nabc\r\n2\r\n"), 413, { bodyBytesMax: 4 }),
      bad("a chunk above 2^53", chunked("fffffffffffffff\r\n"), 413, {
        bodyBytesMax: Number.POSITIVE_INFINITY,
      }),
      {
        ...ok("chunks up to it", chunked("3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"), "body abcd", "end"),
        limits: { bodyBytesMax: 4 },
      },
      ok(
        "none said: none",
        line("POST / HTTP/1.1"),
        '"contentLength":-1',
        '"hasBody":false',
        "end",
      ),
    ],
  },
  {
    rule: "17: an early end",
    cases: [
      ok("nothing", "", "in order"),
      ok("inside the request line", "GET / HT", "too early"),
      ok("inside a field", "GET / HTTP/1.1\r\nHost", "too early"),
      ok("before the empty line", "GET / HTTP/1.1\r\nHost: a\r\n", "too early"),
      ok("inside a body", `${get("Content-Length: 5\r\n")}abc`, "body abc", "too early"),
      ok("inside a chunk", chunked("5\r\nabc"), "body abc", "too early"),
      ok("before the last chunk", chunked("3\r\nabc\r\n"), "body abc", "too early"),
      ok("inside trailers", chunked("0\r\nA: b\r\n"), "too early"),
    ],
  },
  {
    rule: "18: Expect, Connection, Upgrade",
    cases: [
      ok(
        "100-continue",
        get("Content-Length: 1\r\nExpect: 100-Continue\r\n"),
        '"expectsContinue":true,"hasUnknownExpectation":false',
      ),
      ok(
        "100-continue without body",
        get("Expect: 100-continue\r\n"),
        '"expectsContinue":false,"hasUnknownExpectation":false',
      ),
      ok(
        "100-continue in 1.0",
        get("Content-Length: 1\r\nExpect: 100-continue\r\n").replace("1.1", "1.0"),
        '"expectsContinue":false,"hasUnknownExpectation":false',
      ),
      ok("something else", get("Expect: 100-continue, tea\r\n"), '"hasUnknownExpectation":true'),
      ok(
        "something else in 1.0",
        get("Expect: tea\r\n").replace("1.1", "1.0"),
        '"hasUnknownExpectation":false',
      ),
      ok(
        "more than 100-continue",
        get("Expect: 100-continue;x\r\n"),
        '"hasUnknownExpectation":true',
      ),
      ok("close", get("Connection: close\r\n"), '"keepAlive":false'),
      ok("close in a list", get("Connection: x ,\tCLOSE , y\r\n"), '"keepAlive":false'),
      ok(
        "close in a second field",
        get("Connection: keep-alive\r\nconnection: close\r\n"),
        '"keepAlive":false',
      ),
      ok("closed is not close", get("Connection: closed, xclose\r\n"), '"keepAlive":true'),
      ok(
        "keep-alive in 1.0",
        get("Connection: Keep-Alive\r\n").replace("1.1", "1.0"),
        '"keepAlive":true',
      ),
      ok(
        "both in 1.0",
        get("Connection: keep-alive, close\r\n").replace("1.1", "1.0"),
        '"keepAlive":false',
      ),
      ok("an empty list", get("Connection: ,, ,\r\n"), '"keepAlive":true'),
      ok(
        "upgrade",
        get("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"),
        '"upgrade":"websocket"',
      ),
      ok(
        "upgrade to one of two",
        get("Upgrade: a\r\nUpgrade: b/1\r\nConnection: upgrade\r\n"),
        '"upgrade":"a, b/1"',
      ),
      {
        ...ok(
          "upgrade without Connection",
          get("Upgrade: websocket\r\n"),
          '"hasUnknownExpectation":false}',
          "end",
        ),
      },
      {
        ...ok(
          "upgrade in 1.0",
          get("Connection: upgrade\r\nUpgrade: a\r\n").replace("1.1", "1.0"),
          '"hasUnknownExpectation":false}',
          "end",
        ),
      },
    ],
  },
];

/** Every visible ASCII character but some. */
function printable(without: string): string {
  const all = Array.from({ length: 0x5e }, (_, i) => String.fromCharCode(0x21 + i));
  return all.filter((character) => !without.includes(character)).join("");
}

function fieldBytes(): string {
  const all = Array.from({ length: 256 }, (_, i) => i);
  return String.fromCharCode(...all.filter((byte) => byte === 9 || (byte >= 32 && byte !== 127)));
}
