// The load generator of HTTP, for a fraction of a second each: it must believe a good server,
// however its bytes are cut, and must not believe one whose answers are wrong, too many or missing.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { canCompile, compile } from "../../bench/build.mjs";
import { runToEnd, startServer } from "../../bench/children.mjs";
import { httpRequests } from "../../bench/http-requests.mjs";

const possible = canCompile();
/** Against a hang: it compiles first, on a machine that may be busy. */
const TIMEOUT_MS = 60_000;
vi.setConfig({ testTimeout: TIMEOUT_MS });

const REQUEST = httpRequests.minimal("/");
const HEAD = "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 13\r\n\r\n";
const ANSWER = `${HEAD}Hello, World!`;

interface Load {
  readonly connections?: number;
  readonly bodyBytes?: number;
  readonly depth?: number;
  readonly request?: string;
  readonly pid?: number;
}

async function load(
  port: number,
  { connections = 4, bodyBytes = 13, depth = 1, request = REQUEST, pid = 0 }: Load = {},
) {
  const numbers = [port, connections, bodyBytes, depth, 0.02, 0.1, pid];
  const args = ["127.0.0.1", ...numbers.map(String), request];
  const { stdout, how } = await runToEnd({ file: compile("httpload.c"), args }, TIMEOUT_MS);
  return { result: JSON.parse(stdout), how };
}

/** A server that is told of each request and how many came before it on its connection. */
async function serve(answer: (socket: Socket, before: number) => void): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    let text = "";
    let before = 0;
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        expect(`${text.slice(0, end)}\r\n\r\n`).toBe(REQUEST);
        text = text.slice(end + 4);
        answer(socket, before);
        before += 1;
      }
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(async () => {
    await once(server.close(), "close");
  });
  return (server.address() as AddressInfo).port;
}

if (possible !== true) console.log(`test/bench/http-load.test.ts is skipped: ${possible}`);

describe.skipIf(possible !== true)("httpload", () => {
  it.each([
    ["one request in flight", { connections: 8 }],
    ["16 pipelined", { connections: 8, depth: 16 }],
    ["more in flight than any buffer holds", { connections: 2, depth: 1024 }],
    ["a browser's request", { request: httpRequests.browser("/"), depth: 3 }],
    ["many connections", { connections: 200 }],
  ])("counts what c-canned answers: %s", async (_name, shape) => {
    const server = await startServer({ file: compile("servers/c-canned.c"), args: [] });
    const { result, how } = await load(server.port, { ...shape, pid: server.pid });
    expect(await server.stop()).toBe(undefined);
    expect(result).toMatchObject({ errors: 0, error: "" });
    expect(how).toContain("code 0");
    expect(result.messages).toBeGreaterThan(0);
    expect(result.latencyUs.p50).toBeLessThanOrEqual(result.latencyUs.max);
    expect(result.server.cpuNs).toBeGreaterThan(0);
  });

  it("sends the request, and puts answers together however they are cut", async () => {
    const port = await serve((socket, before) => {
      // A piece for each write, and the cut wanders through the answer.
      const at = 1 + (before % (ANSWER.length - 1));
      socket.write(ANSWER.slice(0, at));
      setImmediate(() => socket.write(ANSWER.slice(at)));
    });
    const { result } = await load(port, { connections: 2 });
    expect(result).toMatchObject({ errors: 0, error: "" });
    expect(result.messages).toBeGreaterThan(0);
  });

  it("reads each head anew that is not the last one, and its length however it is written", async () => {
    const heads = ["content-length:13", "Content-Length: \t13 ", "X: y\r\nCONTENT-LENGTH: 0013"];
    const port = await serve((socket, before) => {
      socket.write(`HTTP/1.1 200\r\n${heads[before % heads.length]}\r\n\r\nHello, World!`);
    });
    const { result } = await load(port);
    expect(result).toMatchObject({ errors: 0, error: "" });
    expect(result.messages).toBeGreaterThan(heads.length);
  });

  it("counts the bytes of a long body, and knows the answer after it", async () => {
    const body = Buffer.alloc(1_000_000, "x");
    const port = await serve((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    const { result } = await load(port, { bodyBytes: body.length, depth: 2 });
    expect(result).toMatchObject({ errors: 0, error: "" });
    expect(result.messages).toBeGreaterThan(0);
  });
});

describe.skipIf(possible !== true)("httpload against a server that does wrong", () => {
  const replaced = (from: string, to: string) => ANSWER.replace(from, to);

  it.each([
    [
      "another status",
      replaced("200 OK", "500 No"),
      /^A response head with another status line than HTTP\/1.1 200$/,
    ],
    ["a status of four digits", replaced("200", "2000"), /with another status line/],
    ["another version", replaced("1.1", "1.0"), /with another status line/],
    ["no length", replaced("Content-Length", "Length"), /with no Content-Length$/],
    ["two lengths", replaced("Date: now", "Content-Length: 13"), /with two Content-Lengths$/],
    ["a length that is none", replaced("13", "13x"), /with a Content-Length that is no number$/],
    ["chunks", replaced("Date: now", "Transfer-Encoding: chunked"), /but chunks$/],
    ["another length", replaced("13", "12"), /^A body of 12 bytes instead of 13$/],
    ["a longer body", `${ANSWER}!`, /another status line|to no request$/],
    [
      "a head without an end",
      `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(800)}`,
      /more than 4096 bytes/,
    ],
  ])("reports %s", async (_name, answer, error) => {
    // Right until all connections have been greeted.
    const port = await serve((socket, before) => {
      socket.write(before < 3 ? ANSWER : answer);
    });
    const { result, how } = await load(port, { depth: 2 });
    expect(result.errors).toBe(1);
    expect(result.error).toMatch(error);
    expect(how).toContain("code 1");
  });

  it("reports an answer to no request", async () => {
    const port = await serve((socket) => {
      socket.write(ANSWER + ANSWER);
    });
    const { result } = await load(port);
    expect(result.error).toMatch(/^Connection \d: a response to no request$/);
  });

  it("reports a connection the server closes", async () => {
    const port = await serve((socket, before) => {
      if (before > 5) socket.end();
      else socket.write(ANSWER);
    });
    const { result } = await load(port);
    expect(result.error).toMatch(/^The server closed connection \d$|^recv: |^send: /);
  });

  it("reports answers that never come", async () => {
    const port = await serve((socket, before) => {
      if (before <= 5) socket.write(ANSWER);
    });
    const { result } = await load(port);
    expect(result.error).toMatch(/^4 messages never came back$/);
  });
});

describe.skipIf(possible !== true)("httpload's command line", () => {
  const right = ["127.0.0.1", "80", "1", "13", "1", "0", "0.1", "0", REQUEST];
  const changed = (at: number, to: string) => right.map((text, i) => (i === at ? to : text));

  it.each([
    ["another machine", changed(0, "192.0.2.1"), "127.0.0.0/8"],
    ["no body", changed(3, "0"), "BODY_BYTES must be"],
    ["a request without an end", changed(8, "GET / HTTP/1.1\r\n"), "REQUEST must be"],
    ["too few arguments", ["127.0.0.1"], "Usage: httpload"],
  ])("refuses %s", async (_name, args, message) => {
    const { stdout, how } = await runToEnd({ file: compile("httpload.c"), args }, TIMEOUT_MS);
    expect(stdout).toBe("");
    expect(how).toContain("code 2");
    expect(how).toContain(message);
  });
});
