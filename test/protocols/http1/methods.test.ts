/** A table of methods: who is called, and what is answered where nobody is. */
import { describe, expect, test } from "vitest";
import type { HttpHandler } from "../../../src/protocols/http1/server/handler.js";
import { methods } from "../../../src/protocols/http1/server/methods.js";
import { errorOf } from "../../streams/support.js";
import { runningReactor } from "./client/support.js";
import { served } from "./fetch-support.js";

const table = methods({
  GET: (request, response) => response.end(`got ${request.path}`),
  POST: async (request, response) => {
    response.status = 201;
    response.end(await request.text());
  },
});

describe("a table of methods", () => {
  test("calls the handler of the method", async () => {
    const { client } = served(runningReactor(), table);
    expect(await (await client.request({ path: "/x" })).text()).toBe("got /x");
    const posted = await client.request({ method: "POST", body: "mine" });
    expect([posted.status, await posted.text()]).toEqual([201, "mine"]);
  });

  test("answers HEAD with what GET would say, without its body", async () => {
    const { client } = served(runningReactor(), table);
    const response = await client.request({ method: "HEAD", path: "/x" });
    expect([response.status, response.headers.get("content-length")]).toEqual([200, "6"]);
    expect(await response.text()).toBe("");
    expect(await (await client.request({ path: "/y" })).text()).toBe("got /y");
  });

  test("answers OPTIONS with 204 and Allow, of a path and of *", async () => {
    const { client } = served(runningReactor(), table);
    for (const path of ["/x", "*"]) {
      const response = await client.request({ method: "OPTIONS", path });
      expect(response.status).toBe(204);
      expect(response.headers.get("allow")).toBe("GET, POST, HEAD, OPTIONS");
    }
  });

  test.each(["PUT", "DELETE", "PATCH"])("answers %s with 405 and Allow", async (method) => {
    const { client } = served(runningReactor(), table);
    const response = await client.request({ method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, POST, HEAD, OPTIONS");
    expect(await response.text()).toBe("Method Not Allowed\n");
  });

  test("leaves what the server does not know to the server", async () => {
    const { client } = served(runningReactor(), table);
    expect((await client.request({ method: "BREW" })).status).toBe(501);
  });

  test("lets HEAD and OPTIONS have handlers of their own, and has no HEAD without GET", async () => {
    const own =
      (text: string): HttpHandler =>
      (_, response) => {
        response.setHeader("Own", text);
        response.end();
      };
    const reactor = runningReactor();
    const all = served(reactor, methods({ GET: own("get"), HEAD: own("head"), OPTIONS: own("o") }));
    for (const [method, text] of [
      ["HEAD", "head"],
      ["OPTIONS", "o"],
    ] as const) {
      expect((await all.client.request({ method })).headers.get("own")).toBe(text);
    }
    const none = served(reactor, methods({ POST: own("post") }));
    const response = await none.client.request({ method: "HEAD" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
  });

  test("knows no method by a name of Object's", async () => {
    const { client } = served(runningReactor(), table, { methods: ["constructor", "GET"] });
    expect((await client.request({ method: "constructor" })).status).toBe(405);
  });

  test.each([[undefined], [null], [{ GET: 7 }], [{ "G T": () => {} }]])("refuses %j", (bad) => {
    expect(errorOf(() => methods(bad as never))).toBeInstanceOf(TypeError);
  });
});
