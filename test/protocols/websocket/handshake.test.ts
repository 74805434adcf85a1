/** The opening handshake: RFC 6455 §4 and §11.3, RFC 7692 §7.1, from both sides. */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Socket } from "../../../src/index.js";
import { HttpServer } from "../../../src/protocols/http1/index.js";
import { judge } from "../../../src/protocols/websocket/handshake.js";
import {
  type AcceptWebSocketOptions,
  acceptKey,
  acceptWebSocket,
  connectWebSocket,
  type DeflateOptions,
  type WebSocketConnection,
} from "../../../src/protocols/websocket/index.js";
import { offerOf, readAnswer } from "../../../src/protocols/websocket/parser/deflate-terms.js";
import { parseExtensions } from "../../../src/protocols/websocket/parser/header-lists.js";
import { readSettings } from "../../../src/protocols/websocket/websocket-options.js";
import { collect, drive, errorOf, reactorOf, track } from "../../streams/support.js";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

test("the example of RFC 6455 §1.3", () => {
  expect(acceptKey(KEY)).toBe(ACCEPT);
});

const GOOD: Readonly<Record<string, string>> = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": KEY,
};

interface Asked {
  readonly method?: string;
  readonly minorVersion?: number;
  readonly isComplete?: boolean;
  /** undefined takes one away. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
}

function ask({ fields = {}, ...rest }: Asked, options: AcceptWebSocketOptions = {}) {
  const all: Record<string, string | undefined> = { ...GOOD, ...fields };
  const request = {
    method: "GET",
    minorVersion: 1,
    isComplete: true,
    ...rest,
    get: (name: string) => all[name],
  };
  return judge(request, readSettings(options, true));
}

describe("a server", () => {
  const refused: readonly [string, Asked, number][] = [
    ["another method", { method: "POST" }, 405],
    ["HTTP/1.0", { minorVersion: 0 }, 400],
    ["a body", { isComplete: false }, 400],
    ["no Upgrade", { fields: { upgrade: undefined } }, 426],
    ["an Upgrade to something else", { fields: { upgrade: "h2c" } }, 426],
    ["no Connection", { fields: { connection: undefined } }, 400],
    ["Connection: keep-alive", { fields: { connection: "keep-alive" } }, 400],
    ["no version", { fields: { "sec-websocket-version": undefined } }, 426],
    ["version 8", { fields: { "sec-websocket-version": "8" } }, 426],
    ["versions 13 and 8", { fields: { "sec-websocket-version": "13, 8" } }, 426],
    ["no key", { fields: { "sec-websocket-key": undefined } }, 400],
    ["an empty key", { fields: { "sec-websocket-key": "" } }, 400],
    ["a key of 15 bytes", { fields: { "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAA" } }, 400],
    ["a key of 17 bytes", { fields: { "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAAA=" } }, 400],
    ["two keys", { fields: { "sec-websocket-key": `${KEY}, ${KEY}` } }, 400],
    ["a key with stray bits", { fields: { "sec-websocket-key": KEY.replace("Q==", "R==") } }, 400],
    ["a subprotocol with a blank", { fields: { "sec-websocket-protocol": "a b" } }, 400],
    ["an empty subprotocol", { fields: { "sec-websocket-protocol": "a,,b" } }, 400],
    ["a subprotocol twice", { fields: { "sec-websocket-protocol": "a, b, a" } }, 400],
    ["extensions that are no list", { fields: { "sec-websocket-extensions": "a;" } }, 400],
  ];
  test.each(refused)("refuses %s", (_name, asked, status) => {
    expect(ask(asked)).toMatchObject({ status });
  });

  test("says in a 426 what it speaks", () => {
    expect(ask({ fields: { "sec-websocket-version": "8" } })).toMatchObject({
      headers: [
        ["Sec-WebSocket-Version", "13"],
        ["Upgrade", "websocket"],
      ],
    });
  });

  const taken: readonly [string, Asked][] = [
    ["what a browser sends", { fields: { connection: "keep-alive, Upgrade", origin: "http://x" } }],
    ["other letters", { fields: { upgrade: "WebSocket", connection: "UPGRADE" } }],
    ["one of several protocols", { fields: { upgrade: "h2c, websocket" } }],
  ];
  test.each(taken)("takes %s", (_name, asked) => {
    expect(ask(asked)).toMatchObject({
      headers: [["Sec-WebSocket-Accept", ACCEPT]],
      agreement: { isServer: true, protocol: "", terms: undefined },
    });
  });

  test.each([
    ["a, b", ["b", "a"], "a"],
    ["x, b", ["b", "a"], "b"],
    ["x", ["a"], ""],
    ["A", ["a"], ""],
  ])("asked for %s, with %j, it chooses %j", (asked, protocols, protocol) => {
    const fields = { "sec-websocket-protocol": asked };
    expect(ask({ fields }, { protocols })).toMatchObject({ agreement: { protocol } });
  });
});

describe("a list of extensions", () => {
  test.each([
    ["a", [["a"]]],
    ["a, b;c ; d=1,e", [["a"], ["b", ["c", undefined], ["d", "1"]], ["e"]]],
    ['a; b="1"; c="d\\e"', [["a", ["b", "1"], ["c", "de"]]]],
  ])("%s", (list, wanted) => {
    const found = parseExtensions(list)?.map(({ name, parameters }) => [name, ...parameters]);
    expect(found).toEqual(wanted);
  });

  test.each([
    "",
    ",",
    "a,",
    ",a",
    "a;",
    "a;;b",
    "a;b=",
    "a;=b",
    "a b",
    'a;b="',
    'a;b="c d"',
    'a;b=""',
    "a=b",
    "a/b",
    "a,,b",
    "ä",
    "a".repeat(9).split("").join("; "),
    Array(65).fill("a").join(","),
  ])("%j is none", (list) => {
    const isLong = list.startsWith("a; a");
    expect(parseExtensions(list) === undefined).toBe(!isLong);
  });
});

describe("permessage-deflate", () => {
  const offer = (offers: string, options: boolean | DeflateOptions = true) => {
    const fields = { "sec-websocket-extensions": offers };
    const verdict = ask({ fields }, { permessageDeflate: options });
    if ("status" in verdict) return verdict.status;
    return verdict.headers.find(([name]) => name === "Sec-WebSocket-Extensions")?.[1];
  };
  const TAKEOVER = { serverNoContextTakeover: false };

  test.each([
    ["permessage-deflate", TAKEOVER, "permessage-deflate"],
    ["permessage-deflate", true, "permessage-deflate; server_no_context_takeover"],
    ["permessage-deflate; client_max_window_bits", TAKEOVER, "permessage-deflate"],
    [
      "permessage-deflate; client_max_window_bits",
      { ...TAKEOVER, clientMaxWindowBits: 10 },
      "permessage-deflate; client_max_window_bits=10",
    ],
    [
      "permessage-deflate; client_max_window_bits=9",
      { ...TAKEOVER, clientMaxWindowBits: 10 },
      "permessage-deflate; client_max_window_bits=9",
    ],
    [
      "permessage-deflate; server_max_window_bits=12",
      TAKEOVER,
      "permessage-deflate; server_max_window_bits=12",
    ],
    [
      "permessage-deflate; server_max_window_bits=12",
      { ...TAKEOVER, serverMaxWindowBits: 9 },
      "permessage-deflate; server_max_window_bits=9",
    ],
    [
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
      TAKEOVER,
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    ],
    ["x-other, permessage-deflate", TAKEOVER, "permessage-deflate"],
    // The first offer that is in order is taken.
    [
      'permessage-deflate; unknown, permessage-deflate; server_max_window_bits="10"',
      TAKEOVER,
      "permessage-deflate; server_max_window_bits=10",
    ],
  ] as const)("asked %s, with %j, it answers %s", (offers, options, answer) => {
    expect(offer(offers, options)).toBe(answer);
  });

  test.each([
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=08",
    "permessage-deflate; client_max_window_bits=7",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; client_no_context_takeover=true",
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; what=ever",
    "permessage-gzip",
  ])("asked %s it answers without", (offers) => {
    expect(offer(offers)).toBeUndefined();
  });

  test("who did not offer a smaller window of the client's is not asked for one", () => {
    expect(offer("permessage-deflate", { clientMaxWindowBits: 10 })).toBeUndefined();
  });

  test("is off unless asked for", () => {
    expect(offer("permessage-deflate", false)).toBeUndefined();
  });

  describe("a client", () => {
    const wanted = (options: DeflateOptions) => {
      const { deflate } = readSettings({ permessageDeflate: options }, false);
      if (deflate === undefined) throw new Error("Not on");
      return deflate;
    };
    const answered = (answer: string, options: DeflateOptions = {}) => {
      const [extension] = parseExtensions(answer) ?? [];
      return (
        extension &&
        readAnswer(
          extension,
          wanted({ serverNoContextTakeover: false, clientNoContextTakeover: false, ...options }),
        )
      );
    };

    test("offers what it was told", () => {
      expect(offerOf(wanted({}))).toBe(
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
      );
      const narrow = { serverMaxWindowBits: 9, clientMaxWindowBits: 8 };
      expect(
        offerOf(
          wanted({ ...narrow, serverNoContextTakeover: false, clientNoContextTakeover: false }),
        ),
      ).toBe("permessage-deflate; server_max_window_bits=9; client_max_window_bits=8");
    });

    test("does as it is told", () => {
      expect(
        answered("permessage-deflate; client_no_context_takeover; client_max_window_bits=9"),
      ).toEqual({
        serverNoContextTakeover: false,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 15,
        clientMaxWindowBits: 9,
      });
    });

    test.each([
      ["x-other", {}],
      ["permessage-deflate; unknown", {}],
      ["permessage-deflate; client_max_window_bits", {}],
      ["permessage-deflate; server_max_window_bits=16", {}],
      ["permessage-deflate", { serverMaxWindowBits: 10 }],
      ["permessage-deflate; server_max_window_bits=11", { serverMaxWindowBits: 10 }],
      ["permessage-deflate", { serverNoContextTakeover: true }],
    ])("does not take %s, having offered %j", (answer, options) => {
      expect(answered(answer, options)).toBeUndefined();
    });
  });

  test.each([
    [{ level: 0 }, "ERR_OUT_OF_RANGE"],
    [{ level: 1.5 }, "ERR_OUT_OF_RANGE"],
    [{ serverMaxWindowBits: 7 }, "ERR_OUT_OF_RANGE"],
    [{ clientMaxWindowBits: 16 }, "ERR_OUT_OF_RANGE"],
    [{ messageBytesMin: -1 }, "ERR_OUT_OF_RANGE"],
    [{ level: "6" }, "ERR_INVALID_ARG_TYPE"],
    ["yes", "ERR_INVALID_ARG_TYPE"],
  ])("%j is refused", (permessageDeflate, code) => {
    const options = { permessageDeflate } as AcceptWebSocketOptions;
    expect(errorOf(() => readSettings(options, true))).toMatchObject({ code });
  });
});

describe("over an HTTP server", () => {
  const REQUEST = [
    "GET /chat HTTP/1.1",
    "Host: a",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${KEY}`,
  ];

  /** Sends the lines, and what follows them; what comes back, until it holds. */
  async function exchange(
    lines: readonly string[],
    options: AcceptWebSocketOptions,
    isEnough: (text: string) => boolean,
    rest: Uint8Array = new Uint8Array(0),
  ): Promise<string> {
    const reactor = reactorOf();
    const echo = {
      onMessage: (socket: { send(data: string | Buffer): boolean }, data: string | Buffer) =>
        void socket.send(data),
    };
    const server = track(
      HttpServer.listen(reactor, { host: "127.0.0.1", port: 0 }, (request, response) => {
        const socket = acceptWebSocket(request, response, echo, options);
        if (socket !== undefined) track(socket);
      }),
    );
    const peer = track(Socket.tcp({ kernel: reactor.kernel }));
    peer.connect(server.address as { address: string; port: number });
    const found = collect(reactor, peer);
    const bytes = Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), rest]);
    peer.send(bytes, 0, bytes.length);
    await drive(reactor, "blocking", () => isEnough(found.bytes().toString("latin1")));
    return found.bytes().toString("latin1");
  }

  test("a request is taken, with fields of the application's", async () => {
    const options = { headers: [["Set-Cookie", "a=b"] as const] };
    const answer = await exchange(REQUEST, options, (text) => text.endsWith("\r\n\r\n"));
    expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    for (const line of [
      "Connection: Upgrade",
      "Upgrade: websocket",
      `Sec-WebSocket-Accept: ${ACCEPT}`,
      "Set-Cookie: a=b",
    ]) {
      expect(answer).toContain(`\r\n${line}\r\n`);
    }
  });

  test("frames that come together with the request are served", async () => {
    const hello = Buffer.from("818537fa213d7f9f4d5158", "hex");
    const answer = await exchange(REQUEST, {}, (text) => text.endsWith("Hello"), hello);
    expect(answer.endsWith("\r\n\r\n\x81\x05Hello")).toBe(true);
  });

  test("another version gets 426 and the right one", async () => {
    const lines = REQUEST.map((line) => line.replace("Version: 13", "Version: 7"));
    const answer = await exchange(lines, {}, (text) => text.includes("must be 13"));
    expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(answer).toContain("\r\nSec-WebSocket-Version: 13\r\n");
    expect(answer).toContain("\r\nConnection: upgrade\r\n");
  });

  test("an origin that may not gets 403", async () => {
    const seen: unknown[] = [];
    const checkOrigin = (origin: string | undefined) => {
      seen.push(origin);
      return false;
    };
    const lines = [...REQUEST, "Origin: http://evil.example"];
    const answer = await exchange(lines, { checkOrigin }, (text) => text.includes("not allowed"));
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(seen).toEqual(["http://evil.example"]);
  });

  test("a request behind one without an answer waits for that", async () => {
    const errors: unknown[] = [];
    const reactor = reactorOf({ onError: (error) => void errors.push(error) });
    const server = track(
      HttpServer.listen(reactor, { host: "127.0.0.1", port: 0 }, (request, response) => {
        if (request.path === "/slow") reactor.timer(20, () => response.end("slow"));
        else track(acceptWebSocket(request, response, {}) as WebSocketConnection);
      }),
    );
    const peer = track(Socket.tcp({ kernel: reactor.kernel }));
    peer.connect(server.address as { address: string; port: number });
    const found = collect(reactor, peer);
    const lines = ["GET /slow HTTP/1.1", "Host: a", "", ...REQUEST, "", ""];
    peer.send(Buffer.from(lines.join("\r\n")));
    await drive(reactor, "blocking", () => found.bytes().includes(ACCEPT));
    expect(found.bytes().toString()).toMatch(/slowHTTP\/1\.1 101 /);
    expect(errors).toEqual([]);
  });

  test("two keys in two fields get 400", async () => {
    const lines = [...REQUEST, `Sec-WebSocket-Key: ${KEY}`];
    const answer = await exchange(lines, {}, (text) => text.includes("16 bytes"));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("our client", () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  /** A server that answers what `answerTo` makes of the key; what the client's promise comes to. */
  async function connectTo(answerTo: (key: string) => string, options = {}): Promise<unknown> {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (head) => {
        const key = /Sec-WebSocket-Key: (.*)\r/.exec(head.toString())?.[1] ?? "";
        socket.write(answerTo(key));
      });
    });
    servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    const reactor = reactorOf();
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const result = connectWebSocket(reactor, url, {}, options).then(
      (socket) => {
        socket.terminate();
        return "open";
      },
      (error) => error.code,
    );
    const running = reactor.run();
    const outcome = await result;
    expect(await running).toBe("empty");
    return outcome;
  }

  const answer = (accept: string, more: readonly string[] = []): string =>
    [
      "HTTP/1.1 101 Yes",
      "Upgrade: WebSocket",
      "Connection: upgrade",
      `Sec-WebSocket-Accept: ${accept}`,
      ...more,
      "",
      "",
    ].join("\r\n");

  test("believes an answer in order", async () => {
    expect(await connectTo((key) => answer(acceptKey(key)))).toBe("open");
  });

  test.each([
    ["another key's proof", () => answer(ACCEPT)],
    ["no proof", () => answer("")],
    [
      "an extension nobody offered",
      (key: string) => answer(acceptKey(key), ["Sec-WebSocket-Extensions: permessage-deflate"]),
    ],
    [
      "a subprotocol nobody asked for",
      (key: string) => answer(acceptKey(key), ["Sec-WebSocket-Protocol: chat"]),
    ],
    [
      "no Connection",
      (key: string) => answer(acceptKey(key)).replace("Connection: upgrade\r\n", ""),
    ],
  ])("does not believe %s", async (_name, answerTo) => {
    const code = await connectTo(answerTo);
    expect(["ERR_WEBSOCKET_HANDSHAKE", "ERR_HTTP_RESPONSE_INVALID"]).toContain(code);
  });

  test("tells what it got in place of 101", async () => {
    const refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    expect(await connectTo(() => refusal)).toBe("ERR_HTTP_UPGRADE_REFUSED");
  });

  test("gives up a server that does not answer", async () => {
    expect(await connectTo(() => "", { handshakeTimeoutMs: 20 })).toBe("ERR_HTTP_TOTAL_TIMEOUT");
  });

  test.each(["", "http://a/", "wss://a/", "ws://a/#b", "ws://u@a/", "ws://:x/"])(
    "refuses %j",
    async (url) => {
      const failed = connectWebSocket(reactorOf(), url, {});
      await expect(failed).rejects.toMatchObject({ code: "ERR_INVALID_URL" });
    },
  );

  test.each([[["a b"]], [["a", "a"]], [[""]]])("refuses the subprotocols %j", async (protocols) => {
    const failed = connectWebSocket(reactorOf(), "ws://127.0.0.1:1/", {}, { protocols });
    await expect(failed).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
  });
});
