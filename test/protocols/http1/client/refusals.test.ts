/** What a caller cannot make the client send: nothing that ends a line, a head or a message early. */
import { describe, expect, test } from "vitest";
import {
  HttpClient,
  type HttpClientOptions,
  type HttpOrigin,
  type HttpRequestOptions,
} from "../../../../src/protocols/http1/index.js";
import { errorOf } from "../../../streams/support.js";
import { clientOf, rawServer, rejection, runningReactor } from "./support.js";

const SPLIT = "a\r\nEvil: 1";

const refused: readonly [what: string, options: unknown][] = [
  ["a method with a space", { method: "GET /x HTTP/1.1\r\nA: b" }],
  ["an empty method", { method: "" }],
  ["a method that is no string", { method: 7 }],
  ["CONNECT", { method: "CONNECT" }],
  ["a path without a slash", { path: "x" }],
  ["an absolute URL", { path: "http://127.0.0.1/" }],
  ["an empty path", { path: "" }],
  ["* for GET", { path: "*" }],
  ["a space in the path", { path: "/a b" }],
  ["a line end in the path", { path: "/a\r\nEvil: 1" }],
  ["a fragment", { path: "/a#b" }],
  ["a backslash", { path: "/a\\b" }],
  ["a path beyond ASCII", { path: "/é" }],
  ["a NUL in the path", { path: "/\0" }],
  ["a path that is no string", { path: 1 }],
  ["CR LF in a value", { headers: { a: SPLIT } }],
  ["LF in a value", { headers: { a: "b\nc" } }],
  ["CR in a value", { headers: { a: "b\rc" } }],
  ["NUL in a value", { headers: { a: "b\0c" } }],
  ["a value beyond Latin-1", { headers: { a: "\u0100" } }],
  ["U+010A, whose low byte is LF", { headers: { a: "b\u010ac" } }],
  ["a value that is no string", { headers: { a: 1 } }],
  ["an empty name", { headers: { "": "b" } }],
  ["a name with a colon", { headers: { "a:": "b" } }],
  ["a name with a line end", { headers: { [`${SPLIT}`]: "b" } }],
  ["a name with a space", { headers: { "a ": "b" } }],
  [
    "two Hosts",
    {
      headers: [
        ["Host", "a"],
        ["host", "b"],
      ],
    },
  ],
  ["a Host with a path", { headers: { host: "a/b" } }],
  ["Transfer-Encoding", { headers: { "transfer-encoding": "chunked" } }],
  ["Upgrade", { headers: { upgrade: "websocket" } }],
  ["Expect", { headers: { expect: "100-continue" } }],
  ["Trailer", { headers: { trailer: "a" } }],
  ["an odd Connection", { headers: { connection: "close, host" } }],
  ["a TE but trailers", { headers: { te: "gzip" } }],
  [
    "two Content-Lengths",
    {
      headers: [
        ["Content-Length", "0"],
        ["content-length", "0"],
      ],
    },
  ],
  ["a Content-Length that is none", { headers: { "content-length": "+1" }, body: "a" }],
  ["a Content-Length that the body has not", { headers: { "content-length": "2" }, body: "a" }],
  ["a Content-Length without a body", { headers: { "content-length": "2" } }],
  [
    "trailers with a Content-Length",
    {
      headers: { "content-length": "1" },
      body: "a",
      trailers: { b: "c" },
    },
  ],
  ["trailers without a body", { trailers: { b: "c" } }],
  ["a trailer that frames", { body: "a", trailers: { "Content-Length": "1" } }],
  ["a trailer with a line end", { body: "a", trailers: { b: SPLIT } }],
  ["a body that is none", { body: 7 }],
  ["a body that is an array", { body: ["a"] }],
  ["null as a body", { body: null }],
  ["TRACE with a body", { method: "TRACE", body: "a" }],
  ["headers that are a string", { headers: "a: b" }],
  ["onInformation that is no function", { onInformation: 7 }],
];

describe("a client refuses", () => {
  test.each(refused)("%s, with a TypeError and without a connection", async (_, options) => {
    const reactor = runningReactor();
    const server = rawServer(reactor, () => {});
    const client = clientOf(reactor, server);
    const error = await rejection(client.request(options as HttpRequestOptions));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.code).toMatch(/^ERR_INVALID_ARG_(TYPE|VALUE)$/);
    expect(client.stats()).toMatchObject({ connections: 0, connecting: 0, waiting: 0 });
  });

  test.each([[""], ["a b"], ["a\r\nb"], ["websocket, h2c"], ["a/b/c"]])(
    "to upgrade to %j",
    async (protocol) => {
      const reactor = runningReactor();
      const client = clientOf(
        reactor,
        rawServer(reactor, () => {}),
      );
      expect(await rejection(client.upgrade({ protocol }))).toBeInstanceOf(TypeError);
    },
  );

  const origins: readonly [origin: unknown][] = [
    [{ host: "a\r\nb", port: 80 }],
    [{ host: "a/b", port: 80 }],
    [{ host: "user@a", port: 80 }],
    [{ host: "", port: 80 }],
    [{ host: "a", port: 0 }],
    [{ host: "a", port: "80" }],
    [{ path: 7 }],
    [{}],
    [undefined],
  ];
  test.each(origins)("the origin %j", (origin) => {
    const reactor = runningReactor();
    const error = errorOf(() => new HttpClient(reactor, origin as HttpOrigin));
    expect((error as { code: string }).code).toMatch(/^ERR_(INVALID_ARG|OUT_OF_RANGE)/);
  });

  const options: readonly [options: HttpClientOptions][] = [
    [{ connectionsMax: 0 }],
    [{ waitingMax: -1 }],
    [{ headTimeoutMs: -1 }],
    [{ totalTimeoutMs: Number.NaN }],
    [{ bodyBytesMax: 1.5 }],
  ];
  test.each(options)("the options %j", (option) => {
    const reactor = runningReactor();
    expect(errorOf(() => new HttpClient(reactor, { host: "a", port: 1 }, option))).toBeInstanceOf(
      RangeError,
    );
  });
});
