/** Peers that are gone without a word: what is sent to them is never acknowledged. */
import { describe, expect, test } from "vitest";
import { SO_KEEPALIVE, TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL } from "../../../../src/index.js";
import { vanish, whyNoVanish } from "../../../support/vanish.js";
import { get, hello, post, serve } from "./support.js";

const reason = whyNoVanish();
const large = Buffer.alloc(16 << 20);

describe.skipIf(reason !== undefined)(`a peer that vanishes${reason ? `: ${reason}` : ""}`, () => {
  const MS = 100;

  test.each([
    { where: "between two requests", text: get(), counted: "idle" },
    { where: "in a head", text: "GET / HT", counted: "head" },
    { where: "in a body", text: post("body").slice(0, -1), counted: "body" },
    { where: "before it has taken its answer", text: get("/large"), counted: "write" },
  ] as const)("$where is given up after that deadline", async ({ text, counted }) => {
    const { client, until, server } = serve(
      (request, response) => {
        if (request.path === "/large") response.end(large);
        else if (request.method === "GET") response.end("hello");
        else request.read({ onData: (_, input) => input.clear() });
      },
      {
        idleTimeoutMs: MS,
        headTimeoutMs: MS,
        bodyTimeoutMs: MS,
        writeTimeoutMs: MS,
        lingerMs: MS,
      },
    );
    const begun = performance.now();
    const one = client(text).pause();
    await until(() => server.stats().bytesRead === text.length);
    vanish(one.socket);
    await until(() => server.stats().activeConnections === 0);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(MS);
    expect(server.stats().timeouts).toMatchObject({ [counted]: 1 });
    expect(server.stats().activeRequests).toBe(0);
  });

  test("while the handler works is noticed by keepalive, if the listener's socket has it", async () => {
    let reasonOfAbort: unknown;
    const { client, until, server } = serve((request) => {
      request.signal.addEventListener("abort", () => {
        reasonOfAbort = request.signal.reason;
      });
    });
    // What a listening socket is told holds for those it accepts.
    const { socket } = server.listener;
    socket.setOption(SO_KEEPALIVE, true);
    socket.setOption(TCP_KEEPIDLE, 1);
    socket.setOption(TCP_KEEPINTVL, 1);
    socket.setOption(TCP_KEEPCNT, 1);
    const one = client(get());
    await until(() => server.stats().activeRequests === 1);
    vanish(one.socket);
    await until(() => reasonOfAbort !== undefined);
    expect(reasonOfAbort).toMatchObject({ code: "ERR_HTTP_PEER_GONE" });
    expect(server.stats()).toMatchObject({ activeConnections: 0, aborted: 1 });
  });
});

test("a peer that ended its side long ago still gets its answer, and then nothing is left", async () => {
  const { client, until, server } = serve(hello);
  const one = client(get()).endSending();
  await until(() => one.isOver);
  expect(one.statuses).toEqual([200]);
  await until(() => server.stats().activeConnections === 0);
});
