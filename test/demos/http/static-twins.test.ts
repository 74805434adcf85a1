/** Files over real sockets: their twins in a coding, and the page that is there without any. */
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { FileRoot } from "../../../src/demos/http/file-root.js";
import { Refusal } from "../../../src/demos/http/refusal.js";
import { staticFiles } from "../../../src/demos/http/static-files.js";
import { Reactor } from "../../../src/index.js";
import { HttpServer } from "../../../src/protocols/http1/index.js";
import { ask, serve, startDemo } from "./demo-server.js";
import { MODIFIED, openFilesBelow, servedFolder } from "./served-folder.js";

describe("twins of a file in a coding", () => {
  const PAGE = "<p>page</p>".repeat(100);
  const files = {
    "page.html": PAGE,
    "page.html.gz": gzipSync(PAGE),
    "page.html.br": brotliCompressSync(PAGE),
  };

  test.each([
    ["gzip", "gzip"],
    ["gzip, br", "br"],
    ["br;q=0.5, gzip", "gzip"],
    ["br;q=0, *", "gzip"],
    ["zstd", undefined],
    ["identity, br;q=0.5", undefined],
    [undefined, undefined],
  ])("Accept-Encoding: %s gets %s", async (accepted, coding) => {
    const { get } = serve(files);
    const headers = accepted === undefined ? {} : { "Accept-Encoding": accepted };
    const reply = await get("/page.html", headers);
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      vary: "Accept-Encoding",
    });
    expect(reply.headers["content-encoding"]).toBe(coding);
    const plain = { gzip: gunzipSync, br: brotliDecompressSync, none: (bytes: Buffer) => bytes };
    expect(plain[(coding ?? "none") as keyof typeof plain](reply.body).toString()).toBe(PAGE);
  });

  test("have tags of their own, and ranges of their own bytes", async () => {
    const { get } = serve(files);
    const [plain, packed] = [
      await get("/page.html"),
      await get("/page.html", { "Accept-Encoding": "gzip" }),
    ];
    expect(packed.headers.etag).not.toBe(plain.headers.etag);
    const part = { "Accept-Encoding": "gzip", Range: "bytes=0-1" };
    expect((await get("/page.html", part)).body).toEqual(Buffer.of(0x1f, 0x8b));
    const none = { "Accept-Encoding": "gzip", Range: "bytes=99999-" };
    const refused = await get("/page.html", none);
    expect(refused.status).toBe(416);
    expect(refused.headers).not.toHaveProperty("content-encoding");
    const known = { "Accept-Encoding": "gzip", "If-None-Match": String(packed.headers.etag) };
    expect((await get("/page.html", known)).status).toBe(304);
  });

  test("are not sent if they are older than the file", async () => {
    const { folder, get } = serve(files);
    folder.write("page.html", "new", MODIFIED + 1);
    const reply = await get("/page.html", { "Accept-Encoding": "gzip, br" });
    expect(reply).toMatchObject({ status: 200, text: "new" });
    expect(reply.headers).not.toHaveProperty("content-encoding");
  });
});

test("a twin that is refused is not sent, and the file stays open for nobody", async () => {
  class Refusing extends FileRoot {
    override open(names: readonly string[]): ReturnType<FileRoot["open"]> {
      if (names.at(-1)?.endsWith(".gz")) throw new Refusal(503, "No descriptors");
      if (names.at(-1)?.endsWith(".br")) throw new Error("EIO");
      return super.open(names);
    }
  }
  const folder = servedFolder({ "a.txt": "A" });
  const reactor = new Reactor();
  const handler = staticFiles({ roots: [new Refusing(folder.path)] });
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const server = HttpServer.listen(reactor, { port: 0 }, handler, { onError });
  const running = reactor.run();
  const { port } = server.address as { port: number };
  const gzip = await ask(port, "/a.txt", { headers: { "Accept-Encoding": "gzip" } });
  expect(gzip).toMatchObject({ status: 200, text: "A" });
  const before = openFilesBelow(folder.path);
  const br = await ask(port, "/a.txt", { headers: { "Accept-Encoding": "br" } });
  expect([br.status, errors]).toEqual([500, [new Error("EIO")]]);
  expect([before, openFilesBelow(folder.path)]).toEqual([0, 0]);
  await server.drain(0);
  await running;
  reactor.close();
});

describe("the demo's own page", () => {
  test("is there without a root, and where the root has no index.html", async () => {
    const { port } = startDemo();
    const page = await ask(port, "/");
    expect(page.status).toBe(200);
    expect(page.text).toContain("<h1>socket-reactor</h1>");
    expect(page.headers["content-security-policy"]).toMatch(
      /default-src 'none'.*script-src 'self'/,
    );
    expect(page.headers["content-security-policy"]).not.toContain("unsafe");
    expect(page.text).not.toMatch(/<script>|<style|style=| on\w+=/);
    for (const path of ["/demo.js", "/demo.css", "/demo.svg"]) {
      expect(await ask(port, path), path).toMatchObject({ status: 200 });
    }
    expect(await ask(port, "/package.json")).toMatchObject({ status: 404 });
    const { get } = serve();
    expect((await get("/")).text).toBe(page.text);
  });

  test("is not there where the root has one", async () => {
    const { get } = serve({ "index.html": "mine" });
    const reply = await get("/");
    expect(reply.text).toBe("mine");
    expect(reply.headers).not.toHaveProperty("content-security-policy");
  });
});
